//! `superpose status`: how far a run is, and whether it is whole.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde_json::{Value, json};
use superpose_files::disk::at;
use superpose_files::sums::{Sums, read_listed};
use superpose_run::event::loss;
use superpose_run::label::Labels;
use superpose_store::checkpoint::Begun;
use superpose_store::store::{Care, Damage, Found, Presence, Store};
use superpose_toy::cell::{Cell, CellId};

use crate::analyze::{MOST_NAMED, damage_json};
use crate::args::StatusOptions;
use crate::console;

/// What becomes of cells, in the order in which it is said.
const WORDS: [&str; 6] = ["completed", "diverged", "failed", "running", "missing", "damaged"];

/// How far a run is.
#[derive(Default)]
struct Status {
    counts: BTreeMap<&'static str, usize>,
    wall_s: f64,
    /// Cells in training, by whom, and where they were when that was last written down.
    running: Vec<(CellId, String, String, Option<Begun>)>,
    /// Cells that diverged or failed, and how.
    lost: Vec<(CellId, String, String)>,
    /// Cells without a record, and where those are that were begun.
    missing: Vec<(CellId, String, Option<Begun>)>,
    damaged: Vec<Damage>,
    /// Cells whose weights were removed.
    without_weights: Vec<CellId>,
    /// Checkpoints that cannot be gone on from, and why.
    bad_checkpoints: Vec<(PathBuf, String)>,
    /// Other files that are not what was written, and why.
    other_files: Vec<(PathBuf, String)>,
}

pub(crate) fn status(options: &StatusOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    let manifest = store.manifest()?;
    let labels = Labels::of(&manifest.cells.iter().collect::<Vec<_>>());
    let care = if options.check { Care::Everything } else { Care::Tables };
    let mut status = Status::default();
    for cell in &manifest.cells {
        status.add(&store, cell, &labels, care)?;
    }
    if options.check {
        status.check_others(&store, &manifest.cells)?;
    }
    let n_cells = manifest.cells.len();
    if options.json {
        console::say_json(&status.to_json(&manifest.name, n_cells, options));
    } else {
        status.print(&manifest.name, n_cells, options);
    }
    status.refuse_damage(options.check)
}

impl Status {
    /// Looks at a cell of the sweep.
    fn add(
        &mut self,
        store: &Store,
        cell: &Cell,
        labels: &Labels,
        care: Care,
    ) -> anyhow::Result<()> {
        let id = cell.id();
        let holder = || store.holder(&id);
        if care == Care::Everything {
            self.bad_checkpoints.extend(store.checkpoint_problem(&id, cell)?);
        }
        let word = match store.look(&id, care)? {
            Found::Nothing => match holder() {
                Some(holder) => {
                    let begun = store.begun(&id);
                    self.running.push((id, labels.label(cell), holder, begun));
                    "running"
                }
                None => {
                    let begun = store.begun(&id);
                    self.missing.push((id, labels.label(cell), begun));
                    "missing"
                }
            },
            Found::Damaged(damage) => {
                self.damaged.push(damage);
                "damaged"
            }
            Found::Kept(kept) => {
                self.wall_s += kept.record.wall_s;
                if kept.weights == Presence::Gone {
                    self.without_weights.push(id.clone());
                }
                if let Some(said) = loss(&kept.record.outcome) {
                    self.lost.push((id, labels.label(cell), said));
                }
                kept.record.outcome.word()
            }
        };
        *self.counts.entry(word).or_default() += 1;
        Ok(())
    }

    /// Looks at what is in the folder beside the cells of the sweep: other cells, and tables.
    fn check_others(&mut self, store: &Store, cells: &[Cell]) -> anyhow::Result<()> {
        let known: Vec<CellId> = cells.iter().map(Cell::id).collect();
        for id in store.finished()?.into_iter().filter(|id| !known.contains(id)) {
            if let Found::Damaged(damage) = store.look(&id, Care::Everything)? {
                self.damaged.push(damage);
            }
        }
        for folder in [store.root().to_owned(), store.root().join("tables")] {
            self.check_folder(&folder)?;
        }
        Ok(())
    }

    /// Looks at all files that `folder` lists.
    fn check_folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        let is_damage = |e: &io::Error| {
            matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotFound)
        };
        let sums = match Sums::read(folder) {
            Ok(sums) => sums.unwrap_or_default(),
            Err(error) if is_damage(&error) => {
                self.other_files.push((folder.to_owned(), error.to_string()));
                return Ok(());
            }
            Err(error) => return Err(at("read", folder)(error).into()),
        };
        for name in sums.names() {
            match read_listed(folder, name) {
                Ok(_) => {}
                Err(error) if is_damage(&error) => {
                    let problem = match error.kind() {
                        io::ErrorKind::NotFound => "it is not there".to_owned(),
                        _ => error.to_string(),
                    };
                    self.other_files.push((folder.join(name), problem));
                }
                Err(error) => return Err(at("read", &folder.join(name))(error).into()),
            }
        }
        Ok(())
    }

    /// Cells that are missing, and have a checkpoint.
    fn n_begun(&self) -> usize {
        self.missing.iter().filter(|(.., begun)| begun.is_some()).count()
    }

    fn count(&self, word: &str) -> usize {
        self.counts.get(word).copied().unwrap_or(0)
    }

    fn to_json(&self, name: &str, n_cells: usize, options: &StatusOptions) -> Value {
        let counts: BTreeMap<&str, usize> =
            WORDS.iter().map(|word| (*word, self.count(word))).collect();
        let running: Vec<Value> = self
            .running
            .iter()
            .map(|(id, label, who, begun)| {
                json!({
                    "cell_id": id, "holder": who, "settings": label,
                    "checkpoint_step": begun.as_ref().map(|begun| begun.step),
                })
            })
            .collect();
        let lost: Vec<Value> = self
            .lost
            .iter()
            .map(|(id, label, said)| json!({ "cell_id": id, "settings": label, "said": said }))
            .collect();
        let mut object = json!({
            "name": name, "n_cells": n_cells, "counts": counts, "running": running,
            "wall_s": self.wall_s, "lost_cells": lost,
            "damaged_cells": self.damaged.iter().map(damage_json).collect::<Vec<_>>(),
            "without_weights": self.without_weights, "n_begun": self.n_begun(),
        });
        if options.missing {
            let missing = self.missing.iter();
            object["missing_cells"] = missing
                .map(|(id, label, begun)| {
                    let step = begun.as_ref().map(|begun| begun.step);
                    json!({ "cell_id": id, "settings": label, "checkpoint_step": step })
                })
                .collect();
        }
        if options.check {
            let files = self.other_files.iter().chain(&self.bad_checkpoints);
            object["damaged_files"] =
                files.map(|(path, said)| json!({ "file": path, "problem": said })).collect();
        }
        object
    }

    fn print(&self, name: &str, n_cells: usize, options: &StatusOptions) {
        console::say(&format!("`{name}`: {n_cells} cells"));
        for word in WORDS {
            let count = self.count(word);
            let begun = match (word, self.n_begun()) {
                ("missing", n) if n > 0 => format!(", {n} of them with a checkpoint to go on from"),
                _ => String::new(),
            };
            if word != "damaged" || count > 0 {
                console::say(&format!("{count:>8} {word}{begun}"));
            }
        }
        let running: Vec<String> = self
            .running
            .iter()
            .map(|(id, label, holder, _)| {
                format!("cell {id} ({label}) is being trained by {holder}")
            })
            .collect();
        say_some(&running, "--json has them all");
        let lost: Vec<String> = self
            .lost
            .iter()
            .map(|(id, label, said)| format!("cell {id} ({label}) {said}"))
            .collect();
        say_some(&lost, "--json has them all");
        if options.missing {
            for (id, label, begun) in &self.missing {
                let from =
                    begun.as_ref().map(|b| format!(" from step {} of {} on", b.step, b.steps));
                let from = from.unwrap_or_default();
                console::say(&format!("cell {id} ({label}) is missing{from}"));
            }
        }
        if !self.without_weights.is_empty() && !options.check {
            let gone: Vec<String> = self.without_weights.iter().map(without_weights).collect();
            say_some(&gone, "--json has them all");
        }
        let time = console::duration(self.wall_s);
        console::say(&format!("finished cells took {time} of training"));
        if options.check && self.complaints(true).is_empty() {
            console::say("everything is there and is what was written");
        }
        let folder = options.folder.display();
        let (missing, damaged) = (self.count("missing"), self.count("damaged"));
        console::say(&match () {
            () if damaged > 0 => {
                "next: superpose run with the sweep file trains what is damaged or missing"
                    .to_owned()
            }
            () if missing > 0 => {
                "next: superpose run with the sweep file trains what is missing".to_owned()
            }
            () if !self.lost.is_empty() => format!(
                "next: superpose run with the sweep file and --retry-failed trains again what diverged \
                 or failed; superpose analyze {folder} takes the others"
            ),
            () => format!("next: superpose analyze {folder}"),
        });
    }

    /// A line for all that is damaged, or should be there and is not if that was to be looked at.
    fn complaints(&self, check: bool) -> Vec<String> {
        let mut lines: Vec<String> = self.damaged.iter().map(ToString::to_string).collect();
        for (path, problem) in self.other_files.iter().chain(&self.bad_checkpoints) {
            lines.push(format!("`{}` is damaged: {problem}", path.display()));
        }
        if check {
            lines.extend(self.without_weights.iter().map(without_weights));
        }
        lines
    }

    /// Names all that is damaged, and what to do about it.
    ///
    /// # Errors
    /// When anything is.
    fn refuse_damage(&self, check: bool) -> anyhow::Result<()> {
        let lines = self.complaints(check);
        if lines.is_empty() {
            return Ok(());
        }
        lines.iter().for_each(|line| console::complain(line));
        let mut advice = Vec::new();
        if !self.damaged.is_empty() {
            advice.push("`superpose run` with the sweep file trains damaged cells anew");
        }
        if !self.bad_checkpoints.is_empty() {
            advice.push("cells whose checkpoint is damaged begin anew");
        }
        if !self.other_files.is_empty() {
            advice.push("`superpose analyze` writes tables anew");
        }
        if check && !self.without_weights.is_empty() {
            advice.push("cells without weights keep their records; remove the folder of one to train it anew");
        }
        bail!("not all is as it was written: {}", advice.join("; "))
    }
}

/// Says that the weights of a cell were removed.
fn without_weights(id: &CellId) -> String {
    format!("the weights of cell {id} are not there")
}

/// Prints the first lines, and how many more there are.
fn say_some(lines: &[String], where_all_are: &str) {
    lines.iter().take(MOST_NAMED).for_each(|line| console::say(line));
    if lines.len() > MOST_NAMED {
        let more = lines.len() - MOST_NAMED;
        console::say(&format!("… and {more} more; {where_all_are}"));
    }
}
