//! Why a snippet's formula is not evaluated, and what the snippet does instead.

use std::fmt;

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

impl PublishedBehaviour {
    /// That of a snippet that computes a quantity with this outcome.
    pub(super) fn of(quantity: &'static str, outcome: Result<f64, Self>) -> Self {
        outcome.map_or_else(|raised| raised, |value| Self::Returns { quantity, value })
    }
}

impl fmt::Display for PublishedBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Returns { quantity, value } => {
                return write!(f, "returns {value:?} as the {quantity}");
            }
            Self::ReturnsNothing => "returns an empty tensor",
            Self::RaisesZeroDivision => "raises ZeroDivisionError",
            Self::RaisesType => "raises TypeError",
            Self::RaisesOverflow => "raises OverflowError",
            Self::RaisesRuntime => "raises RuntimeError",
            Self::NoTensor => "has no tensor with such rows",
        })
    }
}

/// Why a snippet's formula is not evaluated: it names the argument, its value and what is allowed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{refusal}; the published code {published}")]
pub struct AsPublishedError {
    refusal: String,
    published: PublishedBehaviour,
}

impl AsPublishedError {
    pub(super) fn new(refusal: String, published: PublishedBehaviour) -> Self {
        Self { refusal, published }
    }

    /// A `quantity` on the way to the answer overflows, or vanishes where it is divided by.
    pub(super) fn out_of_range(
        (argument, value): (&str, f64),
        quantity: &str,
        published: PublishedBehaviour,
    ) -> Self {
        let refusal =
            format!("`{argument}` must leave the {quantity} finite and above 0, got {value:?}");
        Self { refusal, published }
    }

    /// What the snippet does with the same arguments.
    pub fn published(&self) -> PublishedBehaviour {
        self.published
    }
}

/// Where a number must lie for a snippet's formula to mean anything: in words, and as a test of finite numbers.
#[derive(Clone, Copy)]
pub(super) struct Domain(pub(super) &'static str, fn(f64) -> bool);

pub(super) const FINITE: Domain = Domain("finite", |_| true);
pub(super) const NOT_NEGATIVE: Domain = Domain("finite and at least 0", |value| value >= 0.0);
pub(super) const POSITIVE: Domain = Domain("finite and above 0", |value| value > 0.0);
/// So that the logarithm is positive.
pub(super) const ABOVE_ONE: Domain = Domain("finite and above 1", |value| value > 1.0);
pub(super) const SHARE: Domain = Domain("between 0 and 1", |value| (0.0..=1.0).contains(&value));

impl Domain {
    pub(super) fn contains(self, value: f64) -> bool {
        value.is_finite() && self.1(value)
    }
}

/// Refuses the first argument outside its domain, with what the snippet makes of the call.
pub(super) fn check(
    arguments: &[(&str, f64, Domain)],
    published: PublishedBehaviour,
) -> Result<(), AsPublishedError> {
    match arguments.iter().find(|(_, value, domain)| !domain.contains(*value)) {
        Some((argument, value, Domain(words, _))) => {
            let refusal = format!("`{argument}` must be {words}, got {value:?}");
            Err(AsPublishedError::new(refusal, published))
        }
        None => Ok(()),
    }
}

/// `base` to the power of `exponent` as Python's floats have it. A negative base with a broken
/// exponent is complex there; every snippet then compares it, so that counts as the `TypeError`.
pub(super) fn power(base: f64, exponent: f64) -> Result<f64, PublishedBehaviour> {
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
pub(super) fn quotient(numerator: f64, denominator: f64) -> Result<f64, PublishedBehaviour> {
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
        let arguments = [("fractal_dimension", 0.0, POSITIVE)];
        let refused = check(&arguments, PublishedBehaviour::RaisesZeroDivision).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`fractal_dimension` must be finite and above 0, got 0.0; \
             the published code raises ZeroDivisionError"
        );
    }
}
