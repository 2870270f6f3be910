//! Model exponents: figures 5e, 9b, 10 and 18.

use superpose_files::table::{Field, TableError};
use superpose_stats::summary::{correlation, mean_square, summarise};
use superpose_toy::cell::Cell;
use superpose_toy::superposition::strong_exponent;

use crate::cells::{Exponent, SMALL_WIDTHS, complete_exponents, exponent_table, exponents};
use crate::claim::{Claim, Test};
use crate::figure::{Evidence, Figure, Made, all, exponent_is, near, none};
use crate::figures::draw;
use crate::figures::loss::papers_nine;
use crate::published::{self, Lookup};
use crate::sweeps::{SEEDS_DECAY, SEEDS_STRONG, SMALL, SMALL_ALPHA0, WIDE};

fn is_three_decays(cell: &Cell) -> bool {
    (-0.8..-0.3).contains(&cell.train.weight_decay)
}

/// Model exponent against data exponent.
pub(super) const FIGURE_5E: Figure = Figure {
    id: "5e",
    title: "Model exponent against data exponent, in both regimes",
    question: "Is the model exponent near 1 in the strong regime, and larger above α = 1.5?",
    sweeps: &[SMALL, SEEDS_STRONG, SEEDS_DECAY],
    wants: |cell| is_three_decays(cell) || cell.train.weight_decay > 0.0,
    wants_weights: none,
    make: make_5e,
    draw: draw::exponent_by_data,
    against: "Strong exponents that follow α − 1, or that do not rise beyond α = 1.5.",
    limits: "Slopes of curves that are not straight (column local_exponents): the widths decide them. What \
             dead outputs do to them is in experiment dead-outputs.",
};

fn make_5e(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let published = published::fig5e()?;
    let lookup = Lookup::new(&published, &["data_exponent", "weight_decay"], "model_exponent")?;
    let strong = complete_exponents(&evidence.select(is_three_decays), SMALL_WIDTHS);
    let weak = papers_nine(evidence)?;
    let all: Vec<Exponent<'_>> = strong.iter().chain(&weak).cloned().collect();
    let table = exponent_table(
        "exponents",
        "How does the model exponent depend on the data exponent?",
        &all,
        &[
            ("published", "the paper's exponent", &|e| lookup.get(&e.place()).into()),
            (
                "group",
                "strong: three negative decays; weak: the paper's nine settings of figure 4b",
                &|e| if e.cell().train.weight_decay < 0.0 { "strong" } else { "weak" }.into(),
            ),
            ("one", "prediction for even frequencies: 1", &|_| 1.0.into()),
            ("twice", "prediction for skewed frequencies: 2(α − 1)", &|e| {
                e.cell().data_exponent().map(|a| 2.0 * (a - 1.0)).filter(|v| *v >= 0.0).into()
            }),
            ("weak_exponent", "prediction without superposition: α − 1", &|e| {
                e.cell().data_exponent().map(|a| a - 1.0).filter(|v| *v >= 0.0).into()
            }),
        ],
    );
    let pairs: Vec<(f64, f64)> =
        strong.iter().filter_map(|e| Some((e.value()?, lookup.get(&e.place())?))).collect();
    let differences: Vec<f64> = pairs.iter().map(|p| (p.0 - p.1).abs()).collect();
    let scatter: Vec<f64> = strong
        .iter()
        .map(|e| e.seeds.standard_deviation)
        .filter(|deviation| deviation.is_finite())
        .collect();
    let range = |name: &str, paper: &str, low: f64, high: f64, test| {
        let chosen = strong.iter().filter(|e| (low..=high).contains(&e.place()[0]));
        let values: Vec<f64> = chosen.filter_map(Exponent::value).collect();
        Claim::new(name, paper, test).averaged(&values, "settings")
    };
    Ok(Made {
        tables: vec![table],
        claims: vec![
            Claim::new(
                "mean absolute difference from the paper's strong exponents",
                "0",
                Test::AtMost(0.1),
            )
            .measured(
                (!pairs.is_empty()).then(|| summarise(&differences).mean),
                format!("{} of 51 settings; seeds averaged", pairs.len()),
            )
            .plus_minus((!pairs.is_empty()).then(|| summarise(&differences).standard_error)),
            range(
                "strong regime, α < 1.5: mean model exponent",
                "close to 1",
                0.0,
                1.4,
                Test::Within { target: 1.0, tolerance: 0.2 },
            ),
            range(
                "strong regime, α = 2: mean model exponent",
                "2.05, 2.20, 2.27; theory 2",
                1.99,
                2.01,
                Test::Within { target: 2.0, tolerance: 0.4 },
            ),
            Claim::new(
                "ours: standard deviation of a strong exponent from seed to seed, mean",
                "one seed",
                Test::AtMost(0.1),
            )
            .measured(
                (!scatter.is_empty()).then(|| summarise(&scatter).mean),
                format!("{} settings with several seeds", scatter.len()),
            ),
        ],
    })
}

/// Model exponents over weight decay and data exponent.
pub(super) const FIGURE_9B: Figure = Figure {
    id: "9b",
    title: "Model exponent by weight decay and data exponent",
    question: "Are the published model exponents what comes out here?",
    sweeps: &[SMALL, SMALL_ALPHA0, SEEDS_DECAY, SEEDS_STRONG],
    wants: all,
    wants_weights: none,
    make: make_9b,
    draw: |tables| draw::exponent_maps(tables, "model_exponent"),
    against: "A correlation below 0.98, or a mean absolute difference above 0.1.",
    limits: "A slope over six widths hides what a curve does; local exponents stand in the table.",
};

fn make_9b(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let published = published::fig9b()?;
    let lookup = Lookup::new(&published, &["data_exponent", "weight_decay"], "model_exponent")?;
    let settings = complete_exponents(&evidence.select(all), SMALL_WIDTHS);
    let table = exponent_table(
        "exponents",
        "How fast does the loss fall with width?",
        &settings,
        &[
            ("published", "the paper's exponent", &|e| lookup.get(&e.place()).into()),
            ("difference", "model_exponent less published", &|e| {
                e.value()
                    .zip(lookup.get(&e.place()))
                    .map_or(Field::Missing, |(a, b)| (a - b).into())
            }),
        ],
    );
    let pairs: Vec<(f64, f64)> =
        settings.iter().filter_map(|e| Some((e.value()?, lookup.get(&e.place())?))).collect();
    let differences: Vec<f64> = pairs.iter().map(|p| (p.0 - p.1).abs()).collect();
    let z = deviations(&settings, &lookup);
    let losses = loss_differences(evidence)?;
    let some = !pairs.is_empty();
    let basis = format!("{} of 170 settings; seeds averaged", pairs.len());
    Ok(Made {
        tables: vec![table],
        claims: vec![
            Claim::new("correlation with the paper's exponents", "1", Test::AtLeast(0.98))
                .measured(some.then(|| correlation(&pairs)), basis.clone()),
            Claim::new(
                "mean absolute difference from the paper's exponents",
                "0",
                Test::AtMost(0.1),
            )
            .measured(some.then(|| summarise(&differences).mean), basis)
            .plus_minus(some.then(|| summarise(&differences).standard_error)),
            Claim::new(
                "the paper's exponents scatter about ours as seeds do: mean z²",
                "1",
                Test::Between(0.5, 1.5),
            )
            .measured(
                (!z.is_empty()).then(|| mean_square(&z)),
                format!(
                    "{} settings with several seeds, {} of them beyond 2",
                    z.len(),
                    z.iter().filter(|z| z.abs() > 2.0).count()
                ),
            ),
            Claim::new(
                "α = 0: root mean square of ln(ours / paper) over the losses",
                "0",
                Test::AtMost(0.06),
            )
            .measured(
                (!losses.is_empty()).then(|| mean_square(&losses).sqrt()),
                format!("{} of 60 losses; seeds averaged", losses.len()),
            ),
        ],
    })
}

/// How far a published exponent is from ours, in units of the scatter of trainings that each have a seed of
/// their own, where ours have several; the scatter is pooled over weight decays of one sign at each data
/// exponent.
fn deviations(settings: &[Exponent<'_>], lookup: &Lookup) -> Vec<f64> {
    let kind = |e: &Exponent<'_>| (e.place()[0], e.place()[1] < 0.0);
    settings
        .iter()
        .filter(|e| e.scatter.is_some())
        .filter_map(|e| {
            let alike = settings
                .iter()
                .filter(|other| near(kind(other).0, kind(e).0) && kind(other).1 == kind(e).1);
            let squares: Vec<f64> =
                alike.filter_map(|other| Some(other.scatter?.powi(2))).collect();
            let n = e.seeds.n as f64;
            let error = (summarise(&squares).mean * (1.0 + 1.0 / n)).sqrt();
            Some((lookup.get(&e.place())? - e.value()?) / error)
        })
        .collect()
}

/// ln(ours / paper) of the losses at data exponent 0.
fn loss_differences(evidence: &Evidence<'_>) -> Result<Vec<f64>, TableError> {
    let published = published::loss_alpha0()?;
    let lookup = Lookup::new(&published, &["weight_decay", "d_hidden"], "loss.test")?;
    let first = evidence.select(|cell| exponent_is(cell, 0.0));
    let mut differences = Vec::new();
    for setting in exponents(&first, 0) {
        let decay = setting.cell().train.weight_decay;
        for (width, loss) in &setting.losses {
            differences
                .extend(lookup.get(&[decay, *width as f64]).map(|paper| (loss / paper).ln()));
        }
    }
    Ok(differences)
}

/// How straight the lines are.
pub(super) const FIGURE_10: Figure = Figure {
    id: "10",
    title: "R² of the fitted laws, by weight decay and data exponent",
    question: "Are the losses power laws of width?",
    sweeps: &[SMALL],
    wants: all,
    wants_weights: none,
    make: make_10,
    draw: |tables| draw::exponent_maps(tables, "r_squared"),
    against: "Low R² at negative weight decay.",
    limits: "R² near 1 does not make a power law: local exponents differ by a factor of three along \
             curves with R² = 0.96.",
};

fn make_10(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let settings = complete_exponents(&evidence.select(all), SMALL_WIDTHS);
    let table = exponent_table("exponents", "Are the losses power laws of width?", &settings, &[]);
    let r_squared: Vec<f64> = settings
        .iter()
        .filter(|e| e.cell().train.weight_decay < -0.2)
        .filter_map(|e| Some(e.fit?.r_squared))
        .collect();
    let of = "of 68 settings with γ ≤ −1/3";
    Ok(Made {
        tables: vec![table],
        claims: vec![
            Claim::new("strong regime: mean R²", "near 1", Test::AtLeast(0.95))
                .averaged(&r_squared, of),
            Claim::new("strong regime: smallest R²", "near 1", Test::AtLeast(0.9)).measured(
                r_squared.iter().copied().reduce(f64::min),
                format!("{} {of}", r_squared.len()),
            ),
        ],
    })
}

/// Figure 5e with wider models.
pub(super) const FIGURE_18: Figure = Figure {
    id: "18",
    title: "Model exponent against data exponent at widths 50 to 150",
    question: "Is the strong exponent closer to 1 where d²/2 exceeds n?",
    sweeps: &[WIDE],
    wants: all,
    wants_weights: none,
    make: make_18,
    draw: draw::exponent_by_data,
    against: "Exponents away from 1 below α = 1.5.",
    limits: "The paper gives the range of widths and no more: how many, and the weight decays, are ours.",
};

fn make_18(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let settings = complete_exponents(&evidence.select(all), 4);
    let table = exponent_table(
        "exponents",
        "How does the model exponent depend on the data exponent, at widths 50 to 150?",
        &settings,
        &[
            ("group", "strong: three negative decays", &|_| "strong".into()),
            ("one", "prediction for even frequencies: 1", &|_| 1.0.into()),
            ("twice", "prediction for skewed frequencies: 2(α − 1)", &|e| {
                e.cell().data_exponent().map(|a| 2.0 * (a - 1.0)).filter(|v| *v >= 0.0).into()
            }),
        ],
    );
    let below: Vec<f64> =
        settings.iter().filter(|e| e.place()[0] < 1.45).filter_map(Exponent::value).collect();
    let above: Vec<f64> = settings
        .iter()
        .filter(|e| e.place()[0] > 1.55)
        .filter_map(|e| Some(e.value()? - strong_exponent(e.place()[0])))
        .collect();
    Ok(Made {
        tables: vec![table],
        claims: vec![
            Claim::new(
                "α < 1.5: mean model exponent",
                "about 1",
                Test::Within { target: 1.0, tolerance: 0.2 },
            )
            .averaged(&below, "of 36 settings"),
            Claim::new(
                "α > 1.5: model exponent less 2(α − 1), mean",
                "below 2(α − 1)",
                Test::AtMost(0.0),
            )
            .averaged(&above, "of 12 settings"),
        ],
    })
}
