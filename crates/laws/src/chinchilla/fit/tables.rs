//! The tables of a fit, and the laws in them when they are read again.

use superpose_files::table::{Field, Table, TableError};
use superpose_stats::summary::summarise;

use super::runs::TrainedModel;
use super::surface::{SurfaceFit, additive, fit_surface, interval};
use crate::chinchilla::law::{Allocation, LossSurface};

/// Confidence of all intervals.
pub(super) const CONFIDENCE: f64 = 0.95;
/// Values of `E` in the profile.
const PROFILE: u32 = 40;
/// Places on the frontier, from the least compute of a run to a thousand times the largest.
const FRONTIER: u32 = 40;

/// A law of one form, and the parameters of those of resamples of the runs.
pub(super) struct FittedForm {
    pub(super) fit: SurfaceFit,
    pub(super) resamples: Vec<Vec<f64>>,
}

/// The additive law in closed form, and those of resamples of the runs.
pub(super) struct Fitted<'a> {
    pub(super) fit: &'a SurfaceFit,
    pub(super) law: LossSurface,
    pub(super) resamples: Vec<LossSurface>,
}

impl FittedForm {
    /// The law in closed form; `None` when its form is another than the additive one.
    pub(super) fn closed(&self) -> Option<Fitted<'_>> {
        let resamples = self.resamples.iter().filter_map(|p| additive(self.fit.form, p)).collect();
        Some(Fitted { fit: &self.fit, law: self.fit.law()?, resamples })
    }
}

/// A number of a law, with its name.
type Named<L> = (&'static str, fn(&L) -> f64);

/// The rows of `chinchilla_fit`.
const NUMBERS: [Named<LossSurface>; 7] = [
    ("A", |law| law.size_coefficient),
    ("B", |law| law.data_coefficient),
    ("E", |law| law.irreducible),
    ("alpha", |law| law.size_exponent),
    ("beta", |law| law.data_exponent),
    ("a", LossSurface::size_allocation_exponent),
    ("compute_exponent", LossSurface::compute_exponent),
];

/// The table `chinchilla_fit`.
pub(super) fn parameters(fitted: &Fitted<'_>) -> Table {
    let mut table = Table::new(
        "chinchilla_fit",
        "What are the parameters of L = E + A/N^α + B/D^β?",
        &[
            ("parameter", "A, B, E, alpha, beta; a of N ∝ C^a; the exponent of L − E by compute"),
            ("value", "least sum of Huber's function of the residuals of ln L"),
            ("se", "standard deviation over resamples of the runs"),
            ("ci_low", "95 % interval over resamples, lower end"),
            ("ci_high", "upper end"),
            ("objective", "the sum of Huber's function"),
            ("runs", "number of runs"),
            ("starts", "starts of the search"),
            ("starts_agreeing", "starts that ended within a thousandth of the best"),
        ],
    );
    for (name, of) in NUMBERS {
        let values: Vec<f64> = fitted.resamples.iter().map(of).collect();
        let ends = interval(&fitted.resamples, &of, CONFIDENCE);
        let spread = summarise(&values).standard_deviation;
        table.push(vec![
            name.into(),
            of(&fitted.law).into(),
            spread.into(),
            ends.map(|ends| ends.0).into(),
            ends.map(|ends| ends.1).into(),
            fitted.fit.objective.into(),
            fitted.fit.n_runs.into(),
            fitted.fit.n_starts.into(),
            fitted.fit.n_agreeing.into(),
        ]);
    }
    table
}

/// The table `chinchilla_forms`: the forms on all runs, and on those with the most compute after the others alone.
pub(super) fn forms(laws: &[FittedForm], runs: &[TrainedModel], held_out: f64) -> Table {
    let mut table = Table::new(
        "chinchilla_forms",
        "Which form of law describes the runs, and which predicts those with the most compute?",
        &[
            (
                "form",
                "additive: E + A/N^α + B/D^β; without E; joint: Kaplan et al.'s; broken: additive, and B/D^β has a bend",
            ),
            ("parameters", "number of parameters"),
            ("objective", "the sum of Huber's function, on all runs"),
            ("runs_fitted", "runs with less compute, fitted for the next columns"),
            ("runs_held_out", "runs with more, predicted"),
            ("held_out_error", "mean |predicted / measured − 1| of their losses"),
            ("held_out_bias", "mean of predicted / measured − 1"),
        ],
    );
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to n")]
    let n_fitted = ((1.0 - held_out.clamp(0.0, 1.0)) * runs.len() as f64).round() as usize;
    let (fitted, predicted) = runs.split_at(n_fitted);
    for FittedForm { fit, .. } in laws {
        let errors = fit_surface(fitted, fit.form).ok().filter(|_| !predicted.is_empty());
        let errors = errors.map(|fit| fit.errors_on(predicted));
        table.push(vec![
            fit.form.name().into(),
            fit.parameters.len().into(),
            fit.objective.into(),
            fitted.len().into(),
            predicted.len().into(),
            errors.map(|errors| errors.0).into(),
            errors.map(|errors| errors.1).into(),
        ]);
    }
    table
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
                "95 % interval over resamples, lower end; none of a bend, which runs do not pin down",
            ),
            ("ci_high", "upper end"),
        ],
    );
    for FittedForm { fit, resamples } in laws {
        for (index, parameter) in fit.form.names().iter().enumerate() {
            let ends = interval(resamples, &|parameters| parameters[index], CONFIDENCE);
            table.push(vec![
                fit.form.name().into(),
                (*parameter).into(),
                fit.parameters[index].into(),
                ends.map(|ends| ends.0).into(),
                ends.map(|ends| ends.1).into(),
            ]);
        }
    }
    table
}

/// The table `chinchilla_profile`.
pub(super) fn profile(fit: &SurfaceFit, runs: &[TrainedModel]) -> Table {
    let mut table = Table::new(
        "chinchilla_profile",
        "How much do the exponents depend on the irreducible loss?",
        &[
            ("E", "irreducible loss, held"),
            ("objective", "the least sum of Huber's function with it"),
            ("alpha", "α with it"),
            ("beta", "β with it"),
            ("a", "a of N ∝ C^a with it"),
        ],
    );
    let least = runs.iter().map(|run| run.loss).fold(f64::INFINITY, f64::min);
    for step in 1..PROFILE {
        let irreducible = least * f64::from(step) / f64::from(PROFILE);
        let Some((law, objective)) = fit.with_irreducible(runs, irreducible) else { continue };
        let numbers = [
            irreducible,
            objective,
            law.size_exponent,
            law.data_exponent,
            law.size_allocation_exponent(),
        ];
        table.push(numbers.map(Field::from).to_vec());
    }
    table
}

/// The table `chinchilla_frontier`.
pub(super) fn frontier(fitted: &Fitted<'_>, runs: &[TrainedModel]) -> Table {
    let mut table = Table::new(
        "chinchilla_frontier",
        "How is compute best spent?",
        &[
            ("C", "floating-point operations, 6 N D"),
            ("N", "parameters"),
            ("N_low", "95 % interval over resamples, lower end"),
            ("N_high", "upper end"),
            ("D", "tokens"),
            ("D_low", "95 % interval over resamples, lower end"),
            ("D_high", "upper end"),
            ("loss", "loss, in the unit of the runs"),
            ("loss_low", "95 % interval over resamples, lower end"),
            ("loss_high", "upper end"),
            ("beyond", "C divided by the most compute of a run, if above 1"),
        ],
    );
    let of_runs = || runs.iter().map(TrainedModel::compute);
    let (low, high) = (of_runs().fold(f64::INFINITY, f64::min), of_runs().fold(0.0, f64::max));
    for step in 0..=FRONTIER {
        let at = low * (1e3 * high / low).powf(f64::from(step) / f64::from(FRONTIER));
        table.push(allocation_row(fitted, at, high));
    }
    table
}

/// A row of the frontier, at a compute, beside the most compute of a run.
fn allocation_row(fitted: &Fitted<'_>, at: f64, most: f64) -> Vec<Field> {
    let of = |law: &LossSurface, get: fn(&Allocation) -> f64| {
        law.allocate(at).map_or(f64::NAN, |allocation| get(&allocation))
    };
    let quantity = |get: fn(&Allocation) -> f64| -> [Field; 3] {
        let ends = interval(&fitted.resamples, &|law| of(law, get), CONFIDENCE);
        let (low, high) = ends.map_or((None, None), |ends| (Some(ends.0), Some(ends.1)));
        [of(&fitted.law, get).into(), low.into(), high.into()]
    };
    let mut row = vec![at.into()];
    row.extend(quantity(|allocation| allocation.parameters));
    row.extend(quantity(|allocation| allocation.tokens));
    row.extend(quantity(|allocation| allocation.loss));
    row.push((at > most).then_some(at / most).into());
    row
}

/// The table `chinchilla_runs`.
pub(super) fn residuals(fit: &SurfaceFit, runs: &[TrainedModel]) -> Table {
    let mut table = Table::new(
        "chinchilla_runs",
        "How do the runs lie about the law?",
        &[
            ("N", "parameters"),
            ("D", "tokens"),
            ("C", "floating-point operations"),
            ("loss", "the loss"),
            ("fitted", "the law's"),
            ("residual", "ln fitted − ln loss"),
        ],
    );
    for run in runs {
        let fitted = fit.loss(run.parameters, run.tokens);
        let numbers =
            [run.parameters, run.tokens, run.compute(), run.loss, fitted, (fitted / run.loss).ln()];
        table.push(numbers.map(Field::from).to_vec());
    }
    table
}

/// The table `chinchilla_resamples`.
pub(super) fn resamples(laws: &[LossSurface]) -> Table {
    let mut table = Table::new(
        "chinchilla_resamples",
        "What do resamples of the runs give?",
        &[("A", "A"), ("B", "B"), ("E", "E"), ("alpha", "α"), ("beta", "β")],
    );
    for law in laws {
        table.push(law.parameters().map(Field::from).to_vec());
    }
    table
}

/// The law in a table `chinchilla_fit`.
///
/// # Errors
/// [`TableError`] when it lacks a parameter.
pub(crate) fn law_of(fit: &Table) -> Result<LossSurface, TableError> {
    let (names, values) = (fit.words("parameter")?, fit.numbers("value")?);
    let mut parameters = [0.0; 5];
    for (parameter, name) in parameters.iter_mut().zip(LossSurface::NAMES) {
        let row = names.iter().position(|known| known == name);
        let row = row.ok_or_else(|| TableError::NoColumn {
            name: fit.name.clone(),
            column: name.to_owned(),
            known: names.join(", "),
        })?;
        *parameter = values[row];
    }
    Ok(LossSurface::of(parameters))
}

/// The laws in a table `chinchilla_resamples`.
///
/// # Errors
/// [`TableError`] when it lacks a column.
pub(crate) fn laws_of(resamples: &Table) -> Result<Vec<LossSurface>, TableError> {
    let columns = LossSurface::NAMES.map(|name| resamples.numbers(name));
    let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
    let law = |row: usize| {
        let mut parameters = [0.0; 5];
        parameters.iter_mut().zip(&columns).for_each(|(value, column)| *value = column[row]);
        LossSurface::of(parameters)
    };
    Ok((0..resamples.rows.len()).map(law).collect())
}
