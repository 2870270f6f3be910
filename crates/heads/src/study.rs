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
        let norm = format!("{} ± {}", mean.rounded(2), std.rounded(2));
        let size = format!("{n_rows} × {width}");
        let phi = phi.rounded(3);
        rows.push(vec![model, tensor, size, norm, phi, raw, centred, random, rank, regime]);
    }
    Ok(Note::rows(&HEADER, rows))
}

/// Which tensor was chosen and what it is, and which rows were left out.
fn verdicts(heads: &Table) -> Result<Vec<String>, TableError> {
    let columns = ["model", "chosen", "regime", "reason", "zero_rows", "not_finite_rows"];
    let mut lines = Vec::new();
    for row in heads.fields(columns)? {
        let [model, chosen, regime, reason, zero, not_finite] = row.map(|field| field.rounded(0));
        lines.push(format!("{model}, {chosen}: {regime}, as {reason}"));
        for (n, what) in [(zero, "zero"), (not_finite, "not finite")] {
            if n != "0" {
                lines.push(format!("{model}: {n} rows are {what} and were left out"));
            }
        }
    }
    Ok(lines)
}

/// How overlaps fall with width.
fn laws(fits: &Table) -> Result<Vec<String>, TableError> {
    let rows = fits.fields(["overlaps", "exponent", "ci_low", "ci_high"])?;
    let line = |[name, exponent, low, high]: [&Field; 4]| {
        let [exponent, low, high] = [exponent.number()?, low.number()?, high.number()?];
        let line = format!(
            "{name} overlaps go as d^{:.2} over these models, 95 % interval {:.2} to {:.2}",
            -exponent, -high, -low
        );
        Some(line.replace('-', "−"))
    };
    Ok(rows.into_iter().filter_map(line).collect())
}
