//! `theory icl diversity`: how many pretraining tasks it takes before knowing them is no different from knowing none.
//!
//! The exact estimators of Raventós, Paul, Chen & Ganguli 2023, compared in [`simulated`]; here are the table and the
//! picture.

pub mod simulated;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use self::simulated::TaskDiversity;
use crate::answer::{alone, answer};
use crate::icl::attention::simulated::IclLabError;

/// The table `icl_diversity`: the posterior mean over the pretraining tasks beside ridge regression, one row a number
/// of tasks. `progress` is called after each run.
///
/// # Errors
/// [`IclLabError`], naming the value that is out of range.
pub fn study(
    setting: &TaskDiversity,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Study, IclLabError> {
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
    let notes = Note::first(&table);
    Ok(answer([table], draw, notes))
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let x = || ("n_tasks", Axis::logarithmic("pretraining tasks"));
    let mut panels = Vec::new();
    for (column, se, ridge, label) in [
        ("posterior_new", "posterior_new_se", "ridge_new", "error on new tasks, by dimension"),
        (
            "posterior_pretraining",
            "posterior_pretraining_se",
            "ridge_pretraining",
            "error on pretraining tasks, by dimension",
        ),
    ] {
        let guides = [Guide { column: ridge, label: "ridge regression", mark: Mark::Line }];
        let columns = Lines {
            error_bars: ErrorBars::Deviation(se),
            guides: &guides,
            group_label: "posterior mean",
            ..Lines::plain(x(), (column, Axis::linear(label)))
        };
        panels.extend(lines(tables.get("icl_diversity")?, &columns)?);
    }
    let title = "What is gained by knowing the tasks, by their number";
    let caption =
        "Bars: standard error over runs. Errors are with label noise. Table: icl_diversity.csv.";
    alone("icl_diversity", (title, caption), 2, panels)
}
