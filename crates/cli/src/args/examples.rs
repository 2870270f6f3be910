//! Examples at the end of each verb's help, quoted so that every shell takes them as they are.

use clap::Command;

/// Verbs with the words before them, and commands that one might type.
pub(crate) const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "run",
        &[
            "superpose run quickstart",
            "superpose run my.toml --dry-run",
            "superpose run my.toml --set train.steps=2000 --set 'train.seed=[0,1,2]'",
            "superpose run my.toml --set 'model.d_hidden={ logspace = [10, 100, 6] }' --out runs/wide --jobs 4",
            "superpose run my.toml --engine reference --device flex --limit 10",
            "superpose run my.toml --until 55m --checkpoint 90s --progress lines",
            "superpose run my.toml --shard 2/8 --train-only",
        ],
    ),
    (
        "new",
        &[
            "superpose new my.toml",
            "superpose new my.toml --preset elhage2022",
            "superpose new my.toml --from quickstart",
        ],
    ),
    ("presets", &["superpose presets", "superpose presets liu2025-large --json"]),
    (
        "analyze",
        &[
            "superpose analyze runs/quickstart",
            "superpose analyze runs/quickstart --d-min 20 --d-max 80",
            "superpose analyze runs/quickstart --published losses.csv --remeasure",
        ],
    ),
    (
        "figures",
        &[
            "superpose figures runs/quickstart",
            "superpose figures runs/quickstart --value loss.test --x d_hidden --colour weight_decay",
            "superpose figures runs/quickstart --value loss.test --x d_hidden --y weight_decay",
            "superpose figures runs/mine --value loss.test --x d_hidden --columns activation_density --rows seed",
        ],
    ),
    (
        "portrait",
        &[
            "superpose portrait runs/quickstart --where d_hidden=10",
            "superpose portrait runs/quickstart --where d_hidden=10 --where weight_decay=-1 --features 40 --still",
            "superpose portrait runs/quickstart --cell 4882b7 --out portraits",
        ],
    ),
    (
        "reproduce",
        &[
            "superpose reproduce --list",
            "superpose reproduce 9b --no-training",
            "superpose reproduce elhage2022 --dry-run",
            "superpose reproduce 5a 5b --out figures --run runs/mine --known runs/liu2025/results.csv",
        ],
    ),
    ("report", &["superpose report runs/quickstart"]),
    (
        "submit",
        &[
            "superpose submit my.toml --workers 8 --time 1:00:00 --cpus-per-task 4",
            "superpose submit my.toml --gres gpu:1 --device wgpu --partition gpu --account me --constraint h100",
            "superpose submit my.toml --set train.seed=3 --sbatch '--mem=8G' --out runs/mine --jobs 2 --dry-run",
        ],
    ),
    ("status", &["superpose status runs/quickstart --missing"]),
    ("verify", &["superpose verify runs/quickstart"]),
    (
        "measure",
        &[
            "superpose measure model.safetensors",
            "superpose measure llama/ gpt2/ --out heads",
            "superpose measure model.gguf --tensor output.weight --sample 4096 --centre",
        ],
    ),
    (
        "frequencies",
        &[
            "superpose frequencies counts.txt --from 10 --to 1000 --out zipf",
            "superpose frequencies counts.csv --column count",
        ],
    ),
    (
        "fit-loss",
        &[
            "superpose fit-loss losses.csv --group family --group dataset --out fit",
            "superpose fit-loss runs/quickstart/results.csv --x model.d_hidden --y loss.test --group train.weight_decay",
        ],
    ),
    (
        "bench run",
        &[
            "superpose bench run bench/step",
            "superpose bench run my.toml --set train.steps=60 --gpu wgpu:1 --out times.csv",
        ],
    ),
    ("bench compare", &["superpose bench compare before.csv after.csv"]),
    ("bench figure", &["superpose bench figure times.csv --out growth"]),
    (
        "bench peers",
        &[
            "superpose bench peers bench/training --python venv/bin/python --rounds 10",
            "superpose bench peers my.toml --set train.steps=200 --only 'dense.py --compile' --out peers.csv",
            "superpose bench peers my.toml --ensemble 60 --gpu cuda --scripts benches/peers",
        ],
    ),
    ("devices", &["superpose devices --json"]),
    ("schema", &["superpose schema > sweep.schema.json"]),
    ("completions", &["superpose completions zsh > ~/.zfunc/_superpose"]),
    ("man", &["superpose man | man -l -", "superpose man --out ~/.local/share/man/man1"]),
    (
        "theory chinchilla fit",
        &[
            "superpose theory chinchilla fit runs.csv --out chinchilla",
            "superpose theory chinchilla fit runs.csv --n params --d tokens --c flops --loss val_loss --drop-highest 5",
        ],
    ),
    (
        "theory chinchilla allocate",
        &[
            "superpose theory chinchilla allocate --compute 5.76e23 --fit chinchilla",
            "superpose theory chinchilla allocate --loss 2.0",
        ],
    ),
    (
        "theory chinchilla loss",
        &[
            "superpose theory chinchilla loss --n 70e9 --d 1.4e12 --set besiroglu",
            "superpose theory chinchilla loss --n 1e9,7e9 --d 2e10 --fit chinchilla",
            "superpose theory chinchilla loss --n 1e9 --d 2e10 --parameters 482,2085,1.82,0.348,0.366",
        ],
    ),
    (
        "theory chinchilla repeat",
        &["superpose theory chinchilla repeat --unique 1e10 --epochs 1,4,16"],
    ),
    (
        "theory predict",
        &[
            "superpose theory predict losses.csv --at 1e10,1e11",
            "superpose theory predict losses.csv --x width --y loss --at 512 --resamples 200",
        ],
    ),
    ("theory mechanisms", &["superpose theory mechanisms --dimensions 4"]),
    (
        "theory redundancy spectrum",
        &["superpose theory redundancy spectrum --spectral-exponent 3,1.5 --weight 1,0.1"],
    ),
    ("theory redundancy features", &["superpose theory redundancy features --features 16,64,256"]),
    (
        "theory redundancy text",
        &["superpose theory redundancy text book.txt --contexts 6 --lags 1,10,100"],
    ),
    (
        "theory redundancy dimension",
        &[
            "superpose theory redundancy dimension points.csv",
            "superpose theory redundancy dimension --known cube:3 --points 4000",
        ],
    ),
    ("theory redundancy matrix", &["superpose theory redundancy matrix points.csv --last-rank 50"]),
    ("theory icl attention", &["superpose theory icl attention --simulate 16"]),
    ("theory icl baselines", &["superpose theory icl baselines --examples 5,20,80"]),
    ("theory icl diversity", &["superpose theory icl diversity --tasks 1,16,256"]),
    ("theory icl metric", &["superpose theory icl metric --tokens 1,100"]),
    ("theory as-published", &["superpose theory as-published --redundancy 0.3"]),
];

/// The command line with an example or two at the end of each verb's help.
pub(crate) fn with_examples(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (verb, examples)| {
        let words: Vec<&str> = verb.split(' ').collect();
        let text = format!("Examples:\n  {}", examples.join("\n  "));
        at(command, &words, text)
    })
}

/// The command with this text after the help of the verb that these words lead to.
fn at(command: Command, words: &[&'static str], text: String) -> Command {
    match words {
        [] => command.after_help(text),
        [first, rest @ ..] => command.mut_subcommand(*first, |inner| at(inner, rest, text)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::*;
    use crate::args::Arguments;

    /// The words of a command as a shell reads them, up to a pipe.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut is_quoted = false;
        let command = line.split(" | ").flat_map(|part| part.split(" > ")).next().unwrap();
        for c in command.chars() {
            match c {
                '\'' => is_quoted = !is_quoted,
                ' ' if !is_quoted => words.push(String::new()),
                c => {
                    let special = "[]{}*?$`\"\\;&()<>#!";
                    assert!(is_quoted || !special.contains(c), "{line}: a shell would read {c}");
                    words.last_mut().unwrap().push(c);
                }
            }
        }
        words
    }

    fn verbs(command: &Command, before: &str, found: &mut Vec<(String, Command)>) {
        for verb in command.get_subcommands().filter(|v| v.get_name() != "help" && !v.is_hide_set())
        {
            let name = format!("{before} {}", verb.get_name()).trim().to_owned();
            match verb.has_subcommands() {
                true => verbs(verb, &name, found),
                false => found.push((name, verb.clone())),
            }
        }
    }

    #[test]
    fn every_example_is_a_command() {
        for line in EXAMPLES.iter().flat_map(|(verb, examples)| {
            assert!(!examples.is_empty(), "{verb}");
            examples.iter().inspect(move |line| {
                assert!(line.starts_with(&format!("superpose {verb}")), "{line}");
            })
        }) {
            let matches = with_examples(Arguments::command()).try_get_matches_from(words(line));
            let parsed = matches.and_then(|matches| Arguments::from_arg_matches(&matches));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn every_verb_has_examples_and_every_option_shows_what_one_writes() {
        let mut all = Vec::new();
        verbs(&Arguments::command(), "", &mut all);
        let mut missing = BTreeSet::new();
        for (name, verb) in &all {
            let Some((_, examples)) = EXAMPLES.iter().find(|(known, _)| known == name) else {
                missing.insert(name.clone());
                continue;
            };
            let examples: Vec<Vec<String>> = examples.iter().map(|line| words(line)).collect();
            for option in verb.get_arguments().filter(|a| a.get_action().takes_values()) {
                let Some(long) = option.get_long().map(|long| format!("--{long}")) else {
                    continue;
                };
                let help = option.get_help().map(ToString::to_string).unwrap_or_default();
                let shows = help.contains("such as")
                    || !option.get_default_values().is_empty()
                    || !option.get_possible_values().is_empty()
                    || examples.iter().any(|words| words.contains(&long));
                if !shows {
                    missing.insert(format!("{name} {long}"));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(all.len(), EXAMPLES.len());
    }
}
