//! Model exponents: figures 5e, 9b, 10 and 18.

use superpose_figures::chart::Mark;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::heat_maps;
use superpose_figures::lines::{Guide, Lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Field, Tables};
use superpose_stats::summary::{correlation, mean_square, summarise};
use superpose_toy::cell::Cell;
use superpose_toy::superposition::strong_exponent;

use crate::cells::{
    Exponent, SMALL_WIDTHS, complete_exponents, d_hidden, exponent_table, exponents,
};
use crate::claim::{AtLeast, AtMost, Between, Within, says};
use crate::figure::{Figure, Findings, Material, exponent_is, is_strong, is_weak, near};
use crate::figures::draw::{BARS, Drawn, decay_map, exponent_lines, guide, one, pictures, sheet};
use crate::figures::loss::papers_nine;
use crate::published::{FIG5E, FIG9B, LOSS_ALPHA0, Published};
use crate::sweeps::{SEEDS_DECAY, SEEDS_STRONG, SMALL, SMALL_ALPHA0, WIDE};

fn is_three_decays(cell: &Cell) -> bool {
    (-0.8..-0.3).contains(&cell.train.weight_decay)
}

/// `2(α − 1)`, where it is not negative.
fn twice(setting: &Exponent<'_>) -> Field {
    setting.cell().data_exponent().map(|a| 2.0 * (a - 1.0)).filter(|v| *v >= 0.0).into()
}

/// Our exponents beside the published ones, where there are both.
fn pairs(settings: &[Exponent<'_>], published: &Published) -> Vec<(f64, f64)> {
    settings.iter().filter_map(|e| Some((e.value()?, published.of(e.cell())?))).collect()
}

/// Model exponent against data exponent.
pub(super) const FIGURE_5E: Figure = Figure::of(
    "5e",
    &[SMALL, SEEDS_STRONG, SEEDS_DECAY],
    make_5e,
    draw_5e,
)
.wants(|cell| is_three_decays(cell) || is_weak(cell))
.title("Model exponent against data exponent, in both regimes")
.question("Is the model exponent near 1 in the strong regime, and larger above α = 1.5?")
.against("Strong exponents that follow α − 1, or that do not rise beyond α = 1.5.")
.limits(
    "Slopes of curves that are not straight (column local_exponents): the widths decide them. What \
             dead outputs do to them is in experiment dead-outputs.",
);

fn make_5e(material: &Material<'_>) -> Findings {
    let strong = complete_exponents(&material.select(is_three_decays), SMALL_WIDTHS);
    let weak = papers_nine(material);
    let both: Vec<Exponent<'_>> = strong.iter().chain(&weak).cloned().collect();
    let table = exponent_table(
        "exponents",
        "How does the model exponent depend on the data exponent?",
        &both,
        &[
            ("published", "the paper's exponent", &|e| FIG5E.of(e.cell()).into()),
            (
                "group",
                "strong: three negative decays; weak: the paper's nine settings of figure 4b",
                &|e| if is_strong(e.cell()) { "strong" } else { "weak" }.into(),
            ),
            ("one", "prediction for even frequencies: 1", &|_| 1.0.into()),
            ("twice", "prediction for skewed frequencies: 2(α − 1)", &twice),
            ("weak_exponent", "prediction without superposition: α − 1", &|e| {
                e.cell().data_exponent().map(|a| a - 1.0).filter(|v| *v >= 0.0).into()
            }),
        ],
    );
    let pairs = pairs(&strong, &FIG5E);
    let scatter = strong.iter().map(|e| e.seeds.standard_deviation).filter(|s| s.is_finite());
    let scatter: Vec<f64> = scatter.collect();
    // The exponents at data exponents from `low` to `high`.
    let between = |low: f64, high: f64| -> Vec<f64> {
        let chosen = strong.iter().filter(|e| (low..=high).contains(&e.place()[0]));
        chosen.filter_map(Exponent::value).collect()
    };
    let from_seed_to_seed = "ours: standard deviation of a strong exponent from seed to seed, mean";
    let claims = [
        says("mean absolute difference from the paper's strong exponents", "0")
            .holds(AtMost(0.1))
            .mean_difference(&pairs, format!("{} of 51 settings; seeds averaged", pairs.len())),
        says("strong regime, α < 1.5: mean model exponent", "close to 1")
            .holds(Within(1.0, 0.2))
            .averaged(&between(0.0, 1.4), "settings"),
        says("strong regime, α = 2: mean model exponent", "2.05, 2.20, 2.27; theory 2")
            .holds(Within(2.0, 0.4))
            .averaged(&between(1.99, 2.01), "settings"),
        says(from_seed_to_seed, "one seed")
            .holds(AtMost(0.1))
            .mean_of(&scatter, format!("{} settings with several seeds", scatter.len())),
    ];
    Findings::new([table], claims)
}

const ONE: Guide<'static> = guide("one", "1", Mark::Line);
const TWICE: Guide<'static> = guide("twice", "2(α − 1)", Mark::Dotted);

fn draw_5e(tables: &Tables) -> Drawn {
    let guides = [ONE, TWICE, guide("weak_exponent", "α − 1", Mark::Dotted)];
    let of =
        Lines { panel: Some("group"), published: Some("published"), ..exponent_lines(&guides) };
    one((tables, "exponents"), &of, BY_DATA_EXPONENT, &format!("{BARS} Rings: the paper's."))
}

const BY_DATA_EXPONENT: &str = "Model exponent against data exponent";

/// Model exponents over weight decay and data exponent.
pub(super) const FIGURE_9B: Figure =
    Figure::of("9b", &[SMALL, SMALL_ALPHA0, SEEDS_DECAY, SEEDS_STRONG], make_9b, draw_9b)
        .title("Model exponent by weight decay and data exponent")
        .question("Are the published model exponents what comes out here?")
        .against("A correlation below 0.98, or a mean absolute difference above 0.1.")
        .limits(
            "A slope over six widths hides what a curve does; local exponents stand in the table.",
        );

fn make_9b(material: &Material<'_>) -> Findings {
    let settings = complete_exponents(&material.trained(), SMALL_WIDTHS);
    let table = exponent_table(
        "exponents",
        "How fast does the loss fall with width?",
        &settings,
        &[
            ("published", "the paper's exponent", &|e| FIG9B.of(e.cell()).into()),
            ("difference", "model_exponent less published", &|e| {
                e.value().zip(FIG9B.of(e.cell())).map(|(ours, paper)| ours - paper).into()
            }),
        ],
    );
    let pairs = pairs(&settings, &FIG9B);
    let z = deviations(&settings);
    let n_beyond = z.iter().filter(|z| z.abs() > 2.0).count();
    let losses = loss_differences(material);
    let basis = format!("{} of 170 settings; seeds averaged", pairs.len());
    let claims = [
        says("correlation with the paper's exponents", "1")
            .holds(AtLeast(0.98))
            .measured(correlation(&pairs), basis.clone()),
        says("mean absolute difference from the paper's exponents", "0")
            .holds(AtMost(0.1))
            .mean_difference(&pairs, basis),
        says("the paper's exponents scatter about ours as seeds do: mean z²", "1")
            .holds(Between(0.5, 1.5))
            .measured(
                mean_square(&z),
                format!("{} settings with several seeds, {n_beyond} of them beyond 2", z.len()),
            ),
        says("α = 0: root mean square of ln(ours / paper) over the losses", "0")
            .holds(AtMost(0.06))
            .measured(
                mean_square(&losses).sqrt(),
                format!("{} of 60 losses; seeds averaged", losses.len()),
            ),
    ];
    Findings::new([table], claims)
}

/// How far a published exponent is from ours, in units of the scatter of trainings that each have a seed of
/// their own, where ours have several; the scatter is pooled over weight decays of one sign at each data
/// exponent.
fn deviations(settings: &[Exponent<'_>]) -> Vec<f64> {
    let is_alike = |a: &Exponent<'_>, b: &Exponent<'_>| {
        near(a.place()[0], b.place()[0]) && is_strong(a.cell()) == is_strong(b.cell())
    };
    let z = |e: &Exponent<'_>| {
        let alike = settings.iter().filter(|other| is_alike(other, e));
        let squares: Vec<f64> = alike.filter_map(|other| Some(other.scatter?.powi(2))).collect();
        let n = e.seeds.n as f64;
        let error = (summarise(&squares).mean * (1.0 + 1.0 / n)).sqrt();
        Some((FIG9B.of(e.cell())? - e.value()?) / error)
    };
    settings.iter().filter(|e| e.scatter.is_some()).filter_map(z).collect()
}

/// ln(ours / paper) of the losses at data exponent 0.
fn loss_differences(material: &Material<'_>) -> Vec<f64> {
    let settings = exponents(&material.select(|cell| exponent_is(cell, 0.0)), 0);
    let differences = settings.iter().flat_map(|setting| {
        let of_width = |d: usize| setting.cells.iter().find(move |f| d_hidden(f) == d);
        let published = move |d: usize| LOSS_ALPHA0.of(&of_width(d)?.record.cell);
        setting.losses.iter().filter_map(move |(d, loss)| Some((loss / published(*d)?).ln()))
    });
    differences.collect()
}

/// What a heat map of exponents says below.
const MAP_CAPTION: &str = "Crossed out: not all six widths are trained. Table: exponents.csv.";

fn draw_9b(tables: &Tables) -> Drawn {
    let table = tables.get("exponents")?;
    let mut panels = Vec::new();
    for (value, label, low, high) in [
        ("model_exponent", "model exponent", 0.0, 2.5),
        ("published", "published", 0.0, 2.5),
        ("difference", "ours less published", -0.4, 0.4),
    ] {
        let colours = ColourScale::linear(label).from_to(low, high);
        panels.extend(heat_maps(table, &decay_map(value, colours))?);
    }
    let (title, n) =
        ("Model exponents: ours, the paper's, and ours less the paper's", panels.len());
    Ok(pictures([sheet(title, n, panels, Axes::Own, MAP_CAPTION)]))
}

/// How straight the lines are.
pub(super) const FIGURE_10: Figure = Figure::of("10", &[SMALL], make_10, draw_10)
    .title("R² of the fitted laws, by weight decay and data exponent")
    .question("Are the losses power laws of width?")
    .against("Low R² at negative weight decay.")
    .limits(
        "R² near 1 does not make a power law: local exponents differ by a factor of three along \
             curves with R² = 0.96.",
    );

fn make_10(material: &Material<'_>) -> Findings {
    let settings = complete_exponents(&material.trained(), SMALL_WIDTHS);
    let table = exponent_table("exponents", "Are the losses power laws of width?", &settings, &[]);
    let strong = settings.iter().filter(|e| e.cell().train.weight_decay < -0.2);
    let r_squared: Vec<f64> = strong.filter_map(|e| Some(e.fit?.r_squared)).collect();
    let of = "of 68 settings with γ ≤ −1/3";
    let claims = [
        says("strong regime: mean R²", "near 1").holds(AtLeast(0.95)).averaged(&r_squared, of),
        says("strong regime: smallest R²", "near 1")
            .holds(AtLeast(0.9))
            .smallest(&r_squared, format!("{} {of}", r_squared.len())),
    ];
    Findings::new([table], claims)
}

fn draw_10(tables: &Tables) -> Drawn {
    let colours = ColourScale::linear("R²").from_to(0.0, 1.0);
    let panels = heat_maps(tables.get("exponents")?, &decay_map("r_squared", colours))?;
    Ok(pictures([sheet("R² of the fitted power laws", 1, panels, Axes::Own, MAP_CAPTION)]))
}

/// Figure 5e with wider models.
pub(super) const FIGURE_18: Figure = Figure::of("18", &[WIDE], make_18, draw_18)
    .title("Model exponent against data exponent at widths 50 to 150")
    .question("Is the strong exponent closer to 1 where d²/2 exceeds n?")
    .against("Exponents away from 1 below α = 1.5.")
    .limits("The paper gives the range of widths and no more: how many, and the weight decays, are ours.");

/// Number of widths from 50 to 150.
const WIDE_WIDTHS: usize = 4;

fn make_18(material: &Material<'_>) -> Findings {
    let settings = complete_exponents(&material.trained(), WIDE_WIDTHS);
    let table = exponent_table(
        "exponents",
        "How does the model exponent depend on the data exponent, at widths 50 to 150?",
        &settings,
        &[
            ("group", "strong: three negative decays", &|_| "strong".into()),
            ("one", "prediction for even frequencies: 1", &|_| 1.0.into()),
            ("twice", "prediction for skewed frequencies: 2(α − 1)", &twice),
        ],
    );
    // On either side of α = 1.5, which is neither.
    let (below, above): (Vec<_>, Vec<_>) = settings
        .iter()
        .filter(|e| !(1.45..=1.55).contains(&e.place()[0]))
        .filter_map(|e| Some((e.place()[0], e.value()?)))
        .partition(|(alpha, _)| *alpha < 1.5);
    let below: Vec<f64> = below.into_iter().map(|(_, exponent)| exponent).collect();
    let above = above.into_iter().map(|(alpha, exponent)| exponent - strong_exponent(alpha));
    let claims = [
        says("α < 1.5: mean model exponent", "about 1")
            .holds(Within(1.0, 0.2))
            .averaged(&below, "of 36 settings"),
        says("α > 1.5: model exponent less 2(α − 1), mean", "below 2(α − 1)")
            .holds(AtMost(0.0))
            .averaged(&above.collect::<Vec<_>>(), "of 12 settings"),
    ];
    Findings::new([table], claims)
}

fn draw_18(tables: &Tables) -> Drawn {
    let of = Lines { panel: Some("group"), ..exponent_lines(&[ONE, TWICE]) };
    one((tables, "exponents"), &of, BY_DATA_EXPONENT, BARS)
}
