//! The page of a run: `report.html`, from the tables and pictures in its folder as they are on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use superpose_figures::study::{Places, StudyError, read_table};
use superpose_files::disk::{DiskError, at, file_names, write_whole};
use superpose_files::sums::Sums;
use superpose_files::table::{Column, Field, Table, TableError, Tables};
use superpose_page::{
    Axis, Chart, Content, Fact, Image, Law, Lines, Link, Listing, Page, Section, Source,
};
use superpose_store::store::Manifest;
use superpose_toy::cell::SEED_FIELDS;
use time::OffsetDateTime;

use crate::results::is_field;
use crate::settings::WIDTH_FIELD;
use crate::study::{DRAWN, DRAWN_IF_THERE};

/// The name of the page's file.
pub const PAGE: &str = "report.html";

/// Bytes of pictures that are in a page; beyond, there are links to their files.
const MOST_PICTURE_BYTES: usize = 1_500_000;

/// Settings that are told apart by colour at first; of more, the values of one field are.
const FEW_SETTINGS: usize = 8;

/// Panels that are drawn at first.
const FEW_PANELS: usize = 12;

/// The pictures that `superpose figures` draws of a run, in the order that they are shown in: how their names begin.
const MAIN_PICTURES: [&str; 10] = [
    "loss_by_width",
    "loss_curves",
    "phase",
    "phi_half_by_decay",
    "overlap_by_width",
    "gallery",
    "dimensionality",
    "life",
    "residuals",
    "local_exponents",
];

/// Tables that are too long for a page: what is in them is drawn, and their files lie beside it.
const BESIDE: [&str; 4] = ["features", "features_by_step", "gallery", "curve_means"];

/// What is shown of the cells at first, after their swept fields.
const MAIN_QUANTITIES: [&str; 7] = [
    "loss.test",
    "loss.test_se",
    "phi_half",
    "dead_outputs",
    "loss.dead_part",
    "overlap.mean_square",
    "wall_s",
];

/// What is shown of the fits at first, after the fields that tell settings apart.
const MAIN_OF_FITS: [&str; 11] = [
    "setting",
    "model_exponent",
    "ci_low",
    "ci_high",
    "ci_method",
    "d_min",
    "d_max",
    "n_points",
    "r_squared",
    "predicted_strong",
    "regime",
];

/// Beside the pictures, the digests of the tables that they were drawn from.
const DRAWN_FROM: &str = "drawn-from.txt";

/// Writes down which tables the pictures in the folder `root` of a run are drawn from: those that are there now.
///
/// # Errors
/// [`DiskError`] when that cannot be written.
pub fn note_drawn(root: &Path) -> Result<(), DiskError> {
    write_whole(&root.join("figures").join(DRAWN_FROM), digests(root).as_bytes())
}

/// The digests of the tables that pictures are drawn from, as far as they are listed.
fn digests(root: &Path) -> String {
    let listed = Sums::read(&root.join("tables")).ok().flatten().unwrap_or_default().text();
    let names = || DRAWN.iter().chain(&DRAWN_IF_THERE);
    let is_drawn = |line: &&str| names().any(|name| line.ends_with(&format!("  {name}.csv")));
    listed.lines().filter(is_drawn).map(|line| format!("{line}\n")).collect()
}

/// Writes the page of the run in the folder `root`, whose cells `manifest` names, and returns its path. Pictures
/// that were drawn from other tables than there are now are left out.
///
/// # Errors
/// [`StudyError`], naming the file, when a table is missing, damaged or lacks a column, or a file cannot be
/// read or written.
pub fn write_page(root: &Path, manifest: &Manifest) -> Result<PathBuf, StudyError> {
    let tables = read_tables(root)?;
    // Who drew them with an older version did not write down from what.
    let noted = std::fs::read_to_string(root.join("figures").join(DRAWN_FROM));
    let is_outdated = noted.is_ok_and(|noted| noted != digests(root));
    let mut pictures = images(root, "figures", &MAIN_PICTURES, MOST_PICTURE_BYTES)?;
    if is_outdated {
        let is_of_run = |p: &Image| {
            MAIN_PICTURES.iter().any(|name| p.file.starts_with(&format!("figures/{name}")))
        };
        pictures.retain(|picture| !is_of_run(picture));
    }
    pictures.extend(images(root, "portraits", &[], MOST_PICTURE_BYTES)?);
    let mut page = page(manifest, &tables, pictures)?;
    if is_outdated {
        let text = "The pictures of a run were drawn from other tables than these, and are left out; superpose figures \
                    draws them anew.";
        page.lead = format!("{} {text}", page.lead);
    }
    let path = root.join(PAGE);
    write_whole(&path, page.to_html()?.as_bytes())?;
    Ok(path)
}

/// `results.csv` and the tables that `tables/README.md` has, with what it says of their columns.
fn read_tables(root: &Path) -> Result<Tables, StudyError> {
    let (folder, remedy) = (root.join("tables"), format!("superpose analyze {}", root.display()));
    let places = |tables| Places { tables, pictures: tables, remedy: &remedy };
    let mut tables = vec![read_table("results", &places(root))?];
    for name in ["exponents", "curves"] {
        tables.push(read_table(name, &places(&folder))?);
    }
    // A folder of an older version may have none: then nothing is explained, and there are no more tables.
    let documentation = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    let heading = |line: &str| Some(line.strip_prefix("## ")?.strip_suffix(".csv")?.to_owned());
    for name in documentation.lines().filter_map(heading) {
        if !BESIDE.contains(&&*name) && tables.iter().all(|table| table.name != name) {
            tables.push(read_table(&name, &places(&folder))?);
        }
    }
    tables.iter_mut().for_each(|table| table.explain(&documentation));
    Ok(tables.into_iter().collect())
}

/// The SVGs in a `folder` beside a page, those that begin with the names `main` first, as many as are no more than
/// so many bytes;
/// the others as links. None where there is no such folder.
///
/// # Errors
/// [`DiskError`] when one cannot be read.
pub fn images(
    root: &Path,
    folder: &str,
    main: &[&str],
    most_bytes: usize,
) -> Result<Vec<Image>, DiskError> {
    let path = root.join(folder);
    let mut names = match file_names(&path, "svg") {
        Err(error) if error.is_missing() => Vec::new(),
        names => names?,
    };
    let place =
        |name: &String| main.iter().position(|known| name.starts_with(known)).unwrap_or(main.len());
    names.sort_by_key(place);
    let mut left = most_bytes;
    let mut images = Vec::new();
    for name in names {
        let file = path.join(&name);
        let svg = std::fs::read(&file).map_err(at("read", &file))?;
        let fits = svg.len() <= left;
        left -= if fits { svg.len() } else { 0 };
        images.push(Image {
            title: name.trim_end_matches(".svg").replace('_', " "),
            file: format!("{folder}/{name}"),
            svg: fits.then_some(svg),
        });
    }
    Ok(images)
}

/// The page of a run that has these tables and pictures.
fn page(manifest: &Manifest, tables: &Tables, pictures: Vec<Image>) -> Result<Page, TableError> {
    let exponents = tables.get("exponents")?;
    let fields = setting_fields(exponents)?;
    let results = with_settings(tables.get("results")?, exponents, &fields)?;
    let swept = swept(&results);
    let (lead, facts) = (lead(manifest, &results)?, facts(&results, &swept)?);
    let title = manifest.name.clone();
    if results.rows.is_empty() {
        return Ok(Page { title, lead, facts, sources: Vec::new(), sections: Vec::new() });
    }
    let chart = chart(&results, &swept, &fields, exponents)?;
    let curves = tables.get("curves")?;
    let has = |names: &[&str], table: &Table| -> Vec<String> {
        let there = names.iter().filter(|name| table.column(name).is_ok());
        there.map(|name| (*name).to_owned()).collect()
    };
    let cells = Listing {
        table: "results".to_owned(),
        columns: [
            has(&["cell_id", "outcome"], &results),
            swept.clone(),
            has(&MAIN_QUANTITIES, &results),
        ]
        .concat(),
        links: [("record", "record.json"), ("folder", "")].map(link).to_vec(),
    };
    let fits = Listing {
        table: "exponents".to_owned(),
        columns: [fields, has(&MAIN_OF_FITS, exponents)].concat(),
        links: Vec::new(),
    };
    let mut sections = vec![
        section(
            "Explore",
            "One dot a cell. Any swept field or measured quantity can be on an axis; a click on a dot leads to its row \
             below, and the filter of the cells holds here too. Lines are the fits, over the widths that they are of.",
            Content::Chart(Box::new(chart.clone())),
        ),
        section(
            "Fits",
            "Loss = coefficient times d to the power −exponent, a row for each setting, over the widths from d_min to d_max.",
            Content::Listing(fits),
        ),
        section(
            "Cells",
            "One row a cell. What a column holds is shown where a pointer rests on its name.",
            Content::Listing(cells),
        ),
    ];
    if !curves.rows.is_empty() {
        let lines = Lines { points: curves.clone(), line: "cell_id".to_owned() };
        let falls = Chart {
            x: Axis::linear("step"),
            y: Axis::logarithmic("loss"),
            laws: Vec::new(),
            lines: Some(lines),
            ..chart
        };
        let text = "One line a cell; each point is the mean training loss since the point before. All points are in \
                    tables/curves.csv.";
        sections.push(section("Loss curves", text, Content::Chart(Box::new(falls))));
    }
    if !pictures.is_empty() {
        let text = "As superpose figures drew them.";
        sections.push(section("Pictures", text, Content::Pictures(pictures)));
    }
    let others = tables.iter().filter(|t| !["results", "exponents", "curves"].contains(&&*t.name));
    for table in others.filter(|table| !table.rows.is_empty()) {
        let heading = if table.question.is_empty() { &table.name } else { &table.question };
        sections.push(section(heading, "", Content::Listing(Listing::whole(&table.name))));
    }
    let text = "Tables of single features and of curves over seeds are longer, and lie beside this page: \
                tables/features.csv, tables/features_by_step.csv, tables/curve_means.csv, where the run has them.";
    sections.push(section("Provenance", text, Content::Facts(provenance(&results))));
    let source =
        |table: &Table| Source { table: table.clone(), file: format!("tables/{}.csv", table.name) };
    let kept = tables.iter().filter(|table| !["results", "curves"].contains(&&*table.name));
    let mut sources: Vec<Source> = kept.map(source).collect();
    sources.push(Source { table: results, file: "results.csv".to_owned() });
    Ok(Page { title, lead, facts, sources, sections })
}

fn section(heading: &str, text: &str, content: Content) -> Section {
    Section { heading: heading.to_owned(), text: text.to_owned(), content }
}

/// A link from a cell's row to a file in its folder.
fn link((label, file): (&str, &str)) -> Link {
    Link {
        label: label.to_owned(),
        column: "cell_id".to_owned(),
        before: "cells/".to_owned(),
        after: format!("/{file}"),
    }
}

/// The fields that tell the settings of a run apart: the columns of its fits before the label.
fn setting_fields(exponents: &Table) -> Result<Vec<String>, TableError> {
    let at = exponents.column("setting")?;
    Ok(exponents.columns[..at].iter().map(|column| column.name.clone()).collect())
}

/// The results with a column `setting`, the label that the fits have for a cell's fields.
fn with_settings(
    results: &Table,
    exponents: &Table,
    fields: &[String],
) -> Result<Table, TableError> {
    let keys = |table: &Table| -> Result<Vec<Vec<String>>, TableError> {
        let columns: Result<Vec<usize>, _> = fields.iter().map(|name| table.column(name)).collect();
        let columns = columns?;
        let key = |row: &Vec<Field>| columns.iter().map(|at| row[*at].to_string()).collect();
        Ok(table.rows.iter().map(key).collect())
    };
    let labels: BTreeMap<Vec<String>, String> =
        keys(exponents)?.into_iter().zip(exponents.words("setting")?).collect();
    let mut table = results.clone();
    table.columns.push(Column {
        name: "setting".to_owned(),
        meaning: "the swept fields in one line, but for the width and the seeds".to_owned(),
    });
    for (row, key) in table.rows.iter_mut().zip(keys(results)?) {
        row.push(labels.get(&key).cloned().into());
    }
    Ok(table)
}

/// The different values of a column, as words, without those that are missing.
fn distinct(table: &Table, column: &str) -> Result<BTreeSet<String>, TableError> {
    Ok(table.words(column)?.into_iter().filter(|word| !word.is_empty()).collect())
}

/// The fields of the cells that differ between them. A path says no more than the digest of its file.
fn swept(results: &Table) -> Vec<String> {
    let varies = |at: usize| results.rows.iter().any(|row| row[at] != results.rows[0][at]);
    let columns = results.columns.iter().enumerate();
    columns
        .filter(|(at, c)| is_field(&c.name) && !c.name.ends_with(".path") && varies(*at))
        .map(|(_, column)| column.name.clone())
        .collect()
}

/// The chart of the test loss, against the width if that varies.
fn chart(
    results: &Table,
    swept: &[String],
    fields: &[String],
    exponents: &Table,
) -> Result<Chart, TableError> {
    let is_swept = |name: &&str| swept.iter().any(|known| known == name);
    let seeds: Vec<String> = SEED_FIELDS.into_iter().filter(is_swept).map(str::to_owned).collect();
    let x = match swept.iter().find(|name| *name == WIDTH_FIELD) {
        None => swept.iter().find(|name| !seeds.contains(name)).map_or(WIDTH_FIELD, |name| name),
        Some(_) => WIDTH_FIELD,
    };
    let n_settings = distinct(results, "setting")?.len();
    let apart: Vec<&String> = fields.iter().filter(|name| *name != x).collect();
    let (colour, panel) = match &apart[..] {
        [] => (None, None),
        [one] => (Some((*one).clone()), None),
        _ if n_settings <= FEW_SETTINGS => (Some("setting".to_owned()), None),
        [first, second, ..] => {
            let is_few = distinct(results, second)?.len() <= FEW_PANELS;
            (Some((*first).clone()), is_few.then(|| (*second).clone()))
        }
    };
    Ok(Chart {
        table: "results".to_owned(),
        id: "cell_id".to_owned(),
        x: Axis { column: x.to_owned(), is_log: is_wide(results, x)? },
        y: Axis::logarithmic("loss.test"),
        colour,
        panel,
        swept: if n_settings > 1 {
            [swept, &["setting".to_owned()]].concat()
        } else {
            swept.to_vec()
        },
        repeats: seeds,
        laws: laws(exponents, fields)?,
        lines: None,
    })
}

/// Whether a column holds positive numbers, the largest of them at least three times the smallest.
fn is_wide(table: &Table, column: &str) -> Result<bool, TableError> {
    let at = table.column(column)?;
    let numbers: Option<Vec<f64>> = table.rows.iter().map(|row| row[at].number()).collect();
    let numbers = numbers.unwrap_or_default();
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(0.0, f64::max);
    Ok(low > 0.0 && high >= 3.0 * low)
}

/// The fitted laws, each with the fields of its setting. Tables of older versions lack some columns, and then
/// what they would say.
fn laws(exponents: &Table, fields: &[String]) -> Result<Vec<Law>, TableError> {
    let mut laws = Vec::new();
    for row in &exponents.rows {
        let field = |name: &str| exponents.column(name).map_or(&Field::Missing, |at| &row[at]);
        let numbers =
            ["model_exponent", "coefficient", "d_min", "d_max"].map(|name| field(name).number());
        let [Some(exponent), Some(coefficient), Some(d_min), Some(d_max)] = numbers else {
            continue;
        };
        let interval = match (field("ci_low").number(), field("ci_high").number()) {
            (Some(low), Some(high)) => {
                format!(", 95 % {low:.3} to {high:.3} ({})", field("ci_method"))
            }
            _ => String::new(),
        };
        let setting = &row[exponents.column("setting")?];
        let mut of = vec![("setting".to_owned(), setting.clone())];
        of.extend(fields.iter().map(|name| (name.clone(), field(name).clone())));
        laws.push(Law {
            x: WIDTH_FIELD.to_owned(),
            y: "loss.test".to_owned(),
            coefficient,
            exponent,
            window: (d_min, d_max),
            name: setting.to_string(),
            label: format!("exponent {exponent:.3}{interval}, d {d_min}–{d_max}"),
            of,
        });
    }
    Ok(laws)
}

/// How far the run has come, in a sentence.
fn lead(manifest: &Manifest, results: &Table) -> Result<String, TableError> {
    let counts = counts(results, "outcome")?;
    let known: BTreeSet<String> = distinct(results, "cell_id")?;
    let is_missing = |id: &str| !known.contains(id);
    let n_missing = manifest.cells.iter().filter(|cell| is_missing(cell.id().as_str())).count();
    let n_completed = counts.iter().find(|(word, _)| word == "completed").map_or(0, |(_, n)| *n);
    let mut text = match manifest.cells.len() {
        n if n == n_completed => format!("All {n} cells completed."),
        n => format!("{n_completed} of {n} cells completed."),
    };
    for (word, n) in counts.iter().filter(|(word, _)| word != "completed") {
        text.push_str(&format!(" {n} {word}."));
    }
    if n_missing > 0 {
        text.push_str(&format!(" {n_missing} have no results: not trained yet, or damaged."));
    }
    Ok(text)
}

/// The different words of a column, each with the number of its rows, as they first come.
fn counts(table: &Table, column: &str) -> Result<Vec<(String, usize)>, TableError> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for word in table.words(column)? {
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, n)) => *n += 1,
            None => counts.push((word, 1)),
        }
    }
    Ok(counts)
}

/// What to know of a run at once: what was swept, and when it was trained.
fn facts(results: &Table, swept: &[String]) -> Result<Vec<Fact>, TableError> {
    let mut facts = Vec::new();
    for name in swept {
        let values = counts(results, name)?;
        let shown: Vec<String> = values.iter().take(6).map(|(word, _)| four_digits(word)).collect();
        let more = match values.len() {
            n if n > 6 => format!(" … ({n} values)"),
            _ => String::new(),
        };
        facts.push(Fact::new(name, format!("{}{more}", shown.join(", "))));
    }
    facts.extend(trained(results));
    Ok(facts)
}

/// A number with four significant digits; another word as it is.
fn four_digits(word: &str) -> String {
    let rounded = word
        .parse::<f64>()
        .ok()
        .filter(|n| n.is_finite())
        .and_then(|n| format!("{n:.3e}").parse::<f64>().ok());
    rounded.map_or_else(|| word.to_owned(), |n| n.to_string().replace('-', "−"))
}

/// When the first and the last cell were trained.
fn trained(results: &Table) -> Option<Fact> {
    let mut times = finite(results, "finished_unix_s");
    times.sort_by(f64::total_cmp);
    let (first, last) = (date(*times.first()?)?, date(*times.last()?)?);
    let span = if first == last { first } else { format!("{first} to {last}") };
    Some(Fact::new("trained (UTC)", span))
}

/// The finite numbers of a column; none where there is no such column of numbers.
fn finite(table: &Table, column: &str) -> Vec<f64> {
    let numbers = table.numbers(column).unwrap_or_default();
    numbers.into_iter().filter(|number| number.is_finite()).collect()
}

/// The day and minute of a time in seconds since 1970; none outside the calendar.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit is outside the calendar")]
fn date(unix_s: f64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(unix_s as i64).ok()?;
    Some(format!("{} {:02}:{:02}", time.date(), time.hour(), time.minute()))
}

/// What the numbers rest on, as far as the results say.
fn provenance(results: &Table) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (column, name) in [
        ("superpose_version", "version of superpose"),
        ("revision", "revision"),
        ("engine", "engine"),
        ("device", "device"),
        ("dtype", "precision"),
        ("burn_version", "version of burn"),
    ] {
        let words = match &counts(results, column).unwrap_or_default()[..] {
            [] => continue,
            [(one, _)] => one.clone(),
            several => {
                let words = several.iter().map(|(word, n)| format!("{word} ({n} cells)"));
                words.collect::<Vec<String>>().join(", ")
            }
        };
        facts.push(Fact::new(name, words));
    }
    facts.extend(trained(results));
    let seconds: f64 = finite(results, "wall_s").into_iter().sum();
    facts.push(Fact::new("time of all trainings", format!("{:.2} hours", seconds / 3600.0)));
    facts.push(Fact::new("page by", concat!("superpose ", env!("CARGO_PKG_VERSION"))));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FitWindow;
    use crate::results::results;
    use crate::run::Run;
    use crate::study::study;
    use serde_json::Value;
    use superpose_figures::study::{write_csv, write_page as write_documentation};
    use superpose_files::sums::write_listed;
    use superpose_toy::cell::Cell;

    /// The folder of a run as `superpose run` leaves it, without pictures, and its manifest.
    fn written(run: &Run) -> (tempfile::TempDir, Manifest) {
        let folder = tempfile::tempdir().unwrap();
        let (results, study) =
            (results(run), study(run, &crate::models::Models::default(), FitWindow::ALL).unwrap());
        write_listed(folder.path(), &[("results.csv", &results.to_csv())]).unwrap();
        let tables = folder.path().join("tables");
        write_csv(&tables, study.tables.as_slice()).unwrap();
        let documented: Vec<Table> =
            std::iter::once(results).chain(study.tables.iter().cloned()).collect();
        write_documentation(&tables, study.convention, &documented).unwrap();
        let cells = run.finished.iter().map(|f| f.record.cell.clone()).collect();
        (folder, Manifest { name: "a <b>name</b>".to_owned(), cells })
    }

    /// Three widths at two decays.
    fn planted() -> Run {
        let mut run = crate::study::tests::planted();
        run.finished.retain(|f| f.record.cell.train.weight_decay.abs() > 0.5);
        run
    }

    fn data(html: &str) -> Value {
        let begun = html.split("id=\"data\">").nth(1).unwrap();
        serde_json::from_str(begun.split("</script>").next().unwrap()).unwrap()
    }

    #[test]
    fn the_page_has_the_cells_the_fits_the_curves_and_where_they_come_from() {
        let run = planted();
        let (folder, mut manifest) = written(&run);
        let mut never_trained = manifest.cells[0].clone();
        never_trained.train.seed += 7;
        manifest.cells.push(never_trained);
        let figures = folder.path().join("figures");
        std::fs::create_dir(&figures).unwrap();
        for name in ["loss_curves.svg", "portraits.svg", "loss_by_width.svg"] {
            std::fs::write(figures.join(name), "<svg/>").unwrap();
        }
        let path = write_page(folder.path(), &manifest).unwrap();
        let html = std::fs::read_to_string(&path).unwrap();
        assert!(html.contains("<h1>a &lt;b&gt;name&lt;/b&gt;</h1>"));
        assert!(html.contains("6 of 7 cells completed. 1 have no results"));
        let places = ["loss by width", "loss curves", "portraits"].map(|title| {
            html.find(&format!("<img alt=\"{title}\"")).unwrap_or_else(|| panic!("{title}"))
        });
        assert!(places.is_sorted(), "the main ones first: {places:?}");
        let data = data(&html);
        let chart = &data["parts"][0];
        assert_eq!(chart["x"], serde_json::json!({ "column": "model.d_hidden", "log": true }));
        assert_eq!(chart["colour"], "train.weight_decay");
        let law = &chart["laws"][0];
        assert!((law["coefficient"].as_f64().unwrap() - 2.0).abs() < 1e-9, "{law}");
        let numbers = [&law["of"]["train.weight_decay"], &law["from"], &law["to"]];
        assert_eq!(numbers.map(Value::as_f64), [Some(-1.0), Some(8.0), Some(32.0)]);
        assert!(law["label"].as_str().unwrap().starts_with("exponent 1.000, 95 % 1.000 to"));
        let columns = data["tables"]["results"]["columns"].as_array().unwrap();
        assert_eq!(columns.len(), results(&run).columns.len() + 1, "all, and the setting");
        let loss = columns.iter().find(|column| column["name"] == "loss.test").unwrap();
        assert!(!loss["meaning"].as_str().unwrap().is_empty(), "read from tables/README.md");
        let curves = data["parts"].as_array().unwrap().iter().find(|p| !p["lines"].is_null());
        assert_eq!(curves.unwrap()["lines"]["lines"].as_array().unwrap().len(), 6);
        assert!(html.contains("<dt>engine</dt>") && html.contains("<dt>revision</dt>"));

        // Pictures of other tables are left out, others of the folder stay.
        note_drawn(folder.path()).unwrap();
        assert_eq!(write_page(folder.path(), &manifest).unwrap(), path);
        assert!(std::fs::read_to_string(&path).unwrap() == html);
        std::fs::write(figures.join(DRAWN_FROM), "other digests\n").unwrap();
        write_page(folder.path(), &manifest).unwrap();
        let html = std::fs::read_to_string(path).unwrap();
        assert!(!html.contains("alt=\"loss by width\"") && html.contains("alt=\"portraits\""));
        assert!(html.contains("drawn from other tables"));
    }

    #[test]
    fn tables_of_an_older_version_say_less() {
        let (folder, manifest) = written(&planted());
        let without = |path: &str, columns: &[&str]| {
            let path = folder.path().join(path);
            let mut table = Table::from_csv("t", &std::fs::read(&path).unwrap()).unwrap();
            for column in columns {
                let at = table.column(column).unwrap();
                table.columns.remove(at);
                table.rows.iter_mut().for_each(|row| drop(row.remove(at)));
            }
            std::fs::write(&path, table.to_csv()).unwrap();
            std::fs::remove_file(path.with_file_name("SHA256SUMS")).unwrap();
        };
        without("results.csv", &["revision", "wall_s", "finished_unix_s", "loss.dead_part"]);
        without("tables/exponents.csv", &["ci_low", "ci_method", "regime"]);
        std::fs::remove_file(folder.path().join("tables/README.md")).unwrap();
        let path = write_page(folder.path(), &manifest).unwrap();
        let html = std::fs::read_to_string(path).unwrap();
        assert!(!html.contains("<dt>revision</dt>") && html.contains("<dt>engine</dt>"));
        assert_eq!(data(&html)["parts"][0]["laws"][0]["label"], "exponent 1.000, d 8–32");
    }

    #[test]
    fn a_missing_or_damaged_table_is_named_with_what_writes_it_anew() {
        let (folder, manifest) = written(&planted());
        std::fs::write(folder.path().join("tables/decay.csv"), "x\n").unwrap();
        let write = || write_page(folder.path(), &manifest);
        let said = write().unwrap_err().to_string();
        assert!(said.contains("decay.csv` is damaged"), "{said}");
        std::fs::remove_file(folder.path().join("results.csv")).unwrap();
        let said = write().unwrap_err().to_string();
        assert!(said.contains("results.csv") && said.contains("superpose analyze"), "{said}");
        assert!(!folder.path().join(PAGE).exists());
    }

    #[test]
    fn a_run_of_one_cell_and_one_of_none_have_a_page() {
        let one: [fn(&mut Cell); 1] = [|_| ()];
        let run = Run::planted(&one, |_| 1.0);
        let (folder, manifest) = written(&run);
        let path = write_page(folder.path(), &manifest).unwrap();
        assert!(std::fs::read_to_string(path).unwrap().contains("All 1 cells completed."));
        let none = Run { finished: Vec::new(), ..run };
        let (folder, _) = written(&none);
        let path = write_page(folder.path(), &manifest).unwrap();
        assert!(std::fs::read_to_string(path).unwrap().contains("0 of 1 cells completed."));
    }

    #[test]
    fn many_settings_are_told_apart_by_one_field_and_panels_of_another() {
        let cells: [fn(&mut Cell); 10] = [
            |c| (c.train.weight_decay, c.train.learning_rate) = (-1.0, 0.1),
            |c| (c.train.weight_decay, c.train.learning_rate) = (-0.5, 0.1),
            |c| (c.train.weight_decay, c.train.learning_rate) = (0.0, 0.1),
            |c| (c.train.weight_decay, c.train.learning_rate) = (0.5, 0.1),
            |c| (c.train.weight_decay, c.train.learning_rate) = (1.0, 0.1),
            |c| (c.train.weight_decay, c.train.learning_rate) = (-1.0, 0.2),
            |c| (c.train.weight_decay, c.train.learning_rate) = (-0.5, 0.2),
            |c| (c.train.weight_decay, c.train.learning_rate) = (0.0, 0.2),
            |c| (c.train.weight_decay, c.train.learning_rate) = (0.5, 0.2),
            |c| (c.train.weight_decay, c.train.learning_rate) = (1.0, 0.2),
        ];
        let shown = |n: usize| {
            let (folder, manifest) = written(&Run::planted(&cells[..n], |_| 1.0));
            let path = write_page(folder.path(), &manifest).unwrap();
            let chart = data(&std::fs::read_to_string(path).unwrap())["parts"][0].clone();
            [&chart["x"]["column"], &chart["colour"], &chart["panel"]].map(Value::clone)
        };
        let [x, colour, panel] = shown(10);
        assert_eq!(x, "train.learning_rate");
        assert_eq!((colour, panel), ("train.weight_decay".into(), Value::Null));
        assert_eq!(shown(6)[1], "train.weight_decay");
    }
}
