//! Loss by parameters, tokens and compute (Hoffmann et al. 2022).

pub mod isoflop;
pub mod law;
pub mod loss_surface;
pub mod repetition;
pub mod tables;
mod theories;
