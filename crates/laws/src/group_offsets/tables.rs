//! The tables of a fit.

use superpose_files::table::{Field, Table};

use super::fit::{GroupOffsets, Observation, Parameter, bootstrap_intervals};
use super::losses::LossOptions;

/// The table `loss_fit`: one row a parameter.
pub(super) fn parameters(
    law: &GroupOffsets,
    observations: &[Observation],
    groups: &[String],
    options: &LossOptions,
) -> Table {
    let mut table = Table::new(
        "loss_fit",
        "What are A, α and the offsets B of loss = A · x^-α + B?",
        &[
            ("parameter", "A, alpha, or the B of a group"),
            ("group", "the group, of a B"),
            ("value", "least squares"),
            ("profile_low", "95 % interval by profile likelihood, lower end; none where unbounded"),
            ("profile_high", "upper end"),
            ("bootstrap_low", "95 % interval over resamples within groups, lower end"),
            ("bootstrap_high", "upper end"),
            ("residual_std", "standard deviation of the losses around the law"),
            ("points", "number of losses"),
        ],
    );
    let bootstrap = bootstrap_intervals(
        observations,
        groups.len(),
        options.confidence,
        options.n_resamples,
        options.seed,
    );
    let offsets = groups.iter().enumerate().map(|(i, name)| ("B", &**name, Parameter::Offset(i)));
    let others = [("A", "", Parameter::Coefficient), ("alpha", "", Parameter::Exponent)];
    for (row, (name, group, parameter)) in others.into_iter().chain(offsets).enumerate() {
        let profile = law.profile_interval(observations, parameter, options.confidence);
        let resampled = bootstrap.as_ref().map(|intervals| intervals[row]);
        table.push(vec![
            name.into(),
            group.into(),
            law.value(parameter).into(),
            profile.0.into(),
            profile.1.into(),
            resampled.map(|interval| interval.0).into(),
            resampled.map(|interval| interval.1).into(),
            law.residual_deviation().into(),
            law.n_points.into(),
        ]);
    }
    table
}

/// The table `loss_fit_points`: one row a loss.
pub(super) fn points(law: &GroupOffsets, observations: &[Observation], groups: &[String]) -> Table {
    let mut table = Table::new(
        "loss_fit_points",
        "How do the losses lie about the law?",
        &[
            ("group", "the group"),
            ("x", "what the loss falls with"),
            ("loss", "the loss"),
            ("fitted", "the law's"),
            ("loss_minus_offset", "the loss without its group's offset"),
            ("law", "A · x^-α"),
        ],
    );
    for Observation { x, y, group } in observations {
        let (fitted, offset) = (law.at(*x, *group), law.offsets[*group]);
        let row: Vec<Field> =
            [*x, *y, fitted, y - offset, law.without_offset(*x)].map(Field::from).to_vec();
        table.push([vec![groups[*group].as_str().into()], row].concat());
    }
    table
}
