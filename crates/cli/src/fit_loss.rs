//! `superpose fit-loss`: one power law over groups of losses.

use superpose_laws::group_offsets;
use superpose_laws::group_offsets::losses::LossOptions;

use crate::args::FitLossOptions;
use crate::study::{Presenter, check_columns, json_of, read_given};

pub(crate) fn fit_loss(options: &FitLossOptions) -> anyhow::Result<()> {
    let losses = read_given(&options.file)?;
    check_columns(&losses, &[("--x", &options.x), ("--y", &options.y)])?;
    for group in &options.group {
        check_columns(&losses, &[("--group", group)])?;
    }
    let mut groups = options.group.clone();
    if groups.is_empty() && losses.column("group").is_ok() {
        groups.push("group".to_owned());
    }
    let columns = LossOptions {
        x: options.x.clone(),
        y: options.y.clone(),
        groups,
        n_resamples: options.bootstrap.resamples,
        seed: options.bootstrap.seed,
    };
    let study = group_offsets::study(&losses, &columns)?;
    let names = [("parameters", "loss_fit"), ("points", "loss_fit_points")];
    let presenter = Presenter {
        json: &|tables| json_of(tables, &names),
        ..Presenter::of("fit-loss", &options.output)
    };
    presenter.present(&study)
}
