//! The paper's figures through the real binary: what is known is taken over, what is missing is said.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fs;
use std::path::Path;

use support::Sandbox;

/// What the repository has of the paper's sixty cells at data exponent 0, three seeds each.
fn known() -> String {
    let all = include_str!("../experiments/liu2025.csv");
    let header: Vec<&str> = all.lines().next().unwrap().split(',').collect();
    let at = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let wanted = [
        ("model.n_features", "1000"),
        ("model.bias_init_std", "1"),
        ("data.frequencies.law", "power"),
        ("data.frequencies.exponent", "0"),
        ("data.activation_density", "1"),
        ("train.learning_rate_bias", "0.01"),
        ("train.warmup_steps", "2000"),
    ];
    let wanted = wanted.map(|(name, value)| (at(name), value));
    let (width, seed) = (at("model.d_hidden"), at("train.seed"));
    let decays = paper_decays();
    let decay = at("train.weight_decay");
    let keep = |line: &&str| {
        let fields: Vec<&str> = line.split(',').collect();
        fields[0] == header[0]
            || wanted.iter().all(|(at, value)| fields[*at] == *value)
                && ["10", "15", "25", "39", "63", "100"].contains(&fields[width])
                && ["0", "1", "2"].contains(&fields[seed])
                && decays.iter().any(|d| (d - fields[decay].parse::<f64>().unwrap()).abs() < 1e-9)
    };
    all.lines().filter(keep).map(|line| format!("{line}\n")).collect()
}

/// The paper's ten weight decays.
fn paper_decays() -> Vec<f64> {
    (0..10).map(|i| -1.0 + 2.0 * f64::from(i) / 9.0).collect()
}

fn read(sandbox: &Sandbox, path: &str) -> String {
    fs::read_to_string(sandbox.path(path)).unwrap()
}

#[test]
fn every_figure_is_listed_with_what_it_lacks() {
    let sandbox = Sandbox::new();
    let answer = sandbox.run(&["reproduce", "--list"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    for id in ["1b", "3a", "5e", "9b", "18", "dead-outputs", "elhage-phases-2-1"] {
        assert!(answer.stdout.lines().any(|l| l.trim().starts_with(id)), "{id}: {}", answer.stdout);
    }
    for shown in ["0/1020", "0/5760", "liu2025", "elhage2022"] {
        assert!(answer.stdout.contains(shown), "{shown}: {}", answer.stdout);
    }
}

#[test]
fn an_unknown_figure_is_refused_with_the_known_ones() {
    let sandbox = Sandbox::new();
    let answer = sandbox.run(&["reproduce", "99"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("no figure `99`") && answer.stderr.contains("9b"));
    let like = sandbox.run(&["reproduce", "elhage-galery"]).stderr;
    assert!(like.contains("did you mean `elhage-gallery`?"), "{like}");
    assert!(
        answer.stderr.contains("all of liu2025 or of elhage2022, and all"),
        "{}",
        answer.stderr
    );
    let answer = sandbox.run(&["reproduce", "5a", "elhage-pairs", "--run", "r", "--no-training"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("of liu2025 and elhage2022; leave it out"), "{}", answer.stderr);
    let answer = sandbox.run(&["reproduce", "elhage2022", "--dry-run", "--from-scratch"]);
    assert!(answer.stdout.contains(" cells would be trained: "), "{}", answer.stdout);
    let answer = sandbox.run(&["reproduce", "5a", "3a", "--dry-run", "--from-scratch"]);
    assert!(
        answer.stdout.contains("3 of 3 cells would be trained: 60000 steps"),
        "{}",
        answer.stdout
    );
    let answer = sandbox.run(&["reproduce"]);
    assert_eq!(answer.code, Some(2), "a figure must be named");
}

#[test]
fn known_results_become_tables_claims_a_picture_and_a_page() {
    let sandbox = Sandbox::new();
    sandbox.write("known.csv", &known());
    let arguments = ["reproduce", "9b", "--no-training", "--known", "known.csv", "--out", "out"];
    let answer = sandbox.run(&arguments);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stderr.contains("took over"), "{}", answer.stderr);
    let exponents = read(&sandbox, "out/figure-9b/tables/exponents.csv");
    assert_eq!(exponents.lines().count(), 1 + 10, "one row for each weight decay");
    let claims = read(&sandbox, "out/figure-9b/tables/claims.csv");
    let rms = claims.lines().find(|l| l.contains("root mean square")).unwrap();
    assert!(rms.contains(",agrees,"), "the paper's sixty losses are met: {rms}");
    let svg = read(&sandbox, "out/figure-9b/figure.svg");
    assert!(svg.contains("model exponent"), "the picture has its colour bar");
    let page = read(&sandbox, "out/figure-9b/README.md");
    // All seeds of the first row of the heat map.
    assert!(page.contains("**Rests on** 180 of "), "{page}");

    let index = read(&sandbox, "out/index.html");
    assert!(index.contains("<h2>Figure 9b: ") && index.contains("[\"falls short\","), "the index");

    // What people write on a page stays when it is written anew.
    sandbox.write("out/figure-9b/README.md", &format!("{page}\nA remark.\n"));
    let answer = sandbox.run(&["report", "out/figure-9b"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert_eq!(read(&sandbox, "out/figure-9b/README.md"), format!("{page}\nA remark.\n"));
    let answer = sandbox.run(&["report", "out"]);
    assert!(answer.stderr.contains("is no figure's folder"), "{}", answer.stderr);

    // Nothing is taken over twice, and the run's own results can be taken over elsewhere.
    let again = sandbox.run(&arguments);
    assert!(!again.stderr.contains("took over"), "{}", again.stderr);
    let own = sandbox.path("runs/liu2025/results.csv");
    let elsewhere = Sandbox::new();
    let own = own.to_str().unwrap();
    let answer = elsewhere.run(&["reproduce", "9b", "--no-training", "--known", own, "--json"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let theirs = "runs/liu2025/experiments/figure-9b/tables/exponents.csv";
    assert_eq!(read(&elsewhere, theirs), exponents);
}

#[test]
fn without_cells_every_claim_is_not_run() {
    let sandbox = Sandbox::new();
    let answer = sandbox.run(&["reproduce", "all", "--no-training", "--from-scratch"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stdout.contains("0 claims agree, 0 fall short"), "{}", answer.stdout);
    let next = answer.stdout.lines().find_map(|line| line.strip_prefix("next: look at "));
    assert!(next.is_none_or(|picture| sandbox.path(picture).exists()), "{}", answer.stdout);
}

#[test]
fn looking_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.write("known.csv", &known());
    let json = |arguments: &[&str]| -> serde_json::Value {
        let answer = sandbox.run(arguments);
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        serde_json::from_str(&answer.stdout).unwrap()
    };
    let all = json(&["reproduce", "all", "--dry-run", "--json", "--from-scratch"]);
    assert_eq!(all["to_train"], all["cells"]);
    let one = json(&["reproduce", "9B", "--dry-run", "--json", "--from-scratch"]);
    assert_eq!(one["figures"], serde_json::json!(["9b"]));
    let rest = json(&["reproduce", "9b", "--dry-run", "--json", "--known", "known.csv"]);
    let n = |plan: &serde_json::Value| plan["to_train"].as_u64().unwrap();
    assert!(n(&rest) < n(&one), "{rest} {one}");
    let list = json(&["reproduce", "--list", "--json", "--known", "known.csv"]);
    let row = list.as_array().unwrap().iter().find(|row| row["figure"] == "9b").unwrap().clone();
    assert_eq!(
        (row["finished"].as_u64(), row["known"].as_u64()),
        (Some(0), Some(n(&one) - n(&rest)))
    );
    assert_eq!(fs::read_dir(sandbox.path(".")).unwrap().count(), 1);
}

#[test]
fn a_damaged_row_is_named() {
    let sandbox = Sandbox::new();
    let other = known().replacen("1000,10,1,", "1000,11,1,", 1);
    sandbox.write("known.csv", &other);
    let answer = sandbox.run(&["reproduce", "9b", "--no-training", "--known", "known.csv"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("known.csv") && answer.stderr.contains("row 1"));
    assert!(answer.stderr.contains("names the cell"), "{}", answer.stderr);
    let answer = sandbox.run(&["reproduce", "9b", "--no-training", "--known", "none.csv"]);
    assert!(answer.stderr.contains("cannot read `none.csv`"), "{}", answer.stderr);
}

#[test]
fn a_figure_of_single_rows_trains_the_one_cell_that_it_needs() {
    let sandbox = Sandbox::new();
    let answer = sandbox.run(&["reproduce", "5a", "5b"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stderr.contains("training 1 cell of"), "{}", answer.stderr);
    let folder = Path::new("runs/liu2025/experiments/figure-5b");
    let rows = fs::read_to_string(sandbox.path(folder.join("tables/rows.csv").to_str().unwrap()));
    assert_eq!(rows.unwrap().lines().count(), 1 + 1000);
    let claims = read(&sandbox, "runs/liu2025/experiments/figure-5a/tables/claims.csv");
    assert!(!claims.contains("not run"), "{claims}");
    // Its record alone is not enough elsewhere: the figure of single rows says so.
    let own = sandbox.path("runs/liu2025/results.csv");
    let elsewhere = Sandbox::new();
    let arguments = ["reproduce", "5a", "5b", "--no-training", "--known", own.to_str().unwrap()];
    let answer = elsewhere.run(&arguments);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let claims = read(&elsewhere, "runs/liu2025/experiments/figure-5b/tables/claims.csv");
    assert!(claims.contains("not run"), "{claims}");
    let again = read(&elsewhere, "runs/liu2025/experiments/figure-5a/tables/norms.csv");
    assert_eq!(again, read(&sandbox, "runs/liu2025/experiments/figure-5a/tables/norms.csv"));
}
