//! From records to tables, one a question.
//!
//! [`run::Run`] reads the folder of a sweep. Each other module answers one question with a
//! [`Table`](superpose_files::table::Table), whose columns say what they hold and in which unit, and draws the
//! picture of that table beside it, from the table and from nothing else. [`study::study`] is all of it.
//!
//! ```no_run
//! use std::path::Path;
//! use superpose_analysis::{FitWindow, run::Run, study::study};
//! use superpose_figures::study::Places;
//! use superpose_store::store::Store;
//!
//! let store = Store::open(Path::new("runs/quickstart"))?;
//! let study = study(&Run::read(&store)?, FitWindow::ALL)?;
//! let places = Places {
//!     tables: Path::new("tables"),
//!     pictures: Path::new("figures"),
//!     remedy: "run this again",
//! };
//! let pictures = study.write(&places)?;
//! assert!(pictures.iter().all(|path| path.exists()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod curves;
pub mod decay;
pub mod exponents;
pub mod overlaps;
pub mod page;
mod pictures;
pub mod published;
pub mod regime;
pub mod representation;
pub mod results;
pub mod run;
pub mod settings;
pub mod study;
pub mod widths;

pub use superpose_store::quantity;

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

/// All tables of a run, but for `results.csv`.
pub fn tables(run: &Run, window: FitWindow) -> Tables {
    let settings = settings::settings(run);
    [
        exponents::exponents(&settings, window),
        exponents::local_exponents(&settings),
        widths::losses_by_width(&settings, window),
        representation::representation(run),
        decay::decay(run),
        overlaps::overlaps(run),
        curves::curves(run),
    ]
    .into_iter()
    .collect()
}
