//! Other laws of scaling, through the binary.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use serde_json::Value;
use support::{Sandbox, assert_refused};

/// Runs of a law without noise, in a file.
fn with_runs() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut csv = String::from("N,C,loss\n");
    for n in [1e8_f64, 3e8, 1e9, 3e9, 1e10] {
        for d in [2e9_f64, 1e10, 3e10, 1e11] {
            let loss = 1.8 + 480.0 * n.powf(-0.35) + 2100.0 * d.powf(-0.37);
            csv.push_str(&format!("{n},{},{loss}\n", 6.0 * n * d));
        }
    }
    sandbox.write("runs.csv", &csv);
    sandbox
}

#[test]
fn runs_are_fitted_drawn_and_spent() {
    let sandbox = with_runs();
    let fit = ["theory", "chinchilla", "fit", "runs.csv", "--resamples", "20"];
    let answer = sandbox.run(&[&fit[..], &["--json", "--out", "fit"]].concat());
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    for (row, truth) in
        said["parameters"].as_array().unwrap().iter().zip([480.0, 2100.0, 1.8, 0.35, 0.37])
    {
        assert!((row["value"].as_f64().unwrap() / truth - 1.0).abs() < 1e-3, "{row}");
    }
    assert!(sandbox.path("fit/chinchilla.png").exists());
    assert!(sandbox.run(&fit).stdout.contains("81 of 81 starts agree"));
    let answer = sandbox.run(&[
        "theory",
        "chinchilla",
        "allocate",
        "--loss",
        "2.1",
        "--fit",
        "fit",
        "--json",
    ]);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    let ours = &said["allocations"][0];
    assert!((ours["loss"].as_f64().unwrap() - 2.1).abs() < 1e-9);
    assert!(ours["N_low"].as_f64().unwrap() <= ours["N"].as_f64().unwrap() * 1.001);
    let answer = sandbox.run(&["theory", "chinchilla", "allocate", "--loss", "1.7"]);
    assert_eq!(answer.code, Some(0));
    assert!(answer.stdout.contains("out of reach of any compute: it must be above E = 1.8172"));
}

#[test]
fn experiments_are_tabled_drawn_and_the_same_for_the_same_seed() {
    let sandbox = with_runs();
    for (verb, picture) in [
        (
            &["icl", "attention", "--tasks", "0.5,2", "--simulate", "6", "--runs", "2"][..],
            "icl_attention",
        ),
        (
            &["icl", "diversity", "--tasks", "1,8", "--prompts", "20", "--runs", "2"],
            "icl_diversity",
        ),
        (&["icl", "metric", "--tokens", "1,10"], "icl_metric"),
        (&["icl", "baselines", "--examples", "5,20,40", "--simulate", "9"], "icl_baselines"),
        (&["mechanisms", "--dimensions", "1"], "mechanisms"),
        (&["redundancy", "text", "runs.csv", "--contexts", "2"], "redundancy_text"),
        (&["redundancy", "dimension", "runs.csv"], "redundancy_dimension"),
        (&["redundancy", "matrix", "runs.csv"], "redundancy_matrix"),
        (
            &[
                "redundancy",
                "spectrum",
                "--directions",
                "64",
                "--samples",
                "8,16",
                "--simulate",
                "20",
            ],
            "redundancy_spectrum",
        ),
        (
            &[
                "redundancy",
                "features",
                "--directions",
                "64",
                "--features",
                "4,8",
                "--simulate",
                "9",
            ],
            "redundancy_features",
        ),
    ] {
        let run = |more: &[&str]| sandbox.run(&[&["theory"], verb, more].concat());
        let answer = run(&["--json", "--out", "out"]);
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        let said: Value = serde_json::from_str(&answer.stdout).unwrap();
        assert!(!said[picture].as_array().unwrap().is_empty(), "{picture}");
        assert!(sandbox.path(&format!("out/{picture}.png")).exists());
        assert!(sandbox.path(&format!("out/tables/{picture}.csv")).exists());
        assert_eq!(run(&["--json"]).stdout, answer.stdout, "{picture}");
        assert!(run(&[]).stdout.contains("next: add --out"));
    }
}

fn theory(sandbox: &Sandbox, verb: &[&str]) -> support::Answer {
    sandbox.run(&[&["theory"], verb].concat())
}

#[test]
fn learning_in_context_without_a_meaning_is_refused() {
    let sandbox = Sandbox::new();
    let run = |verb: &[&str]| theory(&sandbox, &[&["icl"], verb].concat());
    assert_refused(&run(&["attention", "--prompts", "1"]), 1, &["--prompts", "--penalty"]);
    assert_refused(&run(&["attention", "--noise=-1"]), 1, &["--noise", "got -1"]);
    assert_refused(&run(&["attention", "--simulate", "0"]), 1, &["--simulate", "got 0"]);
    assert_refused(&run(&["attention", "--penalty=-1"]), 1, &["--penalty", "got -1"]);
    assert_refused(&run(&["diversity", "--tasks", "0"]), 1, &["--tasks", "got 0"]);
    assert_refused(&run(&["metric", "--scale", "0"]), 1, &["--scale", "got 0"]);
    assert_refused(&run(&["metric", "--tokens", "0"]), 1, &["--tokens", "got 0"]);
    assert!(run(&["metric"]).stdout.contains("all 100 right"));
    assert_refused(&run(&["baselines", "--dimensions", "0"]), 1, &["--dimensions", "got 0"]);
    assert_refused(&run(&["baselines", "--simulate", "1"]), 1, &["--simulate", "got 1"]);
}

#[test]
fn compute_without_a_meaning_is_refused() {
    let sandbox = Sandbox::new();
    let run = |verb: &[&str]| theory(&sandbox, &[&["chinchilla"], verb].concat());
    let repeat = run(&["repeat", "--unique", "1e10"]);
    assert!(repeat.stdout.contains("effective_tokens"), "{}", repeat.stderr);
    assert_refused(&run(&["repeat", "--unique", "0"]), 1, &["--unique", "got 0"]);
    assert_refused(&run(&["allocate", "--loss", "inf"]), 1, &["--loss", "got inf"]);
    let poor = run(&["allocate", "--loss", "1.9", "--compute", "1e20"]);
    assert!(poor.stdout.contains("1.0000e20 reach 2."), "{}", poor.stdout);
    let steep = theory(&sandbox, &["mechanisms", "--quanta-exponent", "90"]);
    assert_refused(&steep, 1, &["--quanta-exponent", "from 0.001 to 30"]);
}

#[test]
fn files_that_are_no_points_or_texts_are_refused() {
    let sandbox = Sandbox::new();
    let run = |verb: &[&str]| theory(&sandbox, &[&["redundancy"], verb].concat());
    sandbox.write("words.csv", "a,b\n1,2\n3,word\n");
    sandbox.write("gap.csv", "a,b\n1,2\n3,\n");
    sandbox.write("bare.csv", "1.5,2\n3,4\n5,6\n");
    sandbox.write("empty.csv", "");
    sandbox.write("counted.csv", "0,1,2\n1,2,1\n3,4,7\n5,7,6\n8,1,2\n");
    assert_refused(&run(&["matrix", "words.csv"]), 1, &["words.csv", "`word`"]);
    assert_refused(&run(&["dimension", "gap.csv"]), 1, &["gap.csv", "row 2", "`b`"]);
    for (file, said) in [("bare.csv", "got `1.5,2`"), ("empty.csv", "the file is empty")] {
        assert_refused(&run(&["matrix", file]), 1, &[file, "names of its columns", said]);
    }
    sandbox.write("twice.csv", "a,a\n1,2\n3,4\n");
    assert_refused(&run(&["matrix", "twice.csv"]), 1, &["twice.csv", "more than one column `a`"]);
    assert_eq!(run(&["matrix", "counted.csv"]).code, Some(0));
    assert_refused(&run(&["dimension"]), 2, &["FILE"]);
    assert_refused(&run(&["dimension", "gap.csv", "--points", "5"]), 2, &["--points"]);
    assert_refused(&run(&["text", "nowhere"]), 1, &["nowhere"]);
    let lags = run(&["text", "gap.csv", "--contexts", "1", "--lags", "2,999"]);
    assert_refused(&lags, 1, &["gap.csv", "--lags", "got 999"]);
}

#[test]
fn known_sets_have_their_dimension_and_others_are_refused() {
    let sandbox = Sandbox::new();
    let dimension =
        |known: &str| theory(&sandbox, &["redundancy", "dimension", "--known", known, "--json"]);
    let found: Value = serde_json::from_str(&dimension("cube:2").stdout).unwrap();
    for row in found["redundancy_dimension"].as_array().unwrap() {
        assert!((row["dimension"].as_f64().unwrap() - row["known"].as_f64().unwrap()).abs() < 0.2);
    }
    assert_refused(&dimension("cube"), 1, &["--known", "cube:D", "got `cube`"]);
    assert_refused(&dimension("cube:0"), 1, &["dimensions of --known", "got 0"]);
    assert_refused(&dimension("sphere:9999999999999999"), 1, &["10000 points", "too many"]);
}

#[test]
fn spectra_without_a_meaning_are_refused() {
    let sandbox = Sandbox::new();
    let spectrum = |more: &[&str]| theory(&sandbox, &[&["redundancy", "spectrum"], more].concat());
    assert_refused(&spectrum(&["--samples", "0"]), 1, &["0"]);
    assert_refused(&spectrum(&["--spectral-exponent", "0"]), 1, &["--spectral-exponent"]);
    let parts = |more: &[&str]| spectrum(&[&["--spectral-exponent", "3,1.5"], more].concat());
    assert_refused(&parts(&["--weight", "1,1,1"]), 1, &["--spectral-exponent", "3 parts; got 2"]);
    assert_refused(&parts(&["--weight=1,-1"]), 1, &["--weight", "got -1"]);
    let mixed = parts(&["--weight", "1,0.1", "--simulate", "0", "--samples", "10,20", "--json"]);
    let mixed: Value = serde_json::from_str(&mixed.stdout).unwrap();
    assert_eq!(mixed["redundancy_parts"].as_array().unwrap().len(), 4);
    let features = |more: &[&str]| theory(&sandbox, &[&["redundancy", "features"], more].concat());
    let flat = features(&["--target-exponent", "1"]);
    assert_refused(&flat, 1, &["--target-exponent", "got 1"]);
    assert_refused(&features(&["--features", "0"]), 1, &["--features", "got 0"]);
}

#[test]
fn losses_at_other_scales_are_predicted_with_an_interval() {
    let sandbox = Sandbox::new();
    let rows = (0..12).map(|k| 10_f64.powf(6.0 + 0.25 * f64::from(k)));
    let rows: Vec<String> = rows.map(|n| format!("{n},{}", 300.0 * n.powf(-0.3) + 1.5)).collect();
    sandbox.write("losses.csv", &format!("N,loss\n{}\n", rows.join("\n")));
    let answer = sandbox.run(&[
        "theory",
        "predict",
        "losses.csv",
        "--at",
        "1e10,1e12",
        "--json",
        "--out",
        "out",
    ]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    // Three forms at two scales; the second form is the right one.
    assert_eq!(said["predictions"].as_array().unwrap().len(), 6);
    let predicted = &said["predictions"][3];
    assert_eq!(predicted["form"], "with an offset");
    let loss = predicted["loss"].as_f64().unwrap();
    assert!((loss / (300.0 * 1e12_f64.powf(-0.3) + 1.5) - 1.0).abs() < 1e-3);
    assert!(said["prediction_forms"][0]["test_error"].as_f64() > Some(1e-3));
    assert!(said["prediction_parameters"][3]["value"].as_f64() > Some(0.0));
    assert!(sandbox.path("out/predict.png").exists());
    let run = |more: &[&str]| sandbox.run(&[&["theory", "predict", "losses.csv"], more].concat());
    assert_refused(&run(&["--at", "0"]), 1, &["--at", "got 0"]);
    assert_refused(
        &run(&["--at", "1e10", "--x", "D"]),
        1,
        &["--x", "losses.csv", "`D`", "N, loss"],
    );
    assert_refused(&run(&["--at", "1e10", "--y", "bpb"]), 1, &["--y", "`bpb`"]);
    assert_refused(&run(&["--at", "abc"]), 2, &["--at", "a list of numbers"]);
    assert_refused(&run(&[]), 2, &["--at"]);
}

#[test]
fn published_snippets_stand_beside_what_is_right() {
    let sandbox = Sandbox::new();
    let answer = sandbox.run(&["theory", "as-published"]);
    assert!(
        answer.stdout.contains("0.1625") && answer.stdout.contains("twenty tokens a parameter")
    );
    let answer =
        sandbox.run(&["theory", "as-published", "--dimension", "0", "--json", "--out", "out"]);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert!(sandbox.path("out/as-published.png").exists());
    assert_eq!(said["as_published_evidence"].as_array().unwrap().len(), 6);
    assert!(said["as_published"][1]["refused"].as_str().unwrap().contains("ZeroDivisionError"));
}

#[test]
fn counts_are_integers_for_programs_and_measures_are_not() {
    let sandbox = with_runs();
    let json = |arguments: &[&str]| -> Value {
        let answer = sandbox.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{}", answer.stderr))
    };
    let fit = json(&["theory", "chinchilla", "fit", "runs.csv", "--resamples", "20"]);
    for (table, counts) in [
        ("parameters", &["runs", "starts", "starts_agreeing", "rows_left_out"][..]),
        ("forms", &["parameters", "runs_fitted", "runs_held_out"]),
    ] {
        for count in counts {
            assert!(fit[table][0][count].is_u64(), "{count}: {}", fit[table][0][count]);
        }
    }
    assert!(fit["parameters"][0]["value"].is_f64() && fit["profile"][0]["E"].is_f64());
    let matrix = json(&["theory", "redundancy", "matrix", "runs.csv"]);
    let [table, spectrum] =
        ["redundancy_matrix", "redundancy_matrix_spectrum"].map(|name| &matrix[name][0]);
    assert_eq!((table["n_rows"].as_u64(), spectrum["rank"].as_u64()), (Some(20), Some(1)));
    sandbox.write("losses.csv", "d_hidden,loss\n1,3\n2,2\n4,1.5\n8,1.25\n16,nan\n");
    let losses = json(&["fit-loss", "losses.csv", "--resamples", "0"]);
    assert_eq!(losses["parameters"][0]["points"].as_u64(), Some(4));
    assert_eq!(losses["parameters"][0]["rows_left_out"].as_u64(), Some(1));
    // A loss of 3 is a number all the same.
    assert!(losses["points"][0]["loss"].is_f64());
}

#[test]
fn the_loss_of_a_size_and_data_is_said_by_any_parameters() {
    let sandbox = with_runs();
    let chinchilla = |more: &[&str]| sandbox.run(&[&["theory", "chinchilla"], more].concat());
    let answer = chinchilla(&["fit", "runs.csv", "--resamples", "20", "--out", "fit"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let loss = |more: &[&str]| chinchilla(&[&["loss"], more].concat());
    let answer = loss(&[
        "--n",
        "7e10,1e9",
        "--d",
        "1.4e12",
        "--fit",
        "fit",
        "--set",
        "besiroglu",
        "--json",
        "--out",
        "out",
    ]);
    let said: Value = serde_json::from_str(&answer.stdout).unwrap();
    let rows = said["chinchilla_loss"].as_array().unwrap();
    let at = |row: usize, column: &str| rows[row][column].as_f64().unwrap();
    assert_eq!(rows.len(), 4);
    let truth = 1.8 + 480.0 * 7e10_f64.powf(-0.35) + 2100.0 * 1.4e12_f64.powf(-0.37);
    assert!((at(0, "loss") / truth - 1.0).abs() < 1e-3 && at(0, "loss_low") <= at(0, "loss_high"));
    assert!((at(1, "loss") - 1.9739).abs() < 1e-4 && rows[1]["loss_low"].is_null());
    assert!(sandbox.path("out/chinchilla_loss.png").exists());
    assert!(loss(&["--n", "1e9", "--d", "2e10"]).stdout.contains("Kaplan"));
    let own = loss(&["--n", "1e9", "--d", "2e10", "--parameters", "400,2000,1.8,0.3,0.3"]);
    assert!(
        own.stdout.contains("1.8 + 400/N^0.3") && !own.stdout.contains("Kaplan"),
        "{}",
        own.stdout
    );
    assert_refused(&loss(&["--n", "0", "--d", "1"]), 1, &["--n", "got 0"]);
    assert_refused(&loss(&["--n", "1,2", "--d", "1,2,3"]), 1, &["--d", "2 of --n; got 3"]);
    assert_refused(
        &loss(&["--n", "1", "--d", "1", "--parameters", "1,2"]),
        1,
        &["--parameters", "got 2"],
    );
    assert_refused(&loss(&["--n", "1", "--d", "1", "--set", "me"]), 2, &["--set", "besiroglu"]);
    let spent = chinchilla(&["allocate", "--compute", "1e21", "--fit", "fit", "--out", "spent"]);
    assert!(
        spent.stdout.contains("95 %, bootstrap over runs")
            && spent.stdout.contains("next: look at")
    );
    assert!(sandbox.path("spent/tables/chinchilla_allocation.csv").exists());
}

#[test]
fn columns_of_runs_are_named_and_numbered_rows_are_no_coordinates() {
    let sandbox = Sandbox::new();
    let mut csv = String::from(";size;seen;bits\n");
    let mut points = String::from("Unnamed: 0,x,y,index\n");
    for (row, n) in (0..).zip([1e8_f64, 3e8, 1e9, 3e9, 1e10]) {
        for d in [2e9_f64, 1e10, 3e10, 1e11] {
            let loss = 1.8 + 480.0 * n.powf(-0.35) + 2100.0 * d.powf(-0.37);
            csv.push_str(&format!("{row};{n};{d};{}\n", loss.to_string().replace('.', ",")));
            points.push_str(&format!(
                "{row},{},{},{}\n",
                n.ln() + d.sin(),
                d.ln(),
                points.lines().count()
            ));
        }
    }
    sandbox.write("runs.csv", &csv);
    sandbox.write("points.csv", &points);
    let fit = |more: &[&str]| {
        sandbox
            .run(&[&["theory", "chinchilla", "fit", "runs.csv", "--resamples", "0"], more].concat())
    };
    let named = fit(&["--n", "size", "--d", "seen", "--loss", "bits"]);
    assert!(
        named.stdout.contains("N is the column `size`") && named.stdout.contains("20 runs"),
        "{}",
        named.stderr
    );
    assert_refused(&fit(&[]), 1, &["runs.csv", "a column `loss` (--loss names another)"]);
    assert_refused(&fit(&["--n", "sizes", "--loss", "bits"]), 1, &["--n names the column `sizes`"]);
    let run = |verb: &[&str]| theory(&sandbox, &[&["redundancy"], verb].concat());
    let matrix = run(&["matrix", "points.csv"]);
    assert!(
        matrix.stdout.contains("left out") && matrix.stdout.contains("`Unnamed: 0`, `index`"),
        "{}",
        matrix.stderr
    );
    let dimension = run(&["dimension", "points.csv", "--json"]);
    let said: Value = serde_json::from_str(&dimension.stdout).unwrap();
    assert!(said["redundancy_dimension"][0]["dimension"].is_f64());
    assert_refused(
        &run(&["dimension", "points.csv", "--neighbours", "1"]),
        1,
        &["--neighbours", "got 1"],
    );
    assert_refused(
        &run(&["spectrum", "--samples", "a,b"]),
        2,
        &["--samples", "a list of whole numbers"],
    );
    assert_eq!(run(&["spectrum", "--samples", "1e1,16", "--simulate", "0"]).code, Some(0));
}

#[test]
fn bad_runs_are_named() {
    let sandbox = with_runs();
    sandbox.write("bad.csv", "N,D,loss\n1e9,2e9,3\n1e9,2e9,-3\n");
    sandbox.write("two.csv", "N,D,loss\n1e9,2e9,3\n2e9,2e9,2.9\n");
    let fit = |file: &str, more: &[&str]| {
        sandbox.run(&[&["theory", "chinchilla", "fit", file], more].concat())
    };
    assert_refused(&fit("bad.csv", &[]), 1, &["bad.csv", "row 2", "`loss`", "`-3`"]);
    assert_refused(&fit("two.csv", &[]), 1, &["two.csv", "more runs than that, got 2"]);
    assert_refused(&fit("nowhere.csv", &[]), 1, &["nowhere.csv"]);
    assert_refused(&fit("runs.csv", &["--hold-out", "1"]), 1, &["--hold-out", "got 1"]);
    assert_refused(&sandbox.run(&["theory", "chinchilla", "allocate"]), 2, &["--compute"]);
    let spend =
        |more: &[&str]| sandbox.run(&[&["theory", "chinchilla", "allocate"], more].concat());
    assert_refused(&spend(&["--compute", "1e20", "--fit", "nowhere"]), 1, &["nowhere"]);
    assert!(spend(&["--compute", "1", "--loss", "2"]).stdout.contains("infeasible"));
    assert_refused(&spend(&["--compute=-1"]), 1, &["--compute", "got -1"]);
}
