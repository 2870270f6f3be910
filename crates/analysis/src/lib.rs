//! From records to tables, one a question.
//!
//! [`run::Run`] reads the folder of a sweep. Each other module answers one question with a
//! [`Table`](superpose_files::table::Table), whose columns say what they hold and in which unit, and draws the
//! picture of that table beside it, from the table and from nothing else. [`study::study`] is all of it.
//!
//! ```no_run
//! use std::path::Path;
//! use superpose_analysis::models::{MOST_FEATURES, Models};
//! use superpose_analysis::{FitWindow, run::Run, study::study};
//! use superpose_figures::study::Places;
//! use superpose_store::store::Store;
//!
//! let store = Store::open(Path::new("runs/quickstart"))?;
//! let run = Run::read(&store)?;
//! let study = study(&run, &Models::read(&run, &store, MOST_FEATURES)?, FitWindow::ALL)?;
//! let places = Places {
//!     tables: Path::new("tables"),
//!     pictures: Path::new("figures"),
//!     remedy: "run this again",
//! };
//! let pictures = study.write(&places)?;
//! assert!(pictures.iter().all(|path| path.exists()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A run need not come from a folder. Here are three cells whose losses were made up, and the table that fits them:
//!
//! ```
//! use superpose_analysis::exponents::exponents;
//! use superpose_analysis::run::{Finished, Run};
//! use superpose_analysis::settings::settings;
//! use superpose_analysis::FitWindow;
//! # let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/tests/record-2.json");
//! # let golden = std::fs::read(golden)?;
//! # let golden: superpose_store::record::Record = serde_json::from_slice(&golden)?;
//!
//! let finished = [10_u32, 20, 40].map(|d_hidden| {
//!     let mut record = golden.clone(); // the record of some trained cell
//!     record.cell.model.d_hidden = d_hidden as usize;
//!     record.cell_id = record.cell.id();
//!     if let Some(measured) = &mut record.measured {
//!         measured.loss_test = 12.0 / f64::from(d_hidden);
//!     }
//!     Finished { record, curve: Vec::new(), probabilities: Vec::new() }
//! });
//! let name = "planted".to_owned();
//! let run = Run { name, finished: finished.into(), missing: Vec::new(), damaged: Vec::new() };
//!
//! let table = exponents(&settings(&run), FitWindow::ALL);
//! assert_eq!(table.numbers("n_points")?, [3.0]);
//! let exponent = table.numbers("model_exponent")?[0];
//! assert!((exponent - 1.0).abs() < 1e-9, "the loss goes as 1/d: {exponent}");
//! let narrow = exponents(&settings(&run), FitWindow { d_min: 0, d_max: 20 });
//! assert!(narrow.numbers("model_exponent")?[0].is_nan(), "two widths are too few for a fit");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod chosen;
pub mod curves;
pub mod decay;
pub mod exponents;
mod facets;
pub mod features;
pub mod life;
pub mod models;
pub mod outcomes;
pub mod overlaps;
pub mod page;
mod pictures;
pub mod portrait;
pub mod published;
pub mod regime;
pub mod representation;
pub mod results;
pub mod run;
pub mod settings;
pub mod study;
pub mod widths;

pub use superpose_store::quantity;

use models::Models;
pub use pictures::Subject;
use run::Run;
use superpose_files::table::Tables;

/// The widths that fits are made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FitWindow {
    /// Smallest width.
    pub d_min: usize,
    /// Largest width.
    pub d_max: usize,
}

impl FitWindow {
    /// All widths.
    pub const ALL: Self = Self { d_min: 0, d_max: usize::MAX };

    /// Whether `d_hidden` is in the window.
    pub fn contains(self, d_hidden: usize) -> bool {
        (self.d_min..=self.d_max).contains(&d_hidden)
    }
}

/// Tables that a run has only if models were looked at.
const OF_MODELS: [&str; 4] = ["features", "life", "features_by_step", "gallery"];

/// All tables of a run, but for `results.csv`; those of single features as far as their `models` were looked at.
pub fn tables(run: &Run, models: &Models<'_>, window: FitWindow) -> Tables {
    let settings = settings::settings(run);
    [
        exponents::exponents(&settings, window),
        exponents::local_exponents(&settings),
        widths::losses_by_width(&settings, window),
        representation::representation(run),
        decay::decay(run),
        overlaps::overlaps(run),
        outcomes::outcomes(run, models),
        curves::curves(run),
        curves::curve_means(run),
        features::features(run, models),
        life::life(run, models),
        life::features_by_step(models),
        portrait::gallery(run, models),
    ]
    .into_iter()
    .filter(|table| !table.rows.is_empty() || !OF_MODELS.contains(&table.name.as_str()))
    .collect()
}
