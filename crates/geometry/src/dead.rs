//! Outputs that can no longer fire.

/// Whether each output `i`, of row norm `‖W_i‖` and bias `b_i`, stays silent at its own feature's
/// largest value `v`: `v ‖W_i‖² + b_i ≤ 0`. Such an output gets no gradient from its own feature,
/// costs all of it, and stays dead. With an unbounded value only a row of zeros qualifies.
pub fn dead_outputs(row_norms: &[f64], bias: &[f32], largest_value: f64) -> Vec<bool> {
    let is_dead = |(norm, bias): (&f64, &f32)| {
        let response = if *norm > 0.0 { largest_value * norm * norm } else { 0.0 };
        response + f64::from(*bias) <= 0.0
    };
    row_norms.iter().zip(bias).map(is_dead).collect()
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
    }
}
