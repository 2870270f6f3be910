//! The source page's optimal allocation: parameters and tokens for a target loss and a budget.

use super::refused::{
    AsPublishedError, POSITIVE, PublishedBehaviour, SHARE, check, power, quotient,
};

/// Kaplan's exponent of the parameter count, which the snippet divides by `1 + R`.
const MODEL_EXPONENT: f64 = 0.076;
/// Parameters a token: Chinchilla's ratio upside down.
const PARAMS_PER_TOKEN: f64 = 20.0;

/// What the snippet allocates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublishedAllocation {
    /// Parameters, `N`.
    pub n_params: f64,
    /// Training tokens, `D`: a twentieth of the parameters.
    pub n_tokens: f64,
    /// The target handed back, reached or not.
    pub expected_loss: f64,
}

/// The parameters and tokens the snippet recommends: `N = L^(-(1+R)/0.076)` and `D = N/20`, both
/// multiplied by `C/(N D)` when `N D` exceeds the budget `C`.
///
/// Wrong: Chinchilla's ratio is `D = 20 N`, not `N/20`; the compute is `6 N D`, not `N D`; both
/// counts should shrink by the *square root* of the ratio, so that the budget is hardly used; the
/// expected loss is the target even when the budget cannot reach it; and without an irreducible
/// loss any target above one nat takes less than one parameter. The right quantity is the
/// compute-optimal frontier of `E + A N^-α + B D^-β` under `C = 6 N D`, with no answer for
/// `L ≤ E`.
///
/// # Errors
/// [`AsPublishedError`] unless the target and the budget are positive and finite and
/// `0 ≤ data_redundancy ≤ 1`, and when a count overflows or vanishes.
///
/// **Source**: the source page, section 5.3.
pub fn resource_allocation(
    target_loss: f64,
    compute_budget: f64,
    data_redundancy: f64,
) -> Result<PublishedAllocation, AsPublishedError> {
    let outcome = allocation(target_loss, compute_budget, data_redundancy);
    let n_params = outcome.map(|answer| answer.n_params);
    let published = PublishedBehaviour::of("parameter count", n_params);
    let arguments = [
        ("target_loss", target_loss, POSITIVE),
        ("compute_budget", compute_budget, POSITIVE),
        ("data_redundancy", data_redundancy, SHARE),
    ];
    check(&arguments, published)?;
    let usable = |answer: &PublishedAllocation| {
        POSITIVE.contains(answer.n_params) && POSITIVE.contains(answer.n_tokens)
    };
    outcome.ok().filter(usable).ok_or_else(|| {
        let (argument, quantity) = (("target_loss", target_loss), "parameter and token counts");
        AsPublishedError::out_of_range(argument, quantity, published)
    })
}

/// The snippet's arithmetic for any arguments, or what Python raises.
fn allocation(
    target_loss: f64,
    compute_budget: f64,
    data_redundancy: f64,
) -> Result<PublishedAllocation, PublishedBehaviour> {
    let exponent = quotient(MODEL_EXPONENT, 1.0 + data_redundancy)?;
    let n_params = power(quotient(1.0, target_loss)?, quotient(1.0, exponent)?)?;
    let n_tokens = n_params / PARAMS_PER_TOKEN;
    let n_products = n_params * n_tokens;
    let shrink =
        if n_products > compute_budget { quotient(compute_budget, n_products)? } else { 1.0 };
    Ok(PublishedAllocation {
        n_params: n_params * shrink,
        n_tokens: n_tokens * shrink,
        expected_loss: target_loss,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_budget_is_left_unspent_by_the_factor_it_was_exceeded() {
        let (free, budget) = (resource_allocation(0.2, 1e30, 0.0).unwrap(), 1e15);
        let bound = resource_allocation(0.2, budget, 0.0).unwrap();
        let excess = free.n_params * free.n_tokens / budget;
        let spent = bound.n_params * bound.n_tokens / budget;
        assert!((spent * excess - 1.0).abs() < 1e-12 && spent < 0.01);
        // The root of the ratio would spend the budget.
        let root = excess.sqrt();
        let right = (free.n_params / root) * (free.n_tokens / root);
        assert!((right / budget - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_published_ratio_is_chinchillas_upside_down() {
        let answer = resource_allocation(0.2, 1e30, 0.5).unwrap();
        assert!((answer.n_params / answer.n_tokens - 20.0).abs() < 1e-12);
    }

    #[test]
    fn counts_that_overflow_or_vanish_are_refused() {
        for target_loss in [1e-300, 1e-12, 1e300] {
            let refused = resource_allocation(target_loss, 1e21, 1.0).unwrap_err();
            assert!(refused.to_string().starts_with("`target_loss` must leave the parameter and"));
        }
    }
}
