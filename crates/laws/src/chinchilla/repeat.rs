//! `theory chinchilla repeat`: what training on the same tokens again is worth.
//!
//! **Source**: Muennighoff et al. 2023, "Scaling Data-Constrained Language Models". The law, its table and its picture.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};

use crate::answer::{alone, answer};
use crate::chinchilla::law::{BESIROGLU, MUENNIGHOFF};

/// How many repetitions bring half and more of what there is to gain: `R_D*` of Muennighoff et al.
/// 2023 (appendix A), fitted to models of up to 9 billion parameters.
pub const REPETITIONS: f64 = 15.387_756;
/// The same of parameters beyond the best number for the unique tokens: `R_N*`.
const PARAMETER_REPETITIONS: f64 = 5.309_743;

/// The tokens that training on `total` tokens, of which `unique` differ, is worth:
/// `U (1 + R* (1 − e^(−r/R*)))` with `r = total / unique − 1` repetitions; `total` itself when
/// there are no more than `unique`.
///
/// Few repetitions are worth nearly as much as new tokens; without end they are worth `(1 + R*) U`.
/// **Source**: Muennighoff et al. 2023, eq. 5, for the data alone.
pub fn effective_tokens(unique: f64, total: f64) -> f64 {
    worth(unique, total, REPETITIONS)
}

/// What `total` is worth, of which all beyond `whole` fades away over so many `repetitions`.
fn worth(whole: f64, total: f64, repetitions: f64) -> f64 {
    if total <= whole {
        return total;
    }
    let again = total / whole - 1.0;
    whole * (1.0 - repetitions * (-again / repetitions).exp_m1())
}

/// The loss of a model of `parameters` after `total` tokens, of which `unique` differ, all by Muennighoff et
/// al. 2023: parameters beyond the best number for the unique tokens are worth less, too (eq. 6).
pub fn loss_of_its_paper(unique: f64, total: f64, parameters: f64) -> f64 {
    // Along the best allocations N/D is the same, as α = β.
    let law = MUENNIGHOFF;
    let ratio = (law.size_coefficient / law.data_coefficient).powf(1.0 / law.size_exponent);
    let best = ratio * unique.min(total);
    let parameters = worth(best, parameters, PARAMETER_REPETITIONS);
    law.loss(parameters, effective_tokens(unique, total))
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
                "loss with so many new tokens, by the law of Besiroglu et al. 2024: of another paper than the tokens",
                &|epochs| loss(worth(epochs)),
            ),
            ("loss_if_new", "loss if all were new, by that law", &|epochs| loss(epochs * unique)),
            (
                "own_loss",
                "loss by Muennighoff et al. 2023 alone, where parameters beyond the best number for the unique tokens \
                 are worth less, too",
                &|epochs| loss_of_its_paper(unique, epochs * unique, parameters).into(),
            ),
            ("own_loss_if_new", "the same if all were new", &|epochs| {
                loss_of_its_paper(epochs * unique, epochs * unique, parameters).into()
            }),
        ],
    );
    let mut notes = Note::first(&table);
    notes.push(Note::Line(format!(
        "effective_tokens: R* = {REPETITIONS} repetitions (Muennighoff et al. 2023). loss and loss_if_new put them into the law \
         of another paper (Besiroglu et al. 2024); own_loss and own_loss_if_new are of the first paper alone"
    )));
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
    let caption = "Repeated tokens by Muennighoff et al. 2023, the loss by Besiroglu et al. 2024. Table: repetition.csv.";
    alone("chinchilla_repeat", (title, caption), 1, panels)
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
        // By the formula, with a program of its own.
        for (unique, epochs, tokens) in
            [(1e10, 4.0, 37_256_731_230.613_26), (2.5e10, 7.0, 149_213_517_443.791_78)]
        {
            assert!((effective_tokens(unique, epochs * unique) / tokens - 1.0).abs() < 1e-12);
        }
        // Four epochs lose little: the paper's advice.
        assert!(effective_tokens(unique, 4e9) / 4e9 > 0.92);
    }
    #[test]
    fn the_papers_own_loss_makes_too_many_parameters_worth_less_as_well() {
        // By the formulas, with a program of its own; the third has no more parameters than is best.
        for (parameters, unique, epochs, loss) in [
            (1e9, 1e10, 1.0, 2.665_893_577_854_574_5),
            (1e9, 1e10, 4.0, 2.501_663_374_818_701_6),
            (1e9, 1e11, 4.0, 2.341_631_953_671_385_4),
            (8.67e9, 2.5e10, 7.0, 2.227_771_844_782_627),
        ] {
            let found = loss_of_its_paper(unique, epochs * unique, parameters);
            assert!((found / loss - 1.0).abs() < 1e-9, "{found} {loss}");
        }
    }

    #[test]
    fn the_table_says_whose_losses_it_has() {
        let found = study(1e10, &[1.0, 4.0], 1e9);
        let table = found.tables.get("repetition").unwrap();
        let of = |column: &str| table.numbers(column).unwrap();
        assert_eq!((of("tokens"), of("epochs")), (vec![1e10, 4e10], vec![1.0, 4.0]));
        assert_eq!(of("loss")[..1], of("loss_if_new")[..1]);
        assert_eq!(of("own_loss")[..1], of("own_loss_if_new")[..1]);
        assert!((of("loss")[1] - BESIROGLU.loss(1e9, of("effective_tokens")[1])).abs() < 1e-12);
        assert!((of("loss_if_new")[1] - BESIROGLU.loss(1e9, 4e10)).abs() < 1e-12);
        assert!((of("own_loss")[1] - 2.501_663_374_818_701_6).abs() < 1e-9);
        assert!(of("own_loss_if_new")[1] < of("own_loss")[1]);
        let Some(Note::Line(line)) = found.notes.last() else { panic!("a line") };
        assert!(line.contains("R* = 15.387756") && line.contains("another paper"), "{line}");
        let pictures = (found.draw)(&found.tables).unwrap();
        assert_eq!(pictures[0].sheet.panels.len(), 1);
    }
}
