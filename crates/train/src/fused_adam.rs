//! Adam and the signed weight decay in one pass, on the host.
//!
//! The same update as [`crate::optimizer`], entry by entry.

use multiversion::multiversion;

/// Adam's memory of one parameter.
#[derive(Debug)]
pub(crate) struct FusedAdam {
    first_moment: Vec<f32>,
    second_moment: Vec<f32>,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    step: i32,
}

/// The numbers of one update, which are the same for every entry.
#[derive(Debug, Clone, Copy)]
struct Update {
    factor: f32,
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    inverse_root_correction: f32,
    epsilon: f32,
    rate: f32,
}

impl FusedAdam {
    /// No memory yet, for a parameter of the given length.
    pub(crate) fn new(length: usize, beta1: f64, beta2: f64, epsilon: f64) -> Self {
        let zeros = vec![0.0; length];
        Self { first_moment: zeros.clone(), second_moment: zeros, beta1, beta2, epsilon, step: 0 }
    }

    /// One update of `parameter` against `factor · gradient`.
    pub(crate) fn update(
        &mut self,
        parameter: &mut [f32],
        gradient: &[f32],
        factor: f64,
        rate: f64,
    ) {
        let update = self.next(factor, rate);
        step(parameter, gradient, &mut self.first_moment, &mut self.second_moment, update);
    }

    /// One update of a matrix with rows of length `width`, after its decay.
    pub(crate) fn update_rows(
        &mut self,
        parameter: &mut [f32],
        gradient: &[f32],
        factor: f64,
        rate: f64,
        width: usize,
        weight_decay: f64,
    ) {
        decay_rows(parameter, width, weight_decay, rate, self.epsilon);
        self.update(parameter, gradient, factor, rate);
    }

    #[expect(clippy::cast_possible_truncation, reason = "parameters are single precision")]
    fn next(&mut self, factor: f64, rate: f64) -> Update {
        self.step = self.step.saturating_add(1);
        let first_correction = 1.0 - self.beta1.powi(self.step);
        let second_correction = 1.0 - self.beta2.powi(self.step);
        Update {
            factor: factor as f32,
            beta1: self.beta1 as f32,
            one_minus_beta1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            inverse_root_correction: (1.0 / second_correction.sqrt()) as f32,
            epsilon: self.epsilon as f32,
            rate: (rate / first_correction) as f32,
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+fma", "x86_64+avx2+fma"))]
fn step(parameter: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], u: Update) {
    let moments = first.iter_mut().zip(second);
    for ((w, g), (m, v)) in parameter.iter_mut().zip(gradient).zip(moments) {
        let g = g * u.factor;
        *m = u.beta1 * *m + u.one_minus_beta1 * g;
        *v = u.beta2 * *v + u.one_minus_beta2 * (g * g);
        *w -= u.rate * *m / (v.sqrt() * u.inverse_root_correction + u.epsilon);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+fma", "x86_64+avx2+fma"))]
#[expect(clippy::cast_possible_truncation, reason = "parameters are single precision")]
fn decay_rows(weights: &mut [f32], width: usize, weight_decay: f64, rate: f64, epsilon: f64) {
    let strength = rate * weight_decay;
    if weight_decay >= 0.0 {
        let shrink = (1.0 - strength) as f32;
        weights.iter_mut().for_each(|w| *w *= shrink);
        return;
    }
    for row in weights.chunks_exact_mut(width) {
        let norm = square_sum(row).sqrt();
        let factor = (1.0 + strength - strength / (norm + epsilon)) as f32;
        row.iter_mut().for_each(|w| *w *= factor);
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
