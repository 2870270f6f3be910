//! `superpose fit-loss`: one power law over groups of losses.

use superpose_laws::group_offsets;
use superpose_laws::group_offsets::losses::LossOptions;

use crate::args::FitLossOptions;
use crate::study::{Presenter, json_of, read_given};

pub(crate) fn fit_loss(options: &FitLossOptions) -> anyhow::Result<()> {
    let losses = read_given(&options.file)?;
    let mut groups = options.group.clone();
    if groups.is_empty() && losses.column("group").is_ok() {
        groups.push("group".to_owned());
    }
    let columns = LossOptions {
        x: options.x.clone(),
        y: options.y.clone(),
        groups,
        confidence: 0.95,
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
