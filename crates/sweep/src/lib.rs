//! What should run: a sweep file ([`mod@file`]) is expanded ([`axes`], [`grid`]) into complete cells.
//!
//! Three widths by two decays are six cells. A field that is misspelt is refused, with the word it should have been:
//!
//! ```
//! use superpose_sweep::file::Sweep;
//!
//! let text = r#"
//!     schema = 1
//!     name = "example"
//!     model = { n_features = 100 }
//!     data.frequencies = { law = "power", exponent = 1.0 }
//!     train = { batch_size = 256, steps = 1000 }
//!
//!     [sweep]
//!     "model.d_hidden" = [5, 10, 20]
//!     "train.weight_decay" = [-1.0, 1.0]
//! "#;
//! let cells = Sweep::parse(text, "example.toml".as_ref(), &[])?.cells;
//! assert_eq!(cells.len(), 6);
//! let (first, last) = (&cells[0].cell, &cells[5].cell);
//! assert_eq!((first.model.d_hidden, last.model.d_hidden), (5, 20));
//! assert_eq!((first.train.weight_decay, last.train.weight_decay), (-1.0, 1.0));
//! // What the file left out is filled in.
//! assert_eq!(first.data.activation_density, 1.0);
//!
//! let misspelt = text.replace("batch_size", "batchsize");
//! let refused = Sweep::parse(&misspelt, "example.toml".as_ref(), &[]);
//! let said = refused.expect_err("there is no such field").to_string();
//! assert!(said.contains("did you mean `batch_size`?"), "{said}");
//! # Ok::<(), superpose_sweep::error::ConfigError>(())
//! ```

pub mod axes;
pub mod bench;
pub mod builtin;
pub mod error;
pub mod fields;
pub mod file;
pub mod grid;
mod kinds;
mod mistake;
pub mod preset;
pub mod schema;
pub mod template;
pub mod value;
pub mod written;

pub use mistake::like;
