//! How many features are represented, how many outputs are dead, and which regime that is.

use crate::regime::Evidence;
use crate::run::{Finished, Run};
use crate::settings::{row_start, setting_fields, values, with_fields};
use superpose_files::table::Table;
use superpose_store::record::Measured;

/// One row a trained cell.
pub fn representation(run: &Run) -> Table {
    let question = "How many features are represented, and which regime is that?";
    let names = setting_fields(run);
    let trained = run.finished.iter().filter_map(|f| Some((f, f.measured()?, Evidence::of(f)?)));
    let trained: Vec<(&Finished, &Measured, Evidence)> = trained.collect();
    let table = Table::of(
        "representation",
        question,
        &trained,
        &[
            ("d_hidden", "hidden width d", &|t| t.2.d_hidden.into()),
            ("n_features", "number of features n", &|t| t.2.n_features.into()),
            ("weight_decay", "signed weight decay γ", &|t| {
                t.0.record.cell.train.weight_decay.into()
            }),
            ("seed", "seed of the initial weights", &|t| t.0.record.cell.train.seed.into()),
            ("phi_half", "fraction of the rows of W with norm above 1/2", &|t| t.1.phi_half.into()),
            ("phi_one", "fraction of the rows of W with norm above 1", &|t| t.1.phi_one.into()),
            ("weak_phi", "prediction for the weak regime: min(1, d/n)", &|(_, _, e)| {
                (e.d_hidden as f64 / e.n_features as f64).min(1.0).into()
            }),
            ("dead_outputs", "number of outputs that cannot fire", &|t| t.1.dead_outputs.into()),
            ("loss", "test loss", &|t| t.1.loss_test.into()),
            ("loss.dead_part", "what the dead outputs cost", &|t| t.1.loss_dead_part.into()),
            ("loss.dead_share", "that over the test loss", &|t| t.1.dead_share().into()),
            (
                "ignored_loss",
                "what all but the φ½·n most frequent features cost if ignored",
                &|t| Some(t.2.ignored_loss).filter(|_| t.2.is_defined).into(),
            ),
            (
                "regime",
                "strong, weak or between; undefined for models of another kind than the paper's",
                &|t| t.2.regime().to_string().into(),
            ),
        ],
    );
    with_fields(table, &names, trained.iter().map(|t| row_start(&values(&names, t.0))))
}
