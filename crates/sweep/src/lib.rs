//! What should run, and what ran.
//!
//! A sweep file ([`mod@file`]) is expanded ([`axes`], [`grid`]) into complete [`cell`]s. What became
//! of a cell is a [`record`], and a [`store`] keeps the records of one sweep in a folder that
//! several processes may share ([`lease`]), in files that are there whole or not at all ([`disk`]).

pub mod axes;
pub mod bench;
pub mod cell;
pub mod counts;
pub mod disk;
pub mod error;
pub mod file;
pub mod frequency_file;
pub mod grid;
mod hash;
pub mod lease;
pub mod preset;
pub mod record;
pub mod store;
mod weights_file;
pub mod written;
