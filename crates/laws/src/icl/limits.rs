//! How large an experiment of learning in context may be.

use crate::error::{LawError, ensure};

/// Unknowns of the largest linear system that is solved: 2 GiB a matrix, and a run has up to two.
pub(super) const MOST_UNKNOWNS: usize = 16_384;
/// The largest number of any one thing, such as runs, tasks or prompts.
const MOST: usize = 1 << 24;

/// Refuses a number out of range.
///
/// # Errors
/// [`LawError`] unless `value` is between `least` and 2²⁴.
pub(crate) fn check_number(name: &str, value: usize, least: usize) -> Result<(), LawError> {
    let fits = (least..=MOST).contains(&value);
    ensure!(fits, "`{name}` must be between {least} and {MOST}, got {value}");
    Ok(())
}

/// Refuses a variance of the label noise that is negative or not finite.
///
/// # Errors
/// [`LawError`], naming the variance.
pub(crate) fn check_noise(value: f64) -> Result<(), LawError> {
    let fits = value.is_finite() && value >= 0.0;
    ensure!(fits, "`noise_variance` must be finite and not negative, got {value}");
    Ok(())
}

/// Refuses what is not positive or not finite.
///
/// # Errors
/// [`LawError`] with the name.
pub(crate) fn check_positive(name: &str, value: f64) -> Result<(), LawError> {
    let fits = value.is_finite() && value > 0.0;
    ensure!(fits, "`{name}` must be positive and finite, got {value}");
    Ok(())
}
