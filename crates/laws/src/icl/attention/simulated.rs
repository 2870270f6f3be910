//! In-context learning of linear regression, simulated: linear attention at a finite size.
//!
//! Linear attention is linear in its parameters, so that its pretraining is one ridge regression,
//! solved here and not descended to. Each run draws from a stream of its own and computes on one
//! thread: the results are the same bits for any number of threads. An error that has an exact mean
//! over the query and its label noise is that mean, and only the rest is sampled.

use faer::{Accum, Mat, Par};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use superpose_stats::summary::{Summary, summarise};

use crate::draws::{Progress, normal, normals, runs, stream};
use crate::error::{LawError, ensure};
use crate::icl::attention::asymptotic::{Errors, Ratios, ridgeless_errors};
use crate::icl::limits::{MOST_UNKNOWNS, check_number, check_positive};
use crate::linear::{dot, lower_gram, solve_positive};

/// Prompts whose features are held at a time.
const BLOCK: usize = 256;

/// A simulation of linear attention at a finite size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearAttention {
    /// `d`.
    pub n_dimensions: usize,
    /// The pretraining set; its numbers are rounded to whole ones, as [`Self::rounded`] says.
    pub ratios: Ratios,
    /// `λ`, which multiplies `n/d` times the squared norm of the parameters; 1e-6 is as good as
    /// none.
    pub penalty: f64,
    /// Prompts that each of the two errors of a run is a mean over.
    pub n_test_prompts: usize,
    /// Independent runs, each with tasks, prompts and a test set of its own; at least two.
    pub n_runs: usize,
    /// Seed of all random numbers.
    pub seed: u64,
}

/// What is simulated, in whole numbers.
#[derive(Debug, Clone, Copy)]
struct Size {
    n_dimensions: usize,
    n_examples: usize,
    /// `None` when each prompt has a task of its own.
    n_tasks: Option<usize>,
    n_prompts: usize,
    noise_deviation: f64,
}

/// The features and answers of the pretraining prompts: `H = x vᵀ` with the query `x` and the
/// summary `v`.
struct Prompts {
    /// `[n_prompts, d]`.
    queries: Mat<f64>,
    /// `[n_prompts, d + 1]`.
    summaries: Mat<f64>,
    answers: Vec<f64>,
}

impl LinearAttention {
    /// The ratios that are simulated: those of the nearest whole numbers, of at least one each, of
    /// examples, tasks and prompts.
    pub fn rounded(&self) -> Ratios {
        let d = self.n_dimensions as f64;
        let size = self.size();
        Ratios {
            examples_per_dimension: size.n_examples as f64 / d,
            tasks_per_dimension: size.n_tasks.map_or(f64::INFINITY, |tasks| tasks as f64 / d),
            prompts_per_square: size.n_prompts as f64 / (d * d),
            noise_variance: self.ratios.noise_variance,
        }
    }

    /// The errors of linear attention with the parameters `Γ` that the ridge regression on its
    /// pretraining set gives: it predicts `xᵀ Γ v` for the query `x`, with
    /// `v = [(d/l) Σ yᵢxᵢ, (1/l) Σ yᵢ²]` over the `l` examples.
    ///
    /// The error includes the label noise of the answer, as those of
    /// [`crate::icl::attention::asymptotic`] do.
    ///
    /// **Source**: the model of Lu, Letey, Zavatone-Veth, Maiti & Pehlevan 2025.
    ///
    /// # Errors
    /// [`LawError`].
    pub fn simulate(&self, progress: Progress<'_>) -> Result<Errors<Summary>, LawError> {
        // The closed form checks the ratios.
        ridgeless_errors(self.ratios)?;
        check_number("n_dimensions", self.n_dimensions, 1)?;
        check_number("n_test_prompts", self.n_test_prompts, 1)?;
        check_number("n_runs", self.n_runs, 2)?;
        check_positive("penalty", self.penalty)?;
        let size = self.size();
        check_number("n_examples", size.n_examples, 1)?;
        check_number("n_tasks", size.n_tasks.unwrap_or(1), 1)?;
        check_number("n_prompts", size.n_prompts, 1)?;
        let (n_dimensions, n_prompts) = (self.n_dimensions, size.n_prompts);
        let n_unknowns = n_prompts.min(n_dimensions.saturating_mul(n_dimensions + 1));
        ensure!(
            n_unknowns <= MOST_UNKNOWNS,
            "{n_dimensions} dimensions and {n_prompts} prompts need {n_unknowns} unknowns; at most {MOST_UNKNOWNS} are solved for"
        );
        let errors = runs(self.n_runs, progress, |run_idx| self.run(size, run_idx));
        Ok(Errors::over_runs(&errors.into_iter().collect::<Result<Vec<_>, _>>()?))
    }

    fn size(&self) -> Size {
        let d = self.n_dimensions as f64;
        let tasks = self.ratios.tasks_per_dimension;
        Size {
            n_dimensions: self.n_dimensions,
            n_examples: count(self.ratios.examples_per_dimension * d),
            n_tasks: tasks.is_finite().then(|| count(tasks * d)),
            n_prompts: count(self.ratios.prompts_per_square * d * d),
            noise_deviation: self.ratios.noise_variance.sqrt(),
        }
    }

    /// The errors of a run, on new tasks and on pretraining tasks.
    fn run(&self, size: Size, run_idx: usize) -> Result<(f64, f64), LawError> {
        let d = self.n_dimensions;
        let mut rng = stream(self.seed, run_idx as u64);
        let n_tasks = size.n_tasks.unwrap_or(0);
        let tasks: Vec<Vec<f64>> = (0..n_tasks).map(|_| on_sphere(d, &mut rng)).collect();
        let prompts = Prompts::draw(size, &tasks, &mut rng);
        let penalty = size.n_prompts as f64 / d as f64 * self.penalty;
        let parameters = if size.n_prompts < d * (d + 1) {
            prompts.parameters_by_prompts(penalty)
        } else {
            prompts.parameters_by_features(penalty)
        };
        let parameters = parameters.ok_or_else(|| {
            let given = self.penalty;
            LawError(format!(
                "the linear system is singular at a `penalty` of {given}; it must be larger"
            ))
        })?;
        let mut error = |tasks: &[Vec<f64>]| {
            let n_prompts = self.n_test_prompts;
            let missed: f64 =
                (0..n_prompts).map(|_| missed(size, &parameters, tasks, &mut rng)).sum();
            missed / n_prompts as f64 + self.ratios.noise_variance
        };
        Ok((error(&[]), error(&tasks)))
    }
}

/// The mean of `(w·x − xᵀ Γ v)²` over the query, `|w − Γv|²/d`, for the summary `v` of a prompt.
fn missed(size: Size, parameters: &Mat<f64>, tasks: &[Vec<f64>], rng: &mut ChaCha8Rng) -> f64 {
    let task = pick(size.n_dimensions, tasks, rng);
    let summary = size.summary(&task, rng);
    let mut left = task;
    for (v, column) in summary.iter().zip(parameters.col_iter()) {
        left.iter_mut().zip(column.iter()).for_each(|(left, parameter)| *left -= v * parameter);
    }
    left.iter().map(|left| left * left).sum::<f64>() / size.n_dimensions as f64
}

impl Size {
    /// `[(d/l) Σ yᵢxᵢ, (1/l) Σ yᵢ²]` of examples of a task.
    fn summary(&self, task: &[f64], rng: &mut ChaCha8Rng) -> Vec<f64> {
        let (d, l) = (self.n_dimensions as f64, self.n_examples as f64);
        let mut summary = vec![0.0; self.n_dimensions + 1];
        let mut x = vec![0.0; self.n_dimensions];
        for _ in 0..self.n_examples {
            let y = self.example(task, &mut x, rng);
            summary.iter_mut().zip(&x).for_each(|(sum, x)| *sum += d / l * y * x);
            summary[self.n_dimensions] += y * y / l;
        }
        summary
    }

    /// Draws `x ~ N(0, I/d)`, and returns its label.
    fn example(&self, task: &[f64], x: &mut [f64], rng: &mut ChaCha8Rng) -> f64 {
        let deviation = (self.n_dimensions as f64).sqrt().recip();
        x.iter_mut().for_each(|x| *x = deviation * normal(rng));
        dot(task, x) + self.noise_deviation * normal(rng)
    }
}

impl Prompts {
    fn draw(size: Size, tasks: &[Vec<f64>], rng: &mut ChaCha8Rng) -> Self {
        let (n, d) = (size.n_prompts, size.n_dimensions);
        let (mut queries, mut summaries) = (Mat::zeros(n, d), Mat::zeros(n, d + 1));
        let mut x = vec![0.0; d];
        let mut answers = Vec::with_capacity(n);
        for i in 0..n {
            let task = pick(d, tasks, rng);
            for (j, v) in size.summary(&task, rng).into_iter().enumerate() {
                summaries[(i, j)] = v;
            }
            answers.push(size.example(&task, &mut x, rng));
            for (j, x) in x.iter().enumerate() {
                queries[(i, j)] = *x;
            }
        }
        Self { queries, summaries, answers }
    }

    /// `Γ` from the normal equations `(HᵀH + penalty) γ = Hᵀ y`; `None` when they are singular.
    fn parameters_by_features(&self, penalty: f64) -> Option<Mat<f64>> {
        let (n, d) = self.queries.shape();
        let n_features = d * (d + 1);
        let mut gram = Mat::zeros(n_features, n_features);
        let mut solution = vec![0.0; n_features];
        for start in (0..n).step_by(BLOCK) {
            // Transposed, since columns are contiguous.
            let rows = BLOCK.min(n - start);
            let mut features = Mat::<f64>::zeros(n_features, rows);
            for (i, column) in features.col_iter_mut().enumerate() {
                for (k, feature) in column.iter_mut().enumerate() {
                    *feature =
                        self.queries[(start + i, k % d)] * self.summaries[(start + i, k / d)];
                }
            }
            for (column, answer) in features.col_iter().zip(&self.answers[start..]) {
                solution.iter_mut().zip(column.iter()).for_each(|(sum, h)| *sum += answer * h);
            }
            lower_gram(&mut gram, Accum::Add, features.as_ref());
        }
        let solution = solve_positive(gram, penalty, &solution)?;
        Some(Mat::from_fn(d, d + 1, |i, j| solution[i + d * j]))
    }

    /// `Γ = Hᵀ a` from `(HHᵀ + penalty) a = y`; `None` when it is singular.
    fn parameters_by_prompts(&self, penalty: f64) -> Option<Mat<f64>> {
        let n = self.queries.nrows();
        let product = |matrix: &Mat<f64>| {
            let mut product = Mat::<f64>::zeros(n, n);
            lower_gram(&mut product, Accum::Replace, matrix.as_ref());
            product
        };
        // ⟨x vᵀ, x' v'ᵀ⟩ = (x·x')(v·v').
        let (mut kernel, summaries) = (product(&self.queries), product(&self.summaries));
        for (kernel, summaries) in kernel.col_iter_mut().zip(summaries.col_iter()) {
            kernel.iter_mut().zip(summaries.iter()).for_each(|(kernel, v)| *kernel *= v);
        }
        let weights = solve_positive(kernel, penalty, &self.answers)?;
        let weighted =
            Mat::from_fn(n, self.queries.ncols(), |i, j| weights[i] * self.queries[(i, j)]);
        let mut parameters = Mat::zeros(self.queries.ncols(), self.summaries.ncols());
        let (to, from) = (parameters.as_mut(), weighted.transpose());
        faer::linalg::matmul::matmul(to, Accum::Replace, from, &self.summaries, 1.0, Par::Seq);
        Some(parameters)
    }
}

impl Errors<Summary> {
    /// Of pairs of errors on new and on pretraining tasks.
    pub(crate) fn over_runs(errors: &[(f64, f64)]) -> Self {
        let (new, old): (Vec<f64>, Vec<f64>) = errors.iter().copied().unzip();
        Self { new_tasks: summarise(&new), pretraining_tasks: summarise(&old) }
    }
}

/// A task at random: one of `tasks`, or a new one when there are none.
fn pick(n_dimensions: usize, tasks: &[Vec<f64>], rng: &mut ChaCha8Rng) -> Vec<f64> {
    if tasks.is_empty() {
        on_sphere(n_dimensions, rng)
    } else {
        tasks[rng.random_range(0..tasks.len())].clone()
    }
}

/// A point at random on the sphere of radius `√d`.
fn on_sphere(n_dimensions: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut point: Vec<f64> = normals(rng, n_dimensions);
    let scale = (n_dimensions as f64 / dot(&point, &point)).sqrt();
    point.iter_mut().for_each(|x| *x *= scale);
    point
}

/// The nearest whole number that is at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and a size beyond what can be counted saturates and is refused later"
)]
pub(crate) fn count(value: f64) -> usize {
    value.round().max(1.0) as usize
}

/// The place, of `n`, at a share between 0 and 1 of the way.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share below one of a length is a place in it"
)]
pub(crate) fn below(share: f64, n: usize) -> usize {
    ((share * n as f64) as usize).min(n - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::icl::attention::asymptotic::ridge_errors;
    use crate::icl::attention::asymptotic::tests::ratios;

    fn attention(n_dimensions: usize, given: [f64; 4]) -> LinearAttention {
        LinearAttention {
            n_dimensions,
            ratios: ratios(given),
            penalty: 1e-6,
            n_test_prompts: 500,
            n_runs: 6,
            seed: 1,
        }
    }

    fn quiet() {}

    /// Errors relative to the asymptotic ones at `d = 16` and at `d = 32`, with their standard
    /// errors, for new and for pretraining tasks.
    fn relative(given: [f64; 4], penalty: f64, limit: [f64; 2]) -> [[(f64, f64); 2]; 2] {
        [(16, 24), (32, 8)].map(|(n_dimensions, n_runs)| {
            let at = LinearAttention { penalty, n_runs, ..attention(n_dimensions, given) };
            let errors = at.simulate(&quiet).unwrap();
            let by = |error: Summary, limit| (error.mean / limit, error.standard_error / limit);
            [by(errors.new_tasks, limit[0]), by(errors.pretraining_tasks, limit[1])]
        })
    }

    #[test]
    fn linear_attention_of_a_finite_size_comes_near_its_asymptotic_errors() {
        for (given, tolerance) in [
            ([4.0, f64::INFINITY, 3.0, 0.01], 0.08),
            ([4.0, 4.0, 3.0, 0.01], 0.08),
            ([4.0, 0.5, 3.0, 0.01], 0.13),
            ([2.0, 1.0, 3.0, 0.1], 0.13),
            ([2.0, 1.0, 0.5, 0.1], 0.13),
        ] {
            let limit = ridgeless_errors(ratios(given)).unwrap();
            let [at_16, at_32] = relative(given, 1e-6, [limit.new_tasks, limit.pretraining_tasks]);
            for (small, large) in at_16.into_iter().zip(at_32) {
                assert!((large.0 - 1.0).abs() < tolerance, "{given:?}: {small:?} {large:?}");
                let uncertainty = small.1.hypot(large.1);
                // The bias is of order 1/d and from above: it shrinks, and extrapolates away.
                assert!(small.0 > large.0 + 2.0 * uncertainty, "{given:?}: {small:?} {large:?}");
                let extrapolated = 2.0 * large.0 - small.0;
                assert!((extrapolated - 1.0).abs() < 0.1, "{given:?}: {small:?} {large:?}");
            }
        }
    }

    #[test]
    fn a_ridge_that_matters_has_its_asymptotic_errors_too() {
        for (given, penalty) in [([4.0, 0.5, 1.0, 0.1], 0.3), ([2.0, 2.0, 0.5, 0.1], 0.5)] {
            let limit = ridge_errors(ratios(given), penalty).unwrap();
            let limits = [limit.new_tasks, limit.pretraining_tasks];
            let [at_16, at_32] = relative(given, penalty, limits);
            for (small, large) in at_16.into_iter().zip(at_32) {
                assert!((large.0 - 1.0).abs() < 0.08, "{given:?}: {small:?} {large:?}");
                let extrapolated = 2.0 * large.0 - small.0;
                assert!((extrapolated - 1.0).abs() < 0.06, "{given:?}: {small:?} {large:?}");
            }
        }
    }

    #[test]
    fn both_ways_to_solve_give_the_same_parameters() {
        for n_prompts in [30, 300] {
            let size = Size {
                n_dimensions: 6,
                n_examples: 12,
                n_tasks: None,
                n_prompts,
                noise_deviation: 0.3,
            };
            let prompts = Prompts::draw(size, &[], &mut stream(3, 0));
            let (a, b) = (prompts.parameters_by_features(0.1), prompts.parameters_by_prompts(0.1));
            let (a, b) = (a.unwrap(), b.unwrap());
            assert!((&a - &b).norm_max() < 1e-9 * a.norm_max());
        }
    }

    #[test]
    fn results_are_the_same_bits_on_any_number_of_threads() {
        let attention =
            LinearAttention { n_test_prompts: 50, ..attention(6, [2.0, 1.5, 2.0, 0.1]) };
        let on = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| attention.simulate(&quiet))
        };
        let (one, three) = (on(1), on(3));
        assert_eq!(one, three);
        let other = LinearAttention { seed: 2, ..attention }.simulate(&quiet);
        assert_ne!(one, other);
    }

    #[test]
    fn each_run_reports_its_end_once() {
        let ended = std::sync::atomic::AtomicUsize::new(0);
        let progress = || {
            ended.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        let small = LinearAttention { n_test_prompts: 5, ..attention(4, [2.0, 1.0, 2.0, 0.1]) };
        small.simulate(&progress).unwrap();
        assert_eq!(ended.into_inner(), 6);
    }

    #[test]
    fn ratios_are_those_of_whole_numbers() {
        let rounded = attention(10, [0.26, f64::INFINITY, 0.001, 0.1]).rounded();
        assert_eq!(rounded, ratios([0.3, f64::INFINITY, 0.01, 0.1]));
    }

    #[test]
    fn what_cannot_be_simulated_is_refused() {
        let good = attention(8, [2.0, 1.0, 2.0, 0.1]);
        let refused = |at: LinearAttention| at.simulate(&quiet).unwrap_err().to_string();
        let message = refused(LinearAttention { n_runs: 1, ..good });
        assert_eq!(message, "`n_runs` must be between 2 and 16777216, got 1");
        let message = refused(LinearAttention { penalty: 0.0, ..good });
        assert_eq!(message, "`penalty` must be positive and finite, got 0");
        let message = refused(attention(200, [2.0, 1.0, 2.0, 0.1]));
        assert!(message.contains("80000 prompts need 40200 unknowns; at most 16384"), "{message}");
        let message = refused(attention(8, [2.0, 1e300, 2.0, 0.1]));
        assert!(message.starts_with("`n_tasks` must be between 1 and"), "{message}");
        assert!(refused(attention(8, [0.0, 1.0, 2.0, 0.1])).contains("`examples_per_dimension`"));
    }
}
