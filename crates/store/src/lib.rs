//! What became of a cell ([`record`]) and what is known of it by name ([`quantity`], declared in
//! [`measured`]), and the folder ([`mod@store`]) that keeps the records of one sweep, which several
//! processes may share ([`lease`]).

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
