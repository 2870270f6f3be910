//! Loss by size, data and compute: from a table of runs to tables of fits, and to how compute is spent.

use crate::chinchilla::isoflop::{lowest_points, size_law};
use crate::chinchilla::law::{Allocation, FLOP, LossSurface};
use crate::chinchilla::loss_surface::{Form, Run, SurfaceError, SurfaceFit, fit_surface, interval};

use crate::chinchilla::theories::{published, theories};
use superpose_files::table::{Field, Table, TableError};

/// Names under which runs are known to keep their sizes.
const SIZES: [&str; 4] = ["N", "parameters", "n_params", "Model Size"];
/// Their tokens.
const TOKENS: [&str; 3] = ["D", "tokens", "n_tokens"];
/// Their operations.
const COMPUTE: [&str; 4] = ["C", "compute", "flops", "Training FLOP"];
/// Their losses.
const LOSSES: [&str; 2] = ["loss", "L"];
/// Confidence of all intervals.
const CONFIDENCE: f64 = 0.95;
/// Values of `E` in the profile.
const PROFILE: u32 = 40;
/// Places on the frontier, from the least compute of a run to a thousand times the largest.
const FRONTIER: u32 = 40;

/// Why runs cannot be read or fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChinchillaError {
    /// A column is missing, or holds a word.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A quantity has no column.
    #[error("`{table}` must have {wanted}; it has {known}")]
    NoColumn {
        /// The table.
        table: String,
        /// What was looked for.
        wanted: String,
        /// The columns there are.
        known: String,
    },
    /// A value is not allowed.
    #[error("`{table}`: row {row} must have a positive number in `{column}`, got `{value}`")]
    Value {
        /// The table.
        table: String,
        /// The row, from 1, without the header.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        value: String,
    },
    /// There is no such law.
    #[error("no law fits the runs in `{table}`: {source}")]
    NoLaw {
        /// The table.
        table: String,
        /// Why.
        source: SurfaceError,
    },
}

/// How runs are fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitOptions {
    /// Runs with the highest losses that are left out.
    pub n_dropped: usize,
    /// The part of the runs, those with the most compute, that is held out to test the laws.
    pub held_out: f64,
    /// Resamples of the bootstrap.
    pub n_resamples: usize,
    /// Its seed.
    pub seed: u64,
}

/// The runs in a table with columns for the loss and for two of `N`, `D` and `C`; the third is `C = 6 N D`. Where there
/// are all three, `C` is not looked at.
///
/// # Errors
/// [`ChinchillaError`], naming the row and the column.
pub fn runs(table: &Table) -> Result<Vec<Run>, ChinchillaError> {
    let find = |names: &[&str]| -> Result<Option<Vec<f64>>, ChinchillaError> {
        let Some(name) = names.iter().find(|name| table.column(name).is_ok()) else {
            return Ok(None);
        };
        let values = table.numbers(name)?;
        let wrong = values.iter().position(|value| !value.is_finite() || *value <= 0.0);
        match wrong {
            Some(row) => Err(ChinchillaError::Value {
                table: table.name.clone(),
                row: row + 1,
                column: (*name).to_owned(),
                value: if values[row].is_nan() {
                    "no number".to_owned()
                } else {
                    values[row].to_string()
                },
            }),
            None => Ok(Some(values)),
        }
    };
    let missing = |wanted: String| ChinchillaError::NoColumn {
        table: table.name.clone(),
        wanted,
        known: table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", "),
    };
    let losses = find(&LOSSES)?.ok_or_else(|| missing("a column `loss`".to_owned()))?;
    let (sizes, tokens, compute) = (find(&SIZES)?, find(&TOKENS)?, find(&COMPUTE)?);
    let pairs: Vec<(f64, f64)> = match (sizes, tokens, compute) {
        (Some(n), Some(d), _) => n.into_iter().zip(d).collect(),
        (Some(n), None, Some(c)) => n.into_iter().zip(c).map(|(n, c)| (n, c / FLOP / n)).collect(),
        (None, Some(d), Some(c)) => d.into_iter().zip(c).map(|(d, c)| (c / FLOP / d, d)).collect(),
        _ => {
            let wanted = format!(
                "columns for two of N ({}), D ({}) and C ({})",
                SIZES[1..].join(", "),
                TOKENS[1..].join(", "),
                COMPUTE[1..].join(", ")
            );
            return Err(missing(wanted));
        }
    };
    let run = |((parameters, tokens), loss)| Run { parameters, tokens, loss };
    Ok(pairs.into_iter().zip(losses).map(run).collect())
}

/// The forms of law that are compared; the first is the one that all else is about.
const FORMS: [(&str, Form); 4] = [
    ("additive", Form::Additive),
    ("without E", Form::WithoutIrreducible),
    ("joint", Form::Joint),
    ("broken", Form::Broken),
];
/// Forms whose laws have intervals. The parameters of a bend stand in for one another without end, so that resamples of
/// the runs would say where the search was stopped.
pub const N_RESAMPLED: usize = 3;

/// The tables `chinchilla_fit`, `chinchilla_forms`, `chinchilla_profile`, `chinchilla_frontier`, `chinchilla_runs`,
/// `chinchilla_resamples`, `chinchilla_isoflop`, `chinchilla_form_parameters`, `chinchilla_theories` and `chinchilla_published` of the runs in
/// `table`. `progress` is
/// told of each resample, of which each of [`N_RESAMPLED`] forms has its own.
///
/// # Errors
/// [`ChinchillaError`].
pub fn fits(
    table: &Table,
    options: FitOptions,
    progress: &(dyn Fn() + Sync),
) -> Result<[Table; 10], ChinchillaError> {
    let mut runs = runs(table)?;
    runs.sort_by(|a, b| a.loss.total_cmp(&b.loss));
    runs.truncate(runs.len().saturating_sub(options.n_dropped));
    runs.sort_by(|a, b| a.compute().total_cmp(&b.compute()));
    let no_law = |source| ChinchillaError::NoLaw { table: table.name.clone(), source };
    let mut laws = Vec::new();
    for (name, form) in FORMS {
        match fit_surface(&runs, form) {
            Ok(fit) => {
                let n = if laws.len() < N_RESAMPLED { options.n_resamples } else { 0 };
                let resamples = fit.bootstrap(&runs, n, options.seed, progress);
                laws.push((name, fit, resamples));
            }
            // The first form needs the least.
            Err(SurfaceError::TooFewRuns { .. } | SurfaceError::TooFewPlaces { .. })
                if !laws.is_empty() => {}
            Err(source) => return Err(no_law(source)),
        }
    }
    let (_, fit, resamples) = &laws[0];
    Ok([
        parameters(fit, resamples),
        forms(&laws, &runs, options.held_out),
        profile(fit, &runs),
        frontier(fit, resamples, &runs),
        residuals(fit, &runs),
        resamples_table(resamples),
        isoflop(fit, &runs),
        form_parameters(&laws),
        theories(&fit.parameters, resamples, CONFIDENCE),
        published(&runs),
    ])
}

/// The law of fitted parameters.
fn surface(parameters: &[f64]) -> LossSurface {
    LossSurface {
        size_coefficient: parameters[0],
        data_coefficient: parameters[1],
        irreducible: parameters[2],
        size_exponent: parameters[3],
        data_exponent: parameters[4],
    }
}

/// A quantity of the law, and its name.
type Quantity = (&'static str, fn(&[f64]) -> f64);

const QUANTITIES: [Quantity; 7] = [
    ("A", |p| p[0]),
    ("B", |p| p[1]),
    ("E", |p| p[2]),
    ("alpha", |p| p[3]),
    ("beta", |p| p[4]),
    ("a", |p| surface(p).size_allocation_exponent()),
    ("compute_exponent", |p| surface(p).compute_exponent()),
];

fn parameters(fit: &SurfaceFit, resamples: &[Vec<f64>]) -> Table {
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
    for (name, of) in QUANTITIES {
        let values: Vec<f64> = resamples.iter().map(|p| of(p)).collect();
        let ends = interval(resamples, &of, CONFIDENCE);
        let spread = superpose_stats::summary::summarise(&values).standard_deviation;
        table.push(vec![
            name.into(),
            of(&fit.parameters).into(),
            spread.into(),
            ends.map(|ends| ends.0).into(),
            ends.map(|ends| ends.1).into(),
            fit.objective.into(),
            fit.n_runs.into(),
            fit.n_starts.into(),
            fit.n_agreeing.into(),
        ]);
    }
    table
}

/// A form's name, its law, and the parameters of its resamples.
type Law = (&'static str, SurfaceFit, Vec<Vec<f64>>);

/// The forms on all runs, and on those with the most compute after the others alone.
fn forms(laws: &[Law], runs: &[Run], held_out: f64) -> Table {
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
    for (name, all, _) in laws {
        let errors = fit_surface(fitted, all.form).ok().filter(|_| !predicted.is_empty());
        let errors = errors.map(|fit| fit.errors_on(predicted));
        table.push(vec![
            (*name).into(),
            all.parameters.len().into(),
            all.objective.into(),
            fitted.len().into(),
            predicted.len().into(),
            errors.map(|errors| errors.0).into(),
            errors.map(|errors| errors.1).into(),
        ]);
    }
    table
}

fn form_parameters(laws: &[Law]) -> Table {
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
    for (name, fit, resamples) in laws {
        for (index, parameter) in fit.form.names().iter().enumerate() {
            let ends = interval(resamples, &|p| p[index], CONFIDENCE);
            table.push(vec![
                (*name).into(),
                (*parameter).into(),
                fit.parameters[index].into(),
                ends.map(|ends| ends.0).into(),
                ends.map(|ends| ends.1).into(),
            ]);
        }
    }
    table
}

fn profile(fit: &SurfaceFit, runs: &[Run]) -> Table {
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
        let (parameters, objective) = fit.with_irreducible(runs, irreducible);
        let law = surface(&parameters);
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

fn frontier(fit: &SurfaceFit, resamples: &[Vec<f64>], runs: &[Run]) -> Table {
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
    let of_runs = || runs.iter().map(Run::compute);
    let (low, high) = (of_runs().fold(f64::INFINITY, f64::min), of_runs().fold(0.0, f64::max));
    for step in 0..=FRONTIER {
        let at = low * (1e3 * high / low).powf(f64::from(step) / f64::from(FRONTIER));
        table.push(allocation_row(&fit.parameters, resamples, at, high));
    }
    table
}

/// A row of the frontier.
fn allocation_row(parameters: &[f64], resamples: &[Vec<f64>], at: f64, most: f64) -> Vec<Field> {
    let of = |p: &[f64], get: fn(&Allocation) -> f64| {
        surface(p).allocate(at).map_or(f64::NAN, |allocation| get(&allocation))
    };
    let quantity = |get: fn(&Allocation) -> f64| -> [Field; 3] {
        let ends = interval(resamples, &|p| of(p, get), CONFIDENCE);
        let (low, high) = ends.map_or((None, None), |ends| (Some(ends.0), Some(ends.1)));
        [of(parameters, get).into(), low.into(), high.into()]
    };
    let mut row = vec![at.into()];
    row.extend(quantity(|allocation| allocation.parameters));
    row.extend(quantity(|allocation| allocation.tokens));
    row.extend(quantity(|allocation| allocation.loss));
    row.push((at > most).then_some(at / most).into());
    row
}

fn residuals(fit: &SurfaceFit, runs: &[Run]) -> Table {
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

fn resamples_table(resamples: &[Vec<f64>]) -> Table {
    let mut table = Table::new(
        "chinchilla_resamples",
        "What do resamples of the runs give?",
        &[("A", "A"), ("B", "B"), ("E", "E"), ("alpha", "α"), ("beta", "β")],
    );
    for parameters in resamples {
        table.push(parameters.iter().copied().map(Field::from).collect());
    }
    table
}

/// What approach 2 finds, and what the law says there.
fn isoflop(fit: &SurfaceFit, runs: &[Run]) -> Table {
    let mut table = Table::new(
        "chinchilla_isoflop",
        "What are the best sizes by the parabola through runs of one compute (approach 2)?",
        &[
            ("C", "floating-point operations of the curve"),
            ("runs", "runs of the curve, of at most 1.25 times its least compute"),
            ("N", "parameters where the parabola is lowest"),
            ("loss", "its loss there"),
            ("N_law", "the best parameters by the fitted law"),
            ("a", "a of N ∝ C^a through all curves"),
            ("a_se", "its standard error"),
        ],
    );
    let points = lowest_points(runs);
    let law = size_law(&points);
    for point in &points {
        let best = surface(&fit.parameters).allocate(point.compute);
        table.push(vec![
            point.compute.into(),
            point.n_runs.into(),
            point.parameters.into(),
            point.loss.into(),
            best.ok().map(|best| best.parameters).into(),
            law.map(|law| -law.exponent).into(),
            law.map(|law| law.exponent_se).into(),
        ]);
    }
    table
}

/// The laws in a table `chinchilla_resamples`, or the one in a table `chinchilla_fit`.
///
/// # Errors
/// [`TableError`] when it is neither.
pub fn surfaces(table: &Table) -> Result<Vec<LossSurface>, TableError> {
    let names = ["A", "B", "E", "alpha", "beta"];
    if let Ok(of) = table.words("parameter") {
        let values = table.numbers("value")?;
        let value = |name: &str| {
            let row = of.iter().position(|parameter| parameter == name);
            row.map(|row| values[row]).ok_or_else(|| TableError::NoColumn {
                name: table.name.clone(),
                column: name.to_owned(),
                known: of.join(", "),
            })
        };
        let found = names.into_iter().map(value).collect::<Result<Vec<_>, _>>()?;
        return Ok(vec![surface(&found)]);
    }
    let columns: Vec<Vec<f64>> =
        names.iter().map(|name| table.numbers(name)).collect::<Result<_, _>>()?;
    let row = |row: usize| columns.iter().map(|column| column[row]).collect::<Vec<f64>>();
    Ok((0..table.rows.len()).map(|at| surface(&row(at))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chinchilla::law::BESIROGLU;

    fn table(columns: &str, value: impl Fn(f64, f64, f64) -> String) -> Table {
        let mut csv = format!("{columns}\n");
        for n in [1e8, 3e8, 1e9, 3e9, 1e10] {
            for d in [2e9, 1e10, 3e10, 1e11] {
                csv.push_str(&format!("{}\n", value(n, d, BESIROGLU.loss(n, d))));
            }
        }
        Table::from_csv("runs.csv", csv.as_bytes()).unwrap()
    }

    const OPTIONS: FitOptions =
        FitOptions { n_dropped: 0, held_out: 0.2, n_resamples: 20, seed: 0 };

    #[test]
    fn any_two_of_size_data_and_compute_are_enough() {
        let by = [
            table("N,D,loss", |n, d, l| format!("{n},{d},{l}")),
            table("Model Size,Training FLOP,loss", |n, d, l| format!("{n},{},{l}", 6.0 * n * d)),
            table("tokens,C,L", |n, d, l| format!("{d},{},{l}", 6.0 * n * d)),
        ];
        let first = runs(&by[0]).unwrap();
        for other in &by[1..] {
            for (a, b) in first.iter().zip(runs(other).unwrap()) {
                assert!((a.parameters / b.parameters - 1.0).abs() < 1e-12);
                assert!((a.tokens / b.tokens - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn exact_runs_give_their_law_their_frontier_and_no_residual() {
        let given = table("N,D,loss", |n, d, l| format!("{n},{d},{l}"));
        let [fit, forms, profile, frontier, of_runs, resamples, _, parameters, theories, published] =
            fits(&given, OPTIONS, &|| ()).unwrap();
        let truth = [482.01, 2085.43, 1.8172, 0.3478, 0.3658];
        for (ours, truth) in fit.numbers("value").unwrap().iter().zip(truth) {
            assert!((ours / truth - 1.0).abs() < 1e-3, "{ours} {truth}");
        }
        let objectives = forms.numbers("objective").unwrap();
        assert!(objectives[0] < objectives[1] && objectives[0] < objectives[2]);
        assert!(forms.numbers("held_out_error").unwrap()[0] < 1e-4);
        // So few numbers of tokens do not tell of a bend.
        assert!(objectives.len() == 3 && parameters.rows.len() == 5 + 4 + 4);
        // The runs are exactly of one of the published laws.
        let objectives = published.numbers("objective").unwrap();
        assert!(objectives[2] < 1e-20 && objectives[0] > 1e-6 && objectives[1] > 1e-6);
        let a = published.numbers("a").unwrap();
        for (found, expected) in a.iter().zip([0.4516, 0.4565, 0.5126]) {
            assert!((found - expected).abs() < 5e-5, "{found}");
        }
        assert_eq!(theories.words("theory").unwrap(), ["superposition", "quanta", "dimension"]);
        let of_joint = parameters.rows.iter().filter(|row| row[0].to_string() == "joint");
        assert!(of_joint.into_iter().all(|row| row.iter().all(|field| *field != Field::Missing)));
        assert!(profile.rows.len() > 30 && resamples.rows.len() == 20);
        let numbers = |column: &str| frontier.numbers(column).unwrap();
        for (c, n) in numbers("C").into_iter().zip(numbers("N")) {
            assert!((n / BESIROGLU.allocate(c).unwrap().parameters - 1.0).abs() < 1e-2);
        }
        assert!(of_runs.numbers("residual").unwrap().iter().all(|r| r.abs() < 1e-5));
        let read = surfaces(&fit).unwrap();
        assert!(read.len() == 1 && (read[0].irreducible - 1.8172).abs() < 1e-4);
        assert_eq!(surfaces(&resamples).unwrap().len(), 20);
    }

    #[test]
    fn what_is_wrong_with_runs_is_said() {
        let said = |csv: &str| {
            let table = Table::from_csv("runs.csv", csv.as_bytes()).unwrap();
            fits(&table, OPTIONS, &|| ()).unwrap_err().to_string()
        };
        assert!(said("N,D\n1,2\n").contains("must have a column `loss`; it has N, D"));
        assert!(said("N,loss\n1,2\n").contains("two of N"));
        assert!(
            said("N,D,loss\n1e9,2e9,3\n1e9,-2e9,3\n")
                .contains("row 2 must have a positive number in `D`, got `-2000000000`")
        );
        assert!(said("N,D,loss\n1e9,,3\n").contains("row 1"));
        assert!(
            said("N,D,loss\n1e9,2e9,3\n2e9,2e9,3\n").contains("needs more runs than that, got 2")
        );
        let one: String = (1..9).map(|d| format!("1e9,{d}e9,3\n")).collect();
        assert!(said(&format!("N,D,loss\n{one}")).contains("all runs together have 1 different N"));
        assert!(said("N,D,loss\n1e9,many,3\n").contains("must have a number in `D` of row 1"));
    }
}
