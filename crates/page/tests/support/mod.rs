//! Pages with numbers that are made up: of a run of as many cells as are wanted, and of two figures.

#![allow(dead_code, reason = "a module of each test, which uses its part")]

use superpose_files::table::{Field, Table};
use superpose_page::{
    Axis, Chart, Content, Fact, Image, Law, Lines, Link, Listing, Page, Section, Source, Tally,
};

/// The name of the sweep: foreign text that would run if it were not text.
pub(crate) const NAME: &str = "<script>alert(1)</script> & \"x\" '\u{2028}";

/// Columns beside those that are made below, as many as a run has.
const MORE_COLUMNS: usize = 50;

/// Points of each loss curve.
const STEPS: usize = 200;

/// A number between 0 and 1 that looks drawn at random.
fn noise(i: usize) -> f64 {
    ((i as f64 * 12.9898).sin() * 43_758.545_3).rem_euclid(1.0)
}

/// What a cell of the made-up run is: its id, decay, width, seed and loss.
fn cell(i: usize) -> (String, f64, f64, u64, f64) {
    let (decay, seed) = ([-1.0, -0.5, 0.0, 1.0][i % 4], (i / 40) as u64);
    let width = [8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0][i / 4 % 10];
    let exponent = if decay < 0.0 { 1.0 } else { 0.25 };
    let loss = 2.0 * f64::powf(width, -exponent) * (1.0 + 0.1 * (noise(i) - 0.5));
    (
        format!("{:016x}", (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        decay,
        width,
        seed,
        loss,
    )
}

/// One row a cell.
fn results(n_cells: usize) -> Table {
    let more: Vec<String> = (0..MORE_COLUMNS).map(|i| format!("quantity.{i}")).collect();
    let mut columns = vec![
        ("train.weight_decay", "field of the cell, as in the sweep file"),
        ("model.d_hidden", "field of the cell, as in the sweep file"),
        ("train.seed", "field of the cell, as in the sweep file"),
        ("cell_id", "identity of the cell: a \"hash\" of its fields"),
        ("outcome", "completed, diverged or failed"),
        ("loss.test", "test loss, <summed> over features"),
        ("device", "device that it worked on"),
    ];
    columns.extend(more.iter().map(|name| (name.as_str(), "a quantity, in its unit")));
    let mut table = Table::new("results", "What became of each cell?", &columns);
    for i in 0..n_cells {
        let (id, decay, width, seed, loss) = cell(i);
        let mut row: Vec<Field> = vec![decay.into(), width.into(), seed.into(), id.into()];
        row.extend(["completed".into(), loss.into(), "</script><b>cpu</b>".into()]);
        row.extend((0..MORE_COLUMNS).map(|q| Field::from(noise(i * MORE_COLUMNS + q))));
        table.push(row);
    }
    table
}

/// One row a point of a loss curve.
fn curves(n_cells: usize) -> Table {
    let columns = [("cell_id", ""), ("step", "last step of the point"), ("loss", "mean loss")];
    let mut table = Table::new("curves", "How did the training loss fall?", &columns);
    for i in 0..n_cells {
        let (id, .., loss) = cell(i);
        for step in (1..=STEPS).map(|s| 100 * s) {
            let fallen = loss * (1.0 + 20.0 * f64::exp(-(step as f64) / 2000.0));
            table.push(vec![id.as_str().into(), step.into(), fallen.into()]);
        }
    }
    table
}

/// A page of two figures with claims, and the verdicts to choose from.
pub(crate) fn index() -> Page {
    let words = [("first", ["agrees", "not run"]), ("second", ["agrees", "agrees"])];
    let counts = [("agrees".to_owned(), 3), ("not run".to_owned(), 1)].to_vec();
    let tally = Content::Tally(Tally { column: "verdict".to_owned(), counts });
    let section = |heading: &str, content: Content| Section {
        heading: heading.to_owned(),
        text: String::new(),
        content,
    };
    let (mut sources, mut sections) = (Vec::new(), vec![section("Verdicts", tally)]);
    for (name, verdicts) in words {
        let mut table = Table::new(name, "What holds?", &[("verdict", "what came of it")]);
        verdicts.iter().for_each(|verdict| table.push(vec![(*verdict).into()]));
        sources.push(Source { table, file: format!("{name}/claims.csv") });
        let facts = Content::Facts(vec![Fact::new("claims", "2")]);
        sections
            .push(section(name, Content::All(vec![facts, Content::Listing(Listing::whole(name))])));
    }
    let (title, lead) = ("figures".to_owned(), String::new());
    Page { title, lead, facts: Vec::new(), sources, sections }
}

/// A page of so many cells.
pub(crate) fn page(n_cells: usize) -> Page {
    let swept: Vec<String> =
        ["train.weight_decay", "model.d_hidden", "train.seed"].map(str::to_owned).to_vec();
    let law = |decay: f64, exponent: f64| Law {
        x: "model.d_hidden".to_owned(),
        y: "loss.test".to_owned(),
        coefficient: 2.0,
        exponent,
        window: (8.0, 192.0),
        name: format!("weight_decay={decay}"),
        label: format!("exponent {exponent} ± 0.01, d 8–192"),
        of: vec![("train.weight_decay".to_owned(), decay.into())],
    };
    let chart = Chart {
        table: "results".to_owned(),
        id: "cell_id".to_owned(),
        x: Axis::logarithmic("model.d_hidden"),
        y: Axis::logarithmic("loss.test"),
        colour: Some("train.weight_decay".to_owned()),
        panel: None,
        swept,
        repeats: vec!["train.seed".to_owned()],
        laws: vec![law(-1.0, 1.0), law(-0.5, 1.0), law(0.0, 0.25), law(1.0, 0.25)],
        lines: None,
    };
    let lines = Lines { points: curves(n_cells), line: "cell_id".to_owned() };
    let falls = Chart {
        x: Axis::linear("step"),
        y: Axis::logarithmic("loss"),
        lines: Some(lines),
        ..chart.clone()
    };
    let link = Link {
        label: "record".to_owned(),
        column: "cell_id".to_owned(),
        before: "cells/".to_owned(),
        after: "/record.json".to_owned(),
    };
    let listing = Listing {
        table: "results".to_owned(),
        columns: ["cell_id", "train.weight_decay", "model.d_hidden", "train.seed", "loss.test"]
            .map(str::to_owned)
            .to_vec(),
        links: vec![link],
    };
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"80\" height=\"40\">\
               <circle cx=\"40\" cy=\"20\" r=\"15\"/></svg>";
    let image = Image {
        title: NAME.to_owned(),
        file: "figures/a picture?.svg".to_owned(),
        svg: Some(svg.as_bytes().to_vec()),
    };
    let section = |heading: &str, text: &str, content: Content| Section {
        heading: heading.to_owned(),
        text: text.to_owned(),
        content,
    };
    Page {
        title: NAME.to_owned(),
        lead: format!("{n_cells} cells completed."),
        facts: vec![Fact::new("version", "0.1.0"), Fact::new("device", "<i>cpu</i>")],
        sources: vec![Source { table: results(n_cells), file: "results.csv".to_owned() }],
        sections: vec![
            section("Loss and all else", "One dot a cell.", Content::Chart(Box::new(chart))),
            section("Cells", "One row a cell.", Content::Listing(listing)),
            section("Loss curves", "One line a cell.", Content::Chart(Box::new(falls))),
            section("Pictures", "", Content::Pictures(vec![image])),
        ],
    }
}
