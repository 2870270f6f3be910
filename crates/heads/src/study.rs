//! The answer of `superpose measure`: tables of heads, their pictures, and what to say of them.

use superpose_figures::study::{Note, Study};
use superpose_files::table::{Field, Table, TableError};

use crate::pictures::draw;
pub use crate::tables::Model;
use crate::tables::tables;

/// What is shown of each head.
const HEADER: [&str; 10] =
    ["model", "tensor", "n × d", "norm", "φ", "mean cos²", "centred", "1/d", "rank", "regime"];

/// The study of some heads: a sheet for each, and all of them against width.
///
/// # Errors
/// Never, as long as the words are about columns that the tables have.
pub fn study(models: &[Model]) -> Result<Study, TableError> {
    let tables = tables(models);
    let heads = tables.get("heads")?;
    let mut notes = vec![numbers(heads)?];
    let mut lines = verdicts(heads)?;
    lines.extend(laws(tables.get("head_fits")?)?);
    notes.extend(lines.into_iter().map(Note::Line));
    let convention = "Overlaps are cos² or |cos| between two different rows.";
    Ok(Study { convention, tables, draw: Box::new(draw), notes })
}

/// The most telling numbers, one row a head.
fn numbers(heads: &Table) -> Result<Note, TableError> {
    let sizes =
        heads.fields(["model", "tensor", "n_rows", "d_hidden", "effective_rank", "regime"])?;
    let norms = heads.fields(["norm_mean", "norm_std", "phi_half_of_mean"])?;
    let overlaps =
        heads.fields(["overlap_mean_square", "overlap_mean_square_centred", "overlap_random"])?;
    let mut rows = Vec::new();
    for ((sizes, [mean, std, phi]), overlaps) in sizes.into_iter().zip(norms).zip(overlaps) {
        let [model, tensor, n_rows, width, rank, regime] = sizes.map(|field| field.rounded(0));
        let [raw, centred, random] = overlaps.map(|field| field.rounded(5));
        let norm = format!("{} ± {}", norm(mean), norm(std));
        let size = format!("{n_rows} × {width}");
        let phi = phi.rounded(3);
        rows.push(vec![model, tensor, size, norm, phi, raw, centred, random, rank, regime]);
    }
    Ok(Note::rows(&HEADER, rows))
}

/// A norm for people; a small one, which two decimals would hide, by its power of ten.
fn norm(field: &Field) -> String {
    match field.number() {
        Some(norm) if norm > 0.0 && norm < 0.01 => format!("{norm:.2e}"),
        Some(norm) => format!("{norm:.2}"),
        None => field.rounded(2),
    }
}

/// Which tensor was chosen and what it is, and which rows were left out.
fn verdicts(heads: &Table) -> Result<Vec<String>, TableError> {
    let columns = ["model", "chosen", "regime", "reason", "zero_rows", "not_finite_rows"];
    let mut lines = Vec::new();
    for row in heads.fields(columns)? {
        let [model, chosen, regime, reason, zero, not_finite] = row.map(|field| field.rounded(0));
        lines.push(format!("{model}, {chosen}: {regime}, as {reason}"));
        for (n, what) in [(zero, "zero"), (not_finite, "not finite in single precision")] {
            match &*n {
                "0" => {}
                "1" => lines.push(format!("{model}: one row is {what} and was left out")),
                _ => lines.push(format!("{model}: {n} rows are {what} and were left out")),
            }
        }
    }
    Ok(lines)
}

/// Fewer heads than these leave an interval that says nothing.
const FEW: f64 = 5.0;

/// How overlaps fall with width.
fn laws(fits: &Table) -> Result<Vec<String>, TableError> {
    let rows = fits.fields(["overlaps", "exponent", "ci_low", "ci_high", "models"])?;
    let line = |[name, exponent, low, high, models]: [&Field; 5]| {
        let (exponent, models) = (exponent.number()?, models.number()?);
        let law =
            format!("{name} overlaps go as the power {:.2} of d over {models} heads", -exponent);
        let interval = match (low.number(), high.number()) {
            (Some(low), Some(high)) if models >= FEW => {
                format!("95 % interval by their scatter about the line {:.2} to {:.2}", -high, -low)
            }
            _ => "too few to say how sure that is".to_owned(),
        };
        Some(format!("{law}, {interval}").replace('-', "−"))
    };
    Ok(rows.into_iter().filter_map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(csv: &str) -> Table {
        Table::from_csv("t", csv.as_bytes()).unwrap()
    }

    #[test]
    fn an_interval_is_told_where_there_are_enough_heads_for_one() {
        let said = laws(&read(
            "overlaps,exponent,ci_low,ci_high,models\nraw,1.94,-14.194,18.07,3\ncentred,1,0.5,1.5,4\n\
             raw,1.05,0.9,1.204,5\nraw,-0.5,,,9\nraw,,,,\n",
        ));
        assert_eq!(
            said.unwrap(),
            [
                "raw overlaps go as the power −1.94 of d over 3 heads, too few to say how sure that is",
                "centred overlaps go as the power −1.00 of d over 4 heads, too few to say how sure that is",
                "raw overlaps go as the power −1.05 of d over 5 heads, 95 % interval by their scatter about the line \
             −1.20 to −0.90",
                "raw overlaps go as the power 0.50 of d over 9 heads, too few to say how sure that is",
            ]
        );
    }

    #[test]
    fn a_head_is_told_with_its_verdict_and_the_rows_that_were_left_out() {
        let heads = read(
            "model,chosen,regime,reason,zero_rows,not_finite_rows\n\
             a,a head of its own,strong,so it is,0,0\nb,as asked,weak,few are long,3,1\n",
        );
        assert_eq!(
            verdicts(&heads).unwrap(),
            [
                "a, a head of its own: strong, as so it is",
                "b, as asked: weak, as few are long",
                "b: 3 rows are zero and were left out",
                "b: one row is not finite in single precision and was left out",
            ]
        );
    }

    #[test]
    fn the_most_telling_numbers_of_a_head_are_one_row() {
        let heads = read(
            "model,tensor,n_rows,d_hidden,effective_rank,regime,norm_mean,norm_std,phi_half_of_mean,\
             overlap_mean_square,overlap_mean_square_centred,overlap_random\n\
             a,w,60,8,7,strong,2.8041,0.6694,0.98765,0.1231,,0.125\n",
        );
        let Note::Rows { header, rows } = numbers(&heads).unwrap() else { panic!("rows") };
        assert_eq!(header.len(), rows[0].len());
        assert_eq!(header[3..], ["norm", "φ", "mean cos²", "centred", "1/d", "rank", "regime"]);
        let row =
            ["a", "w", "60 × 8", "2.80 ± 0.67", "0.98765", "0.1231", "–", "0.125", "7", "strong"];
        assert_eq!(rows[0], row);
        let shown = |value: f64| norm(&value.into());
        assert_eq!([0.0, 1e-40, 0.0099, 0.01].map(shown), ["0.00", "1.00e-40", "9.90e-3", "0.01"]);
        assert_eq!(norm(&Field::Missing), "–");
    }
}
