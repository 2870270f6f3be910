//! What should run: a sweep file ([`mod@file`]) is expanded ([`axes`], [`grid`]) into complete cells.

pub mod axes;
pub mod bench;
pub mod error;
pub mod file;
pub mod grid;
mod kinds;
mod mistake;
pub mod preset;
pub mod value;
pub mod written;
