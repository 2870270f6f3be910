//! `fit-loss`: one power law over groups of losses, each above an offset of its own:
//! `loss = A · x^-α + B`.
//!
//! **Source**: Liu, Liu & Gore 2025 (arXiv 2505.10465), figure 6b. [`fit`] fits the law, [`losses`] reads what is fitted and
//! `tables` makes the tables; their picture and words are here.

pub mod fit;
pub mod losses;
mod tables;

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use self::fit::fit_group_offsets;
use self::losses::{LossOptions, observations};
use crate::answer::alone;
use crate::fits::{FitError, WithLoss};

/// The law of the losses in a table: `loss_fit`, one row a parameter, and `loss_fit_points`, one
/// row a loss.
///
/// # Errors
/// [`FitError`], naming the table and what is wrong in it.
pub fn study(losses: &Table, options: &LossOptions) -> Result<Study, FitError> {
    let with_loss = WithLoss::of(losses, &options.y)?;
    let (observations, groups) = observations(&with_loss, options)?;
    let law = fit_group_offsets(&observations, groups.len())
        .map_err(|why| FitError::no_law("losses", losses, &why))?;
    let n_left_out = with_loss.n_left_out();
    let parameters = tables::parameters(&law, &observations, &groups, options, n_left_out);
    let mut notes = words(&parameters, options)?;
    notes.extend(with_loss.words());
    let points = tables::points(&law, &observations, &groups);
    let x = options.x.clone();
    Ok(Study {
        convention: "Losses are as in the file that was given.",
        tables: [parameters, points].into_iter().collect(),
        draw: Box::new(move |tables| draw(tables, &x)),
        notes,
    })
}

fn words(fit: &Table, options: &LossOptions) -> Result<Vec<Note>, TableError> {
    let interval = |low: &Field, high: &Field| format!("{} to {}", low.rounded(4), high.rounded(4));
    let row = |[parameter, group, value, low, high, from, to]: [&Field; 7]| {
        let parameter = format!("{parameter} {group}").trim_end().to_owned();
        vec![parameter, value.rounded(4), interval(low, high), interval(from, to)]
    };
    let rows = fit.fields([
        "parameter",
        "group",
        "value",
        "profile_low",
        "profile_high",
        "bootstrap_low",
        "bootstrap_high",
    ])?;
    let header =
        ["parameter", "value", "95 %, profile likelihood", "95 %, bootstrap within groups"];
    let mut notes = vec![Note::rows(&header, rows.into_iter().map(row).collect())];
    if let Some([deviation, n_points]) = fit.fields(["residual_std", "points"])?.first() {
        notes.push(Note::Line(format!(
            "{n_points} losses lie {} from A · x^-α + B (standard deviation)",
            deviation.rounded(4)
        )));
    }
    notes.extend(remarks(fit, options)?.into_iter().map(Note::Line));
    Ok(notes)
}

/// What should be known of the numbers in a table `loss_fit`.
fn remarks(
    fit: &Table,
    LossOptions { x, n_resamples, .. }: &LossOptions,
) -> Result<Vec<String>, TableError> {
    let mut lines = Vec::new();
    let rows = fit.fields(["parameter", "group", "value"])?;
    for [parameter, group, value] in rows {
        let is_negative = value.number().is_some_and(|value| value < 0.0);
        match parameter.to_string().as_str() {
            "A" if is_negative => lines.push(format!("A is negative: these losses rise with `{x}`")),
            "B" if is_negative => lines.push(format!(
                "B of `{group}` is negative, where no loss can end: these losses do not say how low they come"
            )),
            _ => {}
        }
    }
    let lacks = |columns: [&str; 2]| -> Result<bool, TableError> {
        Ok(fit.fields(columns)?.iter().flatten().any(|end| **end == Field::Missing))
    };
    if lacks(["profile_low", "profile_high"])? {
        lines.push(
            "– by profile likelihood: the losses do not bound the parameter on that side"
                .to_owned(),
        );
    }
    if *n_resamples == 0 {
        lines.push("no bootstrap: 0 resamples were asked for".to_owned());
    } else if lacks(["bootstrap_low", "bootstrap_high"])? {
        lines.push(format!(
            "no bootstrap: fewer than half of {n_resamples} resamples follow such a law"
        ));
    }
    Ok(lines)
}

/// The losses without their groups' offsets, about the law; `x` is what they fall with.
fn draw(tables: &Tables, x: &str) -> Result<Vec<Picture>, TableError> {
    let columns = Lines {
        group: Some("group"),
        guides: &[Guide { column: "law", label: "A · x⁻ᵅ", mark: Mark::Line }],
        mark: Mark::Dots,
        ..Lines::plain(
            ("x", Axis::logarithmic(x)),
            ("loss_minus_offset", Axis::logarithmic("loss − B of its group")),
        )
    };
    let caption =
        "A loss below its group's offset has no mark. Tables: loss_fit_points.csv, loss_fit.csv.";
    let panels = lines(tables.get("loss_fit_points")?, &columns)?;
    alone("loss_fit", ("One power law over groups of losses", caption), 1, panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(groups: &[&str]) -> LossOptions {
        LossOptions {
            x: "d".to_owned(),
            y: "loss".to_owned(),
            groups: groups.iter().map(|name| (*name).to_owned()).collect(),
            n_resamples: 50,
            seed: 0,
        }
    }

    fn table(csv: &str) -> Table {
        Table::from_csv("losses", csv.as_bytes()).unwrap()
    }

    #[test]
    fn groups_are_named_by_their_columns_and_have_their_offsets() {
        let mut csv = String::from("family,data,d,loss\n");
        for (family, data, offset) in [("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", 0.5)] {
            for d in [10.0_f64, 20.0, 40.0, 80.0, 160.0] {
                csv.push_str(&format!("{family},{data},{d},{}\n", 3.0 * d.powf(-0.7) + offset));
            }
        }
        let found = study(&table(&csv), &options(&["family", "data"])).unwrap();
        let [fit, points] = ["loss_fit", "loss_fit_points"].map(|t| found.tables.get(t).unwrap());
        assert_eq!(fit.words("group").unwrap(), ["", "", "a/x", "a/y", "b/x"]);
        for (ours, truth) in fit.numbers("value").unwrap().iter().zip([3.0, 0.7, 1.0, 2.0, 0.5]) {
            assert!((ours - truth).abs() < 1e-5, "{ours} {truth}");
        }
        assert_eq!(points.rows.len(), 15);
        let of = |column| points.numbers(column).unwrap();
        for (loss, fitted) in of("loss").iter().zip(of("fitted")) {
            assert!((loss - fitted).abs() < 1e-6);
        }
        let [Note::Rows { rows, .. }, Note::Line(line)] = &found.notes[..] else {
            panic!("rows and a line");
        };
        assert_eq!((rows.len(), &*rows[1][0], &*rows[1][1]), (5, "alpha", "0.7000"));
        assert!(rows[2][0] == "B a/x" && line.starts_with("15 losses lie 0.0000 from"), "{line}");
        let pictures = (found.draw)(&found.tables).unwrap();
        assert_eq!((pictures.len(), pictures[0].sheet.panels.len()), (1, 1));
    }

    /// The lines that are said of losses `a · d^-α + b` of one group at eight widths, after `more` rows.
    fn lines_of(law: [f64; 3], more: &str, n_resamples: usize) -> Vec<String> {
        let [a, alpha, b] = law;
        let row = |k: i32| {
            let d = 2.0_f64.powi(k);
            format!("{d},{}\n", a * d.powf(-alpha) + b + 1e-4 * f64::from(k * 7 % 5))
        };
        let csv: String = (3..11).map(row).collect();
        let options = LossOptions { n_resamples, ..options(&[]) };
        let notes = study(&table(&format!("d,loss\n{csv}{more}")), &options).unwrap().notes;
        let line = |note| if let Note::Line(line) = note { Some(line) } else { None };
        notes.into_iter().filter_map(line).collect()
    }

    #[test]
    fn what_should_be_known_of_a_fit_is_said() {
        let says = |lines: &[String], what: &str| lines.iter().any(|line| line.contains(what));
        let usual = lines_of([3.0, 0.7, 0.5], "", 50);
        assert_eq!(usual.len(), 1, "{usual:?}");
        // An offset below zero is inside the fit of such losses.
        let negative = lines_of([3.0, 0.2, -0.4], "", 0);
        assert!(
            says(&negative, "B of `all` is negative") && says(&negative, "0 resamples were asked")
        );
        assert!(says(
            &lines_of([-1.0, 0.5, 2.0], "", 50),
            "A is negative: these losses rise with `d`"
        ));
        for (more, said) in [
            ("99,nan\n", "1 row without a loss is left out"),
            ("99,\n,NA\n9,inf\n9,-\n", "4 rows without a loss are left out"),
        ] {
            let lines = lines_of([3.0, 0.7, 0.5], more, 50);
            assert!(says(&lines, said) && says(&lines, "8 losses lie"), "{lines:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said() {
        let said = |csv: &str, groups: &[&str]| {
            study(&table(csv), &options(groups)).unwrap_err().to_string()
        };
        let good = "d,loss\n1,3\n2,2\n4,1.5\n8,1.3\n";
        assert!(study(&table(good), &options(&[])).is_ok());
        assert!(said(good, &["family"]).contains("must have a column `family`"));
        assert!(
            said("d,loss\n1,3\n-2,2\n", &[])
                .contains("row 2 must have a positive number in `d`, got `-2`")
        );
        assert!(
            said("d,loss\n1,3\n2,-1\n", &[])
                .contains("row 2 must have a number, at least 0, in `loss`, got `-1`")
        );
        assert!(
            said("d,loss\n,3\n", &[])
                .contains("row 1 must have a positive number in `d`, got `no number`")
        );
        assert!(said("d,loss\n1,high\n", &[]).contains("must have a number in `loss` of row 1"));
        assert!(said("d,loss\n1,3\n", &[]).contains("`losses`"));
    }
}
