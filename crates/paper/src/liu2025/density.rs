//! Activation density: figures 14 and 15.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::lines::{ErrorBars, Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};
use superpose_stats::exponent::CONFIDENCE;
use superpose_stats::power_law::PowerLaw;
use superpose_stats::summary::correlation;
use superpose_stats::trend::{Kendall, kendall, slope};
use superpose_toy::cell::Cell;

use crate::cells::{
    Exponent, SMALL_WIDTHS, cell_table, complete_exponents, exponent_table, grouped, law_through,
    weight_decay,
};
use crate::claim::{AtLeast, AtMost, Claim, Within, says};
use crate::draw::{Drawn, exponents_against, lines_by, loss, one, pictures, sheet, width};
use crate::figure::{Figure, Findings, Material, decay_is, near};
use crate::sweeps::DENSITY;

/// The densities of figure 14b, with the slopes as drawn; the labels printed beside them say 1.1.
const DRAWN: [(f64, f64); 5] =
    [(1.0, 1.06), (2.621, 1.02), (4.243, 0.99), (5.864, 1.06), (7.485, 0.99)];

/// The losses at the ends of figure 14a: weight decay, density, loss.
const ENDS: [(f64, f64, f64); 4] =
    [(-1.0, 1.0, 0.099), (-1.0, 7.485, 1.426), (1.0, 1.0, 0.916), (1.0, 7.485, 4.056)];

fn density_is(cell: &Cell, density: f64) -> bool {
    near(cell.data.activation_density, density)
}

fn is_14b(cell: &Cell) -> bool {
    decay_is(cell, -5.0 / 9.0) && DRAWN.iter().any(|drawn| density_is(cell, drawn.0))
}

/// Loss against activation density.
pub(super) const FIGURE_14: Figure = Figure::of("14", &[DENSITY], make_14, draw_14)
    .wants(|cell| cell.model.d_hidden == 63 || is_14b(cell))
    .title("Loss against activation density, and against width at five densities")
    .question("Does activation density move the loss and leave the exponent?")
    .against("A loss that is not linear in E, or slopes that change with E.")
    .limits("One data exponent; E ends where the most frequent feature is always active.");

fn make_14(material: &Material<'_>) -> Findings {
    let at_63 = material.select(|cell| cell.model.d_hidden == 63);
    let by_density = cell_table(
        "by_density",
        "How does the loss grow with activation density, at d = 63?",
        &at_63,
        &["loss.test", "loss.dead_part", "dead_outputs", "phi_half"],
        &[],
    );
    let five_densities = material.select(is_14b);
    let by_width = cell_table(
        "by_width",
        "How does the loss fall with width, at five densities and γ = −0.56?",
        &five_densities,
        &["loss.test", "loss.dead_part", "dead_outputs"],
        &[],
    );
    let mut claims = vec![straightness_claim(&at_63)];
    claims.extend(ENDS.map(|end| end_claim(&at_63, end)));
    claims.extend(slope_claims(&five_densities));
    Findings::new([by_density, by_width], claims)
}

/// Whether the loss is linear in the density, at each weight decay.
fn straightness_claim(at_63: &[&Finished]) -> Claim {
    let points = at_63.iter().filter_map(|f| {
        let cell = &f.record.cell;
        Some((cell, (cell.data.activation_density, f.measured()?.loss_test)))
    });
    let groups = grouped(points, weight_decay);
    // More than half of the nine densities, or the line says little.
    let groups = groups.iter().filter(|points| points.len() >= 5);
    let r_squared: Vec<f64> = groups.map(|points| correlation(points).powi(2)).collect();
    says("d = 63: smallest R² of the loss on E, over weight decays", "roughly linear")
        .holds(AtLeast(0.95))
        .smallest(&r_squared, format!("{} of 10 weight decays", r_squared.len()))
}

fn end_claim(at_63: &[&Finished], (decay, density, paper): (f64, f64, f64)) -> Claim {
    let is_end = |f: &&&Finished| {
        let cell = &f.record.cell;
        decay_is(cell, decay) && density_is(cell, density)
    };
    let loss = at_63.iter().find(is_end).and_then(|f| f.measured()).map(|m| m.loss_test);
    says(format!("d = 63, γ = {decay}, E = {density}: loss over the paper's"), format!("{paper}"))
        .holds(Within(1.0, 0.25))
        .measured(loss.map(|loss| loss / paper), "one training each, so without an error")
}

fn slope_claims(five_densities: &[&Finished]) -> Vec<Claim> {
    let slopes = complete_exponents(five_densities, SMALL_WIDTHS);
    let claim = |(density, drawn): (f64, f64)| {
        let slope = slopes.iter().find(|e| density_is(e.cell(), density));
        says(
            format!("γ = −0.56, E = {density}: model exponent"),
            format!("{drawn} as drawn; 1.1 as printed"),
        )
        .holds(Within(drawn, 0.15))
        .at_these_widths(
            slope.and_then(Exponent::value),
            slope.and_then(|e| e.interval),
            1,
        )
    };
    DRAWN.map(claim).to_vec()
}

fn draw_14(tables: &Tables) -> Drawn {
    let y = ("loss.test", Axis::linear("test loss L (sum over features)"));
    let by_density = lines_by(density(), y, ("weight_decay", "γ"));
    let by_width = lines_by(width(), loss(), ("activation_density", "E"));
    let mut panels = lines(tables.get("by_density")?, &by_density)?;
    panels.extend(lines(tables.get("by_width")?, &by_width)?);
    let caption =
        "Left: d = 63. Right: γ = −0.56. One dot a training. Tables: by_density.csv, by_width.csv.";
    Ok(pictures([sheet("Loss and activation density, α = 1", 2, panels, Axes::Own, caption)]))
}

/// The activation density, with its axis.
fn density() -> (&'static str, Axis) {
    ("activation_density", Axis::linear("activation density E"))
}

/// Model exponent against activation density.
pub(super) const FIGURE_15: Figure = Figure::of("15", &[DENSITY], make_15, draw_15)
    .title("Model exponent against activation density")
    .question("Is the model exponent the same at every activation density?")
    .against("Exponents that rise or fall with E at more weight decays than chance has it. The bend of the lines, which \
              all densities share, is no error of a difference.")
    .limits("One data exponent.");

/// How the exponents of one weight decay go with the density.
struct Trend<'a> {
    cell: &'a Cell,
    /// Density and exponent.
    exponents: Vec<(f64, f64)>,
    kendall: Kendall,
    /// The exponent at the highest density less that at the lowest, as the exponent of the ratio of their losses.
    difference: Option<PowerLaw>,
}

impl Trend<'_> {
    fn interval(&self) -> Option<(f64, f64)> {
        self.difference.map(|law| law.exponent_interval(CONFIDENCE))
    }

    fn has_trend(&self) -> bool {
        self.kendall.p_value < 1.0 - CONFIDENCE
    }

    fn has_difference(&self) -> bool {
        self.interval().is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}

/// The trends of the weight decays that have all densities.
fn trends<'a>(settings: &[Exponent<'a>]) -> Vec<Trend<'a>> {
    let density = |e: &Exponent<'_>| e.cell().data.activation_density;
    let trend = |mut group: Vec<&Exponent<'a>>| {
        group.sort_by(|a, b| density(a).total_cmp(&density(b)));
        let exponents: Vec<(f64, f64)> =
            group.iter().filter_map(|e| Some((density(e), e.value()?))).collect();
        let (first, last) = (group.first()?, group.last()?);
        let ratios: Vec<(f64, f64)> = first
            .losses
            .iter()
            .zip(&last.losses)
            .map(|((width, low), (_, high))| (*width as f64, high / low))
            .collect();
        (exponents.len() == N_DENSITIES).then_some(())?;
        let kendall = kendall(&exponents)?;
        Some(Trend { cell: first.cell(), exponents, kendall, difference: law_through(&ratios) })
    };
    let groups = grouped(settings.iter().map(|e| (e.cell(), e)), weight_decay);
    groups.into_iter().filter_map(trend).collect()
}

/// The number of densities.
const N_DENSITIES: usize = 9;

fn trend_table(trends: &[Trend<'_>]) -> Table {
    Table::of(
        "trends",
        "Does the model exponent rise or fall with the activation density?",
        trends,
        &[
            ("weight_decay", "signed weight decay γ", &|t| t.cell.train.weight_decay.into()),
            ("n_densities", "densities E", &|t| t.exponents.len().into()),
            ("kendall_tau", "Kendall's τ of the exponents with E: 1 if each is higher", &|t| {
                t.kendall.tau.into()
            }),
            ("p_value", "probability of a τ as far from 0 without a trend", &|t| {
                t.kendall.p_value.into()
            }),
            ("slope", "slope of the exponents on E", &|t| slope(&t.exponents).into()),
            (
                "difference",
                "exponent at the highest E less that at the lowest: the exponent of the ratio of their losses",
                &|t| t.difference.map(|law| law.exponent).into(),
            ),
            (
                "difference_se",
                "its standard error, from the scatter of the ratios about their own line",
                &|t| t.difference.map(|law| law.exponent_se).into(),
            ),
            (
                "difference_low",
                "lower end of its 95 % interval, of that line, by Student's t",
                &|t| t.interval().map(|i| i.0).into(),
            ),
            ("difference_high", "upper end", &|t| t.interval().map(|i| i.1).into()),
        ],
    )
}

fn make_15(material: &Material<'_>) -> Findings {
    let settings = complete_exponents(&material.trained(), SMALL_WIDTHS);
    let table = exponent_table("exponents", FIGURE_15.question, &settings, &[]);
    let trends = trends(&settings);
    let basis = format!("{} of 10 weight decays, one training a cell", trends.len());
    let count = |has: fn(&Trend<'_>) -> bool| {
        let n = trends.iter().filter(|trend| has(trend)).count();
        (!trends.is_empty()).then_some(n as f64)
    };
    // By chance one of ten is beyond its 5 % level with a probability of 0.4, two or more of 0.09.
    let by_chance = AtMost(1.0);
    let claims = [
        says("weight decays whose exponents rise or fall with E (Kendall's τ, 5 % level)", "flat")
            .holds(by_chance)
            .measured(count(|t| t.has_trend()), basis.clone()),
        says(
            "weight decays whose exponent at E = 7.5 is not that at E = 1 (95 % interval of the line through \
             the ratios of their losses)",
            "flat",
        )
        .holds(by_chance)
        .measured(count(|t| t.has_difference()), basis),
    ];
    Findings::new([table, trend_table(&trends)], claims)
}

fn draw_15(tables: &Tables) -> Drawn {
    let title = "Model exponent against activation density, α = 1";
    let caption = "Lines through six widths; how they bend is common to all E and not drawn.";
    let of = Lines { error_bars: ErrorBars::None, ..exponents_against(density()) };
    one((tables, "exponents"), &of, title, caption)
}
