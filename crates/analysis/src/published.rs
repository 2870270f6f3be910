//! Published numbers beside ours: is the difference more than the scatter from seed to seed?
//!
//! [`published`] makes the table, and [`agreement`] sums it up.

use superpose_stats::summary::{Summary, mean_square, pooled_relative_deviation, summarise};

use crate::settings::with_fields;
use superpose_files::table::{Field, Table, TableError};

/// The column of the loss, in `results.csv` and in a table of published numbers.
const LOSS: &str = "loss.test";
/// The field that the scatter depends on most: it is pooled over all others.
const WIDTH: &str = "model.d_hidden";
/// Published fields are rounded: they are met within this fraction.
const ROUNDING: f64 = 1e-3;

/// One row for each of the `published`: a table with a column `loss.test` and columns of fields.
///
/// # Errors
/// [`TableError`] when `published` has no such column, or a column that `results` lacks.
pub fn published(results: &Table, published: &Table) -> Result<Table, TableError> {
    let losses = results.numbers(LOSS)?;
    let targets = published.numbers(LOSS)?;
    let names: Vec<String> =
        published.columns.iter().map(|c| c.name.clone()).filter(|name| name != LOSS).collect();
    let mut fields = Vec::new();
    for name in &names {
        fields.push((published.column(name)?, results.column(name)?, name == WIDTH));
    }
    let ours: Vec<Vec<f64>> = published
        .rows
        .iter()
        .map(|row| {
            let meets = |other: &Vec<Field>| fields.iter().all(|f| same(&row[f.0], &other[f.1]));
            let found = results.rows.iter().zip(&losses).filter(|(other, _)| meets(other));
            found.map(|(_, loss)| *loss).filter(|loss| loss.is_finite()).collect()
        })
        .collect();
    let scatter = |row: &Vec<Field>| {
        let alike = |other: &Vec<Field>| {
            fields.iter().all(|&(at, _, is_width)| !is_width || same(&row[at], &other[at]))
        };
        let of_alike = published.rows.iter().zip(&ours).filter(|(other, _)| alike(other));
        let summaries: Vec<Summary> = of_alike.map(|(_, losses)| summarise(losses)).collect();
        pooled_relative_deviation(&summaries)
    };
    let question = "Is what was published within our scatter from seed to seed?";
    let rows = published.rows.iter().map(|row| fields.iter().map(|f| row[f.0].clone()).collect());
    let besides = published.rows.iter().zip(targets).zip(&ours).map(|((row, target), losses)| {
        let ours = summarise(losses);
        (target, ours, target / ours.mean - 1.0, scatter(row))
    });
    let table = Table::of(
        "published",
        question,
        besides,
        &[
            ("published", "published loss, one training", &|b| b.0.into()),
            (
                "loss",
                "our mean test loss over the cells that have these fields, seeds apart",
                &|b| b.1.mean.into(),
            ),
            ("n_seeds", "how many there are", &|b| b.1.n.into()),
            ("deviation", "relative difference of the published loss from ours", &|b| b.2.into()),
            (
                "scatter",
                "relative standard deviation from seed to seed, pooled over all rows of the same width",
                &|b| b.3.into(),
            ),
            (
                "z",
                "deviation over its standard error, scatter · √(1 + 1/n_seeds): one published training \
             scatters as ours do",
                &|(_, ours, deviation, scatter)| {
                    (deviation / (scatter * (1.0 + 1.0 / ours.n as f64).sqrt())).into()
                },
            ),
        ],
    );
    Ok(with_fields(table, &names, rows))
}

/// How well the numbers of a table of [`published`] agree with ours, in a sentence, over those that have a
/// standard error. The mean square of their deviations is one if they scatter as ours do.
///
/// # Errors
/// [`TableError`] when the table lacks the column `z`.
pub fn agreement(table: &Table) -> Result<String, TableError> {
    let mut z = table.numbers("z")?;
    z.retain(|z| z.is_finite());
    let beyond = |limit: f64| z.iter().filter(|z| z.abs() > limit).count();
    Ok(format!(
        "{} of {} published losses compared: z² is {:.2} on average, {} are beyond 2 and \
         {} beyond 3 standard errors",
        z.len(),
        table.rows.len(),
        mean_square(&z),
        beyond(2.0),
        beyond(3.0)
    ))
}

fn same(published: &Field, ours: &Field) -> bool {
    match (published.number(), ours.number()) {
        (Some(published), Some(ours)) => (published - ours).abs() <= ROUNDING * published.abs(),
        _ => published == ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(csv: &str) -> Table {
        Table::from_csv("t", csv.as_bytes()).unwrap()
    }

    #[test]
    fn a_published_loss_is_as_far_off_as_seeds_scatter() {
        // At d = 10 the losses of two decays scatter by √2·1 % and √2·3 %: pooled by √10 %.
        let results = table(
            "train.weight_decay,model.d_hidden,train.seed,loss.test\n\
             0.77777777,10,0,0.99\n0.77777777,10,1,1.01\n\
             0.5,10,0,1.94\n0.5,10,1,2.06\n0.5,20,0,7\n0.5,20,1,9\n",
        );
        let targets = table(
            "train.weight_decay,model.d_hidden,loss.test\n0.7778,10,1.05\n0.5,10,2\n0.5,30,1\n",
        );
        let answer = published(&results, &targets).unwrap();
        let column = |name| answer.numbers(name).unwrap();
        assert_eq!(column("n_seeds"), [2.0, 2.0, 0.0]);
        assert!((column("loss")[0] - 1.0).abs() < 1e-12 && column("loss")[2].is_nan());
        let scatter = 0.01 * 10.0_f64.sqrt();
        assert!((column("scatter")[0] - scatter).abs() < 1e-12);
        assert!((column("z")[0] - 0.05 / (scatter * 1.5_f64.sqrt())).abs() < 1e-9);
        assert!(column("z")[1].abs() < 1e-9);
        let said = agreement(&answer).unwrap();
        assert!(said.starts_with("2 of 3 published") && said.contains("0 beyond 3"), "{said}");
    }

    #[test]
    fn a_field_that_no_cell_has_is_named() {
        let results = table("model.d_hidden,loss.test\n1,1\n");
        let said = published(&results, &table("m,loss.test\n1,1\n")).unwrap_err().to_string();
        assert!(said.contains("`m`"), "{said}");
    }
}
