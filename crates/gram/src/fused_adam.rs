//! The step that [`AdamStep`] defines, in one pass over a parameter on the CPU.

use superpose_toy::adam::AdamStep;
use superpose_toy::cell::Rows;

use crate::registers::Registers;

/// Adam's memory of one parameter.
#[derive(Debug)]
pub(crate) struct FusedAdam {
    first_moment: Vec<f32>,
    second_moment: Vec<f32>,
    /// The registers that a step is made with.
    pub(crate) registers: Registers,
}

/// Rows with Adam's memory of them.
struct Matrix<'a> {
    parameter: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    width: usize,
}

impl FusedAdam {
    /// No memory yet, for a parameter of the given length.
    #[cfg(test)]
    pub(crate) fn new(length: usize) -> Self {
        Self::with_moments(vec![0.0; length], vec![0.0; length])
    }

    /// With this memory of a parameter.
    pub(crate) fn with_moments(first_moment: Vec<f32>, second_moment: Vec<f32>) -> Self {
        Self { first_moment, second_moment, registers: Registers::default() }
    }

    /// The first moments, and the second.
    pub(crate) fn moments(&self) -> [&[f32]; 2] {
        [&self.first_moment, &self.second_moment]
    }

    /// One step of a matrix of rows of length `width`, which are `of` some norm; `gradient` gives the gradient of a row, up
    /// to the step's factor.
    pub(crate) fn update<'g>(
        &mut self,
        parameter: &mut [f32],
        width: usize,
        step: &AdamStep,
        of: Rows,
        gradient: impl Fn(usize) -> &'g [f32],
    ) {
        let rows = Matrix {
            parameter,
            first: &mut self.first_moment,
            second: &mut self.second_moment,
            width,
        };
        let single = step.single();
        self.registers.dispatch(
            #[inline(always)]
            || rows.update(step, single, of, gradient),
        );
    }
}

impl Matrix<'_> {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "parameters are single precision")]
    fn update<'g>(
        self,
        step: &AdamStep,
        u: AdamStep<f32>,
        of: Rows,
        gradient: impl Fn(usize) -> &'g [f32],
    ) {
        let width = self.width;
        let moments = self.first.chunks_exact_mut(width).zip(self.second.chunks_exact_mut(width));
        let rows = self.parameter.chunks_exact_mut(width).zip(moments);
        for (row, (parameter, (first, second))) in rows.enumerate() {
            let decay = step.decay(
                #[inline(always)]
                || square_sum(parameter).sqrt(),
            ) as f32;
            let moments = first.iter_mut().zip(second);
            for ((w, g), (m, v)) in parameter.iter_mut().zip(gradient(row)).zip(moments) {
                let g = g * u.factor;
                *m = u.beta1 * *m + u.one_minus_beta1 * g;
                *v = u.beta2 * *v + u.one_minus_beta2 * (g * g);
                *w = decay * *w - u.rate * *m / (v.sqrt() * u.inverse_root_correction + u.epsilon);
            }
            if of == Rows::Unit {
                let norm = square_sum(parameter).sqrt();
                let factor = if norm > 0.0 { norm.recip() as f32 } else { 1.0 };
                parameter.iter_mut().for_each(|w| *w *= factor);
            }
        }
    }
}

/// The sum of the squares, in as many strands as a vector register holds.
#[inline(always)]
fn square_sum(values: &[f32]) -> f64 {
    let mut sums = [0.0_f32; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (sum, v) in sums.iter_mut().zip(chunk) {
            *sum += v * v;
        }
    }
    let rest: f32 = rest.iter().map(|v| v * v).sum();
    sums.iter().map(|s| f64::from(*s)).sum::<f64>() + f64::from(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_the_definition_number_by_number() {
        // Rows of 17 numbers: a register of any kind, and one more.
        let (rows, width) = (3, 17);
        let steps = |strength: f64| {
            (1..=20).map(move |t| AdamStep {
                factor: 0.5,
                beta1: 0.9,
                one_minus_beta1: 0.1,
                beta2: 0.999,
                one_minus_beta2: 0.001,
                epsilon: 1e-8,
                inverse_root_correction: 1.0 / (1.0 - 0.999_f64.powi(t)).sqrt(),
                rate: 0.01 / (1.0 - 0.9_f64.powi(t)),
                strength,
                norm_epsilon: 1e-8,
            })
        };
        let start = |i: usize| (i as f32 * 0.7).sin();
        for (strength, rows_of) in [(0.03, Rows::Free), (-0.03, Rows::Free), (0.0, Rows::Unit)] {
            let mut parameter: Vec<f32> = (0..rows * width).map(start).collect();
            let mut expected: Vec<f64> = parameter.iter().copied().map(f64::from).collect();
            let mut moments = vec![(0.0, 0.0); expected.len()];
            let mut adam = FusedAdam::new(parameter.len());
            for (t, step) in steps(strength).enumerate() {
                // Also so small that epsilon rules.
                let gradient: Vec<f32> = (0..parameter.len())
                    .map(|i| if i % 5 == 0 { 1e-9 } else { (i as f32 + t as f32).cos() })
                    .collect();
                let of_row = |row: usize| &gradient[row * width..][..width];
                adam.update(&mut parameter, width, &step, rows_of, of_row);
                for (row, weights) in expected.chunks_mut(width).enumerate() {
                    let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
                    let decay = step.decay(|| norm);
                    for (i, w) in weights.iter_mut().enumerate() {
                        let at = row * width + i;
                        let g = 0.5 * f64::from(gradient[at]);
                        let (m, v) = moments[at];
                        let (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
                        moments[at] = (m, v);
                        let root = v.sqrt() * step.inverse_root_correction + 1e-8;
                        *w = decay * *w - step.rate * m / root;
                    }
                    if rows_of == Rows::Unit {
                        let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
                        weights.iter_mut().for_each(|w| *w /= norm);
                    }
                }
            }
            for (got, expected) in parameter.iter().zip(expected) {
                assert!((f64::from(*got) - expected).abs() < 1e-5, "{got} is not {expected}");
            }
        }
    }

    #[test]
    fn three_steps_on_paper() {
        // β₁ = ½, β₂ = ¾, ε = 1, k = 2, rate = ¼: the gradient of each step is 2, after its factor 4. Then
        // m = 4, 6, 7 and v = 16, 28, 37, and w falls by m / (4 (2 √v + 1)).
        let step = AdamStep {
            factor: 4.0,
            beta1: 0.5,
            one_minus_beta1: 0.5,
            beta2: 0.75,
            one_minus_beta2: 0.25,
            epsilon: 1.0,
            inverse_root_correction: 2.0,
            rate: 0.25,
            strength: 0.125,
            norm_epsilon: 1.0,
        };
        let mut adam = FusedAdam::new(2);
        let mut parameter = [3.0, -1.0];
        let mut expected = [3.0_f64, -1.0];
        for (m, v) in [(4.0, 16.0_f64), (6.0, 28.0), (7.0, 37.0)] {
            adam.update(&mut parameter, 2, &step, Rows::Free, |_| &[2.0, -2.0]);
            let down = m / (4.0 * (2.0 * v.sqrt() + 1.0));
            expected = [0.875 * expected[0] - down, 0.875 * expected[1] + down];
            for (got, expected) in parameter.iter().zip(expected) {
                assert!((f64::from(*got) - expected).abs() < 1e-6, "{got} is not {expected}");
            }
        }
        // Pulled to norm one: a row (3, 4) of norm 5, with ε = 1, by c = 1 − s + s/6, s = 0.3, and no gradient.
        let mut row = [3.0, 4.0];
        let pull = AdamStep { strength: -0.3, ..step };
        FusedAdam::new(2).update(&mut row, 2, &pull, Rows::Free, |_| &[0.0, 0.0]);
        assert!(
            (row[0] - 3.0 * 0.75).abs() < 1e-6 && (row[1] - 4.0 * 0.75).abs() < 1e-6,
            "{row:?}"
        );
    }

    #[test]
    fn squares_are_summed_over_whole_strands_and_what_is_left() {
        for length in [0_u8, 1, 15, 16, 17, 40] {
            let values: Vec<f32> = (1..=length).map(f32::from).collect();
            let n = f64::from(length);
            assert!((square_sum(&values) - n * (n + 1.0) * (2.0 * n + 1.0) / 6.0).abs() < 1e-6);
        }
    }
}
