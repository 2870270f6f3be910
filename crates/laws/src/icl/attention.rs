//! `theory icl attention`: how well linear attention learns a new task, by the number of
//! pretraining tasks.
//!
//! The model of Lu, Letey, Zavatone-Veth, Maiti & Pehlevan 2025. [`asymptotic`] has its errors in
//! the limit of many dimensions, [`simulated`] at a finite size; here are the table and the
//! picture.

pub mod asymptotic;
pub mod simulated;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use self::asymptotic::{Ratios, ridge_errors, ridgeless_errors, task_gap_limit};
use self::simulated::LinearAttention;
use crate::answer::{alone, answer, mean_and_error};
use crate::draws::Progress;
use crate::error::LawError;
use crate::fits::range;

/// Linear attention, by the number of pretraining tasks.
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
/// Dimensions from which on a simulation may be taken for the limit, but for some per cent.
const MANY_DIMENSIONS: usize = 100;
/// The penalty of a simulation that stands for none.
const SMALL_PENALTY: f64 = 1e-6;

impl Attention {
    /// The table `icl_attention`, one row a number of tasks. `progress` is called after each
    /// simulated run.
    ///
    /// # Errors
    /// [`LawError`], naming the value that is out of range.
    pub fn study(&self, progress: Progress<'_>) -> Result<Study, LawError> {
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
        // Those that whole numbers of examples, tasks and prompts can have, if there is a
        // simulation: what is simulated and what it is compared with are to be of one size.
        let ratios = |tasks: &f64| {
            let wished = Ratios { tasks_per_dimension: *tasks, ..self.ratios };
            self.n_dimensions.map_or(wished, |n| self.simulation(n, wished).rounded())
        };
        let mut all: Vec<Ratios> = self.tasks_per_dimension.iter().map(ratios).collect();
        all.dedup();
        for ratios in all {
            let errors = match self.penalty {
                penalty if penalty > 0.0 => ridge_errors(ratios, penalty)?,
                _ => ridgeless_errors(ratios)?,
            };
            let gap = errors.new_tasks - errors.pretraining_tasks;
            let simulate = |n| self.simulation(n, ratios).simulate(progress);
            let simulated = self.n_dimensions.map(simulate).transpose()?;
            let tasks = ratios.tasks_per_dimension;
            let size = [tasks, ratios.examples_per_dimension, ratios.prompts_per_square];
            let exact = [errors.new_tasks, errors.pretraining_tasks, gap];
            let mut row = [size, exact].concat().into_iter().map(Field::from).collect::<Vec<_>>();
            row.extend([task_gap_limit(tasks).into(), self.n_dimensions.into()]);
            row.extend(mean_and_error(simulated.map(|errors| errors.new_tasks)));
            row.extend(mean_and_error(simulated.map(|errors| errors.pretraining_tasks)));
            table.push(row);
        }
        let mut notes = Note::first(&table);
        notes.extend(self.words(&table).map(Note::Line));
        Ok(answer([table], draw, notes))
    }

    /// That so few dimensions are not the limit, and by how much here.
    fn words(&self, table: &Table) -> Option<String> {
        let n_dimensions = self.n_dimensions.filter(|n| *n < MANY_DIMENSIONS)?;
        let columns = [
            ("simulated_new_tasks", "new_tasks"),
            ("simulated_pretraining_tasks", "pretraining_tasks"),
        ];
        let ratios = columns.iter().flat_map(|(simulated, limit)| {
            let rows = table.fields([simulated, limit]).unwrap_or_default();
            let ratio =
                |[simulated, limit]: [&Field; 2]| Some(simulated.number()? / limit.number()?);
            rows.into_iter().filter_map(ratio).collect::<Vec<_>>()
        });
        let (_, most) = range(ratios);
        let most = Field::from(most).rounded(2);
        Some(format!(
            "{n_dimensions} dimensions are few: simulated errors are up to {most} times the asymptotic ones, which are of the limit of \
             many; what is between them falls as 1/dimensions, and is no disagreement. --simulate {} halves it",
            2 * n_dimensions
        ))
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
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let table = tables.get("icl_attention")?;
    let x = || ("tasks_per_dimension", Axis::logarithmic("pretraining tasks by dimension, κ"));
    let mut panels = Vec::new();
    for (column, simulated, deviation, label) in [
        ("new_tasks", "simulated_new_tasks", "simulated_new_tasks_se", "error on new tasks"),
        (
            "pretraining_tasks",
            "simulated_pretraining_tasks",
            "simulated_pretraining_tasks_se",
            "error on pretraining tasks",
        ),
    ] {
        let guides = [Guide { column, label: "asymptotic", mark: Mark::Line }];
        let columns = Lines {
            error_bars: ErrorBars::Deviation(deviation),
            guides: &guides,
            group_label: "simulated",
            mark: Mark::Dots,
            ..Lines::plain(x(), (simulated, Axis::logarithmic(label)))
        };
        panels.extend(lines(table, &columns)?);
    }
    let guides =
        [Guide { column: "gap_limit", label: "limit, max(0, 1 − κ)", mark: Mark::Dotted }];
    let gap = Lines {
        guides: &guides,
        group_label: "asymptotic gap",
        mark: Mark::JoinedDots,
        ..Lines::plain(x(), ("gap", Axis::linear("what new tasks cost more")))
    };
    panels.extend(lines(table, &gap)?);
    let title = "Linear attention, by the number of pretraining tasks";
    let caption = "Bars: standard error over runs. Table: icl_attention.csv.";
    alone("icl_attention", (title, caption), 3, panels)
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
        let tables = |asked: &Attention| asked.study(&|| ()).map(|study| study.tables);
        let table = tables(&asked).unwrap();
        let of = |tables: &Tables, column: &str| {
            tables.get("icl_attention").unwrap().numbers(column).unwrap()
        };
        assert!(of(&table, "gap")[0] > of(&table, "gap")[1]);
        assert!(of(&table, "simulated_new_tasks")[0].is_nan());
        asked.n_dimensions = Some(16);
        let table = tables(&asked).unwrap();
        let ratio = of(&table, "simulated_new_tasks")[1] / of(&table, "new_tasks")[1];
        // The error of a small size is above its limit by a few times 1/d.
        assert!((1.0..1.5).contains(&ratio), "{ratio}");
        let lines = asked.study(&|| ()).unwrap().notes;
        let Some(Note::Line(line)) = lines.last() else { panic!("a line") };
        let ratio = |kind: &str, row: usize| {
            of(&table, &format!("simulated_{kind}"))[row] / of(&table, kind)[row]
        };
        let kinds = ["new_tasks", "pretraining_tasks"];
        let most =
            kinds.iter().flat_map(|kind| [0, 1].map(|row| ratio(kind, row))).fold(0.0, f64::max);
        let said = format!("up to {most:.2} times");
        assert!(
            line.starts_with("16 dimensions are few") && line.contains("--simulate 32"),
            "{line}"
        );
        assert!(line.contains(&said), "{line} {said}");
        asked.n_dimensions = None;
        assert_eq!(asked.study(&|| ()).unwrap().notes.len(), 1);
        asked.ratios.noise_variance = -1.0;
        assert!(tables(&asked).is_err());
    }
}
