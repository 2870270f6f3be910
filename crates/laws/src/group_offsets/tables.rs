//! The tables of a fit.

use superpose_files::table::{Field, Table};

use super::fit::{GroupOffsets, Observation, Parameter, bootstrap_intervals};
use super::losses::LossOptions;
use crate::fits::CONFIDENCE;

/// The table `loss_fit`: one row a parameter.
pub(super) fn parameters(
    law: &GroupOffsets,
    observations: &[Observation],
    groups: &[String],
    options: &LossOptions,
    n_left_out: usize,
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
            ("bootstrap_low", "95 % interval by bootstrap over losses within groups, lower end"),
            ("bootstrap_high", "upper end"),
            ("residual_std", "standard deviation of the losses around the law"),
            ("points", "number of losses"),
            ("rows_left_out", "rows of the file that have no loss"),
        ],
    );
    let offsets = groups.iter().enumerate().map(|(i, name)| ("B", &**name, Parameter::Offset(i)));
    let others = [("A", "", Parameter::Coefficient), ("alpha", "", Parameter::Exponent)];
    let all: Vec<(&str, &str, Parameter)> = others.into_iter().chain(offsets).collect();
    let LossOptions { n_resamples, seed, .. } = *options;
    let wanted: Vec<Parameter> = all.iter().map(|row| row.2).collect();
    let bootstrap = bootstrap_intervals(observations, groups.len(), &wanted, n_resamples, seed);
    for ((name, group, parameter), bootstrap) in all.into_iter().zip(bootstrap) {
        let (low, high) = law.profile_interval(observations, parameter, CONFIDENCE);
        let mut row = vec![name.into(), group.into()];
        row.extend([law.value(parameter), low, high].map(Field::from));
        row.extend(bootstrap);
        row.extend([law.residual_deviation().into(), law.n_points.into(), n_left_out.into()]);
        table.push(row);
    }
    table
}

/// The table `loss_fit_points`: one row a loss.
pub(super) fn points(law: &GroupOffsets, observations: &[Observation], groups: &[String]) -> Table {
    Table::of(
        "loss_fit_points",
        "How do the losses lie about the law?",
        observations,
        &[
            ("group", "the group", &|o| groups[o.group].as_str().into()),
            ("x", "what the loss falls with", &|o| o.x.into()),
            ("loss", "the loss", &|o| o.y.into()),
            ("fitted", "the law's", &|o| law.at(o.x, o.group).into()),
            ("loss_minus_offset", "the loss without its group's offset", &|o| {
                (o.y - law.offsets[o.group]).into()
            }),
            ("law", "A · x^-α", &|o| law.without_offset(o.x).into()),
        ],
    )
}
