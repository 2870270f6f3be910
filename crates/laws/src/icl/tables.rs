//! In-context learning: errors by the number of pretraining tasks, and what a metric makes of a smooth loss.

use crate::icl::exact::{
    Errors, IclError, Ratios, TokenAccuracy, ridge_errors, ridgeless_errors, task_gap_limit,
};
use superpose_files::table::{Field, Table};
use superpose_stats::summary::Summary;

use crate::icl::regression::Regression;

use crate::icl::simulated::{IclLabError, LinearAttention, TestErrors, check_number};
use crate::icl::simulated_regression::simulate;
use crate::icl::task_diversity::TaskDiversity;

/// What linear attention is asked, for each number of tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// The ratios; that of tasks is replaced by each of [`Self::tasks_per_dimension`].
    pub ratios: Ratios,
    /// `κ`, the numbers of tasks per dimension.
    pub tasks_per_dimension: Vec<f64>,
    /// The ridge penalty; zero for its limit.
    pub penalty: f64,
    /// The dimensions of a simulation beside the asymptotic errors, if one is wanted.
    pub n_dimensions: Option<usize>,
    /// Its runs.
    pub n_runs: usize,
    /// Its seed.
    pub seed: u64,
}

/// Prompts that a simulated run is tested on.
const TEST_PROMPTS: usize = 500;
/// The penalty of a simulation that stands for none.
const SMALL_PENALTY: f64 = 1e-6;

impl Attention {
    fn errors(&self, ratios: Ratios) -> Result<Errors, IclError> {
        if self.penalty > 0.0 {
            ridge_errors(ratios, self.penalty)
        } else {
            ridgeless_errors(ratios)
        }
    }

    /// The table `icl_attention`, one row a number of tasks. `progress` is told of each simulated run.
    ///
    /// # Errors
    /// [`IclLabError`], naming the value that is out of range.
    pub fn table(&self, progress: &(dyn Fn(usize) + Sync)) -> Result<Table, IclLabError> {
        let mut table = Table::new(
            "icl_attention",
            "How well does linear attention learn a new task in context, by the number of pretraining tasks?",
            &[
                (
                    "tasks_per_dimension",
                    "κ: tasks of the pretraining set, by dimension; as simulated",
                ),
                (
                    "examples_per_dimension",
                    "α: examples in the context, by dimension; as simulated",
                ),
                (
                    "prompts_per_square",
                    "τ: pretraining prompts, by squared dimension; as simulated",
                ),
                ("new_tasks", "asymptotic mean squared error on new tasks, with label noise"),
                ("pretraining_tasks", "the same on tasks of the pretraining set"),
                ("gap", "their difference"),
                ("gap_limit", "max(0, 1 − κ): the gap with unlimited prompts of unlimited length"),
                ("n_dimensions", "dimensions of the simulation"),
                ("simulated_new_tasks", "its error on new tasks"),
                ("simulated_new_tasks_se", "standard error over runs"),
                ("simulated_pretraining_tasks", "its error on pretraining tasks"),
                ("simulated_pretraining_tasks_se", "standard error over runs"),
            ],
        );
        let ratios =
            |tasks: &f64| self.possible(Ratios { tasks_per_dimension: *tasks, ..self.ratios });
        let mut all: Vec<Ratios> = self.tasks_per_dimension.iter().map(ratios).collect();
        all.dedup();
        for ratios in all {
            let errors = self.errors(ratios)?;
            let simulated = self.simulated(ratios, progress)?;
            let pair = |of: fn(&TestErrors) -> Summary| -> [Field; 2] {
                let summary = simulated.as_ref().map(of);
                [summary.map(|s| s.mean).into(), summary.map(|s| s.standard_error).into()]
            };
            let mut row = vec![
                ratios.tasks_per_dimension.into(),
                ratios.examples_per_dimension.into(),
                ratios.prompts_per_square.into(),
                errors.new_tasks.into(),
                errors.pretraining_tasks.into(),
                errors.task_gap().into(),
                task_gap_limit(ratios.tasks_per_dimension).into(),
                self.n_dimensions.into(),
            ];
            row.extend(pair(|errors| errors.new_tasks));
            row.extend(pair(|errors| errors.pretraining_tasks));
            table.push(row);
        }
        Ok(table)
    }

    fn simulation(&self, n_dimensions: usize, ratios: Ratios) -> LinearAttention {
        LinearAttention {
            n_dimensions,
            ratios,
            penalty: if self.penalty > 0.0 { self.penalty } else { SMALL_PENALTY },
            n_test_prompts: TEST_PROMPTS,
            n_runs: self.n_runs,
            seed: self.seed,
        }
    }

    /// The ratios that whole numbers of examples, tasks and prompts can have, if there is a simulation: what is simulated
    /// and what it is compared with are to be of one size.
    fn possible(&self, ratios: Ratios) -> Ratios {
        self.n_dimensions.map_or(ratios, |n| self.simulation(n, ratios).rounded())
    }

    fn simulated(
        &self,
        ratios: Ratios,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Option<TestErrors>, IclLabError> {
        let simulate = |n| self.simulation(n, ratios).simulate(progress);
        self.n_dimensions.map(simulate).transpose()
    }
}

/// Regression within a prompt, by the number of its examples.
#[derive(Debug, Clone, PartialEq)]
pub struct Baselines {
    /// Dimensions of the task.
    pub n_dimensions: usize,
    /// Examples in the prompt.
    pub n_examples: Vec<usize>,
    /// Variance of the label noise.
    pub noise_variance: f64,
    /// Prompts of a simulation; none for zero.
    pub n_prompts: usize,
    /// Its seed.
    pub seed: u64,
}

impl Baselines {
    /// The table `icl_baselines`, one row a way to learn and number of examples. `progress` is told of every prompt.
    ///
    /// # Errors
    /// [`IclLabError::Number`] and [`IclError::Noise`], naming the value.
    pub fn table(&self, progress: &(dyn Fn() + Sync)) -> Result<Table, IclLabError> {
        check_number("n_dimensions", self.n_dimensions, 1)?;
        for n_examples in &self.n_examples {
            check_number("n_examples", *n_examples, 0)?;
        }
        if !self.noise_variance.is_finite() || self.noise_variance < 0.0 {
            return Err(IclError::Noise { value: self.noise_variance }.into());
        }
        let mut table = Table::new(
            "icl_baselines",
            "What does an algorithm make of the examples in a prompt? How its error falls with them is a property of the algorithm.",
            &[
                (
                    "algorithm",
                    "linear attention: its best step; least squares: of minimum norm; ridge: the posterior mean",
                ),
                ("n_examples", "examples in the prompt"),
                ("exact", "⟨|ŵ − w|²⟩/d; none for ridge, and where it is infinite"),
                ("simulated", "its mean over prompts; none where it is infinite"),
                ("simulated_se", "standard error of the mean"),
            ],
        );
        let mut rows: Vec<Vec<Field>> = Vec::new();
        for n_examples in &self.n_examples {
            let regression = Regression {
                n_dimensions: self.n_dimensions,
                n_examples: *n_examples,
                noise_variance: self.noise_variance,
            };
            let found = (self.n_prompts > 0)
                .then(|| simulate(regression, self.n_prompts, self.seed, progress))
                .flatten();
            let squares = regression.least_squares_error();
            for (algorithm, exact, of) in [
                (
                    "linear attention",
                    Some(regression.linear_attention_error()),
                    found.map(|found| found.linear_attention),
                ),
                (
                    "least squares",
                    Some(squares).filter(|error| error.is_finite()),
                    found.map(|found| found.least_squares).filter(|_| squares.is_finite()),
                ),
                ("ridge", None, found.map(|found| found.ridge)),
            ] {
                rows.push(vec![
                    algorithm.into(),
                    (*n_examples).into(),
                    exact.into(),
                    of.map(|of| of.mean).into(),
                    of.map(|of| of.standard_error).into(),
                ]);
            }
        }
        // All numbers of examples of one algorithm, then those of the next.
        rows.sort_by_key(|row| row[0].to_string());
        rows.into_iter().for_each(|row| table.push(row));
        Ok(table)
    }
}

/// The table `icl_diversity`: the posterior mean over the pretraining tasks beside ridge regression, one row a number of
/// tasks. `progress` is told of each run.
///
/// # Errors
/// [`IclLabError`], naming the value that is out of range.
pub fn diversity(
    setting: &TaskDiversity,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Table, IclLabError> {
    let mut table = Table::new(
        "icl_diversity",
        "How many tasks does it take before knowing them is no different from knowing none?",
        &[
            ("n_tasks", "tasks of the pretraining set"),
            (
                "posterior_new",
                "squared error by dimension of the posterior mean over them, on new tasks",
            ),
            ("posterior_new_se", "standard error over runs"),
            ("posterior_pretraining", "the same on these tasks"),
            ("posterior_pretraining_se", "standard error over runs"),
            ("ridge_new", "of ridge regression, the best on new tasks"),
            ("ridge_pretraining", "the same on these tasks"),
            ("gap", "posterior_new − posterior_pretraining, run by run"),
            ("gap_se", "standard error over runs"),
            ("above_ridge", "posterior_new − ridge_new, run by run"),
            ("above_ridge_se", "standard error over runs"),
        ],
    );
    for errors in setting.simulate(progress)? {
        let mut row: Vec<Field> = vec![errors.n_tasks.into()];
        for summary in [errors.posterior_mean.new_tasks, errors.posterior_mean.pretraining_tasks] {
            row.extend([summary.mean.into(), summary.standard_error.into()]);
        }
        row.extend([
            errors.ridge.new_tasks.mean.into(),
            errors.ridge.pretraining_tasks.mean.into(),
        ]);
        for summary in [errors.task_gap, errors.above_ridge] {
            row.extend([summary.mean.into(), summary.standard_error.into()]);
        }
        table.push(row);
    }
    Ok(table)
}

/// Model sizes in a table of exact matches, from a hundredth of `N₀` on, four to a factor of ten.
const SIZES: i32 = 40;

/// The table `icl_metric`: one smooth loss, and the probability that `n_tokens` are all right, by model size.
pub fn metric(accuracy: TokenAccuracy, n_tokens: &[usize]) -> Table {
    let mut table = Table::new(
        "icl_metric",
        "Does an ability emerge, or does the metric make it seem so?",
        &[
            ("n_tokens", "tokens that must all be right"),
            ("model_size", "parameters N"),
            ("loss", "loss a token, (N₀/N)^a"),
            ("exact_match", "exp(−T (N₀/N)^a)"),
            ("half_match_size", "N at which it is a half"),
        ],
    );
    for n_tokens in n_tokens {
        for step in -8..=SIZES {
            let size = accuracy.model_scale * 10_f64.powf(f64::from(step) / 4.0);
            table.push(vec![
                (*n_tokens).into(),
                size.into(),
                accuracy.loss(size).into(),
                accuracy.exact_match(size, *n_tokens).into(),
                accuracy.half_match_size(*n_tokens).into(),
            ]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_stands_beside_the_asymptotic_errors() {
        let ratios = Ratios {
            examples_per_dimension: 4.0,
            tasks_per_dimension: 0.0,
            prompts_per_square: 2.0,
            noise_variance: 0.1,
        };
        let mut asked = Attention {
            ratios,
            tasks_per_dimension: vec![0.5, 2.0],
            penalty: 0.0,
            n_dimensions: None,
            n_runs: 2,
            seed: 0,
        };
        let table = asked.table(&|_| ()).unwrap();
        let of = |table: &Table, column: &str| table.numbers(column).unwrap();
        assert!(of(&table, "gap")[0] > of(&table, "gap")[1]);
        assert!(of(&table, "simulated_new_tasks")[0].is_nan());
        asked.n_dimensions = Some(16);
        let table = asked.table(&|_| ()).unwrap();
        let ratio = of(&table, "simulated_new_tasks")[1] / of(&table, "new_tasks")[1];
        // The error of a small size is above its limit by a few times 1/d.
        assert!((1.0..1.5).contains(&ratio), "{ratio}");
        asked.ratios.noise_variance = -1.0;
        assert!(asked.table(&|_| ()).is_err());
    }

    #[test]
    fn a_longer_answer_is_later_and_no_steeper() {
        let accuracy = TokenAccuracy { model_scale: 1e8, model_exponent: 0.3 };
        let table = metric(accuracy, &[1, 100]);
        let (sizes, matches) =
            (table.numbers("half_match_size").unwrap(), table.numbers("exact_match").unwrap());
        let half = table.rows.len() / 2;
        assert!(sizes[half] > 100.0 * sizes[0] && matches[half] < matches[0]);
    }
}
