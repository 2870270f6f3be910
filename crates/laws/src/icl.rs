//! Learning in context: one file a verb of `superpose theory icl`, and the law behind it in the
//! folder of the same name, exact and simulated. A prompt is a task `w`, some examples
//! `(x, w·x + noise)` and a query; sources are named at each law.

pub mod attention;
pub mod baselines;
pub mod diversity;
mod limits;
pub mod metric;
