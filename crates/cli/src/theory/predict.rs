//! `superpose theory predict`: what laws of measured losses say of other scales.

use superpose_laws::group_offsets::losses::LossOptions;
use superpose_laws::prediction;

use crate::args::theory::PredictOptions;
use crate::study::{check_columns, present, read_given};

pub(super) fn predict(options: &PredictOptions) -> anyhow::Result<()> {
    if let Some(wrong) = options.at.iter().find(|x| !x.is_finite() || **x <= 0.0) {
        anyhow::bail!("--at must be positive numbers, got {wrong}");
    }
    if options.x == options.y {
        anyhow::bail!("--x and --y must be different columns, got `{}` for both", options.x);
    }
    let columns = LossOptions {
        x: options.x.clone(),
        y: options.y.clone(),
        groups: Vec::new(),
        n_resamples: options.bootstrap.resamples,
        seed: options.bootstrap.seed,
    };
    let losses = read_given(&options.file)?;
    check_columns(&losses, &[("--x", &options.x), ("--y", &options.y)])?;
    let study = prediction::study(&losses, &columns, &options.at)?;
    present(&study, "theory predict", &options.output)
}
