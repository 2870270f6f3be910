//! Training on the same tokens again.

/// How many repetitions bring half and more of what there is to gain: `R*` of Muennighoff et al. 2023, "Scaling
/// Data-Constrained Language Models", fitted to models of up to 9 billion parameters.
pub const REPETITIONS: f64 = 15.39;

/// The tokens that training on `total` tokens, of which `unique` differ, is worth: `U (1 + R* (1 − e^(−r/R*)))` with
/// `r = total / unique − 1` repetitions; `total` itself when there are no more than `unique`.
///
/// Few repetitions are worth nearly as much as new tokens; without end they are worth `(1 + R*) U`. **Source**:
/// Muennighoff et al. 2023, eq. 5, for the data alone.
pub fn effective_tokens(unique: f64, total: f64) -> f64 {
    if total <= unique {
        return total;
    }
    let repetitions = total / unique - 1.0;
    unique * (1.0 - REPETITIONS * (-repetitions / REPETITIONS).exp_m1())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_tokens_are_worth_less_than_new_ones_and_more_than_none() {
        let unique = 1e9;
        assert!((effective_tokens(unique, 5e8) - 5e8).abs() < 1e-6);
        // The first repetition is worth new tokens, to first order.
        let little = effective_tokens(unique, 1.001e9) - unique;
        assert!((little / 1e6 - 1.0).abs() < 1e-3);
        let mut before = unique;
        for epochs in [2.0, 4.0, 16.0, 60.0, 1000.0] {
            let worth = effective_tokens(unique, epochs * unique);
            assert!(before < worth && worth < epochs * unique, "{epochs}: {worth}");
            before = worth;
        }
        assert!((before / unique - (1.0 + REPETITIONS)).abs() < 1e-9);
        // Four epochs lose little: the paper's advice.
        assert!(effective_tokens(unique, 4e9) / 4e9 > 0.92);
    }
}
