//! `theory icl diversity`: how many pretraining tasks it takes before knowing them is no different
//! from knowing none.
//!
//! The exact estimators of Raventós, Paul, Chen & Ganguli 2023, compared in [`simulated`]; here are
//! the table and the picture.

pub mod simulated;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Table, TableError, Tables};
use superpose_stats::summary::Summary;

use self::simulated::{DiversityErrors, TaskDiversity};
use crate::answer::{alone, answer, mean_and_error};
use crate::draws::Progress;
use crate::error::LawError;

/// The table `icl_diversity`: the posterior mean over the pretraining tasks beside ridge
/// regression, one row a number of tasks. `progress` is called after each run.
///
/// # Errors
/// [`LawError`], naming the value that is out of range.
pub fn study(setting: &TaskDiversity, progress: Progress<'_>) -> Result<Study, LawError> {
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
        let DiversityErrors { n_tasks, posterior_mean, ridge, task_gap, above_ridge } = errors;
        let pairs = |of: [Summary; 2]| of.into_iter().flat_map(|of| mean_and_error(Some(of)));
        let mut row = vec![n_tasks.into()];
        row.extend(pairs([posterior_mean.new_tasks, posterior_mean.pretraining_tasks]));
        row.extend([ridge.new_tasks.mean.into(), ridge.pretraining_tasks.mean.into()]);
        row.extend(pairs([task_gap, above_ridge]));
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
