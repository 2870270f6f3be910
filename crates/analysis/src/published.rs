//! Published numbers beside ours: is the difference more than the scatter from seed to seed?
//!
//! [`published`] makes the table, and [`agreement`] sums it up.

use superpose_stats::summary::{Summary, mean_square, pooled_relative_deviation, summarise};
use superpose_store::quantity::Quantity;

use crate::settings::with_fields;
use superpose_files::table::{Field, Table, TableError};

/// The column of the loss, in `results.csv` and in a table of published numbers.
const LOSS: &str = "loss.test";
/// The field that the scatter depends on most: it is pooled over all others.
const WIDTH: &str = "model.d_hidden";
/// Published fields are rounded: they are met within this fraction.
const ROUNDING: f64 = 1e-3;

/// Fields in which the cells that a published loss is compared with may differ from it.
const SEEDS: [&str; 2] = ["train.seed", "data.seed"];

/// One row for each of the `published`: a table with a column `loss.test` and columns of fields, such as a
/// `results.csv` is. What was measured there is not compared, and a field that no cell of ours has only says
/// that those rows which have it are of other cells.
///
/// # Errors
/// [`TableError`] when `published` has no column of losses, or one that is neither a quantity nor a field of
/// ours though every row has it.
pub fn published(results: &Table, published: &Table) -> Result<Table, TableError> {
    let losses = results.numbers(LOSS)?;
    let targets = published.numbers(LOSS)?;
    let is_field = |name: &&str| Quantity::named(name).is_none();
    let columns = published.columns.iter().map(|column| column.name.as_str());
    let names: Vec<String> = columns.filter(is_field).map(str::to_owned).collect();
    let mut shown = Vec::new();
    let mut fields = Vec::new();
    for name in &names {
        let at = published.column(name)?;
        let ours = results.column(name);
        let some_lack_it = published.rows.iter().any(|row| row[at] == Field::Missing);
        let ours = if some_lack_it { ours.ok() } else { Some(ours?) };
        shown.push(at);
        if !SEEDS.contains(&name.as_str()) {
            fields.push((at, ours, name == WIDTH));
        }
    }
    let same = |field: &Field, other: &[Field], ours: Option<usize>| match ours {
        Some(at) => same(field, &other[at]),
        None => *field == Field::Missing,
    };
    let ours: Vec<Vec<f64>> = published
        .rows
        .iter()
        .map(|row| {
            let meets = |other: &Vec<Field>| fields.iter().all(|f| same(&row[f.0], other, f.1));
            let found = results.rows.iter().zip(&losses).filter(|(other, _)| meets(other));
            found.map(|(_, loss)| *loss).filter(|loss| loss.is_finite()).collect()
        })
        .collect();
    let scatter = |row: &Vec<Field>| {
        let alike = |other: &Vec<Field>| {
            fields.iter().all(|&(at, _, is_width)| !is_width || same(&row[at], other, Some(at)))
        };
        let of_alike = published.rows.iter().zip(&ours).filter(|(other, _)| alike(other));
        let summaries: Vec<Summary> = of_alike.map(|(_, losses)| summarise(losses)).collect();
        pooled_relative_deviation(&summaries)
    };
    let question = "Is what was published within our scatter from seed to seed?";
    let rows = published.rows.iter().map(|row| shown.iter().map(|at| row[*at].clone()).collect());
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
/// [`TableError`] when the table lacks a column.
pub fn agreement(table: &Table) -> Result<String, TableError> {
    let n_found = table.numbers("n_seeds")?.into_iter().filter(|n| *n > 0.0).count();
    let mut z = table.numbers("z")?;
    z.retain(|z| z.is_finite());
    let beyond = |limit: f64| z.iter().filter(|z| z.abs() > limit).count();
    let n_published = table.rows.len();
    if z.is_empty() {
        let why = if n_found == 0 {
            "no cell has their fields"
        } else {
            "none has a standard error, which takes cells that differ in nothing but their seed"
        };
        return Ok(format!("{n_found} of {n_published} published losses have cells here; {why}"));
    }
    Ok(format!(
        "{} of {n_published} published losses compared: z² is {:.2} on average, {} are beyond 2 and \
         {} beyond 3 standard errors",
        z.len(),
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
    fn losses_of_one_seed_are_found_and_have_no_standard_error() {
        let results = table("model.d_hidden,train.seed,loss.test\n10,0,1\n20,0,0.5\n30,0,0.3\n");
        let targets = table("model.d_hidden,loss.test\n10,1.05\n20,0.5\n40,0.1\n");
        let answer = published(&results, &targets).unwrap();
        let said = agreement(&answer).unwrap();
        assert!(
            said.starts_with("2 of 3 published losses have cells here; none has a standard error"),
            "{said}"
        );
        let none = published(&results, &table("model.d_hidden,loss.test\n40,0.1\n")).unwrap();
        assert!(agreement(&none).unwrap().ends_with("no cell has their fields"));
    }

    #[test]
    fn what_was_measured_and_the_seed_are_not_compared_and_a_field_of_other_cells_only_leaves_those_out()
     {
        let results = table(
            "model.d_hidden,train.seed,loss.test,wall_s\n10,0,0.99,3\n10,1,1.01,3\n20,0,0.5,3\n20,1,0.52,3\n",
        );
        // As another run's results, where some cells have a field that none of ours has.
        let targets = table(
            "model.d_hidden,data.frequencies.scale,train.seed,loss.test,wall_s,phi_half\n\
             10,,7,1.0,99,0.5\n20,2,0,0.51,1,0.5\n20,,0,0.51,1,1\n",
        );
        let answer = published(&results, &targets).unwrap();
        assert_eq!(answer.numbers("n_seeds").unwrap(), [2.0, 0.0, 2.0]);
        assert_eq!(answer.words("train.seed").unwrap(), ["7", "0", "0"]);
        assert!(answer.column("wall_s").is_err() && answer.numbers("z").unwrap()[0].abs() < 1e-9);
        assert!(agreement(&answer).unwrap().starts_with("2 of 3 published losses compared"));
    }

    #[test]
    fn published_fields_are_met_within_their_rounding() {
        let of = |ours: &str, theirs: &str| same(&Field::from(theirs), &Field::from(ours));
        assert!(of("1000.5", "1000") && !of("1002", "1000"));
        assert!(!of("0.0102", "0.01") && of("0.010009", "0.01") && of("-0.5557", "-0.5556"));
        assert!(of("power", "power") && !of("power", "zipf") && of("", "") && !of("1", ""));
    }

    #[test]
    fn a_field_that_no_cell_has_is_named() {
        let results = table("model.d_hidden,loss.test\n1,1\n");
        let said = published(&results, &table("m,loss.test\n1,1\n")).unwrap_err().to_string();
        assert!(said.contains("`m`"), "{said}");
    }
}
