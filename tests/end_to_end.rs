//! From a sweep file to fits and pictures, through the binary.

mod support;

use std::fs;

use support::{Sandbox, results, sweep_file};

/// Two settings, three widths, two seeds.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let axes = "\"model.d_hidden\" = [2, 4, 8]\n\"train.weight_decay\" = [-1.0, 1.0]\n\
                \"train.seed\" = [0, 1]";
    sandbox.write("sweep.toml", &sweep_file("steps = 60", axes));
    sandbox
}

#[test]
fn a_sweep_becomes_records_tables_and_pictures() {
    let sandbox = sandbox();
    let run = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("weight_decay=-1") && run.stdout.contains("next: look at"));
    let folder = sandbox.path("runs/tiny");
    let rows = results(&folder);
    assert_eq!(rows.len(), 13);
    for name in "cell_id outcome loss.test loss.test_se loss.train_last100 phi_half phi_one \
                 dead_outputs loss.dead_part overlap.mean_square overlap.welch model.d_hidden \
                 train.weight_decay train.seed data.frequencies.law"
        .split_whitespace()
    {
        assert!(rows[0].iter().any(|column| column == name), "{name}");
    }
    let exponents = fs::read_to_string(folder.join("tables/exponents.csv")).unwrap();
    let header: Vec<&str> = exponents.lines().next().unwrap().split(',').collect();
    assert_eq!(header[0], "train.weight_decay");
    for name in "model_exponent model_exponent_se ci_low ci_high r_squared n_points d_min d_max"
        .split_whitespace()
    {
        assert!(header.contains(&name), "{name}");
    }
    assert_eq!(exponents.lines().count(), 3);
    assert!(exponents.contains(",seeds,"), "two seeds give the interval");
    for name in ["loss_by_width", "loss_curves", "phi_half_by_decay", "overlap_by_width"] {
        let svg = fs::read_to_string(folder.join(format!("figures/{name}.svg"))).unwrap();
        assert!(svg.contains("@font-face") && svg.trim_end().ends_with("</svg>"));
        let png = fs::read(folder.join(format!("figures/{name}.png"))).unwrap();
        assert!(png.starts_with(b"\x89PNG"));
    }
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    for part in ["<h1>tiny</h1>", "All 12 cells completed.", "alt=\"loss by width\"", "exponent "] {
        assert!(page.contains(part), "{part}");
    }
    assert!(run.stdout.contains("report.html"), "{}", run.stdout);
    let meanings = fs::read_to_string(folder.join("tables/README.md")).unwrap();
    assert!(meanings.contains("| `loss.test` | mean loss on fresh batches"));
}

#[test]
fn the_engines_agree_and_the_record_says_which_ran() {
    let sandbox = sandbox();
    let engines = [
        ("gram", &["--engine", "auto"][..], ("gram", "cpu")),
        ("flex", &["--engine", "reference", "--device", "flex"], ("reference", "flex")),
        ("ndarray", &["--engine", "reference", "--device", "ndarray"], ("reference", "ndarray")),
    ];
    let [gram, flex, ndarray] = engines.map(|(out, options, name)| {
        let run = sandbox.run(&[&["run", "sweep.toml", "--out", out], options].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let rows = results(&sandbox.path(out));
        let column = |name: &str| rows[0].iter().position(|c| c == name).unwrap();
        let (engine, device, loss) = (column("engine"), column("device"), column("loss.test"));
        let said = |row: &Vec<String>| row[engine] == name.0 && row[device] == name.1;
        assert!(rows[1..].iter().all(said));
        rows[1..].iter().map(|row| row[loss].parse().unwrap()).collect::<Vec<f64>>()
    });
    // Sixty steps of single precision, summed in different orders.
    for other in [&flex, &ndarray] {
        assert!(gram.iter().zip(other).all(|(a, b)| (a / b - 1.0).abs() < 1e-3));
    }
}

#[test]
fn later_stages_run_again_on_old_files() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run(&["run", "sweep.toml"]).code, Some(0));
    let svg = sandbox.path("runs/tiny/figures/loss_by_width.svg");
    let before = fs::read(&svg).unwrap();
    fs::remove_dir_all(sandbox.path("runs/tiny/figures")).unwrap();
    fs::remove_dir_all(sandbox.path("runs/tiny/tables")).unwrap();
    let early = sandbox.run(&["figures", "runs/tiny"]);
    assert_eq!(early.code, Some(1));
    assert!(early.stderr.contains("`superpose analyze runs/tiny` writes it"), "{}", early.stderr);
    assert_eq!(sandbox.run(&["analyze", "runs/tiny"]).code, Some(0));
    assert_eq!(sandbox.run(&["figures", "runs/tiny"]).code, Some(0));
    assert_eq!(fs::read(&svg).unwrap(), before);
    let page = || fs::read_to_string(sandbox.path("runs/tiny/report.html")).unwrap();
    let whole = page();
    // The same tables have the same pictures; others have none until they are drawn.
    assert_eq!(sandbox.run(&["analyze", "runs/tiny"]).code, Some(0));
    assert!(page() == whole);
    let report = sandbox.run(&["report", "runs/tiny"]);
    assert!(report.stdout.contains("wrote runs/tiny/report.html"), "{}", report.stderr);
    assert!(page() == whole);
    let narrow = sandbox.run(&["analyze", "runs/tiny", "--d-max", "4", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&narrow.stdout).unwrap();
    assert_eq!(summary["fits"][0]["n_points"], 2.0);
    assert!(summary["fits"][0]["model_exponent"].is_null(), "two widths are too few");
    assert!(!page().contains("alt=\"loss by width\""), "the pictures are of other tables");
    assert_eq!(sandbox.run(&["figures", "runs/tiny"]).code, Some(0));
    assert!(page().contains("alt=\"loss by width\""));
}

#[test]
fn more_cells_leave_the_finished_ones_alone_and_fewer_are_reported() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run(&["run", "sweep.toml"]).code, Some(0));
    let before = support::finished(&sandbox.path("runs/tiny"));
    let more = sandbox.run(&["run", "sweep.toml", "--set", "model.d_hidden=[8,4,2,6]"]);
    assert!(more.stderr.contains("training 4 cells"), "{}", more.stderr);
    let after = support::finished(&sandbox.path("runs/tiny"));
    assert!(before.iter().all(|(id, kept)| after.get(id) == Some(kept)));
    let fewer = sandbox.run(&["run", "sweep.toml", "--set", "train.seed=0"]);
    assert!(fewer.stderr.contains("10 finished cells"), "{}", fewer.stderr);
    assert_eq!(results(&sandbox.path("runs/tiny")).len(), 7);
    let fresh = sandbox.run(&["run", "sweep.toml", "--fresh", "--set", "train.seed=0"]);
    assert!(fresh.stderr.contains("the older run is now in runs/tiny.1"), "{}", fresh.stderr);
    assert_eq!(support::finished(&sandbox.path("runs/tiny.1")), after);
}

#[test]
fn a_cell_that_diverges_is_an_outcome_and_its_neighbours_go_on() {
    let sandbox = Sandbox::new();
    let axis = "\"train.learning_rate\" = [0.01, 1e18]";
    sandbox.write("sweep.toml", &sweep_file("steps = 60\nwarmup_steps = 0", axis));
    let run = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(run.stderr.contains("diverged by step 50"), "{}", run.stderr);
    let outcomes: Vec<String> = results(&sandbox.path("runs/tiny"))
        .into_iter()
        .skip(1)
        .map(|row| row.into_iter().find(|f| f == "completed" || f == "diverged").unwrap())
        .collect();
    assert_eq!(outcomes, ["completed", "diverged"]);
    let again = sandbox.run(&["run", "sweep.toml"]);
    assert!(again.stderr.contains("all 2 cells of `tiny` are finished"), "{}", again.stderr);
    let retry = sandbox.run(&["run", "sweep.toml", "--retry-failed"]);
    assert!(retry.stderr.contains("training 1 cell of `tiny`"), "{}", retry.stderr);
    let fast = sandbox.run(&["run", "sweep.toml", "--out", "fast", "--fail-fast"]);
    assert_eq!(fast.code, Some(1), "{}", fast.stderr);
}

#[test]
fn the_small_verbs_answer() {
    let sandbox = sandbox();
    let dry = sandbox.run(&["run", "sweep.toml", "--dry-run"]);
    assert!(dry.stdout.contains("12 cells, 0 of them finished"), "{}", dry.stdout);
    assert!(!sandbox.path("runs").exists());
    let dry = sandbox.run(&["run", "sweep.toml", "--dry-run", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&dry.stdout).unwrap();
    assert_eq!(plan["cells"].as_array().unwrap().len(), 12);

    let part = sandbox.run(&["run", "sweep.toml", "--limit", "5", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&part.stdout).unwrap();
    assert_eq!((&summary["completed"], &summary["missing"]), (&5.into(), &7.into()));
    let status = sandbox.run(&["status", "runs/tiny", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["counts"]["completed"], 5);

    let schema = sandbox.run(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.stdout).unwrap();
    assert!(schema["properties"]["sweep"].is_object());
    let devices = sandbox.run(&["devices", "--json"]);
    let devices: serde_json::Value = serde_json::from_str(&devices.stdout).unwrap();
    assert_eq!(devices["devices"][0]["label"], "flex");
    assert!(sandbox.run(&["completions", "bash"]).stdout.contains("superpose"));
}

#[test]
fn every_config_of_the_repository_is_valid() {
    // What a config's header says to fetch is not in the repository: counts of our own stand in its place.
    const FETCHED: &str = "words/large_en.msgpack.gz";
    let sandbox = Sandbox::new();
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut folders = vec![root.join("configs"), root.join("benches/definitions")];
    let mut n = 0;
    let mut in_need = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                let config = fs::read_to_string(&path).unwrap();
                sandbox.write("config.toml", &config);
                let dry = || sandbox.run(&["run", "config.toml", "--dry-run"]);
                if config.contains(FETCHED) {
                    in_need += 1;
                    support::assert_refused(
                        &dry(),
                        1,
                        &["data.frequencies", FETCHED, "cannot read"],
                    );
                    let counts: Vec<String> = (1..=1000).map(|c| c.to_string()).collect();
                    sandbox.write(FETCHED, &counts.join("\n"));
                }
                let answer = dry();
                assert_eq!(answer.code, Some(0), "{}: {}", path.display(), answer.stderr);
                fs::remove_file(sandbox.path(FETCHED)).ok();
                n += 1;
            }
        }
    }
    assert!(n > in_need && in_need >= 1, "{n} configs, {in_need} in need of fetched files");
}
