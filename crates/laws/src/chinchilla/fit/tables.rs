//! The tables of a fit, and the laws in them when they are read again.

use superpose_files::table::{Field, Table, TableError};
use superpose_stats::power_law::student_t;
use superpose_stats::summary::summarise;

use super::runs::TrainedModel;
use super::surface::{self, SurfaceFit, additive, fit_surface};
use crate::chinchilla::law::{Allocation, LossSurface};
use crate::fits::{CONFIDENCE, interval, range};

/// Steps of `E` from zero to the least loss: enough for a smooth line.
const PROFILE: u32 = 40;
/// About the fitted `E` the steps are so many times finer, to so many on either side.
const FINER: i32 = 5;
const FINE: i32 = 10;
/// Steps along the frontier, from the least compute of a run to a thousand times the largest: enough
/// for a smooth line.
const FRONTIER: u32 = 40;

/// Steps along a contour by sizes, and as many by tokens.
const CONTOUR: u32 = 24;
/// Contours, and one more.
const LEVELS: u32 = 11;
/// How far beyond the runs contours reach, as a factor.
const CONTOUR_AIR: f64 = 1.25;

/// A law of one form, and the parameters of those of resamples of the runs.
pub(super) struct FittedForm {
    pub(super) fit: SurfaceFit,
    pub(super) resamples: Vec<Vec<f64>>,
}

/// A number of a law, with its name.
type Named = (&'static str, fn(&LossSurface) -> f64);

/// The rows of `chinchilla_fit`.
const NUMBERS: [Named; 7] = [
    ("A", |law| law.size_coefficient),
    ("B", |law| law.data_coefficient),
    ("E", |law| law.irreducible),
    ("alpha", |law| law.size_exponent),
    ("beta", |law| law.data_exponent),
    ("a", LossSurface::size_allocation_exponent),
    ("compute_exponent", LossSurface::compute_exponent),
];

/// The table `chinchilla_fit`.
pub(super) fn parameters(
    fit: &SurfaceFit,
    law: &LossSurface,
    resamples: &[LossSurface],
    (n_runs, n_left_out, compute_ratio): (usize, usize, Option<f64>),
) -> Table {
    let mut table = Table::new(
        "chinchilla_fit",
        "What are the parameters of L = E + A/N^α + B/D^β?",
        &[
            ("parameter", "A, B, E, alpha, beta; a of N ∝ C^a; the exponent of L − E by compute"),
            ("value", "least sum of Huber's function of the residuals of ln L"),
            ("se", "standard error by bootstrap over runs"),
            ("ci_low", "95 % interval by bootstrap over runs, lower end"),
            ("ci_high", "upper end"),
            ("objective", "the sum of Huber's function"),
            ("runs", "number of runs"),
            ("starts", "starts of the search"),
            ("starts_agreeing", "starts that ended within a thousandth of the best"),
            ("rows_left_out", "rows of the file that have no loss"),
            ("C_over_6ND", "the median of C / 6 N D, where the file has all three: 1 if they fit"),
        ],
    );
    for (name, of) in NUMBERS {
        let values: Vec<f64> = resamples.iter().map(of).collect();
        let spread = summarise(&values).standard_deviation.into();
        let [low, high] = interval(values.into_iter());
        let mut row = vec![name.into(), of(law).into(), spread, low, high, fit.objective.into()];
        row.extend([n_runs, fit.n_starts, fit.n_agreeing, n_left_out].map(Field::from));
        row.push(compute_ratio.into());
        table.push(row);
    }
    table
}

/// The table `chinchilla_forms`: the forms on all runs, and on those with the most compute after
/// the others alone.
pub(super) fn forms(laws: &[FittedForm], runs: &[TrainedModel], held_out: f64) -> Table {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to n")]
    let n_fitted = ((1.0 - held_out.clamp(0.0, 1.0)) * runs.len() as f64).round() as usize;
    let (fitted, predicted) = runs.split_at(n_fitted);
    let with_errors = laws.iter().map(|FittedForm { fit, .. }| {
        let errors = fit_surface(fitted, fit.form).ok().filter(|_| !predicted.is_empty());
        (fit, errors.map(|fit| surface::errors(predicted, |n, d| fit.loss(n, d))))
    });
    Table::of(
        "chinchilla_forms",
        "Which form of law describes the runs, and which predicts those with the most compute?",
        with_errors,
        &[
            (
                "form",
                "additive: E + A/N^α + B/D^β; without E; joint: Kaplan et al.'s; broken: additive, and B/D^β has a bend",
                &|(fit, _)| fit.form.name().into(),
            ),
            ("parameters", "number of parameters", &|(fit, _)| fit.parameters.len().into()),
            ("objective", "the sum of Huber's function, on all runs", &|(fit, _)| {
                fit.objective.into()
            }),
            ("runs_fitted", "runs with less compute, fitted for the next columns", &|_| {
                fitted.len().into()
            }),
            ("runs_held_out", "runs with more, predicted", &|_| predicted.len().into()),
            ("held_out_error", "mean |predicted / measured − 1| of their losses", &|(_, of)| {
                of.map(|of| of.0).into()
            }),
            ("held_out_bias", "mean of predicted / measured − 1", &|(_, of)| {
                of.map(|of| of.1).into()
            }),
        ],
    )
}

/// The table `chinchilla_form_parameters`.
pub(super) fn form_parameters(laws: &[FittedForm]) -> Table {
    let mut table = Table::new(
        "chinchilla_form_parameters",
        "What are the parameters of each form of law?",
        &[
            ("form", "as in chinchilla_forms"),
            (
                "parameter",
                "joint: [(N_c/N)^(α_N/α_D) + D_c/D]^α_D; broken: B/D^β · (1 + (D/D_1)^(1/f))^(-c f)",
            ),
            ("value", "least sum of Huber's function of the residuals of ln L"),
            (
                "ci_low",
                "95 % interval by bootstrap over runs, lower end; none of a bend, which runs do not pin down",
            ),
            ("ci_high", "upper end"),
        ],
    );
    for FittedForm { fit, resamples } in laws {
        for (index, parameter) in fit.form.names().iter().enumerate() {
            let [low, high] = interval(resamples.iter().map(|parameters| parameters[index]));
            let (form, value) = (fit.form.name().into(), fit.parameters[index].into());
            table.push(vec![form, (*parameter).into(), value, low, high]);
        }
    }
    table
}

/// The table `chinchilla_profile`. Its limit is that of a profile likelihood: `1 + t²/ν` times the least objective, `t`
/// being Student's for the `ν` degrees of freedom left.
pub(super) fn profile(fit: &SurfaceFit, runs: &[TrainedModel]) -> Table {
    let degrees = runs.len().saturating_sub(fit.parameters.len()).max(1) as f64;
    let limit = fit.objective * (1.0 + student_t(CONFIDENCE, degrees).powi(2) / degrees);
    let (least, _) = range(runs.iter().map(|run| run.loss));
    let step = least / f64::from(PROFILE);
    let fitted = additive(&fit.parameters).irreducible;
    let near = (-FINE..=FINE).map(|k| fitted + f64::from(k) * step / f64::from(FINER));
    let mut held: Vec<f64> = (1..PROFILE).map(|k| f64::from(k) * step).chain(near).collect();
    held.retain(|irreducible| 0.0 < *irreducible && *irreducible < least);
    held.sort_by(f64::total_cmp);
    let held = held.into_iter().map(|held| (held, fit.with_irreducible(runs, held)));
    Table::of(
        "chinchilla_profile",
        "How much do the exponents depend on the irreducible loss?",
        held,
        &[
            ("E", "irreducible loss, held", &|held| held.0.into()),
            ("objective", "the least sum of Huber's function with it", &|(_, (_, objective))| {
                (*objective).into()
            }),
            ("alpha", "α with it", &|(_, (law, _))| law.size_exponent.into()),
            ("beta", "β with it", &|(_, (law, _))| law.data_exponent.into()),
            ("a", "a of N ∝ C^a with it", &|(_, (law, _))| law.size_allocation_exponent().into()),
            (
                "limit",
                "the objective up to which E is in its 95 % interval by profile, as if the objective were a sum of squares",
                &|_| limit.into(),
            ),
        ],
    )
}

/// The table `chinchilla_contours`: where the `law` has one loss, as far as the runs reach.
pub(super) fn contours(law: &LossSurface, runs: &[TrainedModel]) -> Table {
    let mut table = Table::new(
        "chinchilla_contours",
        "Which sizes and tokens have the same loss by the fitted law?",
        &[
            ("loss", "the law's; its levels are even in ln (L − E)"),
            ("N", "parameters, to a little beyond the runs'"),
            ("D", "tokens, to a little beyond the runs'"),
        ],
    );
    let around = |of: fn(&TrainedModel) -> f64| {
        let (low, high) = range(runs.iter().map(of));
        (low / CONTOUR_AIR, high * CONTOUR_AIR)
    };
    let (sizes, tokens) = (around(|run| run.parameters), around(|run| run.tokens));
    let grid = |(low, high): (f64, f64)| {
        (0..=CONTOUR).map(move |k| low * (high / low).powf(f64::from(k) / f64::from(CONTOUR)))
    };
    // The ends of a grid, which a contour goes through, have been rounded.
    let is_between =
        |at: f64, (low, high): (f64, f64)| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(&at);
    let reducible = |run: &TrainedModel| law.loss(run.parameters, run.tokens) - law.irreducible;
    let (least, most) = range(runs.iter().map(reducible));
    for level in 1..LEVELS {
        let share = f64::from(level) / f64::from(LEVELS);
        let loss = law.irreducible + least * (most / least).powf(share);
        // By sizes where a contour is flat, by tokens where it is steep.
        let by_size = grid(sizes).filter_map(|n| Some((n, law.tokens_at(loss, n)?)));
        let by_tokens = grid(tokens).filter_map(|d| Some((law.parameters_at(loss, d)?, d)));
        let places = by_size.chain(by_tokens);
        let mut places: Vec<(f64, f64)> =
            places.filter(|(n, d)| is_between(*n, sizes) && is_between(*d, tokens)).collect();
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (n, d) in places {
            table.push(vec![loss.into(), n.into(), d.into()]);
        }
    }
    table
}

/// The table `chinchilla_frontier`.
pub(super) fn frontier(
    law: &LossSurface,
    resamples: &[LossSurface],
    runs: &[TrainedModel],
) -> Table {
    let mut table = Table::new(
        "chinchilla_frontier",
        "How is compute best spent?",
        &[
            ("C", "floating-point operations, 6 N D"),
            ("N", "parameters"),
            ("N_low", "95 % interval by bootstrap over runs, lower end"),
            ("N_high", "upper end"),
            ("D", "tokens"),
            ("D_low", "95 % interval by bootstrap over runs, lower end"),
            ("D_high", "upper end"),
            ("loss", "loss, in the unit of the runs"),
            ("loss_low", "95 % interval by bootstrap over runs, lower end"),
            ("loss_high", "upper end"),
            ("beyond", "C divided by the most compute of a run, if above 1"),
        ],
    );
    let (low, high) = range(runs.iter().map(TrainedModel::compute));
    for step in 0..=FRONTIER {
        let at = low * (1e3 * high / low).powf(f64::from(step) / f64::from(FRONTIER));
        let quantity = |get: fn(&Allocation) -> f64| -> [Field; 3] {
            let of = |law: &LossSurface| law.allocate(at).map_or(f64::NAN, |best| get(&best));
            let [low, high] = interval(resamples.iter().map(of));
            [of(law).into(), low, high]
        };
        let best = [quantity(|a| a.parameters), quantity(|a| a.tokens), quantity(|a| a.loss)];
        let beyond = (at > high).then_some(at / high).into();
        table.push([&[at.into()], best.as_flattened(), &[beyond]].concat());
    }
    table
}

/// The table `chinchilla_runs`.
pub(super) fn residuals(fit: &SurfaceFit, runs: &[TrainedModel]) -> Table {
    let fitted = |run: &TrainedModel| fit.loss(run.parameters, run.tokens);
    Table::of(
        "chinchilla_runs",
        "How do the runs lie about the law?",
        runs,
        &[
            ("N", "parameters", &|run| run.parameters.into()),
            ("D", "tokens", &|run| run.tokens.into()),
            ("C", "floating-point operations", &|run| run.compute().into()),
            ("loss", "the loss", &|run| run.loss.into()),
            ("fitted", "the law's", &|run| fitted(run).into()),
            ("residual", "ln fitted − ln loss", &|run| (fitted(run) / run.loss).ln().into()),
        ],
    )
}

/// The table `chinchilla_resamples`.
pub(super) fn resamples(laws: &[LossSurface]) -> Table {
    Table::of(
        "chinchilla_resamples",
        "What do resamples of the runs give?",
        laws,
        &[
            ("A", "A", &|law| law.size_coefficient.into()),
            ("B", "B", &|law| law.data_coefficient.into()),
            ("E", "E", &|law| law.irreducible.into()),
            ("alpha", "α", &|law| law.size_exponent.into()),
            ("beta", "β", &|law| law.data_exponent.into()),
        ],
    )
}

/// The law in a table `chinchilla_fit`.
///
/// # Errors
/// [`TableError`] when it lacks a parameter.
pub(crate) fn law_of(fit: &Table) -> Result<LossSurface, TableError> {
    let (names, values) = (fit.words("parameter")?, fit.numbers("value")?);
    let parameter = |name: &str| {
        let row = names.iter().position(|known| known == name);
        row.map(|row| values[row]).ok_or_else(|| TableError::NoColumn {
            name: fit.name.clone(),
            column: name.to_owned(),
            known: names.join(", "),
        })
    };
    let [a, b, e, alpha, beta] = LossSurface::NAMES.map(parameter);
    Ok(LossSurface::of([a?, b?, e?, alpha?, beta?]))
}

/// The laws in a table `chinchilla_resamples`.
///
/// # Errors
/// [`TableError`] when it lacks a column.
pub(crate) fn laws_of(resamples: &Table) -> Result<Vec<LossSurface>, TableError> {
    let columns = LossSurface::NAMES.map(|name| resamples.numbers(name));
    let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
    let law = |row: usize| LossSurface::of(std::array::from_fn(|k| columns[k][row]));
    Ok((0..resamples.rows.len()).map(law).collect())
}
