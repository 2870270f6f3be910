//! Dead outputs: how much of the strong regime's loss they are, and where they come from.

use superpose_analysis::run::Finished;
use superpose_files::table::{Field, Table, TableError};
use superpose_stats::power_law::fit_power_law;
use superpose_stats::summary::summarise;
use superpose_store::record::Measured;
use superpose_toy::cell::{Cell, Model};

use crate::cells::{
    DEAD_SHARE, Exponent, Extra, SMALL_WIDTHS, by_setting, cell_table, complete_exponents,
    dead_fraction, exponents, over_seeds,
};
use crate::claim::{Claim, Test};
use crate::figure::{Evidence, Figure, Made, all, decay_is, exponent_is, near};
use crate::figures::draw;
use crate::figures::fate::{fate_claims, fate_table, is_fate};
use crate::sweeps::{DEAD_BIAS_INIT, DEAD_RATE, DEAD_SEEDS, DEAD_SIZE};

/// The experiment.
pub(super) const DEAD_OUTPUTS: Figure = Figure {
    id: "dead-outputs",
    title: "Dead outputs, and what they do to the 1/d law",
    question: "How much of the strong regime's loss is outputs that died because their bias started too \
               low, and how does the loss fall without them?",
    sweeps: &[DEAD_BIAS_INIT, DEAD_SEEDS, DEAD_SIZE, DEAD_RATE],
    wants: all,
    wants_weights: is_fate,
    make,
    draw: draw::dead_outputs,
    against: "Dead outputs with biases that start at zero and d ≥ 25, or the same exponent with and \
              without them.",
    limits: "n up to 4000 and d up to 160, mostly one seed, one optimizer and one schedule. That the paper's \
             text leaves out the biases' start does not make its fits wrong; it changes what they are fits of.",
};

/// The cells that differ from the small toy in the start of the biases at most.
fn is_main(cell: &Cell) -> bool {
    cell.model.n_features == 1000
        && [10, 15, 25, 39, 63, 100].contains(&cell.model.d_hidden)
        && near(cell.train.learning_rate_bias, 0.01)
        && cell.train.warmup_steps == 2000
}

fn is_rate(cell: &Cell) -> bool {
    cell.model.n_features == 1000
        && cell.model.d_hidden == 39
        && exponent_is(cell, 0.0)
        && decay_is(cell, -1.0)
        && cell.train.seed == 0
        && (near(cell.model.bias_init_std, 0.0) || near(cell.model.bias_init_std, 1.0))
}

fn is_setting(cell: &Cell, exponent: f64, decay: f64, std: f64) -> bool {
    is_main(cell)
        && exponent_is(cell, exponent)
        && decay_is(cell, decay)
        && near(cell.model.bias_init_std, std)
}

/// The power law of a setting over widths from `d_min` on; absent unless it has all the widths of the small
/// toy.
fn law_of<'a>(
    evidence: &Evidence<'a>,
    (exponent, decay, std): (f64, f64, f64),
    d_min: usize,
) -> Option<Exponent<'a>> {
    let cells = evidence.select(|cell| is_setting(cell, exponent, decay, std));
    complete_exponents(&cells, SMALL_WIDTHS).pop()?;
    exponents(&cells, d_min).pop()
}

fn number(value: f64) -> Field {
    value.into()
}

fn make(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let extra = [
        Extra {
            name: "n_features",
            meaning: "number of features n",
            of: &|f| f.record.cell.model.n_features.into(),
        },
        Extra {
            name: "features_per_dimension",
            meaning: "n/d",
            of: &|f| {
                let model = &f.record.cell.model;
                number(model.n_features as f64 / model.d_hidden as f64)
            },
        },
        Extra {
            name: "bias_init_std",
            meaning: "standard deviation of the initial biases; 1 in the paper's code",
            of: &|f| number(f.record.cell.model.bias_init_std),
        },
        Extra {
            name: "learning_rate_bias",
            meaning: "peak learning rate of the biases",
            of: &|f| number(f.record.cell.train.learning_rate_bias),
        },
        Extra {
            name: "warmup_steps",
            meaning: "steps of warm-up",
            of: &|f| f.record.cell.train.warmup_steps.into(),
        },
        Extra {
            name: "dead_fraction",
            meaning: "dead_outputs over n",
            of: &|f| dead_fraction(f).into(),
        },
        DEAD_SHARE,
        Extra {
            name: "overlap_over_welch",
            meaning: "overlap.mean_square, over all rows, over that of a tight frame",
            of: &|f| f.measured().map(|m| m.overlap_mean_square / m.overlap_welch).into(),
        },
    ];
    let quantities = [
        "loss.test",
        "loss.dead_part",
        "loss.alive_part",
        "dead_outputs",
        "phi_half",
        "phi_one",
        "overlap.mean_square",
        "bias.mean",
    ];
    let question = "How many outputs are dead, and what do they cost?";
    let cells = evidence.select(all);
    let table = cell_table("cells", question, &cells, &quantities, &extra);
    let main = evidence.select(is_main);
    let tables = vec![
        table,
        mean_table(&main),
        exponent_table(evidence),
        cell_table(
            "size",
            "Do dead outputs depend on the number of features?",
            &evidence.select(is_size),
            &quantities,
            &extra,
        ),
        cell_table(
            "rate",
            "Do dead outputs depend on the biases' rate and on warm-up?",
            &evidence.select(is_rate),
            &quantities,
            &extra,
        ),
        fate_table(evidence),
    ];
    let mut claims = claims(evidence);
    claims.extend(fate_claims(evidence));
    Ok(Made { tables, claims })
}

fn is_size(cell: &Cell) -> bool {
    exponent_is(cell, 0.0)
        && decay_is(cell, -1.0)
        && near(cell.train.learning_rate_bias, 0.01)
        && cell.train.warmup_steps == 2000
        && (cell.model.n_features != 1000 || [40, 100].contains(&cell.model.d_hidden))
        && [0.0, 1.0].iter().any(|std| near(cell.model.bias_init_std, *std))
        && cell.train.seed == 0
}

/// Means over seeds by spread of the biases, for the picture.
fn mean_table(cells: &[&Finished]) -> Table {
    let columns = [
        ("data_exponent", "data exponent α"),
        ("weight_decay", "signed weight decay γ"),
        ("bias_init_std", "standard deviation of the initial biases"),
        ("d_hidden", "hidden width d"),
        ("n_seeds", "trained cells"),
        ("loss.test", "mean test loss"),
        ("loss.dead_part", "mean of what dead outputs cost"),
        ("loss.alive_part", "mean of the rest"),
        ("dead_outputs", "mean number of dead outputs"),
        ("dead_outputs_sd", "its standard deviation over seeds"),
        ("overlap.mean_square", "mean of the mean squared overlap of all rows"),
        ("overlap.welch", "that of a tight frame"),
        ("setting", "data exponent and weight decay in words"),
    ];
    let question = "What do dead outputs cost, by the spread of the initial biases?";
    let mut table = Table::new("by_bias_init", question, &columns);
    for group in by_setting(cells) {
        let cell = &group[0].record.cell;
        let mean = |quantity: &str| number(over_seeds(&group, quantity).mean);
        let decay = format!("{:.3}", cell.train.weight_decay).replace('-', "−");
        let exponent = cell.data_exponent().unwrap_or(f64::NAN);
        table.push(vec![
            exponent.into(),
            cell.train.weight_decay.into(),
            cell.model.bias_init_std.into(),
            cell.model.d_hidden.into(),
            group.len().into(),
            mean("loss.test"),
            mean("loss.dead_part"),
            mean("loss.alive_part"),
            mean("dead_outputs"),
            over_seeds(&group, "dead_outputs").standard_deviation.into(),
            mean("overlap.mean_square"),
            mean("overlap.welch"),
            format!("α = {exponent}, γ = {decay}").into(),
        ]);
    }
    table
}

/// Exponents of the loss and of its live part, over all widths and from 25 on.
fn exponent_table(evidence: &Evidence<'_>) -> Table {
    let columns = [
        ("data_exponent", "data exponent α"),
        ("weight_decay", "signed weight decay γ"),
        ("bias_init_std", "standard deviation of the initial biases"),
        ("d_min", "smallest width in the fits"),
        ("model_exponent", "exponent of the loss in d"),
        ("model_exponent_se", "its standard error, from the scatter about the line"),
        ("alive_exponent", "exponent of the loss without what dead outputs cost"),
        ("alive_exponent_se", "its standard error"),
        ("local_exponents", "of the loss, between neighbouring widths"),
    ];
    let mut table = Table::new("exponents", "What remains of the 1/d law?", &columns);
    for exponent in [0.0, 1.0, 2.0] {
        for decay in [-1.0, -5.0 / 9.0] {
            for std in [0.0, 0.25, 0.5, 1.0] {
                for d_min in [10, 25] {
                    let Some(law) = law_of(evidence, (exponent, decay, std), d_min) else {
                        continue;
                    };
                    table.push(vec![
                        exponent.into(),
                        decay.into(),
                        std.into(),
                        d_min.into(),
                        law.fit.map(|f| f.exponent).into(),
                        law.fit.map(|f| f.exponent_se).into(),
                        law.alive.map(|f| f.exponent).into(),
                        law.alive.map(|f| f.exponent_se).into(),
                        law.local_exponents().into(),
                    ]);
                }
            }
        }
    }
    table
}

fn claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    let wide = |cell: &Cell| is_main(cell) && cell.model.d_hidden >= 25;
    let chosen = |exponent: f64, std: f64| {
        evidence.select(move |cell| {
            wide(cell) && near(cell.model.bias_init_std, std) && exponent_is(cell, exponent)
        })
    };
    let mut claims = Vec::new();
    for (exponent, said) in [(0.0, "0"), (1.0, "80 at d = 25, else 0")] {
        let cells = chosen(exponent, 0.0);
        let most = cells.iter().filter_map(|f| Some(f.measured()?.dead_outputs as f64));
        claims.push(
            Claim::new(
                format!("α = {exponent}, biases from zero, d ≥ 25: most dead outputs"),
                format!("{said} (an independent re-run)"),
                Test::AtMost(0.0),
            )
            .measured(most.reduce(f64::max), format!("{} cells", cells.len())),
        );
    }
    for exponent in [0.0, 1.0] {
        let cells = chosen(exponent, 1.0);
        let share: Vec<f64> =
            cells.iter().filter_map(|f| f.measured().map(Measured::dead_share)).collect();
        let name = format!(
            "α = {exponent}, biases from N(0, 1), d ≥ 25: share of the loss from dead outputs"
        );
        claims.push(
            Claim::new(
                name,
                "does not mention it; 0.59 to 0.75 (a re-run)",
                Test::Between(0.5, 0.8),
            )
            .averaged(&share, "cells"),
        );
    }
    for (exponent, decay, std, is_alive, d_min, expected, tolerance) in [
        (0.0, -1.0, 1.0, false, 10, 0.83, 0.1),
        (0.0, -1.0, 1.0, true, 10, 1.06, 0.1),
        (0.0, -1.0, 0.0, false, 25, 1.58, 0.15),
        (1.0, -5.0 / 9.0, 1.0, false, 10, 1.06, 0.15),
        (1.0, -5.0 / 9.0, 0.0, false, 25, 1.78, 0.15),
    ] {
        let law = law_of(evidence, (exponent, decay, std), d_min);
        let found = law.and_then(|law| if is_alive { law.alive } else { law.fit });
        let start = if std > 0.0 { "N(0, 1)" } else { "zero" };
        let setting = format!("α = {exponent}, γ = {decay:.2}, biases from {start}, d ≥ {d_min}");
        let name = if is_alive { "loss without the dead" } else { "loss" };
        let said = match std > 0.0 && !is_alive {
            true => format!("{expected}"),
            false => format!("{expected} (a re-run)"),
        };
        let test = Test::Within { target: expected, tolerance };
        claims.push(
            Claim::new(format!("{setting}: exponent of the {name}"), said, test)
                .exponent(found, "standard error of the line"),
        );
    }
    for (exponent, tolerance) in [(0.0, 0.005), (1.0, 0.05)] {
        let cells = chosen(exponent, 0.0);
        let excess: Vec<f64> = cells
            .iter()
            .filter_map(|f| f.measured().map(|m| m.overlap_mean_square / m.overlap_welch - 1.0))
            .collect();
        let name = format!(
            "α = {exponent}, biases from zero, d ≥ 25: mean squared overlap of all rows over a tight \
             frame's, less 1"
        );
        let said = "0.003 at α = 0, 0.01 to 0.04 at α = 1 (a re-run)";
        let basis = format!("the largest of {} cells", excess.len());
        claims.push(
            Claim::new(name, said, Test::AtMost(tolerance))
                .measured(excess.iter().copied().reduce(f64::max), basis),
        );
    }
    let apart: Vec<f64> = chosen(0.0, 1.0)
        .iter()
        .filter_map(|f| Some((f.measured()?.phi_one + dead_fraction(f)? - 1.0).abs()))
        .collect();
    claims.push(
        Claim::new(
            "α = 0, biases from N(0, 1), d ≥ 25: rows of norm below 1 are the dead outputs: \
               |φ1 + dead/n − 1|, largest",
            "calls them weakly represented",
            Test::AtMost(0.01),
        )
        .measured(apart.iter().copied().reduce(f64::max), format!("{} cells", apart.len())),
    );
    claims.extend(size_claims(evidence));
    claims
}

fn size_claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    let sizes = evidence.select(is_size);
    let with = |std: f64, wanted: &dyn Fn(&Model) -> bool| -> Vec<&Finished> {
        let chosen = sizes.iter().filter(|f| {
            let model = &f.record.cell.model;
            near(model.bias_init_std, std) && wanted(model)
        });
        chosen.copied().collect()
    };
    let law = |cells: &[&Finished], size: fn(&Model) -> usize| {
        let points = cells
            .iter()
            .filter_map(|f| Some((size(&f.record.cell.model) as f64, f.measured()?.loss_test)));
        let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
        fit_power_law(&x, &y).ok()
    };
    let mut claims = Vec::new();
    for ratio in [25, 10] {
        let same_ratio = |model: &Model| model.n_features == ratio * model.d_hidden;
        let fractions: Vec<f64> =
            with(1.0, &same_ratio).iter().filter_map(|f| dead_fraction(f)).collect();
        let summary = summarise(&fractions);
        let name = format!(
            "α = 0, biases from N(0, 1), n/d = {ratio}: spread of the dead fraction over n, relative"
        );
        let spread = summary.standard_deviation / summary.mean;
        let basis = format!("{} sizes, mean fraction {:.3}", summary.n, summary.mean);
        claims.push(
            Claim::new(name, "not known", Test::AtMost(0.1))
                .measured((summary.n > 2).then_some(spread), basis),
        );
        for (std, start) in [(0.0, "zero"), (1.0, "N(0, 1)")] {
            let fit = law(&with(std, &same_ratio), |model| model.d_hidden);
            let name =
                format!("α = 0, biases from {start}, n/d = {ratio}: exponent of the loss in d");
            let one = Test::Within { target: 1.0, tolerance: 0.15 };
            claims.push(
                Claim::new(name, "not known; 1 if the loss is overlap alone", one)
                    .exponent(fit, "standard error of the line over sizes"),
            );
        }
    }
    let fit = law(&with(0.0, &|model| model.d_hidden == 40), |model| model.n_features);
    claims.push(
        Claim::new(
            "α = 0, biases from zero, d = 40: exponent with which the loss grows with n",
            "0 in the 1/d law",
            Test::Within { target: 0.0, tolerance: 0.15 },
        )
        .measured(fit.map(|f| -f.exponent), "standard error of the line over sizes")
        .plus_minus(fit.map(|f| f.exponent_se)),
    );
    claims
}
