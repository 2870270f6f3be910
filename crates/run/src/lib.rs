//! From prepared cells to their records: which device and engine train them and how many at a time
//! ([`trainer`]), in an order that several processes can share, and what a caller is told meanwhile
//! ([`event`]).
//!
//! A cell and its record:
//!
//! ```
//! use superpose_run::{Options, Trainer};
//! use superpose_sweep::file::Sweep;
//!
//! let text = r#"
//!     schema = 1
//!     name = "example"
//!     model = { n_features = 20, d_hidden = 3 }
//!     data.frequencies = { law = "power", exponent = 1.0 }
//!     train = { weight_decay = -1.0, batch_size = 64, steps = 200 }
//! "#;
//! let cells = Sweep::parse(text, "example.toml".as_ref(), &[])?.cells;
//! let trainer = Trainer::prepare(&Options::default(), &cells, "example.toml")?;
//! let record = trainer.train_one(&cells[0])?.record;
//! let measured = record.measured.expect("it neither diverged nor failed");
//! assert!(measured.loss_test < 1.3, "no model at all has 4/3: {}", measured.loss_test);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A folder of records is kept by [`Trainer::train_all`], which several processes may do at once.

pub mod error;
pub mod estimate;
pub mod event;
pub mod label;
mod panics;
pub mod plan;
mod queue;
pub mod remeasure;
pub mod resources;
pub mod trainer;
mod work;

pub use error::RunError;
pub use event::Event;
pub use queue::Ended;
pub use trainer::{CHECKPOINT_EVERY, Options, Trainer};
pub use work::Engine;

/// The git revision that this crate was built from, `-modified` if its files were changed since; the
/// release where there is no checkout. It stands in every record.
pub const REVISION: &str = env!("SUPERPOSE_REVISION");
