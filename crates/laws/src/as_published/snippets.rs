//! The snippets themselves, with the arguments that the verb has.
//!
//! Ordinary and boundary arguments get the snippet's own number. Where it divides by zero, meets a
//! complex number or answers for arguments that mean nothing, there is a sentence instead: it names
//! the argument, its value and what is allowed, and says what the snippet does, run under Python
//! 3.11, numpy 2.4 and torch 2.15.

/// A number, or the exception that Python raises.
type Python<T> = Result<T, &'static str>;

/// Where a finite number must lie for a formula to mean anything: in words, and as a test.
type Domain<'a> = (&'a str, &'a dyn Fn(f64) -> bool);

const NOT_NEGATIVE: Domain<'static> = ("be finite and at least 0", &|value| value >= 0.0);
const POSITIVE: Domain<'static> = ("be finite and above 0", &|value| value > 0.0);
/// So that the logarithm is positive.
const ABOVE_ONE: Domain<'static> = ("be finite and above 1", &|value| value > 1.0);
const SHARE: Domain<'static> = ("be between 0 and 1", &|value| (0.0..=1.0).contains(&value));

/// Refuses the first argument outside its domain, with what the snippet, which computes `quantity`,
/// makes of the call.
fn check(
    arguments: &[(&str, f64, Domain<'_>)],
    (quantity, published): (&str, Python<f64>),
) -> Result<(), String> {
    let refused =
        |(_, value, (_, test)): &&(&str, f64, Domain<'_>)| !(value.is_finite() && test(*value));
    let Some((argument, value, (words, _))) = arguments.iter().find(refused) else {
        return Ok(());
    };
    let published = match published {
        Ok(value) => format!("returns {value:?} as the {quantity}"),
        Err(exception) => format!("raises {exception}"),
    };
    Err(format!("`{argument}` must {words}, got {value:?}; the published code {published}"))
}

/// `base` to the power of `exponent` as Python's floats have it. A negative base with a broken
/// exponent is complex there; every snippet then compares it, which is the `TypeError`.
fn power(base: f64, exponent: f64) -> Python<f64> {
    let both_finite = base.is_finite() && exponent.is_finite();
    let value = base.powf(exponent);
    if base == 0.0 && exponent < 0.0 {
        Err("ZeroDivisionError")
    } else if both_finite && base < 0.0 && exponent.fract() != 0.0 {
        Err("TypeError")
    } else if both_finite && value.is_infinite() {
        Err("OverflowError")
    } else {
        Ok(value)
    }
}

/// `numerator / denominator` as Python's floats have it.
fn quotient(numerator: f64, denominator: f64) -> Python<f64> {
    if denominator == 0.0 { Err("ZeroDivisionError") } else { Ok(numerator / denominator) }
}

/// The loss of the redundancy law: `C^-0.1` of the effective capacity `C = N / (1 + R ln D)`, and
/// one where that capacity is one or less.
///
/// Wrong: tokens enter only as a divisor of the capacity, so the loss *rises* with data; there is
/// no irreducible loss, and redundancy never touches the exponent. The right quantity is the loss
/// of the Chinchilla form, `E + A N^-α + B D^-β`; what redundancy does to an exponent is
/// `2s / (2s + 1/β)`, for ridge regression on eigenvalues `i^-β` with a target of smoothness `s`.
///
/// # Errors
/// A sentence unless `N > 0`, `D > 1` and `0 ≤ R ≤ 1`, all finite: elsewhere the snippet answers
/// from a logarithm that is zero, negative or undefined.
///
/// **Source**: the source page, section 2.3.
pub fn predicted_loss(n_params: f64, n_tokens: f64, data_redundancy: f64) -> Result<f64, String> {
    let capacity = n_params / (1.0 + data_redundancy * n_tokens.ln());
    let loss = if capacity > 1.0 { 1.0 / capacity.powf(0.1) } else { 1.0 };
    let arguments = [
        ("n_params", n_params, POSITIVE),
        ("n_tokens", n_tokens, ABOVE_ONE),
        ("data_redundancy", data_redundancy, SHARE),
    ];
    check(&arguments, ("loss", Ok(loss)))?;
    Ok(loss)
}

/// The exponent that the redundancy law derives from the dimension of the data, `1 / d`.
///
/// Wrong twice: the same page's table lists a tenth of it for every dimension, and the numerator is
/// a property of the learner, not of the data. The right quantity is `2/d` for the nearest
/// neighbour and `4/d` for a locally linear learner, on smooth targets (Sharma & Kaplan 2020).
///
/// # Errors
/// A sentence unless the dimension is finite and above zero, and when it is so small that the
/// exponent overflows.
///
/// **Source**: the source page, section 2.3.
pub fn exponent_from_dimension(fractal_dimension: f64) -> Result<f64, String> {
    let exponent = 1.0 / fractal_dimension;
    let fits = |_| exponent.is_finite();
    let fits: Domain<'_> = ("leave the exponent finite and above 0", &fits);
    let arguments = [
        ("fractal_dimension", fractal_dimension, POSITIVE),
        ("fractal_dimension", fractal_dimension, fits),
    ];
    check(&arguments, ("exponent", quotient(1.0, fractal_dimension)))?;
    Ok(exponent)
}

/// The interference that the superposition encoder reports for one active feature: `sqrt(1 / d)`,
/// in single precision as torch has it.
///
/// Wrong: it never looks at the weights, so a lone feature interferes with itself and an orthogonal
/// code with as many active features as dimensions scores one instead of zero. The right quantity
/// is the mean *squared* overlap of the normalised weight rows, which falls as `1/d`, not `d^-1/2`:
/// at random [`random_mean_square`](superpose_toy::overlap::random_mean_square), at best
/// [`welch_mean_square`](superpose_toy::overlap::welch_mean_square).
///
/// **Source**: the source page, section 3.3.2.
pub fn interference(d_hidden: usize) -> f64 {
    f64::from(1.0 / (d_hidden as f32).sqrt())
}

/// The probability that in-context learning has emerged for `N` parameters, `k` context examples
/// and task complexity `T`: `1 − e^(−1/L)` of the loss `L = N^-0.076 k^-0.095 e^(−0.1 T)`. The
/// exponents are Kaplan's for parameters and for *training tokens*; the third rate has no source.
///
/// Wrong: the sign of the complexity is inverted, so that harder tasks are surer; a loss of at most
/// one cannot give a probability below `1 − 1/e = 0.632`, so that nothing ever emerges; and
/// Kaplan's exponents are applied to context examples. The right quantity is the excess error of
/// linear attention on new tasks, which in the limit of many examples falls to zero when the number
/// of pretraining tasks reaches the input dimension (Lu et al. 2025).
///
/// # Errors
/// A sentence unless `N > 0`, `k > 0` and `T ≥ 0`, all finite, and when the loss vanishes.
///
/// **Source**: the source page, section 4.4.
pub fn icl_emergence(n_params: f64, n_context: f64, task_complexity: f64) -> Result<f64, String> {
    // A complex factor alone raises nothing: it is found out in a comparison at the end, so any
    // other error comes first.
    let base_loss = match (power(n_params, -0.076), power(n_context, -0.095)) {
        (Ok(model), Ok(context)) => Ok(model * context),
        (Err("TypeError") | Ok(_), Err(raised)) | (Err(raised), _) => Err(raised),
    };
    let loss = base_loss.map(|base_loss| base_loss * (-0.1 * task_complexity).exp());
    let probability = loss.map(|loss| 1.0 - (-1.0 / loss).exp());
    let remains = |_| loss.is_ok_and(|loss| loss > 0.0);
    let remains: Domain<'_> = ("leave the adjusted loss finite and above 0", &remains);
    let arguments = [
        ("n_params", n_params, POSITIVE),
        ("n_context", n_context, POSITIVE),
        ("task_complexity", task_complexity, NOT_NEGATIVE),
        ("task_complexity", task_complexity, remains),
    ];
    check(&arguments, ("emergence probability", probability))?;
    Ok(probability?)
}

/// The loss of the unified predictor, `1 / (1024 N^0.15 / (1 + R ln D) + 1e-6)`.
///
/// Wrong: the loss, in no unit, *rises* with the tokens `D`; there is no irreducible loss; the
/// fractal dimension is taken and never used; and the confidence is high for every model of one
/// parameter or more. The right quantity is a fitted `E + A N^-α + B D^-β` with its bootstrap
/// interval, and a confidence from that interval and the distance of the extrapolation.
///
/// # Errors
/// A sentence unless `N > 0`, `D > 1`, `0 ≤ R ≤ 1` and the dimension is above 0, all finite.
///
/// **Source**: the source page, section 5.1.
pub fn unified_prediction(
    n_params: f64,
    n_tokens: f64,
    data_redundancy: f64,
    fractal_dimension: f64,
) -> Result<f64, String> {
    let redundancy_factor = 1.0 / (1.0 + data_redundancy * n_tokens.ln());
    let loss = power(n_params, 0.15).map(|scale| 1.0 / (1024.0 * scale * redundancy_factor + 1e-6));
    let arguments = [
        ("n_params", n_params, POSITIVE),
        ("n_tokens", n_tokens, ABOVE_ONE),
        ("data_redundancy", data_redundancy, SHARE),
        ("fractal_dimension", fractal_dimension, POSITIVE),
    ];
    check(&arguments, ("loss", loss))?;
    Ok(loss?)
}

/// The parameters and tokens of the optimal allocation: `N = L^(-(1+R)/0.076)` and `D = N/20`, both
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
/// A sentence unless the target and the budget are positive and finite and `0 ≤ R ≤ 1`, and when a
/// count overflows or vanishes.
///
/// **Source**: the source page, section 5.3.
pub fn resource_allocation(
    target_loss: f64,
    compute_budget: f64,
    data_redundancy: f64,
) -> Result<[f64; 2], String> {
    let counts = || -> Python<[f64; 2]> {
        let exponent = quotient(0.076, 1.0 + data_redundancy)?;
        let n_params = power(quotient(1.0, target_loss)?, quotient(1.0, exponent)?)?;
        let n_tokens = n_params / 20.0;
        let product = n_params * n_tokens;
        let shrink =
            if product > compute_budget { quotient(compute_budget, product)? } else { 1.0 };
        Ok([n_params, n_tokens].map(|count| count * shrink))
    };
    let counts = counts();
    let usable = |_| counts.is_ok_and(|counts| counts.iter().all(|n| n.is_finite() && *n > 0.0));
    let usable: Domain<'_> = ("leave the parameter and token counts finite and above 0", &usable);
    let arguments = [
        ("target_loss", target_loss, POSITIVE),
        ("compute_budget", compute_budget, POSITIVE),
        ("data_redundancy", data_redundancy, SHARE),
        ("target_loss", target_loss, usable),
    ];
    check(&arguments, ("parameter count", counts.map(|[n_params, _]| n_params)))?;
    Ok(counts?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_fail_where_pythons_floats_do() {
        assert_eq!(power(2.0, -1.0), Ok(0.5));
        assert_eq!(power(-2.0, 2.0), Ok(4.0));
        assert_eq!(power(f64::INFINITY, 2.0), Ok(f64::INFINITY));
        assert_eq!(power(0.0, -0.5), Err("ZeroDivisionError"));
        assert_eq!((power(0.0, 0.5), power(0.0, 0.0)), (Ok(0.0), Ok(1.0)));
        assert_eq!(power(-2.0, -1.0), Ok(-0.5));
        assert_eq!(power(-2.0, 0.5), Err("TypeError"));
        assert_eq!(power(1e300, 2.0), Err("OverflowError"));
    }

    #[test]
    fn a_refusal_names_the_argument_its_value_the_domain_and_what_the_published_code_does() {
        assert_eq!(
            exponent_from_dimension(0.0).unwrap_err(),
            "`fractal_dimension` must be finite and above 0, got 0.0; \
             the published code raises ZeroDivisionError"
        );
        let refused = exponent_from_dimension(1e-310).unwrap_err();
        assert!(refused.starts_with("`fractal_dimension` must leave the exponent finite"));
        let refused = icl_emergence(1e9, 32.0, 1e4).unwrap_err();
        assert!(refused.starts_with("`task_complexity` must leave the adjusted loss finite"));
        for target_loss in [1e-300, 1e-12, 1e300] {
            let refused = resource_allocation(target_loss, 1e21, 1.0).unwrap_err();
            assert!(refused.starts_with("`target_loss` must leave the parameter and token counts"));
        }
    }

    #[test]
    fn more_data_makes_the_published_losses_worse_and_the_dimension_changes_nothing() {
        let losses = |n_tokens| {
            let unified = unified_prediction(1e9, n_tokens, 0.5, 1.2).unwrap();
            let of_another = unified_prediction(1e9, n_tokens, 0.5, 40.0).unwrap();
            assert_eq!(unified.to_bits(), of_another.to_bits());
            [predicted_loss(1e9, n_tokens, 0.5).unwrap(), unified]
        };
        let found = [1e6, 1e9, 1e12].map(losses);
        assert!(found.windows(2).all(|pair| (0..2).all(|k| pair[0][k] < pair[1][k])), "{found:?}");
    }

    #[test]
    fn the_published_probability_never_falls_below_one_minus_one_over_e_and_rises_with_the_task() {
        let floor = 1.0 - (-1.0_f64).exp();
        for n_params in [1.0, 10.0, 1e6, 1e12] {
            for n_context in [1.0, 4.0, 1024.0] {
                let at = |complexity| icl_emergence(n_params, n_context, complexity).unwrap();
                assert!(at(0.0) >= floor - 1e-15 && at(1.0) >= at(0.0) && at(30.0) >= at(1.0));
            }
        }
    }

    #[test]
    fn a_division_by_zero_comes_before_a_complex_comparison() {
        let refused = |n_params, n_context| icl_emergence(n_params, n_context, 1.0).unwrap_err();
        assert!(refused(-1.0, 1.0).ends_with("raises TypeError"));
        assert!(refused(-1.0, 0.0).ends_with("raises ZeroDivisionError"));
        assert!(refused(0.0, -1.0).ends_with("raises ZeroDivisionError"));
    }

    #[test]
    fn a_binding_budget_is_left_unspent_by_the_factor_it_was_exceeded() {
        let ([n, d], budget) = (resource_allocation(0.2, 1e30, 0.0).unwrap(), 1e15);
        assert!((n / d - 20.0).abs() < 1e-12, "Chinchilla's ratio upside down");
        let [bound_n, bound_d] = resource_allocation(0.2, budget, 0.0).unwrap();
        let (excess, spent) = (n * d / budget, bound_n * bound_d / budget);
        assert!((spent * excess - 1.0).abs() < 1e-12 && spent < 0.01);
    }
}
