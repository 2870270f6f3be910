//! Learning in context: linear attention and regression within a prompt, exactly and by simulation.

pub mod exact;
pub mod regression;
pub mod simulated;
pub mod simulated_regression;
pub mod tables;
pub mod task_diversity;
