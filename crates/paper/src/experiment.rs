//! A figure made of the cells there are: its folder with tables, pictures and page.
//!
//! ```no_run
//! # use std::path::Path;
//! use superpose_analysis::run::Run;
//! use superpose_paper::{experiment::Experiment, figure::Material, papers::find};
//! use superpose_store::store::Store;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::open(Path::new("runs/liu2025"))?;
//! let run = Run::read(&store)?;
//! let figure = find("9b").expect("a figure of the paper");
//! let material = Material::of(figure, &run.finished, |id| store.weights(id))?;
//! Experiment::of(figure, &material).write(Path::new("figure-9b"))?;
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use superpose_figures::study::{Note, Study, StudyError};
use superpose_files::table::{LOSSES, Tables};

use crate::claim::{self, Claim, Uncertainty};
use crate::figure::{Figure, Material};
use crate::report::{heading, number, origins, places, write_page};

/// A figure made of the cells there are.
#[derive(Debug)]
pub struct Experiment {
    /// Which figure.
    pub figure: &'static Figure,
    /// The paper's claims, and what came of them.
    pub claims: Vec<Claim>,
    /// Its tables, its pictures, and its claims for a person.
    pub study: Study,
    /// Number of its cells that are not finished.
    pub n_missing: usize,
    /// Number of its cells that diverged or failed.
    pub n_lost: usize,
}

impl Experiment {
    /// Makes `figure` of what there is.
    pub fn of(figure: &'static Figure, material: &Material<'_>) -> Self {
        let findings = (figure.make)(material);
        let (n_missing, n_lost) = (material.n_missing(), material.n_lost());
        let mut tables = findings.tables;
        tables.push(claim::table(&findings.claims));
        tables.push(origins(material));
        let notes = notes(figure, &findings.claims, n_missing);
        let draw = Box::new(|tables: &Tables| figure.pictures(tables));
        let study = Study { convention: LOSSES, tables, draw, notes };
        Self { figure, claims: findings.claims, study, n_missing, n_lost }
    }

    /// Writes tables, pictures and page into the figure's `folder`, made if need be; on a page that is
    /// there, what people wrote stays.
    ///
    /// # Errors
    /// [`StudyError`], naming the file, table or picture.
    pub fn write(&self, folder: &Path) -> Result<(), StudyError> {
        self.study.write(&places(&folder.join("tables"), folder))?;
        write_page(self.figure, folder)?;
        Ok(())
    }
}

/// The claims for a person.
fn notes(figure: &Figure, claims: &[Claim], n_missing: usize) -> Vec<Note> {
    let row = |claim: &Claim| {
        let uncertainty = claim.uncertainty.as_ref();
        let error = uncertainty.and_then(|u| u.error);
        let error = error.map_or(String::new(), |error| format!(" ± {}", number(error)));
        let interval = |u: &Uncertainty| {
            let (low, high) = u.interval;
            format!("{} to {}: {}", number(low), number(high), u.of)
        };
        vec![
            claim.name.clone(),
            claim.paper.clone(),
            format!("{}{error}", claim.ours.map_or("–".to_owned(), number)),
            uncertainty.map_or("–".to_owned(), interval),
            claim.test.to_string(),
            claim.verdict().to_string(),
        ]
    };
    let header =
        ["claim", "paper", "ours ± se", "95 % interval: of", "agreement would be", "verdict"];
    let rows = claims.iter().map(row).collect();
    let mut notes = vec![Note::Line(format!("\n{}", heading(figure))), Note::rows(&header, rows)];
    if n_missing > 0 {
        notes.push(Note::Line(format!("{n_missing} of its cells are not trained")));
    }
    notes
}
