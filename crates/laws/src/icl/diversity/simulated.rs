//! The exact estimators of linear regression in context, by the number of tasks in the pretraining
//! set: ridge regression, which is the best for new tasks, and the posterior mean over the tasks
//! that were seen.

use rand::RngExt as _;
use superpose_stats::summary::{Summary, summarise};

use crate::draws::{Progress, normals, runs, stream};
use crate::error::LawError;
use crate::icl::attention::asymptotic::Errors;
use crate::icl::attention::simulated::below;
use crate::icl::limits::{check_number, check_positive};
use crate::linear::dot;

/// A comparison of the Bayesian estimators of a task: the mean over the posterior of the tasks in
/// the pretraining set, and that over all tasks, which is a ridge regression.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDiversity {
    /// `d`, of the tasks `w ~ N(0, I)` and the inputs `x ~ N(0, I)`.
    pub n_dimensions: usize,
    /// Examples in a prompt; each is predicted from those before it, the first from none.
    pub n_examples: usize,
    /// `σ²`, of the labels; positive.
    pub noise_variance: f64,
    /// The numbers of tasks in the pretraining set that are compared.
    pub n_tasks: Vec<usize>,
    /// Prompts of a run.
    pub n_prompts: usize,
    /// Independent runs, each with tasks and prompts of its own; at least two.
    pub n_runs: usize,
    /// Seed of all random numbers.
    pub seed: u64,
}

/// The errors of the estimators with a number of tasks in the pretraining set.
///
/// They are means over the examples of a prompt of the squared error of the label, with its noise,
/// by dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiversityErrors {
    /// Tasks in the pretraining set.
    pub n_tasks: usize,
    /// Of the posterior mean over these tasks, the best there is for prompts of them.
    pub posterior_mean: Errors<Summary>,
    /// Of the ridge regression with the penalty `σ²`, the best there is for new tasks.
    pub ridge: Errors<Summary>,
    /// What new tasks cost the posterior mean more than pretraining tasks, run by run.
    pub task_gap: Summary,
    /// What the posterior mean loses against the ridge regression on new tasks, run by run.
    pub above_ridge: Summary,
}

/// The four errors of a run: `(new, pretraining)` of the posterior mean and of the ridge
/// regression.
type RunErrors = [(f64, f64); 2];

/// An input and its label.
type Example<'a> = (&'a [f64], f64);

/// The examples of a prompt.
struct Prompt {
    /// `[n_examples, d]`.
    inputs: Vec<f64>,
    labels: Vec<f64>,
    task: Vec<f64>,
}

impl TaskDiversity {
    /// The errors for each of [`Self::n_tasks`], in that order.
    ///
    /// The sets of a run are nested, and prompts have the same inputs and noise for all of them, so
    /// that their differences are sharper than their errors; what one number of tasks gives does
    /// not depend on the others asked for.
    ///
    /// **Source**: the baselines of Raventós, Paul, Chen & Ganguli 2023, who have 8 dimensions, 16
    /// examples and a noise of 0.25.
    ///
    /// # Errors
    /// [`LawError`].
    pub fn simulate(&self, progress: Progress<'_>) -> Result<Vec<DiversityErrors>, LawError> {
        check_number("n_dimensions", self.n_dimensions, 1)?;
        check_number("n_examples", self.n_examples, 1)?;
        check_number("n_prompts", self.n_prompts, 1)?;
        check_number("n_runs", self.n_runs, 2)?;
        for n_tasks in &self.n_tasks {
            check_number("n_tasks", *n_tasks, 1)?;
        }
        check_positive("noise_variance", self.noise_variance)?;
        let runs = runs(self.n_runs, progress, |run_idx| self.run(run_idx));
        let gather = |(place, &n_tasks): (usize, &usize)| {
            let of = |estimator: usize| -> Vec<(f64, f64)> {
                runs.iter().map(|run| run[place][estimator]).collect()
            };
            let (posterior_mean, ridge) = (of(0), of(1));
            let gaps: Vec<f64> = posterior_mean.iter().map(|(new, old)| new - old).collect();
            let both = posterior_mean.iter().zip(&ridge);
            let losses: Vec<f64> = both.map(|(mean, ridge)| mean.0 - ridge.0).collect();
            DiversityErrors {
                n_tasks,
                posterior_mean: Errors::over_runs(&posterior_mean),
                ridge: Errors::over_runs(&ridge),
                task_gap: summarise(&gaps),
                above_ridge: summarise(&losses),
            }
        };
        Ok(self.n_tasks.iter().enumerate().map(gather).collect())
    }

    /// The errors of a run for each number of tasks.
    fn run(&self, run_idx: usize) -> Vec<RunErrors> {
        let d = self.n_dimensions;
        // Tasks and prompts have streams of their own, so that more tasks leave the prompts as they
        // are.
        let mut of_tasks = stream(self.seed, 2 * run_idx as u64);
        let mut of_prompts = stream(self.seed, 2 * run_idx as u64 + 1);
        let most = self.n_tasks.iter().copied().max().unwrap_or(0);
        let tasks = normals(&mut of_tasks, most * d);
        let mut sums: Vec<RunErrors> = vec![[(0.0, 0.0); 2]; self.n_tasks.len()];
        for _ in 0..self.n_prompts {
            let mut draw = |n: usize| normals(&mut of_prompts, n);
            let (task, inputs, noise) = (draw(d), draw(self.n_examples * d), draw(self.n_examples));
            let place: f64 = of_prompts.random();
            let new = self.prompt(task, inputs.clone(), &noise);
            let ridge_on_new = self.ridge_error(&new);
            for (n_tasks, sums) in self.n_tasks.iter().zip(&mut sums) {
                let known = &tasks[..n_tasks * d];
                let task_idx = below(place, *n_tasks);
                let task = known[task_idx * d..][..d].to_vec();
                let old = self.prompt(task, inputs.clone(), &noise);
                sums[0].0 += self.posterior_mean_error(&new, known);
                sums[0].1 += self.posterior_mean_error(&old, known);
                sums[1].0 += ridge_on_new;
                sums[1].1 += self.ridge_error(&old);
            }
        }
        let n = self.n_prompts as f64;
        sums.iter().map(|errors| errors.map(|(new, old)| (new / n, old / n))).collect()
    }

    fn prompt(&self, task: Vec<f64>, inputs: Vec<f64>, noise: &[f64]) -> Prompt {
        let deviation = self.noise_variance.sqrt();
        let examples = inputs.chunks_exact(self.n_dimensions).zip(noise);
        let labels = examples.map(|(x, noise)| dot(&task, x) + deviation * noise).collect();
        Prompt { inputs, labels, task }
    }

    /// The mean error over a prompt of the estimates `estimate` gives before it is shown each next
    /// example.
    fn mean_error(
        &self,
        prompt: &Prompt,
        estimate: &mut dyn FnMut(Option<Example<'_>>) -> Vec<f64>,
    ) -> f64 {
        let d = self.n_dimensions;
        let off = |estimate: &[f64]| -> f64 {
            estimate.iter().zip(&prompt.task).map(|(e, w)| (e - w).powi(2)).sum()
        };
        let mut sum = off(&estimate(None));
        let examples = prompt.inputs.chunks_exact(d).zip(&prompt.labels);
        for (x, y) in examples.take(self.n_examples - 1) {
            sum += off(&estimate(Some((x, *y))));
        }
        (sum / self.n_examples as f64 + self.noise_variance) / d as f64
    }

    /// The error of the mean of `tasks` over their posterior, which starts from equal weights.
    fn posterior_mean_error(&self, prompt: &Prompt, tasks: &[f64]) -> f64 {
        let d = self.n_dimensions;
        let mut costs = vec![0.0; tasks.len() / d];
        self.mean_error(prompt, &mut |example| {
            if let Some((x, y)) = example {
                for (cost, task) in costs.iter_mut().zip(tasks.chunks_exact(d)) {
                    *cost += (y - dot(task, x)).powi(2) / (2.0 * self.noise_variance);
                }
            }
            // The likeliest task has the weight one, so that not all of them vanish.
            let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
            let (mut mean, mut total) = (vec![0.0; d], 0.0);
            for (cost, task) in costs.iter().zip(tasks.chunks_exact(d)) {
                let weight = (least - cost).exp();
                total += weight;
                mean.iter_mut().zip(task).for_each(|(mean, w)| *mean += weight * w);
            }
            mean.iter_mut().for_each(|mean| *mean /= total);
            mean
        })
    }

    /// The error of the ridge regression with the penalty `σ²`, updated by one example at a time:
    /// it is the mean of a normal posterior.
    fn ridge_error(&self, prompt: &Prompt) -> f64 {
        let d = self.n_dimensions;
        let mut mean = vec![0.0; d];
        let mut covariance = vec![0.0; d * d];
        covariance.iter_mut().step_by(d + 1).for_each(|diagonal| *diagonal = 1.0);
        self.mean_error(prompt, &mut |example| {
            if let Some((x, y)) = example {
                let along: Vec<f64> = covariance.chunks_exact(d).map(|row| dot(row, x)).collect();
                let variance = self.noise_variance + dot(&along, x);
                let surprise = (y - dot(&mean, x)) / variance;
                for ((row, mean), a) in covariance.chunks_exact_mut(d).zip(&mut mean).zip(&along) {
                    *mean += surprise * a;
                    row.iter_mut().zip(&along).for_each(|(c, b)| *c -= a * b / variance);
                }
            }
            mean.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::*;
    use crate::linear::solve_positive;

    fn quiet() {}

    /// The setting of Raventós et al. 2023.
    fn diversity(n_tasks: Vec<usize>) -> TaskDiversity {
        TaskDiversity {
            n_dimensions: 8,
            n_examples: 16,
            noise_variance: 0.25,
            n_tasks,
            n_prompts: 120,
            n_runs: 8,
            seed: 5,
        }
    }

    #[test]
    fn more_tasks_bring_the_posterior_mean_to_the_ridge_regression_on_new_tasks() {
        let errors = diversity(vec![1, 4, 16, 64, 256, 1024, 4096]).simulate(&quiet).unwrap();
        for at in &errors {
            // Each is the best of all for the prompts it is made for.
            assert!(at.above_ridge.mean > 0.0);
            let (mean, ridge) = (at.posterior_mean.pretraining_tasks, at.ridge.pretraining_tasks);
            assert!(mean.mean < ridge.mean);
            let gap = at.posterior_mean.new_tasks.mean - mean.mean;
            assert!((at.task_gap.mean - gap).abs() < 1e-12);
        }
        for pair in errors.windows(2) {
            assert!(pair[1].posterior_mean.new_tasks.mean < pair[0].posterior_mean.new_tasks.mean);
            let of = |at: DiversityErrors| at.posterior_mean.pretraining_tasks.mean;
            assert!(of(pair[1]) > of(pair[0]));
        }
        // One task is known beforehand, and only the label noise is left.
        assert!((errors[0].posterior_mean.pretraining_tasks.mean - 0.25 / 8.0).abs() < 1e-15);
        // Two independent tasks are 2d apart.
        let one = errors[0].posterior_mean.new_tasks;
        assert!((one.mean - 2.0 - 0.25 / 8.0).abs() < 4.0 * one.standard_error, "{one:?}");
        let expected = [1.13, 0.91, 0.76, 0.65, 0.58];
        for (at, expected) in errors[2..].iter().zip(expected) {
            // Known from 600 prompts of one set of tasks, to about five in a hundred.
            let mean = at.posterior_mean.new_tasks.mean;
            assert!((mean / expected - 1.0).abs() < 0.12, "{mean} {expected}");
        }
        assert!((errors[0].ridge.new_tasks.mean - 0.38).abs() < 0.03);
    }

    #[test]
    fn one_number_of_tasks_does_not_depend_on_the_others() {
        let few = |n_tasks| TaskDiversity { n_prompts: 10, ..diversity(n_tasks) };
        let alone = few(vec![16]).simulate(&quiet).unwrap();
        let among = few(vec![64, 16, 1]).simulate(&quiet).unwrap();
        assert_eq!(alone[0], among[1]);
    }

    #[test]
    fn the_updated_ridge_regression_is_the_one_that_is_solved_for() {
        let of = TaskDiversity { n_dimensions: 4, n_examples: 7, ..diversity(vec![1]) };
        let mut rng = stream(2, 0);
        let mut draw = |n: usize| normals(&mut rng, n);
        let (task, inputs, noise) = (draw(4), draw(28), draw(7));
        let prompt = of.prompt(task, inputs, &noise);
        let mut expected = 0.0;
        for n in 0..7 {
            let x = Mat::from_fn(n, 4, |i, j| prompt.inputs[4 * i + j]);
            let right: Vec<f64> =
                (0..4).map(|j| (0..n).map(|i| x[(i, j)] * prompt.labels[i]).sum()).collect();
            let ridge = solve_positive(x.transpose() * &x, 0.25, &right).unwrap();
            let off: f64 = ridge.iter().zip(&prompt.task).map(|(e, w)| (e - w).powi(2)).sum();
            expected += (off + 0.25) / 28.0;
        }
        assert!((of.ridge_error(&prompt) - expected).abs() < 1e-12);
    }

    #[test]
    fn results_are_the_same_bits_on_any_number_of_threads() {
        let few = TaskDiversity { n_prompts: 20, ..diversity(vec![1, 16]) };
        let on = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| few.simulate(&quiet))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let refused = |of: TaskDiversity| of.simulate(&quiet).unwrap_err().to_string();
        let refusal = refused(diversity(vec![4, 0]));
        assert_eq!(refusal, "`n_tasks` must be between 1 and 16777216, got 0");
        let refusal = refused(TaskDiversity { noise_variance: 0.0, ..diversity(vec![1]) });
        assert_eq!(refusal, "`noise_variance` must be positive and finite, got 0");
    }
}
