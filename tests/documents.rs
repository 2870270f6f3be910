//! What the documents say can be done, is done: every command of README.md and docs/ is run, every sweep file is read,
//! and every name that a message may have stands in them.
//!
//! A block of commands (`sh`) is run line by line, from top to bottom of its document, in a folder of the
//! document's own. A comment before a block may say otherwise:
//!
//! ```text
//! <!-- file: my.toml -->                  the block is what stands in that file
//! <!-- with: --set train.steps=20 -->     words for each `run` and `reproduce`, where the text's would take long
//! <!-- not run: needs a cluster -->       why it is not run here
//! ```

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::Sandbox;

/// A block of a document, with what is said of it.
struct Block {
    line: usize,
    language: String,
    text: String,
    remarks: Vec<String>,
}

impl Block {
    fn remark(&self, kind: &str) -> Option<&str> {
        let of_kind = |remark: &String| remark.starts_with(kind);
        let remark = self.remarks.iter().find(|remark| of_kind(remark))?;
        Some(remark[kind.len()..].trim())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn documents() -> Vec<String> {
    let all = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = all.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let names = pages.map(|path| format!("docs/{}", path.file_name().unwrap().to_str().unwrap()));
    let mut names: Vec<String> = names.chain(["README.md".to_owned()]).collect();
    names.sort();
    names
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The blocks of a document.
fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut remarks, mut open): (Vec<Block>, Vec<String>, Option<Block>) =
        Default::default();
    for (i, line) in text.lines().enumerate() {
        match &mut open {
            Some(block) if line.trim() == "```" => {
                blocks
                    .push(Block { text: std::mem::take(&mut block.text), ..open.take().unwrap() });
            }
            Some(block) => block.text.push_str(&format!("{line}\n")),
            None => {
                let line = line.trim();
                if let Some(language) = line.strip_prefix("```") {
                    let (language, remarks) = (language.to_owned(), std::mem::take(&mut remarks));
                    open = Some(Block { line: i + 1, language, text: String::new(), remarks });
                } else if let Some(remark) = line.strip_prefix("<!--") {
                    remarks.push(remark.trim_end_matches("-->").trim().to_owned());
                } else if !line.is_empty() {
                    remarks.clear();
                }
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Runs what stands in a document.
fn run(name: &str) {
    let sandbox = Sandbox::new();
    for block in blocks(&text(name)) {
        let place = format!("{name}, line {}", block.line);
        if let Some(file) = block.remark("file:") {
            sandbox.write(file, &block.text);
        }
        match block.language.as_str() {
            "toml" if block.text.contains("schema = 1") => {
                let sweep = block.text.as_str();
                let path = "the-block.toml";
                sandbox.write(path, sweep);
                let answer = sandbox.run(&["run", path, "--dry-run", "--json"]);
                assert_eq!(answer.code, Some(0), "{place}: {}", answer.stderr);
                fs::remove_file(sandbox.path(path)).unwrap();
            }
            "sh" => match block.remark("not run:") {
                Some(reason) => assert!(!reason.is_empty(), "{place} does not say why"),
                None => commands(&sandbox, &block, &place),
            },
            "" => panic!("{place}: a block says what it is: sh, toml, text, …"),
            _ => {}
        }
    }
}

/// Runs the commands of a block.
fn commands(sandbox: &Sandbox, block: &Block, place: &str) {
    let lines = block.text.lines().map(|line| line.split(" # ").next().unwrap_or_default().trim());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let is_training =
            ["superpose run ", "superpose reproduce "].iter().any(|s| line.starts_with(s));
        let words = block.remark("with:").filter(|_| is_training).unwrap_or_default();
        let line = match line.split_once(" > ") {
            Some((before, after)) => format!("{before} {words} > {after}"),
            None => format!("{line} {words}"),
        };
        let binary = Path::new(env!("CARGO_BIN_EXE_superpose"));
        let path =
            format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-c", &format!("set -o pipefail; {line}")])
            .current_dir(sandbox.path(""))
            .env("PATH", path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{place}: `{line}` ends with {:?}: {said}", output.status);
    }
}

macro_rules! documents {
    ($($test:ident: $name:literal;)*) => {
        $(#[test]
        fn $test() {
            run($name);
        })*

        #[test]
        fn no_document_is_left_out() {
            let known: BTreeSet<String> = [$($name.to_owned()),*].into();
            assert_eq!(known, documents().into_iter().collect());
        }
    };
}

documents! {
    readme: "README.md";
    summary: "docs/SUMMARY.md";
    first_steps: "docs/first-steps.md";
    sweep_files: "docs/sweep-files.md";
    results: "docs/results.md";
    portraits_and_pages: "docs/portraits-and-pages.md";
    papers_figures: "docs/papers-figures.md";
    language_models: "docs/language-models.md";
    other_laws: "docs/other-laws.md";
    devices_and_engines: "docs/devices-and-engines.md";
    clusters: "docs/clusters.md";
    python: "docs/python.md";
    benchmarks: "docs/benchmarks.md";
    method_and_bias: "docs/method-and-bias.md";
    decisions: "docs/decisions.md";
    glossary: "docs/glossary.md";
}

#[test]
fn the_readme_is_short_and_every_document_is_in_the_summary() {
    assert!(text("README.md").lines().count() <= 150);
    let summary = text("docs/SUMMARY.md");
    for name in documents() {
        let file = name.trim_start_matches("docs/");
        let is_listed = ["README.md", "SUMMARY.md"].contains(&file) || summary.contains(file);
        assert!(is_listed, "{name} is not in docs/SUMMARY.md");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for name in documents() {
        let text = text(&name);
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, part) = link.split_once('#').unwrap_or((link, ""));
            if link.contains("://") || path.contains(char::is_whitespace) {
                continue;
            }
            let to = if path.is_empty() { root().join(&name) } else { folder.join(path) };
            assert!(to.exists(), "{name}: `{link}` leads nowhere");
            if !part.is_empty() && to.extension().is_some_and(|end| end == "md") {
                let anchors = anchors(&fs::read_to_string(&to).unwrap());
                assert!(anchors.contains(part), "{name}: `{link}` has no such heading");
            }
        }
    }
}

/// The anchors of a document's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
        words.chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_field_and_every_column_is_explained() {
    let fields = text("docs/sweep-files.md");
    for field in superpose_sweep::fields::fields() {
        let short = field.name.rsplit('.').next().unwrap();
        assert!(
            fields.contains(&format!("`{short}`")) || fields.contains(&format!("`{}`", field.name)),
            "{}",
            field.name
        );
    }
    for preset in superpose_sweep::preset::Preset::ALL {
        assert!(fields.contains(preset.name()), "{}", preset.name());
    }
    let sandbox = Sandbox::new();
    let sweep = support::sweep_file("steps = 20\nsnapshots = 2", "\"train.seed\" = [1, 2]");
    sandbox.write("sweep.toml", &sweep);
    assert_eq!(sandbox.run(&["run", "sweep.toml"]).code, Some(0));
    let results = text("docs/results.md");
    for entry in fs::read_dir(sandbox.path("runs/tiny/tables")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let is_explained = !name.ends_with(".csv") || results.contains(&name);
        assert!(is_explained, "docs/results.md does not have {name}");
    }
    let table = fs::read_to_string(sandbox.path("runs/tiny/results.csv")).unwrap();
    for column in table.lines().next().unwrap().split(',') {
        let is_field = ["model.", "data.", "train."].iter().any(|table| column.starts_with(table));
        assert!(
            is_field || results.contains(&format!("`{column}`")),
            "docs/results.md does not have `{column}`"
        );
    }
}

#[test]
fn every_verb_stands_in_the_readme() {
    let help = Sandbox::new().run(&["help"]).stdout;
    let verbs = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let readme = text("README.md");
    for verb in verbs.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let verb = verb.split_whitespace().next().unwrap();
        assert!(readme.contains(&format!("superpose {verb}")), "`{verb}` is not in README.md");
    }
}
