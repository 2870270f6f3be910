//! The single rows of a model's `W`: which features are represented.

use superpose_analysis::run::Finished;
use superpose_files::table::Table;
use superpose_geometry::Rows;
use superpose_geometry::dead::dead_outputs;
use superpose_geometry::norms::row_norms;

use crate::cells::{KEY, key};
use crate::figure::Evidence;

/// One row a feature of each of the `cells` whose weights are at hand.
pub fn row_table(
    name: &str,
    question: &str,
    cells: &[&Finished],
    evidence: &Evidence<'_>,
) -> Table {
    let mut columns = KEY.to_vec();
    columns.extend([
        ("feature", "rank of the feature by frequency, from 1"),
        ("frequency", "probability p that it is active"),
        ("norm", "norm of its row of W"),
        ("above_one", "1 where the norm is above 1, else 0"),
        ("bias", "its entry of b"),
        ("dead", "1 where its output cannot fire, else 0"),
    ]);
    let mut table = Table::new(name, question, &columns);
    for finished in cells {
        let cell = &finished.record.cell;
        let Some(weights) = evidence.weights.get(&finished.record.cell_id) else { continue };
        let norms = row_norms(Rows::new(&weights.weights, weights.d_hidden));
        let dead = dead_outputs(&norms, &weights.bias, cell.value_distribution().supremum());
        for (feature, norm) in norms.into_iter().enumerate() {
            let bias = f64::from(weights.bias[feature]);
            let short = |value: f64| (value * 1e5).round() / 1e5;
            let mut row = key(cell);
            row.extend([
                (feature + 1).into(),
                finished.probabilities[feature].into(),
                short(norm).into(),
                usize::from(norm > 1.0).into(),
                short(bias).into(),
                usize::from(dead[feature]).into(),
            ]);
            table.push(row);
        }
    }
    table
}
