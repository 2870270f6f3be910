//! Adam and the signed weight decay in one pass, on the host.
//!
//! The same update as `superpose_train::optimizer`, entry by entry.

use pulp::Arch;

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

/// What an update follows, the same for every entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    /// What the gradient is to be multiplied by.
    pub(crate) factor: f64,
    /// The learning rate.
    pub(crate) rate: f64,
    /// The signed weight decay of the rows.
    pub(crate) weight_decay: f64,
}

/// The numbers of one update.
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

/// Rows with Adam's memory of them.
struct Rows<'a> {
    parameter: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    width: usize,
}

impl FusedAdam {
    /// No memory yet, for a parameter of the given length.
    pub(crate) fn new(length: usize, beta1: f64, beta2: f64, epsilon: f64) -> Self {
        let zeros = vec![0.0; length];
        Self { first_moment: zeros.clone(), second_moment: zeros, beta1, beta2, epsilon, step: 0 }
    }

    /// One update of a matrix of rows of length `width`, after their decay; `gradient` gives the
    /// gradient of a row.
    pub(crate) fn update<'g>(
        &mut self,
        parameter: &mut [f32],
        width: usize,
        course: Course,
        gradient: impl Fn(usize) -> &'g [f32],
    ) {
        let update = self.next(course);
        let strength = course.rate * course.weight_decay;
        let rows = Rows {
            parameter,
            first: &mut self.first_moment,
            second: &mut self.second_moment,
            width,
        };
        let epsilon = self.epsilon;
        Arch::new().dispatch(
            #[inline(always)]
            || rows.update(update, strength, epsilon, gradient),
        );
    }

    #[expect(clippy::cast_possible_truncation, reason = "parameters are single precision")]
    fn next(&mut self, course: Course) -> Update {
        self.step = self.step.saturating_add(1);
        let first_correction = 1.0 - self.beta1.powi(self.step);
        let second_correction = 1.0 - self.beta2.powi(self.step);
        Update {
            factor: course.factor as f32,
            beta1: self.beta1 as f32,
            one_minus_beta1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            inverse_root_correction: (1.0 / second_correction.sqrt()) as f32,
            epsilon: self.epsilon as f32,
            rate: (course.rate / first_correction) as f32,
        }
    }
}

impl Rows<'_> {
    #[inline(always)]
    fn update<'g>(
        self,
        u: Update,
        strength: f64,
        epsilon: f64,
        gradient: impl Fn(usize) -> &'g [f32],
    ) {
        let width = self.width;
        let moments = self.first.chunks_exact_mut(width).zip(self.second.chunks_exact_mut(width));
        let rows = self.parameter.chunks_exact_mut(width).zip(moments);
        for (row, (parameter, (first, second))) in rows.enumerate() {
            let decay = decay(parameter, strength, epsilon);
            let moments = first.iter_mut().zip(second);
            for ((w, g), (m, v)) in parameter.iter_mut().zip(gradient(row)).zip(moments) {
                let g = g * u.factor;
                *m = u.beta1 * *m + u.one_minus_beta1 * g;
                *v = u.beta2 * *v + u.one_minus_beta2 * (g * g);
                *w = decay * *w - u.rate * *m / (v.sqrt() * u.inverse_root_correction + u.epsilon);
            }
        }
    }
}

/// What the decay multiplies a row by.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "parameters are single precision")]
fn decay(row: &[f32], strength: f64, epsilon: f64) -> f32 {
    if strength >= 0.0 {
        return (1.0 - strength) as f32;
    }
    (1.0 + strength - strength / (square_sum(row).sqrt() + epsilon)) as f32
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
