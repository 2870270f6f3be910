//! Outputs that can no longer fire.

/// Whether each output `i`, of row norm `‖W_i‖` and bias `b_i`, stays silent at its own feature's
/// largest value `v`: `v ‖W_i‖² + b_i ≤ 0`. Such an output gets no gradient from its own feature,
/// costs all of it, and stays dead. With an unbounded value only a row of zeros qualifies.
pub fn dead_outputs(row_norms: &[f64], bias: &[f32], largest_value: f64) -> Vec<bool> {
    let gains = row_norms.iter().map(|norm| (norm * norm, *norm > 0.0));
    dead(gains, bias, largest_value)
}

/// As [`dead_outputs`], of a model whose decoder is not tied: `v W_i·V_i + b_i ≤ 0` for every value `v`
/// from 0 to the largest one, given the gain `W_i·V_i` of each output.
pub fn dead_outputs_untied(gains: &[f64], bias: &[f32], largest_value: f64) -> Vec<bool> {
    let gains = gains.iter().map(|gain| (*gain, *gain > 0.0));
    dead(gains, bias, largest_value)
}

/// Outputs by their gains, and whether these are positive, that cannot fire at the value `largest`.
fn dead(gains: impl Iterator<Item = (f64, bool)>, bias: &[f32], largest: f64) -> Vec<bool> {
    let is_dead = |((gain, is_positive), bias): ((f64, bool), &f32)| {
        let response = if is_positive { largest * gain } else { 0.0 };
        response + f64::from(*bias) <= 0.0
    };
    gains.zip(bias).map(is_dead).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bias_kills_an_output_when_its_largest_value_cannot_lift_it() {
        let norms = [1.0, 1.0, 0.0, 0.0];
        let dead = dead_outputs(&norms, &[-1.9, -2.0, 0.0, 0.1], 2.0);
        assert_eq!(dead, [false, true, true, false]);
        // 2 · (1/2)² = 1/2 and 2 · 2² = 8.
        let dead = dead_outputs(&[0.5, 0.5, 2.0, 2.0], &[-0.4, -0.5, -7.9, -8.0], 2.0);
        assert_eq!(dead, [false, true, false, true]);
        let unbounded = dead_outputs(&[0.1, 0.0], &[-1e9, -1.0], f64::INFINITY);
        assert_eq!(unbounded, [false, true]);
        // An output whose own feature turns it down fires by its bias or never.
        let untied = dead_outputs_untied(&[-1.0, -1.0, 0.5], &[0.1, -0.1, -0.9], 2.0);
        assert_eq!(untied, [false, true, false]);
    }
}
