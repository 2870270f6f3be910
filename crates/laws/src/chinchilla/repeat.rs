//! `theory chinchilla repeat`: what training on the same tokens again is worth.
//!
//! **Source**: Muennighoff et al. 2023, "Scaling Data-Constrained Language Models". The law, its table and its picture.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use crate::answer::{alone, answer};
use crate::chinchilla::law::BESIROGLU;

/// How many repetitions bring half and more of what there is to gain: `R*` of Muennighoff et al.
/// 2023, fitted to models of up to 9 billion parameters.
pub const REPETITIONS: f64 = 15.39;

/// The tokens that training on `total` tokens, of which `unique` differ, is worth:
/// `U (1 + R* (1 − e^(−r/R*)))` with `r = total / unique − 1` repetitions; `total` itself when
/// there are no more than `unique`.
///
/// Few repetitions are worth nearly as much as new tokens; without end they are worth `(1 + R*) U`.
/// **Source**: Muennighoff et al. 2023, eq. 5, for the data alone.
pub fn effective_tokens(unique: f64, total: f64) -> f64 {
    if total <= unique {
        return total;
    }
    let repetitions = total / unique - 1.0;
    unique * (1.0 - REPETITIONS * (-repetitions / REPETITIONS).exp_m1())
}

/// The table `repetition`: what these numbers of passes over `unique` tokens are worth to a model
/// with `parameters`. All are positive.
pub fn study(unique: f64, epochs: &[f64], parameters: f64) -> Study {
    let worth = |epochs: &f64| effective_tokens(unique, epochs * unique);
    let loss = |tokens| Field::from(BESIROGLU.loss(parameters, tokens));
    let table = Table::of(
        "repetition",
        "What is training on the same tokens again worth?",
        epochs.iter().copied(),
        &[
            ("epochs", "passes over the unique tokens", &|epochs| (*epochs).into()),
            ("tokens", "tokens trained on", &|epochs| (epochs * unique).into()),
            (
                "effective_tokens",
                "new tokens that they are worth (Muennighoff et al. 2023)",
                &|epochs| worth(epochs).into(),
            ),
            (
                "loss",
                "loss with so many new tokens, by the law of Besiroglu et al. 2024",
                &|epochs| loss(worth(epochs)),
            ),
            ("loss_if_new", "loss if all were new", &|epochs| loss(epochs * unique)),
        ],
    );
    let notes = Note::first(&table);
    answer([table], draw, notes)
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let guides = [Guide { column: "loss_if_new", label: "if all were new", mark: Mark::Dotted }];
    let columns = Lines {
        guides: &guides,
        group_label: "repeated",
        ..Lines::plain(
            ("epochs", Axis::logarithmic("passes")),
            ("loss", Axis::linear("loss, nats a token")),
        )
    };
    let panels = lines(tables.get("repetition")?, &columns)?;
    let title = "Training on the same tokens again";
    alone("chinchilla_repeat", (title, "Table: repetition.csv."), 1, panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_tokens_are_worth_less_than_new_ones_and_more_than_none() {
        let unique = 1e9;
        assert!((effective_tokens(unique, 5e8) - 5e8).abs() < 1e-6);
        // The first repetition is worth new tokens, to first order.
        let little = effective_tokens(unique, 1.001e9) - unique;
        assert!((little / 1e6 - 1.0).abs() < 1e-3);
        let mut before = unique;
        for epochs in [2.0, 4.0, 16.0, 60.0, 1000.0] {
            let worth = effective_tokens(unique, epochs * unique);
            assert!(before < worth && worth < epochs * unique, "{epochs}: {worth}");
            before = worth;
        }
        assert!((before / unique - (1.0 + REPETITIONS)).abs() < 1e-9);
        // Four epochs lose little: the paper's advice.
        assert!(effective_tokens(unique, 4e9) / 4e9 > 0.92);
    }
}
