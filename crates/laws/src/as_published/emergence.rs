//! The source page's emergence of in-context learning: a power law put through `1 − e^(−1/x)`.

use super::refused::{
    AsPublishedError, FINITE, NOT_NEGATIVE, POSITIVE, PublishedBehaviour, check, power,
};

/// The adjusted loss below which the snippet calls a model better than chance.
const CHANCE_LOSS: f64 = 0.9;

/// The three rates of the snippet's loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IclExponents {
    /// Exponent of the parameter count, α.
    pub model_exponent: f64,
    /// Exponent of the number of examples in the context, β.
    pub context_exponent: f64,
    /// How fast the loss falls with the task's complexity, γ.
    pub complexity_rate: f64,
}

impl IclExponents {
    /// The snippet's own: Kaplan's 0.076 for parameters, and Kaplan's 0.095 for *training tokens*,
    /// applied to context examples; the complexity rate has no source.
    pub const PUBLISHED: Self =
        Self { model_exponent: 0.076, context_exponent: 0.095, complexity_rate: 0.1 };
}

/// What the snippet says of a model and a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IclEmergence {
    /// `N^-α k^-β`.
    pub base_loss: f64,
    /// `base_loss · e^(−γT)`.
    pub adjusted_loss: f64,
    /// `1 − e^(−1/adjusted_loss)`.
    pub emergence_probability: f64,
    /// Whether the adjusted loss is below 0.9.
    pub above_random: bool,
}

/// The snippet's loss, and its probability that in-context learning has emerged, for `N`
/// parameters, `k` context examples and task complexity `T`.
///
/// Wrong: the sign of the complexity is inverted, so that harder tasks are surer; a loss of at most
/// one cannot give a probability below `1 − 1/e = 0.632`, so that nothing ever emerges; and
/// Kaplan's exponents are applied to context examples. The right quantity is the excess error of
/// linear attention on new tasks, which in the limit of many examples falls to zero when the number
/// of pretraining tasks reaches the input dimension (Lu et al. 2025).
///
/// # Errors
/// [`AsPublishedError`] unless `N > 0`, `k > 0` and `T ≥ 0`, all finite, with finite
/// exponents, and when a loss overflows or vanishes.
///
/// **Source**: the source page, section 4.4.
pub fn icl_emergence(
    n_params: f64,
    n_context: f64,
    task_complexity: f64,
    exponents: IclExponents,
) -> Result<IclEmergence, AsPublishedError> {
    let outcome = base_loss(n_params, n_context, exponents).map(|base_loss| {
        let adjusted_loss = base_loss * (-exponents.complexity_rate * task_complexity).exp();
        IclEmergence {
            base_loss,
            adjusted_loss,
            emergence_probability: 1.0 - (-1.0 / adjusted_loss).exp(),
            above_random: adjusted_loss < CHANCE_LOSS,
        }
    });
    let probability = outcome.map(|answer| answer.emergence_probability);
    let published = PublishedBehaviour::of("emergence probability", probability);
    let arguments = [
        ("n_params", n_params, POSITIVE),
        ("n_context", n_context, POSITIVE),
        ("task_complexity", task_complexity, NOT_NEGATIVE),
        ("model_exponent", exponents.model_exponent, FINITE),
        ("context_exponent", exponents.context_exponent, FINITE),
        ("complexity_rate", exponents.complexity_rate, FINITE),
    ];
    check(&arguments, published)?;
    let refused =
        |argument, quantity| Err(AsPublishedError::out_of_range(argument, quantity, published));
    match outcome {
        Ok(answer) if POSITIVE.contains(answer.base_loss) => {
            if POSITIVE.contains(answer.adjusted_loss) {
                return Ok(answer);
            }
            refused(("task_complexity", task_complexity), "adjusted loss")
        }
        _ => refused(("n_params", n_params), "base loss"),
    }
}

/// `N^-α k^-β`, or what Python raises. A complex factor alone raises nothing: it is found out in a
/// comparison at the end, so any other error comes first.
fn base_loss(
    n_params: f64,
    n_context: f64,
    exponents: IclExponents,
) -> Result<f64, PublishedBehaviour> {
    let model = power(n_params, -exponents.model_exponent);
    let context = power(n_context, -exponents.context_exponent);
    match (model, context) {
        (Ok(model), Ok(context)) => Ok(model * context),
        (Err(PublishedBehaviour::RaisesType) | Ok(_), Err(raised)) | (Err(raised), _) => {
            Err(raised)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: IclExponents = IclExponents::PUBLISHED;

    #[test]
    fn the_published_probability_never_falls_below_one_minus_one_over_e() {
        let floor = 1.0 - (-1.0_f64).exp();
        for n_params in [1.0, 10.0, 1e6, 1e12] {
            for n_context in [1.0, 4.0, 1024.0] {
                for task_complexity in [0.0, 1.0, 30.0] {
                    let answer = icl_emergence(n_params, n_context, task_complexity, PUBLISHED);
                    assert!(answer.unwrap().emergence_probability >= floor - 1e-15);
                }
            }
        }
    }

    #[test]
    fn harder_tasks_are_surer_as_published() {
        let at = |complexity| icl_emergence(1e9, 32.0, complexity, PUBLISHED).unwrap();
        assert!(at(10.0).adjusted_loss < at(1.0).adjusted_loss);
        assert!(at(10.0).emergence_probability > at(1.0).emergence_probability);
    }

    #[test]
    fn a_division_by_zero_comes_before_a_complex_comparison() {
        let published = |n_params, n_context| {
            icl_emergence(n_params, n_context, 1.0, PUBLISHED).unwrap_err().published()
        };
        assert_eq!(published(-1.0, 1.0), PublishedBehaviour::RaisesType);
        assert_eq!(published(-1.0, 0.0), PublishedBehaviour::RaisesZeroDivision);
        assert_eq!(published(0.0, -1.0), PublishedBehaviour::RaisesZeroDivision);
    }

    #[test]
    fn a_loss_that_overflows_is_refused() {
        let exponents = IclExponents { model_exponent: -40.0, ..PUBLISHED };
        let refused = icl_emergence(1e9, 32.0, 1.0, exponents).unwrap_err();
        assert!(refused.to_string().starts_with("`n_params` must leave the base loss finite"));
        assert_eq!(refused.published(), PublishedBehaviour::RaisesOverflow);
    }
}
