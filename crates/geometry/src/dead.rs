//! Outputs that can no longer fire.

/// Whether output `i`, of row norm `‖W_i‖` and bias `b_i`, stays silent at its own feature's
/// largest value `v`: `v ‖W_i‖² + b_i ≤ 0`. Such an output gets no gradient from its own feature,
/// costs all of it, and stays dead. With an unbounded value only a row of zeros qualifies.
pub fn is_dead(row_norm: f64, bias: f64, largest_value: f64) -> bool {
    let response = if row_norm > 0.0 { largest_value * row_norm * row_norm } else { 0.0 };
    response + bias <= 0.0
}

/// Which outputs are dead, by their row norms and biases: see [`is_dead`].
pub fn dead_outputs(row_norms: &[f64], bias: &[f32], largest_value: f64) -> Vec<bool> {
    let of = |(norm, bias): (&f64, &f32)| is_dead(*norm, f64::from(*bias), largest_value);
    row_norms.iter().zip(bias).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bias_kills_an_output_when_its_largest_value_cannot_lift_it() {
        assert!(!is_dead(1.0, -1.9, 2.0));
        assert!(is_dead(1.0, -2.0, 2.0));
        assert!(is_dead(0.0, 0.0, 2.0));
        assert!(!is_dead(0.0, 0.1, 2.0));
        assert!(!is_dead(0.1, -1e9, f64::INFINITY));
        assert!(is_dead(0.0, -1.0, f64::INFINITY));
        assert_eq!(dead_outputs(&[1.0, 0.0], &[-1.9, 0.0], 2.0), [false, true]);
    }
}
