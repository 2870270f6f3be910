//! What should run: a sweep file ([`mod@file`]) is expanded ([`axes`], [`grid`]) into complete cells.

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
