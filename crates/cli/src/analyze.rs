//! `superpose analyze` and `superpose figures`: from records to tables, from tables to pictures.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use superpose_analysis::run::Run;
use superpose_analysis::{FitWindow, published, results};
use superpose_figures::Figure;
use superpose_files::disk::write_whole;
use superpose_files::table::{Field, LOSSES, Table};
use superpose_run::measure::{Losses, measure};
use superpose_stats::summary::mean_square;
use superpose_store::record::RECORD_VERSION;
use superpose_store::store::Store;
use superpose_toy::trained::Outcome;

use crate::args::{AnalyzeOptions, FolderOptions};
use crate::console;
use crate::tables;

/// What a run has come to.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) n_completed: usize,
    /// Cells that diverged or failed.
    pub(crate) n_lost: usize,
    pub(crate) n_missing: usize,
    pub(crate) n_tables: usize,
    published: Option<Table>,
    exponents: Table,
}

pub(crate) fn analyze(options: &AnalyzeOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    if options.remeasure {
        remeasure(&store)?;
    }
    let window = FitWindow { d_min: options.d_min, d_max: options.d_max };
    let summary = write_tables(&store, window, options.published.as_deref())?;
    if options.json {
        console::say(&format!("{:#}", summary.to_json()));
    } else {
        summary.print();
        if let Some(table) = &summary.published {
            print_published(table)?;
        }
        let folder = options.folder.display();
        console::say(&format!("wrote {folder}/results.csv and {} tables", summary.n_tables));
        console::say(&format!("next: superpose figures {folder}"));
    }
    Ok(())
}

/// Measures the weights in `store` anew, into their records; the losses stay.
pub(crate) fn remeasure(store: &Store) -> anyhow::Result<()> {
    let mut n_measured = 0;
    for id in store.finished()? {
        let Some(weights) = store.weights(&id)? else { continue };
        let mut record = store.record(&id)?;
        let Some(losses) = record.measured.as_ref().map(Losses::of_record) else { continue };
        let measured = measure(&record.cell, &store.probabilities(&id)?, &weights, losses);
        (record.record_version, record.measured) = (RECORD_VERSION, Some(measured));
        store.replace(&record)?;
        n_measured += 1;
    }
    console::complain(&format!("measured the weights of {n_measured} cells anew"));
    Ok(())
}

/// The numbers of `results` beside the published ones in the file at `path`.
fn set_beside(results: &Table, path: &Path) -> anyhow::Result<Table> {
    Ok(published::published(results, &tables::read(path)?)?)
}

fn print_published(table: &Table) -> anyhow::Result<()> {
    let z: Vec<f64> = table.numbers("z")?.into_iter().filter(|z| z.is_finite()).collect();
    let beyond = |limit: f64| z.iter().filter(|z| z.abs() > limit).count();
    let mean_square = mean_square(&z);
    console::say(&format!(
        "{} of {} published losses compared: z² is {mean_square:.2} on average, {} are beyond 2 and \
         {} beyond 3 standard errors",
        z.len(),
        table.rows.len(),
        beyond(2.0),
        beyond(3.0)
    ));
    Ok(())
}

pub(crate) fn figures(options: &FolderOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    let written = write_figures(&store)?;
    if options.json {
        console::say(&format!("{:#}", json!({ "figures": written })));
    } else {
        for path in written {
            console::say(&format!("wrote {}", path.display()));
        }
    }
    Ok(())
}

/// Writes `results.csv` and all tables of the run in `store`, one of them beside the `published`
/// numbers of a file if there is one.
pub(crate) fn write_tables(
    store: &Store,
    window: FitWindow,
    published: Option<&Path>,
) -> anyhow::Result<Summary> {
    let run = Run::read(store)?;
    let root = store.root();
    let folder = root.join("tables");
    let results = results::results(&run);
    write_whole(&root.join("results.csv"), &results.to_csv())?;
    let published = published.map(|path| set_beside(&results, path)).transpose()?;
    let mut made = superpose_analysis::tables(&run, window);
    made.extend(published.clone());
    tables::write(&folder, &made)?;
    let n_tables = made.len();
    let exponents = made[0].clone();
    let all: Vec<Table> = std::iter::once(results).chain(made).collect();
    tables::document(&folder, LOSSES, &all)?;
    let n_completed =
        run.finished.iter().filter(|f| f.record.outcome == Outcome::Completed).count();
    Ok(Summary {
        n_completed,
        n_lost: run.finished.len() - n_completed,
        n_missing: run.missing.len(),
        name: run.name,
        folder: root.to_owned(),
        n_tables,
        published,
        exponents,
    })
}

/// Draws all figures of the run in `store` from its tables.
pub(crate) fn write_figures(store: &Store) -> anyhow::Result<Vec<PathBuf>> {
    let (root, sweep) = (store.root(), store.manifest()?.name);
    let analyze = format!("superpose analyze {}", root.display());
    let read = |name: &&str| tables::read_written(&root.join("tables"), name, &analyze);
    let folder = root.join("figures");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))?;
    let mut written = Vec::new();
    for figure in Figure::ALL {
        let read = figure.tables().iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let Some(drawn) = superpose_figures::draw(figure, &read, &sweep)? else { continue };
        written.extend(tables::write_picture(&folder, figure.name(), &drawn)?);
    }
    Ok(written)
}

pub(crate) fn print_written(root: &Path, n_tables: usize, figures: &[PathBuf]) {
    let root = root.display();
    console::say(&format!(
        "wrote {root}/results.csv, {n_tables} tables in {root}/tables and {} pictures in \
         {root}/figures",
        figures.len()
    ));
    if let Some(first) = figures.iter().find(|p| p.extension().is_some_and(|e| e == "png")) {
        console::say(&format!("next: look at {}", first.display()));
    }
}

impl Summary {
    /// The summary for a program.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let fits = console::json_rows(&self.exponents);
        json!({
            "name": self.name, "folder": self.folder, "completed": self.n_completed,
            "diverged_or_failed": self.n_lost, "missing": self.n_missing, "fits": fits,
        })
    }

    /// Prints the fits.
    pub(crate) fn print(&self) {
        let rows = self.rows();
        let header =
            ["setting", "exponent", "95 % interval", "R²", "d", "theory", "regime", "dead outputs"];
        console::say(&console::table(&header, &rows));
        let more = self.exponents.rows.len() - rows.len();
        if more > 0 {
            console::say(&format!("… and {more} more settings in tables/exponents.csv"));
        }
        let mut text = format!("{} cells completed", self.n_completed);
        for (n, what) in [(self.n_lost, "diverged or failed"), (self.n_missing, "not trained yet")]
        {
            if n > 0 {
                text = format!("{text}, {n} {what}");
            }
        }
        console::say(&text);
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let column = |name: &str| self.exponents.column(name).ok();
        let text = |row: &[Field], name: &str, digits: usize| -> String {
            match column(name).map(|at| &row[at]) {
                Some(Field::Number(v)) => format!("{v:.digits$}"),
                Some(Field::Text(text)) => text.clone(),
                _ => "–".to_owned(),
            }
        };
        let row = |row: &Vec<Field>| {
            let number = |name: &str, digits| text(row, name, digits);
            let theory = match &*number("regime", 0) {
                "weak" => number("predicted_weak", 2),
                "strong" => number("predicted_strong", 2),
                _ => "–".to_owned(),
            };
            vec![
                number("setting", 0),
                format!("{} ± {}", number("model_exponent", 3), number("model_exponent_se", 3)),
                format!("{} to {}", number("ci_low", 2), number("ci_high", 2)),
                number("r_squared", 3),
                format!("{}–{}", number("d_min", 0), number("d_max", 0)),
                theory,
                number("regime", 0),
                match column("loss.dead_share").map(|at| &row[at]) {
                    Some(Field::Number(share)) => {
                        format!("{}, {:.0} % of L", number("dead_outputs", 0), 100.0 * share)
                    }
                    _ => "–".to_owned(),
                },
            ]
        };
        self.exponents.rows.iter().take(40).map(row).collect()
    }
}
