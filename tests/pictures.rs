//! Snapshots, portraits and pictures of any fields, through the binary.

mod support;

use std::fs;

use support::{Sandbox, sweep_file};

/// Three widths at three decays, of which moments are kept.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let axes = "\"model.d_hidden\" = [2, 4, 8]\n\"train.weight_decay\" = [-1.0, 0.0, 1.0]";
    sandbox.write("sweep.toml", &sweep_file("steps = 60\nsnapshots = 5", axes));
    let run = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    sandbox
}

#[test]
fn moments_are_kept_and_become_tables_and_pictures() {
    let sandbox = sandbox();
    let folder = sandbox.path("runs/tiny");
    for cell in fs::read_dir(folder.join("cells")).unwrap() {
        assert!(cell.unwrap().path().join("snapshots.safetensors").exists());
    }
    let lines = |name: &str| {
        let text = fs::read_to_string(folder.join(format!("tables/{name}.csv"))).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    // The start, steps 1, 4 and 15, and the end, of nine cells.
    assert_eq!(lines("life").len(), 1 + 9 * 5);
    let features = lines("features");
    assert!(features[0].contains("dimensionality") && features.len() > 9 * 8);
    for name in ["life", "gallery", "dimensionality", "phase"] {
        assert!(folder.join(format!("figures/{name}.png")).exists(), "{name}");
    }
    let svg = fs::read_to_string(folder.join("figures/loss_by_width.svg")).unwrap();
    assert!(
        svg.contains(": hidden width d = 2, test loss L (sum over features) = "),
        "a dot says what it is"
    );
    // Who removes them to make room loses nothing else.
    let one = fs::read_dir(folder.join("cells")).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(one.join("snapshots.safetensors")).unwrap();
    let again = sandbox.run(&["analyze", "runs/tiny"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(lines("life").len(), 1 + 8 * 5);
    let resumed = sandbox.run(&["run", "sweep.toml"]);
    assert!(resumed.stdout.contains("9"), "{}", resumed.stdout);
}

#[test]
fn portraits_are_of_the_cells_that_were_asked_for() {
    let sandbox = sandbox();
    let said = |arguments: &[&str]| {
        let run = sandbox.run(&[&["portrait", "runs/tiny"], arguments].concat());
        assert_eq!(run.code, Some(1), "{}", run.stdout);
        run.stderr
    };
    assert!(said(&["--where", "d_hidden=3"]).contains("there are 2, 4, 8"));
    assert!(said(&["--where", "d_hiden=2"]).contains("no cell has a field `d_hiden`"));
    assert!(said(&["--where", "d_hidden"]).contains("FIELD=VALUE"));
    assert!(said(&["--cell", "zz"]).contains("no cell of `tiny` that was trained to the end"));
    assert!(said(&["--where", "activation=gelu"]).contains("there are relu"));
    let run = sandbox.run(&["portrait", "runs/tiny", "--where", "d_hidden=2", "--out", "two"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("portrait-life.png"), "{}", run.stdout);
    let animation = fs::read(sandbox.path("two/portrait-life.png")).unwrap();
    assert!(animation.windows(4).any(|bytes| bytes == b"acTL"), "an animated PNG");
    let svg = fs::read_to_string(sandbox.path("two/portrait.svg")).unwrap();
    assert!(svg.contains("Portraits of 3 models") && svg.contains("feature 1"));
    let one = sandbox.run(&[
        "portrait",
        "runs/tiny",
        "--where",
        "d_hidden=8",
        "--where",
        "weight_decay=-1",
        "--still",
        "--json",
    ]);
    assert_eq!(one.code, Some(0), "{}", one.stderr);
    let answer: serde_json::Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!(answer["cells"].as_array().unwrap().len(), 1);
    assert!(!sandbox.path("runs/tiny/portraits/portrait-life.png").exists());
    assert!(sandbox.path("runs/tiny/portraits/tables/products.csv").exists());
}

#[test]
fn any_quantity_is_drawn_against_any_fields() {
    let sandbox = sandbox();
    let draw = |arguments: &[&str]| sandbox.run(&[&["figures", "runs/tiny"], arguments].concat());
    let lines = draw(&["--value", "phi_half", "--x", "weight_decay", "--colour", "d_hidden"]);
    assert_eq!(lines.code, Some(0), "{}", lines.stderr);
    assert!(sandbox.path("runs/tiny/figures/phi_half_by_weight_decay.svg").exists());
    assert!(sandbox.path("runs/tiny/tables/phi_half_by_weight_decay.csv").exists());
    let map = draw(&["--value", "loss.test", "--x", "d_hidden", "--y", "train.weight_decay"]);
    assert_eq!(map.code, Some(0), "{}", map.stderr);
    assert!(sandbox.path("runs/tiny/figures/loss_test_by_d_hidden_weight_decay.png").exists());
    let wrong = draw(&["--value", "loss", "--x", "d_hidden"]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("loss.test"), "{}", wrong.stderr);
    let lone = draw(&["--value", "phi_half"]);
    assert_eq!(lone.code, Some(2), "{}", lone.stderr);
}
