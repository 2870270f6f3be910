//! Dead outputs: how much of the strong regime's loss they are, and where they come from.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_stats::power_law::PowerLaw;
use superpose_stats::summary::summarise;
use superpose_store::record::Measured;
use superpose_toy::cell::{Cell, Model};

use crate::cells::{
    DEAD_SHARE, Exponent, OVERLAP_OVER_WELCH, OfCell, SMALL_WIDTHS, by_setting, cell_of,
    cell_table, complete_exponents, dead_fraction, each, each_in, exponents, law_through,
    over_seeds, overlap_over_welch, seed,
};
use crate::claim::{AtMost, Between, Claim, Within, says};
use crate::draw::{Drawn, lines_by, loss, pictures, rows_of_panels, sheet, width};
use crate::figure::{Figure, Findings, Material, decay_is, exponent_is, near};
use crate::liu2025::fate::{fate_claims, fate_panel, fate_table, is_fate};
use crate::sweeps::{DEAD_BIAS_INIT, DEAD_RATE, DEAD_SEEDS, DEAD_SIZE};

/// The experiment.
pub(super) const DEAD_OUTPUTS: Figure = Figure::of("dead-outputs", &[DEAD_BIAS_INIT, DEAD_SEEDS, DEAD_SIZE, DEAD_RATE], make, draw)
    .wants_weights(is_fate)
    .title("Dead outputs, and what they do to the 1/d law")
    .question("How much of the strong regime's loss is outputs that died because their bias started too \
               low, and how does the loss fall without them?")
    .against("Dead outputs with biases that start at zero and d ≥ 25, or the same exponent with and \
              without them.")
    .limits("n up to 4000 and d up to 160, mostly one seed, one optimizer and one schedule. That the paper's \
             text leaves out the biases' start does not make its fits wrong; it changes what they are fits of.");

/// Whether biases learn at the small toy's rate, with its warm-up.
fn has_rate(cell: &Cell) -> bool {
    near(cell.train.learning_rate_bias, 0.01) && cell.train.warmup_steps == 2000
}

fn starts_with(cell: &Cell, bias_init_std: f64) -> bool {
    near(cell.model.bias_init_std, bias_init_std)
}

/// The cells that differ from the small toy in the start of the biases at most.
fn is_main(cell: &Cell) -> bool {
    cell.model.n_features == 1000
        && [10, 15, 25, 39, 63, 100].contains(&cell.model.d_hidden)
        && has_rate(cell)
}

/// The cells of both starts, seed 0, at even frequencies and `γ = −1`.
fn is_even(cell: &Cell) -> bool {
    exponent_is(cell, 0.0)
        && decay_is(cell, -1.0)
        && cell.train.seed == 0
        && (starts_with(cell, 0.0) || starts_with(cell, 1.0))
}

fn is_rate(cell: &Cell) -> bool {
    is_even(cell) && cell.model.n_features == 1000 && cell.model.d_hidden == 39
}

fn is_size(cell: &Cell) -> bool {
    is_even(cell)
        && has_rate(cell)
        && (cell.model.n_features != 1000 || [40, 100].contains(&cell.model.d_hidden))
}

/// Data exponent, weight decay and spread of the initial biases.
type Setting = (f64, f64, f64);

/// The power law of a setting over widths from `d_min` on; absent unless it has all the widths of the small
/// toy.
fn law_of<'a>(
    material: &Material<'a>,
    (exponent, decay, std): Setting,
    d_min: usize,
) -> Option<Exponent<'a>> {
    let cells = material.select(|cell| {
        is_main(cell)
            && exponent_is(cell, exponent)
            && decay_is(cell, decay)
            && starts_with(cell, std)
    });
    complete_exponents(&cells, SMALL_WIDTHS).pop()?;
    exponents(&cells, d_min).pop()
}

fn make(material: &Material<'_>) -> Findings {
    let of_size = "Do dead outputs depend on the number of features?";
    let of_rate = "Do dead outputs depend on the biases' rate and on warm-up?";
    let tables = [
        table_of("cells", "How many outputs are dead, and what do they cost?", &material.trained()),
        mean_table(&material.select(is_main)),
        exponent_table(material),
        table_of("size", of_size, &material.select(is_size)),
        table_of("rate", of_rate, &material.select(is_rate)),
        fate_table(material),
    ];
    let mut claims = most_dead_claims(material).to_vec();
    claims.extend(share_claims(material));
    claims.extend(LAWS.map(|law| law_claim(material, law)));
    claims.extend(overlap_claims(material));
    claims.push(short_rows_claim(material));
    claims.extend(size_claims(material));
    claims.extend(fate_claims(material));
    Findings::new(tables, claims)
}

/// One row a cell.
fn table_of(name: &str, question: &str, cells: &[&Finished]) -> Table {
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
    cell_table(name, question, cells, &quantities, &EXTRA)
}

/// What tells these cells apart beside the paper's settings, and what became of their outputs.
const EXTRA: [OfCell<'static>; 8] = [
    ("n_features", "number of features n", &|f| f.record.cell.model.n_features.into()),
    ("features_per_dimension", "n/d", &|f| {
        let model = &f.record.cell.model;
        (model.n_features as f64 / model.d_hidden as f64).into()
    }),
    ("bias_init_std", "standard deviation of the initial biases; 1 in the paper's code", &|f| {
        f.record.cell.model.bias_init_std.into()
    }),
    ("learning_rate_bias", "peak learning rate of the biases", &|f| {
        f.record.cell.train.learning_rate_bias.into()
    }),
    ("warmup_steps", "steps of warm-up", &|f| f.record.cell.train.warmup_steps.into()),
    ("dead_fraction", "dead_outputs over n", &|f| dead_fraction(f).into()),
    DEAD_SHARE,
    OVERLAP_OVER_WELCH,
];

/// Means over seeds by spread of the biases, for the picture.
fn mean_table(cells: &[&Finished]) -> Table {
    type Group<'a> = Vec<&'a Finished>;
    let setting = |group: &Group<'_>| {
        let cell = cell_of(group);
        let decay = format!("{:.3}", cell.train.weight_decay).replace('-', "−");
        format!("α = {}, γ = {decay}", cell.data_exponent().unwrap_or(f64::NAN))
    };
    let mean = |group: &Group<'_>, quantity: &str| Field::from(over_seeds(group, quantity).mean);
    Table::of(
        "by_bias_init",
        "What do dead outputs cost, by the spread of the initial biases?",
        by_setting(cells),
        &[
            ("data_exponent", "data exponent α", &|g| cell_of(g).data_exponent().into()),
            ("weight_decay", "signed weight decay γ", &|g| cell_of(g).train.weight_decay.into()),
            ("bias_init_std", "standard deviation of the initial biases", &|g| {
                cell_of(g).model.bias_init_std.into()
            }),
            ("d_hidden", "hidden width d", &|g| cell_of(g).model.d_hidden.into()),
            ("n_seeds", "trained cells", &|g| g.len().into()),
            ("loss.test", "mean test loss", &|g| mean(g, "loss.test")),
            ("loss.dead_part", "mean of what dead outputs cost", &|g| mean(g, "loss.dead_part")),
            ("loss.alive_part", "mean of the rest", &|g| mean(g, "loss.alive_part")),
            ("dead_outputs", "mean number of dead outputs", &|g| mean(g, "dead_outputs")),
            ("dead_outputs_sd", "its standard deviation over seeds", &|g| {
                over_seeds(g, "dead_outputs").standard_deviation.into()
            }),
            ("overlap.mean_square", "mean of the mean squared overlap of all rows", &|g| {
                mean(g, "overlap.mean_square")
            }),
            ("overlap.welch", "that of a tight frame", &|g| mean(g, "overlap.welch")),
            ("setting", "data exponent and weight decay in words", &|g| setting(g).into()),
        ],
    )
}

/// Exponents of the loss and of its live part, over all widths and from 25 on.
fn exponent_table(material: &Material<'_>) -> Table {
    let fitted = all_settings().flat_map(|setting| [(setting, 10), (setting, 25)]);
    let fitted = fitted
        .filter_map(|(setting, d_min)| Some((setting, d_min, law_of(material, setting, d_min)?)));
    Table::of(
        "exponents",
        "What remains of the 1/d law?",
        fitted,
        &[
            ("data_exponent", "data exponent α", &|(setting, ..)| setting.0.into()),
            ("weight_decay", "signed weight decay γ", &|(setting, ..)| setting.1.into()),
            ("bias_init_std", "standard deviation of the initial biases", &|(setting, ..)| {
                setting.2.into()
            }),
            ("d_min", "smallest width in the fits", &|(_, d_min, _)| (*d_min).into()),
            ("model_exponent", "exponent of the loss in d", &|(.., law)| law.value().into()),
            (
                "model_exponent_se",
                "its standard error, from the scatter about the line",
                &|(.., law)| law.fit.map(|f| f.exponent_se).into(),
            ),
            (
                "alive_exponent",
                "exponent of the loss without what dead outputs cost",
                &|(.., law)| law.alive.map(|f| f.exponent).into(),
            ),
            ("alive_exponent_se", "its standard error", &|(.., law)| {
                law.alive.map(|f| f.exponent_se).into()
            }),
            ("local_exponents", "of the loss, between neighbouring widths", &|(.., law)| {
                law.local_exponents().into()
            }),
        ],
    )
}

fn all_settings() -> impl Iterator<Item = Setting> {
    let decays = |exponent| [-1.0, -5.0 / 9.0].map(|decay| (exponent, decay));
    let starts = |(exponent, decay)| [0.0, 0.25, 0.5, 1.0].map(|std| (exponent, decay, std));
    [0.0, 1.0, 2.0].into_iter().flat_map(decays).flat_map(starts)
}

/// The small toy's cells of width 25 and more.
fn wide<'a>(material: &Material<'a>, exponent: f64, std: f64) -> Vec<&'a Finished> {
    material.select(|cell| {
        is_main(cell)
            && cell.model.d_hidden >= 25
            && starts_with(cell, std)
            && exponent_is(cell, exponent)
    })
}

fn most_dead_claims(material: &Material<'_>) -> [Claim; 2] {
    [(0.0, "0"), (1.0, "80 at d = 25, else 0")].map(|(exponent, said)| {
        let dead =
            each(&wide(material, exponent, 0.0), |f| Some(f.measured()?.dead_outputs as f64));
        let name = format!("α = {exponent}, biases from zero, d ≥ 25: most dead outputs");
        says(name, format!("{said} (an independent re-run)"))
            .holds(AtMost(0.0))
            .largest(&dead, format!("{} cells", dead.len()))
    })
}

fn share_claims(material: &Material<'_>) -> [Claim; 2] {
    [0.0, 1.0].map(|exponent| {
        let cells = wide(material, exponent, 1.0);
        let shares = each_in(&cells, seed, |f| f.measured().map(Measured::dead_share));
        let name = format!(
            "α = {exponent}, biases from N(0, 1), d ≥ 25: share of the loss from dead outputs"
        );
        says(name, "does not mention it; 0.59 to 0.75 (a re-run)")
            .holds(Between(0.5, 0.8))
            .mean_over(&shares, "seeds", format!("{} cells", cells.len()))
    })
}

/// A model exponent to be met: the paper's for all of the loss from its own start, else that of an
/// independent re-run. The setting; whether the law is of what live outputs cost rather than of all of the
/// loss; the smallest width in the fit; the exponent; the tolerance.
type Law = (Setting, bool, usize, f64, f64);

const LAWS: [Law; 5] = [
    ((0.0, -1.0, 1.0), false, 10, 0.83, 0.1),
    ((0.0, -1.0, 1.0), true, 10, 1.06, 0.1),
    ((0.0, -1.0, 0.0), false, 25, 1.58, 0.15),
    ((1.0, -5.0 / 9.0, 1.0), false, 10, 1.06, 0.15),
    ((1.0, -5.0 / 9.0, 0.0), false, 25, 1.78, 0.15),
];

fn law_claim(material: &Material<'_>, law: Law) -> Claim {
    let (setting, is_alive, d_min, target, tolerance) = law;
    let fitted = law_of(material, setting, d_min);
    let n_seeds = fitted.as_ref().map_or(0, |law| law.seeds.n);
    let (fit, interval) = fitted.map_or((None, None), |law| match is_alive {
        true => (law.alive, law.alive_interval),
        false => (law.fit, law.interval),
    });
    let name = if is_alive { "loss without the dead" } else { "loss" };
    let (exponent, decay, std) = setting;
    let start = start_word(std);
    let name = format!(
        "α = {exponent}, γ = {decay:.2}, biases from {start}, d ≥ {d_min}: exponent of the {name}"
    );
    let source = if std > 0.0 && !is_alive { "" } else { " (a re-run)" };
    says(name, format!("{target}{source}")).holds(Within(target, tolerance)).at_these_widths(
        fit.map(|f| f.exponent),
        interval,
        n_seeds,
    )
}

/// Where the biases start, in words.
fn start_word(bias_init_std: f64) -> &'static str {
    if bias_init_std > 0.0 { "N(0, 1)" } else { "zero" }
}

fn overlap_claims(material: &Material<'_>) -> [Claim; 2] {
    [(0.0, 0.005), (1.0, 0.05)].map(|(exponent, most)| {
        let excess =
            each(&wide(material, exponent, 0.0), |f| overlap_over_welch(f).map(|ratio| ratio - 1.0));
        let name = format!(
            "α = {exponent}, biases from zero, d ≥ 25: mean squared overlap of all rows over a tight \
             frame's, less 1"
        );
        says(name, "0.003 at α = 0, 0.01 to 0.04 at α = 1 (a re-run)")
            .holds(AtMost(most))
            .largest(&excess, format!("the largest of {} cells", excess.len()))
    })
}

fn short_rows_claim(material: &Material<'_>) -> Claim {
    let apart = each(&wide(material, 0.0, 1.0), |f| {
        Some((f.measured()?.phi_one + dead_fraction(f)? - 1.0).abs())
    });
    let name = "α = 0, biases from N(0, 1), d ≥ 25: rows of norm below 1 are the dead outputs: \
                |φ1 + dead/n − 1|, largest";
    says(name, "calls them weakly represented")
        .holds(AtMost(0.01))
        .largest(&apart, format!("{} cells", apart.len()))
}

fn size_claims(material: &Material<'_>) -> Vec<Claim> {
    let with = |std: f64, wanted: &dyn Fn(&Model) -> bool| {
        material.select(|cell| is_size(cell) && starts_with(cell, std) && wanted(&cell.model))
    };
    let law = |cells: &[&Finished], size: fn(&Model) -> usize| {
        let point =
            |f: &&Finished| Some((size(&f.record.cell.model) as f64, f.measured()?.loss_test));
        law_through(&cells.iter().filter_map(point).collect::<Vec<_>>())
    };
    let sizes = |fit: Option<PowerLaw>| {
        format!("{} sizes, one training each", fit.map_or(0, |f| f.n_points))
    };
    let mut claims = Vec::new();
    for ratio in [25, 10] {
        let same_ratio = |model: &Model| model.n_features == ratio * model.d_hidden;
        claims.push(spread_claim(ratio, &with(1.0, &same_ratio)));
        for std in [0.0, 1.0] {
            let fit = law(&with(std, &same_ratio), |model| model.d_hidden);
            let start = start_word(std);
            let name =
                format!("α = 0, biases from {start}, n/d = {ratio}: exponent of the loss in d");
            let claim = says(name, "not known; 1 if the loss is overlap alone");
            claims.push(claim.holds(Within(1.0, 0.15)).line(fit, sizes(fit)));
        }
        claims.push(times_width_claim(ratio, &with(0.0, &same_ratio)));
    }
    let fit = law(&with(0.0, &|model| model.d_hidden == 40), |model| model.n_features);
    // What grows falls with the opposite exponent.
    let grows = fit.map(|fit| PowerLaw { exponent: -fit.exponent, ..fit });
    let name = "α = 0, biases from zero, d = 40: exponent with which the loss grows with n";
    let claim = says(name, "0 in the 1/d law").holds(Within(0.0, 0.15));
    claims.push(claim.line(grows, sizes(fit)));
    claims
}

/// Whether the loss is 1/d times a function of n/d: then L·d is one number at one n/d.
fn times_width_claim(ratio: usize, cells: &[&Finished]) -> Claim {
    let times_width =
        |f: &Finished| Some(f.measured()?.loss_test * f.record.cell.model.d_hidden as f64);
    let of = each(cells, times_width);
    let (least, most) =
        of.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), v| (a.min(*v), b.max(*v)));
    let name =
        format!("α = 0, biases from zero, n/d = {ratio}: largest L·d over the smallest, less 1");
    says(name, "not known; 0 if the loss is 1/d times a function of n/d")
        .holds(AtMost(0.05))
        .measured(
            (of.len() > 2).then_some(most / least - 1.0),
            format!("{} sizes, one training each; {least:.2} to {most:.2}", of.len()),
        )
}

fn spread_claim(ratio: usize, cells: &[&Finished]) -> Claim {
    let summary = summarise(&each(cells, dead_fraction));
    let spread = summary.standard_deviation / summary.mean;
    let name = format!(
        "α = 0, biases from N(0, 1), n/d = {ratio}: spread of the dead fraction over n, relative"
    );
    says(name, "not known").holds(AtMost(0.1)).measured(
        (summary.n > 2).then_some(spread),
        format!("{} sizes, mean fraction {:.3}", summary.n, summary.mean),
    )
}

fn draw(tables: &Tables) -> Drawn {
    Ok(pictures([by_bias_init(tables)?, where_they_come_from(tables)?]))
}

fn by_bias_init(tables: &Tables) -> Result<Sheet, TableError> {
    let table = tables.get("by_bias_init")?;
    let of =
        |y| Lines { panel: Some("setting"), ..lines_by(width(), y, ("bias_init_std", "σ(b)")) };
    let alive = ("loss.alive_part", Axis::logarithmic("L without dead outputs"));
    let dead = ("dead_outputs", Axis::linear("dead outputs"));
    let (columns, panels) = rows_of_panels(table, [loss(), alive, dead].map(of))?;
    let caption = "σ(b): standard deviation of the initial biases; the paper's code has 1. Means over seeds. \
                   Table: by_bias_init.csv.";
    let title = "Loss, its live part, and dead outputs";
    Ok(sheet(title, columns, panels, Axes::SharedX, caption))
}

fn where_they_come_from(tables: &Tables) -> Result<Sheet, TableError> {
    let by_start = |x, group| Lines {
        panel: Some("bias_init_std"),
        panel_label: "σ(b)",
        ..lines_by(x, ("dead_fraction", Axis::linear("dead outputs over n")), group)
    };
    let n = ("n_features", Axis::logarithmic("features n"));
    let mut panels = lines(tables.get("size")?, &by_start(n, ("features_per_dimension", "n/d")))?;
    let rate = ("learning_rate_bias", Axis::logarithmic("peak learning rate of b"));
    panels.extend(lines(tables.get("rate")?, &by_start(rate, ("warmup_steps", "warm-up")))?);
    let fate = fate_panel(tables)?;
    let (by_bias, table) = match fate.is_empty() {
        true => ("", ""),
        false => ("; by an output's own initial bias at n = 1000, σ(b) = 1", ", fate.csv"),
    };
    let caption = format!(
        "α = 0, γ = −1. By the number of features; by rate and warm-up at n = 1000, d = 39{by_bias}. Tables: \
         size.csv, rate.csv{table}."
    );
    panels.extend(fate);
    Ok(sheet("Where dead outputs come from", 2, panels, Axes::Own, &caption))
}
