//! The formulas of five published code snippets, kept as they are so that their answers can be
//! shown beside the right ones.
//!
//! The source page is a Chinese survey page of scaling-law theory. None of its snippets is a law:
//! each function says what is wrong with it and names the quantity to use instead. Nothing else in
//! this crate uses them.
//!
//! Ordinary and boundary arguments get the snippet's own number. Where the snippet divides by zero,
//! meets a complex number, or answers for arguments that mean nothing, there is no number here but
//! an [`AsPublishedError`], which also holds what the snippet does with them.

use std::fmt;

pub mod allocation;
pub mod emergence;
pub mod encoder;
pub mod predictor;
pub mod redundancy;
pub mod tables;

/// What a snippet does with arguments that are refused here, run under Python 3.11, numpy 2.4 and
/// torch 2.15.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum PublishedBehaviour {
    /// It answers all the same, perhaps with NaN.
    Returns {
        /// The quantity that stands for its answer.
        quantity: &'static str,
        /// That quantity's value.
        value: f64,
    },
    /// It answers with an empty tensor.
    ReturnsNothing,
    /// It divides by zero or raises zero to a negative power.
    RaisesZeroDivision,
    /// It compares a complex number, the power of a negative one, with a real one.
    RaisesType,
    /// Its power is beyond double precision.
    RaisesOverflow,
    /// Its tensors do not fit each other.
    RaisesRuntime,
    /// It cannot be called so: no tensor has rows of different lengths.
    NoTensor,
}

impl fmt::Display for PublishedBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returns { quantity, value } => write!(f, "returns {value:?} as the {quantity}"),
            Self::ReturnsNothing => f.write_str("returns an empty tensor"),
            Self::RaisesZeroDivision => f.write_str("raises ZeroDivisionError"),
            Self::RaisesType => f.write_str("raises TypeError"),
            Self::RaisesOverflow => f.write_str("raises OverflowError"),
            Self::RaisesRuntime => f.write_str("raises RuntimeError"),
            Self::NoTensor => f.write_str("has no tensor with such rows"),
        }
    }
}

/// Where a number must lie for a snippet's formula to mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Domain {
    /// Any finite number.
    Finite,
    /// Finite and zero or more.
    NotNegative,
    /// Finite and above zero.
    Positive,
    /// Finite and above one, so that the logarithm is positive.
    AboveOne,
    /// From zero to one, both included.
    Share,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finite => "finite",
            Self::NotNegative => "finite and at least 0",
            Self::Positive => "finite and above 0",
            Self::AboveOne => "finite and above 1",
            Self::Share => "between 0 and 1",
        })
    }
}

impl Domain {
    fn contains(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Finite => true,
                Self::NotNegative => value >= 0.0,
                Self::Positive => value > 0.0,
                Self::AboveOne => value > 1.0,
                Self::Share => (0.0..=1.0).contains(&value),
            }
    }

    /// Refuses a `value` outside the domain, with what the snippet makes of the call.
    fn check(
        self,
        argument: &'static str,
        value: f64,
        published: PublishedBehaviour,
    ) -> Result<(), AsPublishedError> {
        if self.contains(value) {
            return Ok(());
        }
        Err(AsPublishedError::OutOfDomain { argument, value, domain: self, published })
    }
}

/// Why a snippet's formula is not evaluated, and what the snippet does instead of refusing.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AsPublishedError {
    /// An argument lies where the formula means nothing.
    #[error("`{argument}` must be {domain}, got {value:?}; the published code {published}")]
    OutOfDomain {
        /// The argument.
        argument: &'static str,
        /// Its value.
        value: f64,
        /// Where it must lie.
        domain: Domain,
        /// What the snippet does.
        published: PublishedBehaviour,
    },
    /// A quantity on the way to the answer overflows, or vanishes where it is divided by.
    #[error(
        "`{argument}` must leave the {quantity} finite and above 0, got {value:?}; \
         the published code {published}"
    )]
    OutOfRange {
        /// The argument that decides it.
        argument: &'static str,
        /// Its value.
        value: f64,
        /// The quantity.
        quantity: &'static str,
        /// What the snippet does.
        published: PublishedBehaviour,
    },
    /// A row has too few or too many values.
    #[error(
        "row {row} of `{argument}` must have {expected} values, got {width}; \
         the published code {published}"
    )]
    WrongWidth {
        /// The argument.
        argument: &'static str,
        /// Index of the row.
        row: usize,
        /// How many values it has.
        width: usize,
        /// How many it must have.
        expected: usize,
        /// What the snippet does.
        published: PublishedBehaviour,
    },
    /// There are no samples.
    #[error("`features` must have at least 1 row, got 0; the published code {published}")]
    EmptyBatch {
        /// What the snippet does.
        published: PublishedBehaviour,
    },
    /// No sample has an active feature.
    #[error("`features` must have at least 1 active value, got 0; the published code {published}")]
    NothingActive {
        /// What the snippet does.
        published: PublishedBehaviour,
    },
    /// What is computed from a row lies where it means nothing.
    #[error(
        "row {row} of `features` must have a {quantity} that is {domain}, got {value:?}; \
         the published code {published}"
    )]
    RowOutOfDomain {
        /// Index of the row.
        row: usize,
        /// The quantity.
        quantity: &'static str,
        /// Its value.
        value: f64,
        /// Where it must lie.
        domain: Domain,
        /// What the snippet does.
        published: PublishedBehaviour,
    },
}

impl AsPublishedError {
    /// What the snippet does with the same arguments.
    pub fn published(&self) -> PublishedBehaviour {
        match self {
            Self::OutOfDomain { published, .. }
            | Self::OutOfRange { published, .. }
            | Self::WrongWidth { published, .. }
            | Self::EmptyBatch { published }
            | Self::NothingActive { published }
            | Self::RowOutOfDomain { published, .. } => *published,
        }
    }
}

/// `base` to the power of `exponent` as Python's floats have it. A negative base with a broken
/// exponent is complex there; every snippet then compares it, so that counts as the `TypeError`.
fn power(base: f64, exponent: f64) -> Result<f64, PublishedBehaviour> {
    let both_finite = base.is_finite() && exponent.is_finite();
    if base == 0.0 && exponent < 0.0 {
        return Err(PublishedBehaviour::RaisesZeroDivision);
    }
    if both_finite && base < 0.0 && exponent.fract() != 0.0 {
        return Err(PublishedBehaviour::RaisesType);
    }
    let value = base.powf(exponent);
    if both_finite && value.is_infinite() {
        return Err(PublishedBehaviour::RaisesOverflow);
    }
    Ok(value)
}

/// `numerator / denominator` as Python's floats have it.
fn quotient(numerator: f64, denominator: f64) -> Result<f64, PublishedBehaviour> {
    if denominator == 0.0 {
        return Err(PublishedBehaviour::RaisesZeroDivision);
    }
    Ok(numerator / denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_fail_where_pythons_floats_do() {
        assert_eq!(power(2.0, -1.0), Ok(0.5));
        assert_eq!(power(-2.0, 2.0), Ok(4.0));
        assert_eq!(power(f64::INFINITY, 2.0), Ok(f64::INFINITY));
        assert_eq!(power(0.0, -0.5), Err(PublishedBehaviour::RaisesZeroDivision));
        assert_eq!(power(-2.0, 0.5), Err(PublishedBehaviour::RaisesType));
        assert_eq!(power(1e300, 2.0), Err(PublishedBehaviour::RaisesOverflow));
    }

    #[test]
    fn a_refusal_names_the_argument_its_value_the_domain_and_the_published_behaviour() {
        let refused = Domain::Positive
            .check("fractal_dimension", 0.0, PublishedBehaviour::RaisesZeroDivision)
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`fractal_dimension` must be finite and above 0, got 0.0; \
             the published code raises ZeroDivisionError"
        );
    }
}
