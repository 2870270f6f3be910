//! `theory chinchilla fit`: the loss of trained language models as a law of size and data.
//!
//! [`surface`] fits laws of several forms, [`runs`] reads what is fitted, `spread` refuses runs that do not
//! say what the fit asks, `doubts` laws that say no more than simpler ones, [`isoflop`] is the other way to
//! find the best size and `theories` what others say; the tables are made there and in `tables`, their
//! picture in `picture`, and their words here.

mod doubts;
pub mod isoflop;
mod picture;
pub mod runs;
mod spread;
pub mod surface;
pub(crate) mod tables;
mod theories;

use superpose_figures::study::{Note, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use self::runs::{Columns, Read};
use self::surface::{Terms, additive, fit_surface};
use self::tables::FittedForm;
use crate::chinchilla::law::LossSurface;
use crate::draws::Progress;
use crate::fits::FitError;

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

impl FitOptions {
    /// How often `progress` of [`study`] is called at most: once for each resample of each form
    /// with intervals.
    pub fn n_steps(&self) -> usize {
        self.n_resamples * Terms::ALL.iter().filter(|form| form.has_intervals()).count()
    }
}

/// The additive law of the runs in `table`, with its profile, frontier and residuals; laws of other
/// forms beside it; and what approach 2, theories and published laws say of the same runs.
/// `progress` is called after each resample.
///
/// # Errors
/// [`FitError`], naming the table and what is wrong in it.
pub fn study(
    table: &Table,
    columns: &Columns,
    options: FitOptions,
    progress: Progress<'_>,
) -> Result<Study, FitError> {
    let Read { mut runs, n_left_out, compute_ratio, notes: of_reading } =
        runs::read(table, columns)?;
    runs.sort_by(|a, b| a.loss.total_cmp(&b.loss));
    runs.truncate(runs.len().saturating_sub(options.n_dropped));
    runs.sort_by(|a, b| a.compute().total_cmp(&b.compute()));
    let mut laws = Vec::new();
    for form in Terms::ALL {
        let checked = |fit| match form {
            Terms::Additive => doubts::check_fit(&fit, &runs).map(|()| fit),
            Terms::WithoutIrreducible | Terms::Joint | Terms::Broken => Ok(fit),
        };
        match fit_surface(&runs, form).and_then(checked) {
            Ok(fit) => {
                let n_resamples = if form.has_intervals() { options.n_resamples } else { 0 };
                let resamples = fit.bootstrap(&runs, n_resamples, options.seed, progress);
                laws.push(FittedForm { fit, resamples });
            }
            // The first form needs the fewest runs, so others may have too few.
            Err(why) if laws.is_empty() => return Err(FitError::no_law("runs", table, &why)),
            Err(_) => {}
        }
    }
    let FittedForm { fit, resamples } = &laws[0];
    // The first form is additive.
    let law = additive(&fit.parameters);
    let resamples: Vec<LossSurface> = resamples.iter().map(|one| additive(one)).collect();
    let tables: Tables = [
        tables::parameters(fit, &law, &resamples, (runs.len(), n_left_out, compute_ratio)),
        tables::forms(&laws, &runs, options.held_out),
        tables::profile(fit, &runs),
        tables::frontier(&law, &resamples, &runs),
        tables::residuals(fit, &runs),
        tables::resamples(&resamples),
        isoflop::isoflop(&law, &runs),
        isoflop::parabolas(&runs),
        tables::contours(&law, &runs),
        tables::form_parameters(&laws),
        theories::theories(&law, &resamples),
        theories::published(&runs),
    ]
    .into_iter()
    .collect();
    let mut notes = of_reading;
    notes.extend(words(tables.get("chinchilla_fit")?, tables.get("chinchilla_forms")?)?);
    let published = tables.get("chinchilla_published")?;
    notes.extend(theories::words(tables.get("chinchilla_theories")?, published)?);
    notes.extend(isoflop::words(tables.get("chinchilla_isoflop")?, &law)?);
    let convention = "Losses are in the unit of the file that was given.";
    Ok(Study { convention, tables, draw: Box::new(picture::draw), notes })
}

/// What to say of the law, and of the forms beside it.
fn words(fit: &Table, forms: &Table) -> Result<Vec<Note>, TableError> {
    let row = |[parameter, value, se, low, high]: [&Field; 5]| {
        let interval = format!("{} to {}", low.short(), high.short());
        vec![parameter.to_string(), value.short(), se.short(), interval]
    };
    let rows = fit.fields(["parameter", "value", "se", "ci_low", "ci_high"])?;
    let rows = rows.into_iter().map(row).collect();
    let header = ["parameter", "value", "se, bootstrap", "95 %, bootstrap over runs"];
    let mut notes = vec![Note::rows(&header, rows)];
    if fit.fields(["ci_low"])?.iter().all(|[low]| **low == Field::Missing) {
        notes.push(Note::Line("no intervals: 0 resamples were asked for".to_owned()));
    }
    let search = fit.fields(["objective", "runs", "starts", "starts_agreeing"])?;
    if let Some([objective, n_runs, starts, agreeing]) = search.first() {
        notes.push(Note::Line(format!(
            "{n_runs} runs; sum of Huber's function {}; {agreeing} of {starts} starts agree",
            objective.short()
        )));
    }
    notes.extend(words_of_forms(forms)?);
    for [parameter, value] in fit.fields(["parameter", "value"])? {
        let falls = value.number().is_some_and(|value| value > 0.0);
        let parameter = parameter.to_string();
        if ["alpha", "beta"].contains(&&*parameter) && !falls {
            notes.push(Note::Line(format!(
                "{parameter} is not positive: these losses do not fall, and no law describes them"
            )));
        }
    }
    Ok(notes)
}

fn words_of_forms(forms: &Table) -> Result<Vec<Note>, TableError> {
    let percent = |field: &Field| match field.number() {
        Some(value) if value.abs() >= 1e3 => format!("{:+.2e} %", 100.0 * value),
        Some(value) => format!("{:+.2} %", 100.0 * value),
        None => "–".to_owned(),
    };
    let row = |[form, parameters, objective, error, bias]: [&Field; 5]| {
        let (form, parameters) = (form.to_string(), parameters.to_string());
        vec![form, parameters, objective.short(), percent(error), percent(bias)]
    };
    let columns = ["form", "parameters", "objective", "held_out_error", "held_out_bias"];
    let rows = forms.fields(columns)?.into_iter().map(row).collect();
    let header = ["form", "parameters", "objective", "held-out error", "bias"];
    let mut notes = vec![Note::rows(&header, rows)];
    if let Some([fitted, held_out]) = forms.fields(["runs_fitted", "runs_held_out"])?.first() {
        notes.push(Note::Line(format!(
            "held out: the {held_out} runs with the most compute, after {fitted} others"
        )));
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::tables::{law_of, laws_of};
    use super::*;
    use crate::chinchilla::law::BESIROGLU;

    fn runs_of_a_law() -> Table {
        let mut csv = String::from("N,D,loss\n");
        for n in [1e8, 3e8, 1e9, 3e9, 1e10] {
            for d in [2e9, 1e10, 3e10, 1e11] {
                csv.push_str(&format!("{n},{d},{}\n", BESIROGLU.loss(n, d)));
            }
        }
        Table::from_csv("runs.csv", csv.as_bytes()).unwrap()
    }

    const OPTIONS: FitOptions =
        FitOptions { n_dropped: 0, held_out: 0.2, n_resamples: 20, seed: 0 };

    #[test]
    fn exact_runs_give_their_law_their_frontier_and_no_residual() {
        let steps = AtomicUsize::new(0);
        let count = || {
            steps.fetch_add(1, Ordering::Relaxed);
        };
        let found = study(&runs_of_a_law(), &Columns::default(), OPTIONS, &count).unwrap();
        assert_eq!(steps.into_inner(), OPTIONS.n_steps());
        let [fit, forms, profile, frontier, of_runs, resamples, parameters, theories, published] =
            [
                "fit",
                "forms",
                "profile",
                "frontier",
                "runs",
                "resamples",
                "form_parameters",
                "theories",
                "published",
            ]
            .map(|name| found.tables.get(&format!("chinchilla_{name}")).unwrap());
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
        let of_joint = |row: &&Vec<Field>| row[0].to_string() == "joint";
        let mut of_joint = parameters.rows.iter().filter(of_joint).flatten();
        assert!(of_joint.all(|field| *field != Field::Missing));
        assert!(profile.rows.len() > 30 && resamples.rows.len() == 20);
        let numbers = |column: &str| frontier.numbers(column).unwrap();
        for (c, n) in numbers("C").into_iter().zip(numbers("N")) {
            assert!((n / BESIROGLU.allocate(c).unwrap().parameters - 1.0).abs() < 1e-2);
        }
        assert!(of_runs.numbers("residual").unwrap().iter().all(|r| r.abs() < 1e-5));
        assert!((law_of(fit).unwrap().irreducible - 1.8172).abs() < 1e-4);
        assert_eq!(laws_of(resamples).unwrap().len(), 20);
        let pictures = (found.draw)(&found.tables).unwrap();
        assert_eq!((pictures.len(), pictures[0].sheet.panels.len()), (1, 6));
        let said = |text: &str| {
            found.notes.iter().any(|note| matches!(note, Note::Line(line) if line.contains(text)))
        };
        assert!(said("81 of 81 starts agree") && said("held out: the 4 runs"));
        assert!(said("from 1/16 to 16 of the best") && !said("do not fall"));
        assert_eq!(fit.numbers("rows_left_out").unwrap(), [0.0; 7]);
        assert!(fit.numbers("C_over_6ND").unwrap().iter().all(|ratio| ratio.is_nan()));
        let compute = numbers("C");
        let (least, most) = (6.0 * 1e8 * 2e9, 6.0 * 1e10 * 1e11);
        assert!((compute[0] / least - 1.0).abs() < 1e-9 && compute.len() == 41);
        assert!((compute[40] / (1e3 * most) - 1.0).abs() < 1e-9 && compute.is_sorted());
        for (c, beyond) in compute.iter().zip(numbers("beyond")) {
            assert!(if *c > most {
                (beyond * most / c - 1.0).abs() < 1e-9
            } else {
                beyond.is_nan()
            });
        }
        // Forms with intervals have them, the bend none.
        assert!(parameters.numbers("ci_low").unwrap().iter().all(|low| low.is_finite()));
    }

    #[test]
    fn a_bend_is_fitted_without_intervals_and_rows_that_are_left_out_are_counted() {
        let mut csv = String::from("C,N,D,loss\n");
        for n in [1e8, 1e9, 1e10] {
            for d in [1e9, 2e9, 4e9, 8e9, 1.6e10, 3.2e10, 6.4e10] {
                csv.push_str(&format!("{},{n},{d},{}\n", 9.0 * n * d, BESIROGLU.loss(n, d)));
            }
        }
        csv.push_str("1,2,3,nan\n");
        let table = Table::from_csv("runs.csv", csv.as_bytes()).unwrap();
        let options = FitOptions { n_resamples: 0, n_dropped: 2, held_out: 0.0, ..OPTIONS };
        let found = study(&table, &Columns::default(), options, &|| ()).unwrap();
        let get = |name: &str| found.tables.get(name).unwrap();
        assert_eq!(get("chinchilla_forms").words("form").unwrap().last().unwrap(), "broken");
        let fit = get("chinchilla_fit");
        assert_eq!(
            (fit.numbers("runs").unwrap()[0], fit.numbers("rows_left_out").unwrap()[0]),
            (19.0, 1.0)
        );
        assert!((fit.numbers("C_over_6ND").unwrap()[0] - 1.5).abs() < 1e-12);
        let says = |text: &str| {
            found.notes.iter().any(|note| matches!(note, Note::Line(line) if line.contains(text)))
        };
        assert!(says("no intervals: 0 resamples") && says("1 row without a loss is left out"));
        assert!(get("chinchilla_forms").numbers("held_out_error").unwrap()[0].is_nan());
    }

    #[test]
    fn a_form_with_intervals_is_resampled_and_one_without_is_not() {
        let mut csv = String::from("N,D,loss\n");
        for n in [1e8, 1e9, 1e10] {
            for d in [1e9, 2e9, 4e9, 8e9, 1.6e10, 3.2e10, 6.4e10] {
                csv.push_str(&format!("{n},{d},{}\n", BESIROGLU.loss(n, d)));
            }
        }
        let table = Table::from_csv("runs.csv", csv.as_bytes()).unwrap();
        let found = study(&table, &Columns::default(), OPTIONS, &|| ()).unwrap();
        let parameters = found.tables.get("chinchilla_form_parameters").unwrap();
        let rows = parameters
            .words("form")
            .unwrap()
            .into_iter()
            .zip(parameters.numbers("ci_low").unwrap());
        assert!(rows.clone().any(|(form, _)| form == "broken"));
        for (form, low) in rows {
            assert_eq!(low.is_finite(), form != "broken", "{form}");
        }
    }

    #[test]
    fn what_is_wrong_with_runs_is_said() {
        let said = |csv: &str| {
            let table = Table::from_csv("runs.csv", csv.as_bytes()).unwrap();
            study(&table, &Columns::default(), OPTIONS, &|| ()).unwrap_err().to_string()
        };
        assert!(
            said("N,D\n1,2\n")
                .contains("must have a column `loss` (--loss names another); it has N, D")
        );
        assert!(said("N,loss\n1,2\n").contains("two of N (parameters)"));
        assert!(
            said("N,D,loss\n1e9,2e9,3\n1e9,-2e9,3\n")
                .contains("row 2 must have a positive number in `D`, got `-2000000000`")
        );
        assert!(said("N,D,loss\n1e9,,3\n").contains("row 1"));
        assert!(
            said("N,D,loss\n1e9,2e9,-3\n").contains("row 1 must have a positive number in `loss`")
        );
        assert!(
            said("N,D,loss\n1e9,2e9,3\n2e9,2e9,3\n").contains("needs more runs than that, got 2")
        );
        let rows = |row: &dyn Fn(i32) -> String| {
            format!("N,D,loss\n{}", (1..12).map(row).collect::<String>())
        };
        let said_of = |row: &dyn Fn(i32) -> String| said(&rows(row));
        assert!(
            said_of(&|k| format!("1e9,{k}e9,3\n")).contains("all runs together have 1 different N")
        );
        let apart = |k: i32| (2_f64.powi(k), 2_f64.powi(k * 7 % 11));
        let equal = said_of(&|k| format!("{}e8,{}e9,3\n", apart(k).0, apart(k).1));
        assert!(
            equal.contains("runs.csv") && equal.contains("all losses are the same, 3"),
            "{equal}"
        );
        let together = said_of(&|k| format!("{k}e8,{k}e9,{}\n", 3.0 - 0.1 * f64::from(k)));
        assert!(together.contains("grow together"), "{together}");
        let noise = |k: i32| f64::from(k * 5 % 11) * 1e-4;
        let flat = said_of(&|k| format!("{}e8,{}e9,{}\n", apart(k).0, apart(k).1, 3.0 + noise(k)));
        assert!(flat.contains("than by a constant") || flat.contains("told from chance"), "{flat}");
        assert!(said("N,D,loss\n1e9,many,3\n").contains("must have a number in `D` of row 1"));
    }
}
