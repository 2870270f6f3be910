//! How fast cells train: a definition in, a table of measurements out.
//!
//! [`measure`] times every device, engine and shape of a definition side by side, [`record`] is a row
//! of the table and its file, [`compare`] sets two tables against each other, [`growth`] draws one, and
//! [`peers`] times programs of others against ours.

pub mod compare;
pub mod growth;
pub mod measure;
pub mod peers;
pub mod record;
