//! `theory icl baselines`: what an algorithm makes of the examples in a prompt.
//!
//! [`regression`] has the exact errors of the best step of linear attention (von Oswald et al.
//! 2023) and of least squares, [`simulated`] those and ridge regression by experiment; here are the
//! table and the picture.

pub mod regression;
pub mod simulated;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Table, TableError, Tables};

use self::regression::Regression;
use self::simulated::{WAYS, simulate};
use crate::answer::{alone, answer, mean_and_error};
use crate::draws::Progress;
use crate::error::LawError;
use crate::icl::limits::{check_noise, check_number};

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
    /// The table `icl_baselines`, one row a way to learn and number of examples. `progress` is
    /// called after every prompt.
    ///
    /// # Errors
    /// [`LawError`], naming the value.
    pub fn study(&self, progress: Progress<'_>) -> Result<Study, LawError> {
        check_number("n_dimensions", self.n_dimensions, 1)?;
        for n_examples in &self.n_examples {
            check_number("n_examples", *n_examples, 0)?;
        }
        check_noise(self.noise_variance)?;
        let table = self.table(progress);
        let notes = Note::first(&table);
        Ok(answer([table], draw, notes))
    }

    fn table(&self, progress: Progress<'_>) -> Table {
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
        let found = |n_examples: &usize| {
            let (n_dimensions, noise_variance) = (self.n_dimensions, self.noise_variance);
            let regression = Regression { n_dimensions, n_examples: *n_examples, noise_variance };
            let simulated = (self.n_prompts > 0)
                .then(|| simulate(regression, self.n_prompts, self.seed, progress));
            (regression, simulated.flatten())
        };
        let found: Vec<_> = self.n_examples.iter().map(found).collect();
        for (way, name) in WAYS.iter().enumerate() {
            for (regression, simulated) in &found {
                let exact = match way {
                    0 => Some(regression.least_squares_error()),
                    1 => Some(regression.linear_attention_error()),
                    _ => None,
                };
                // Where an error is infinite, that of a simulation says nothing.
                let simulated = simulated.filter(|_| exact.is_none_or(f64::is_finite));
                let [mean, error] = mean_and_error(simulated.map(|ways| ways[way]));
                let (name, n_examples) = ((*name).into(), regression.n_examples.into());
                table.push(vec![name, n_examples, exact.into(), mean, error]);
            }
        }
        table
    }
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let guides = [Guide { column: "exact", label: "exact", mark: Mark::Line }];
    let columns = Lines {
        guides: &guides,
        error_bars: ErrorBars::Deviation("simulated_se"),
        group: Some("algorithm"),
        mark: Mark::Dots,
        ..Lines::plain(
            ("n_examples", Axis::logarithmic("examples in the prompt")),
            ("simulated", Axis::logarithmic("squared error, by dimension")),
        )
    };
    let panels = lines(tables.get("icl_baselines")?, &columns)?;
    let caption = "Dots: simulated, with standard errors over prompts. Table: icl_baselines.csv.";
    alone("icl_baselines", ("Regression within a prompt", caption), 1, panels)
}
