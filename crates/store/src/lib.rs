//! What became of a cell ([`record`]), and the folder ([`mod@store`]) that keeps the records of one
//! sweep, which several processes may share ([`lease`]).

pub mod lease;
pub mod record;
pub mod store;
mod weights_file;
