//! What became of a cell ([`record`]) and what is known of it by name ([`quantity`], declared in
//! [`measured`]), and the folder ([`mod@store`]) that keeps the records of one sweep, which several
//! processes may share ([`lease`]).
//!
//! A model of three features is measured, and its record goes into the folder of its sweep, once:
//!
//! ```
//! use superpose_store::measured::{Losses, measure};
//! use superpose_store::record::{Provenance, RECORD_VERSION, Record};
//! use superpose_store::store::{Manifest, Store};
//! use superpose_toy::cell::Cell;
//! use superpose_toy::prepared::Features;
//! use superpose_toy::trained::{CurvePoint, Outcome, Weights};
//!
//! # let json = r#"{
//! #     "model": { "n_features": 3, "d_hidden": 2, "bias_init_std": 1.0 },
//! #     "data": { "frequencies": { "law": "power", "exponent": 1.0 }, "activation_density": 0.5,
//! #         "values": "uniform", "seed": 0 },
//! #     "train": { "batch_size": 64, "steps": 100, "learning_rate": 0.01,
//! #         "learning_rate_bias": 0.01, "warmup_steps": 10, "final_learning_rate_fraction": 0.05,
//! #         "weight_decay": -1.0, "adam_beta1": 0.9, "adam_beta2": 0.999, "adam_epsilon": 1e-8,
//! #         "loss_scale": 1.0, "seed": 0, "test_batches": 2, "log_every": 100 }
//! # }"#;
//! # let provenance = Provenance {
//! #     superpose_version: "0.1.0".to_owned(),
//! #     revision: "0123456789ab".to_owned(),
//! #     burn_version: "0.22.1".to_owned(),
//! #     device: "cpu".to_owned(),
//! #     engine: "gram".to_owned(),
//! #     dtype: "f32".to_owned(),
//! #     finished_unix_s: 1_795_000_000,
//! # };
//! let cell: Cell = serde_json::from_str(json)?; // 3 features in 2 dimensions
//! let (probabilities, height) = (cell.probabilities()?, 0.75_f32.sqrt());
//! let features = Features::alike(probabilities.as_slice());
//! let weights = Weights {
//!     n_features: 3,
//!     d_hidden: 2,
//!     weights: vec![1.0, 0.0, -0.5, height, -0.5, -height], // at 120°
//!     bias: vec![-0.5; 3],
//!     decoder: None,
//! };
//! let measured = measure(&cell, features, &weights, Losses::of_batches(&[0.25, 0.75], 0.5));
//! assert_eq!((measured.loss_test, measured.phi_half), (0.5, 1.0));
//! assert!((measured.overlap_mean_square - measured.overlap_welch).abs() < 1e-6);
//!
//! let folder = tempfile::tempdir()?;
//! let manifest = Manifest { name: "example".to_owned(), cells: vec![cell.clone()] };
//! let (store, _) = Store::create(folder.path(), &manifest)?;
//! let record = Record {
//!     record_version: RECORD_VERSION,
//!     cell_id: cell.id(),
//!     outcome: Outcome::Completed,
//!     measured: Some(measured),
//!     wall_s: 0.1,
//!     cell,
//!     provenance,
//! };
//! let curve = [CurvePoint { step: 100, loss: 0.5 }];
//! store.write(&record, &curve, Some((&weights, features)))?;
//! assert_eq!(store.record(&record.cell_id)?, record);
//! assert_eq!(store.weights(&record.cell_id)?.as_ref(), Some(&weights));
//! assert!(store.write(&record, &curve, None).is_err(), "it has a record already");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod beats;
mod begin;
pub mod checkpoint;
mod folder;
mod kept;
pub mod lease;
pub mod measured;
#[cfg(test)]
mod planted;
pub mod quantity;
pub mod record;
mod snapshots_file;
pub mod store;
pub mod two;
mod weights_file;
