//! One power law over groups of losses, each with an offset of its own: from a table of losses to tables of the
//! fit.

use crate::group_offsets::fit::{
    GroupOffsets, GroupOffsetsError, Observation, Parameter, bootstrap_intervals, fit_group_offsets,
};
use crate::prediction::scale_law::ScaleLawError;

use superpose_files::table::{Field, Table, TableError};

/// Which columns hold what, and how intervals are taken.
#[derive(Debug, Clone, PartialEq)]
pub struct LossFitOptions {
    /// The column of widths, or of whatever the loss falls with.
    pub x: String,
    /// The column of losses.
    pub y: String,
    /// The columns whose values, together, name a group; with none all rows are one.
    pub groups: Vec<String>,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Resamples of the bootstrap.
    pub n_resamples: usize,
    /// Its seed.
    pub seed: u64,
}

/// Why losses cannot be fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LossFitError {
    /// A column is missing, or holds a word.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A value is missing or not allowed.
    #[error("`{table}`: row {row} must have {allowed} in `{column}`, got `{value}`")]
    Value {
        /// The table.
        table: String,
        /// The row, from 1, without the header.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        value: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// There is no such law.
    #[error("no law fits the losses in `{table}`: {source}")]
    NoLaw {
        /// The table.
        table: String,
        /// Why.
        source: GroupOffsetsError,
    },
    /// Not even a power law.
    #[error("no law fits the losses in `{table}`: {source}")]
    NoScaleLaw {
        /// The table.
        table: String,
        /// Why.
        source: ScaleLawError,
    },
}

/// The tables `loss_fit`, one row a parameter, and `loss_fit_points`, one row a loss.
///
/// # Errors
/// [`LossFitError`], naming the table, the row and the column.
pub fn loss_fit(losses: &Table, options: &LossFitOptions) -> Result<[Table; 2], LossFitError> {
    let (observations, groups) = observations(losses, options)?;
    let law = fit_group_offsets(&observations, groups.len())
        .map_err(|source| LossFitError::NoLaw { table: losses.name.clone(), source })?;
    let parameters = parameters(&law, &observations, &groups, options);
    Ok([parameters, points(&law, &observations, &groups)])
}

/// The observations in a table, and the names of their groups in order of appearance.
pub(crate) fn observations(
    losses: &Table,
    options: &LossFitOptions,
) -> Result<(Vec<Observation>, Vec<String>), LossFitError> {
    let (x, y) = (losses.numbers(&options.x)?, losses.numbers(&options.y)?);
    let columns: Vec<Vec<String>> =
        options.groups.iter().map(|name| losses.words(name)).collect::<Result<_, _>>()?;
    let check = |row: usize, column: &str, value: f64, good: bool, allowed| {
        let wrong = || LossFitError::Value {
            table: losses.name.clone(),
            row: row + 1,
            column: column.to_owned(),
            value: if value.is_nan() { "no number".to_owned() } else { value.to_string() },
            allowed,
        };
        if good { Ok(()) } else { Err(wrong()) }
    };
    let mut groups: Vec<String> = Vec::new();
    let mut observations = Vec::new();
    for (row, (x, y)) in x.into_iter().zip(y).enumerate() {
        check(row, &options.x, x, x.is_finite() && x > 0.0, "a positive number")?;
        check(row, &options.y, y, y.is_finite() && y >= 0.0, "a number, at least 0,")?;
        let words: Vec<&str> = columns.iter().map(|column| &*column[row]).collect();
        let name = if words.is_empty() { "all".to_owned() } else { words.join("/") };
        let known = groups.iter().position(|group| *group == name);
        let group = known.unwrap_or_else(|| {
            groups.push(name);
            groups.len() - 1
        });
        observations.push(Observation { x, y, group });
    }
    Ok((observations, groups))
}

fn parameters(
    law: &GroupOffsets,
    observations: &[Observation],
    groups: &[String],
    options: &LossFitOptions,
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

fn points(law: &GroupOffsets, observations: &[Observation], groups: &[String]) -> Table {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn options(groups: &[&str]) -> LossFitOptions {
        LossFitOptions {
            x: "d".to_owned(),
            y: "loss".to_owned(),
            groups: groups.iter().map(|name| (*name).to_owned()).collect(),
            confidence: 0.95,
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
        let [fit, points] = loss_fit(&table(&csv), &options(&["family", "data"])).unwrap();
        assert_eq!(fit.words("group").unwrap(), ["", "", "a/x", "a/y", "b/x"]);
        for (ours, truth) in fit.numbers("value").unwrap().iter().zip([3.0, 0.7, 1.0, 2.0, 0.5]) {
            assert!((ours - truth).abs() < 1e-5, "{ours} {truth}");
        }
        assert_eq!(points.rows.len(), 15);
        let of = |column| points.numbers(column).unwrap();
        for (loss, fitted) in of("loss").iter().zip(of("fitted")) {
            assert!((loss - fitted).abs() < 1e-6);
        }
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said() {
        let said = |csv: &str, groups: &[&str]| {
            loss_fit(&table(csv), &options(groups)).unwrap_err().to_string()
        };
        let good = "d,loss\n1,3\n2,2\n4,1.5\n8,1.3\n";
        assert!(loss_fit(&table(good), &options(&[])).is_ok());
        assert!(said(good, &["family"]).contains("must have a column `family`"));
        assert!(
            said("d,loss\n1,3\n-2,2\n", &[])
                .contains("row 2 must have a positive number in `d`, got `-2`")
        );
        assert!(
            said("d,loss\n1,3\n2,\n", &[])
                .contains("row 2 must have a number, at least 0, in `loss`")
        );
        assert!(said("d,loss\n1,-3\n", &[]).contains("row 1"));
        assert!(said("d,loss\n1,high\n", &[]).contains("must have a number in `loss` of row 1"));
        assert!(said("d,loss\n1,3\n", &[]).contains("`losses`"));
    }
}
