//! Model exponents: figures 5e, 9b, 10 and 18.

use superpose_figures::chart::Mark;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::heat_maps;
use superpose_figures::lines::{Guide, Lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Field, Tables};
use superpose_stats::scatter::{Compared, Place};
use superpose_stats::summary::{correlation, mean_square, summarise};
use superpose_stats::trend::slope;
use superpose_toy::cell::Cell;
use superpose_toy::superposition::strong_exponent;

use crate::cells::{
    Exponent, Group, SMALL_WIDTHS, complete_exponents, d_hidden, data_exponent, exponent_table,
    exponents, exponents_by_seed, grouped, weight_decay,
};
use crate::claim::{AtLeast, AtMost, Claim, Within, mean_difference, says};
use crate::draw::{BARS, Drawn, decay_map, exponent_lines, guide, one, pictures, sheet};
use crate::figure::{Figure, Findings, Material, Regime, exponent_is, is_strong, is_weak, near};
use crate::liu2025::against_paper::{Kinds, logarithms, scatter_claim};
use crate::liu2025::loss::papers_nine;
use crate::liu2025::published::{FIG5E, FIG9B, LOSS_ALPHA0, Published};
use crate::sweeps::{SEEDS_DECAY, SEEDS_STRONG, SEEDS_WEAK, SMALL, SMALL_ALPHA0, WIDE};

fn is_three_decays(cell: &Cell) -> bool {
    (-0.8..-0.3).contains(&cell.train.weight_decay)
}

/// A number of pairs of a data exponent and a model exponent.
type OfPoints<'a> = dyn Fn(&[(f64, f64)]) -> f64 + 'a;

/// `2(α − 1)`, where it is not negative.
fn twice(setting: &Exponent<'_>) -> Field {
    setting.cell().data_exponent().map(|a| 2.0 * (a - 1.0)).filter(|v| *v >= 0.0).into()
}

/// Our exponents beside the published ones, where there are both, in groups.
fn pairs(settings: &[Exponent<'_>], published: &Published, group: Group) -> Vec<Vec<(f64, f64)>> {
    let pair = |e: &Exponent<'_>| Some((e.value()?, published.of(e.cell())?));
    grouped(settings.iter().filter_map(|e| Some((e.cell(), pair(e)?))), group)
}

/// Model exponent against data exponent.
pub(super) const FIGURE_5E: Figure = Figure::of(
    "5e",
    &[SMALL, SEEDS_STRONG, SEEDS_DECAY, SEEDS_WEAK],
    make_5e,
    draw_5e,
)
.wants(|cell| is_three_decays(cell) || is_weak(cell))
.title("Model exponent against data exponent, in both regimes")
.question("Is the model exponent near 1 in the strong regime, and larger above α = 1.5?")
.against(
    "Strong exponents that rise with α below 1.5, follow α − 1, or do not rise beyond α = 1.5.",
)
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
    let pairs = pairs(&strong, &FIG5E, data_exponent);
    let scatter = strong.iter().map(|e| e.seeds.standard_deviation).filter(|s| s.is_finite());
    let scatter: Vec<f64> = scatter.collect();
    let by_seed = exponents_by_seed(&material.select(is_three_decays), SMALL_WIDTHS);
    // A number of all exponents of each seed.
    let of_seeds = |claim: Claim, of: &OfPoints<'_>| {
        let numbers: Vec<Vec<f64>> = by_seed.iter().map(|seed| vec![of(&points(seed))]).collect();
        let n_settings = by_seed.first().map_or(0, Vec::len);
        claim.mean_over(&numbers, "seeds", format!("{n_settings} of 51 settings, each seed alone"))
    };
    let below = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        points.iter().copied().filter(|(alpha, _)| *alpha < STEEP).collect()
    };
    // The mean over decays at one data exponent.
    let at = |alpha: f64| {
        move |all: &[(f64, f64)]| mean(all.iter().filter(|(a, _)| near(*a, alpha)).map(|p| p.1))
    };
    let from_seed_to_seed = "ours: standard deviation of a strong exponent from seed to seed, mean";
    let slope_of_paper = slope(&below(&published(&strong, &FIG5E)));
    let close_to_one = |alpha: f64| {
        let name = format!("strong regime, α = {alpha}: mean model exponent");
        says(name, "close to 1 for α < 1.5").holds(Within(1.0, 0.2))
    };
    let claims = [
        difference_claim(
            "mean absolute difference from the paper's strong exponents",
            (&pairs, "data exponents"),
            51,
        ),
        // What stays within 0.2 of 1 from α = 0 to 1.375 rises by 0.4 at most, 0.29 for each α.
        of_seeds(
            says(
                "strong regime, α < 1.5: slope of the model exponent on α",
                format!("\"close to 1\"; {slope_of_paper:.2} over its own points"),
            )
            .holds(Within(0.0, 0.29)),
            &|all| slope(&below(all)),
        ),
        of_seeds(close_to_one(0.0), &at(0.0)),
        of_seeds(close_to_one(1.375), &at(1.375)),
        of_seeds(
            says("strong regime, α = 2: mean model exponent", "2.05, 2.20, 2.27; theory 2")
                .holds(Within(2.0, 0.4)),
            &at(2.0),
        ),
        says(from_seed_to_seed, "one seed").holds(AtMost(0.1)).measured(
            summarise(&scatter).mean,
            format!("{} settings with several seeds", scatter.len()),
        ),
    ];
    Findings::new([table], claims)
}

/// Above this data exponent, theory has `2(α − 1)` in place of 1.
const STEEP: f64 = 1.45;

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    summarise(&values.collect::<Vec<f64>>()).mean
}

/// Data exponent and model exponent of each of the settings.
fn points(settings: &[Exponent<'_>]) -> Vec<(f64, f64)> {
    settings.iter().filter_map(|e| Some((e.place()[0], e.value()?))).collect()
}

/// The same as published.
fn published(settings: &[Exponent<'_>], published: &Published) -> Vec<(f64, f64)> {
    settings.iter().filter_map(|e| Some((e.place()[0], published.of(e.cell())?))).collect()
}

/// How far our exponents are from the paper's on average, of so many settings, with the error over groups of them.
fn difference_claim(
    name: &str,
    (pairs, of): (&[Vec<(f64, f64)>], &str),
    n_settings: usize,
) -> Claim {
    let basis = basis(pairs, n_settings);
    says(name, "0").holds(AtMost(0.1)).over(pairs, of, mean_difference, basis)
}

fn basis(pairs: &[Vec<(f64, f64)>], n_settings: usize) -> String {
    format!("{} of {n_settings} settings; seeds averaged", pairs.concat().len())
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
pub(super) const FIGURE_9B: Figure = Figure::of(
    "9b",
    &[SMALL, SMALL_ALPHA0, SEEDS_DECAY, SEEDS_STRONG, SEEDS_WEAK],
    make_9b,
    draw_9b,
)
.title("Model exponent by weight decay and data exponent")
.question("Are the published model exponents what comes out here?")
.against("A correlation below 0.98, or a mean absolute difference above 0.1.")
.limits("A slope over six widths hides what a curve does; local exponents stand in the table.");

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
    // A seed gives all cells of a column, one decay, the same start: 170 settings are not 170 observations.
    let pairs = pairs(&settings, &FIG9B, weight_decay);
    let losses = loss_differences(material);
    let claims = [
        says("correlation with the paper's exponents", "1").holds(AtLeast(0.98)).over(
            &pairs,
            "weight decays",
            correlation,
            basis(&pairs, 170),
        ),
        difference_claim(
            "mean absolute difference from the paper's exponents",
            (&pairs, "weight decays"),
            170,
        ),
        scatter_claim(
            "the paper's exponents scatter about ours as seeds do: mean z²",
            &compare(&settings),
        ),
        says("α = 0: root mean square of ln(ours / paper) over the losses", "0")
            .holds(AtMost(0.06))
            .over(
                &losses,
                "weight decays",
                |losses| mean_square(losses).sqrt(),
                format!("{} of 60 losses; seeds averaged", losses.concat().len()),
            ),
    ];
    Findings::new([table], claims)
}

/// The exponents with several seeds at each width, beside the paper's. They scatter alike at one data
/// exponent and in one regime.
fn compare(settings: &[Exponent<'_>]) -> Vec<Compared> {
    let mut kinds = Kinds::default();
    let mut compared = Vec::new();
    for setting in settings.iter().filter(|e| e.scatter.is_some()) {
        let cell = setting.cell();
        let ln_d: Vec<f64> = setting.losses.iter().map(|(d, _)| (*d as f64).ln()).collect();
        let mean = summarise(&ln_d).mean;
        let squares: f64 = ln_d.iter().map(|x| (x - mean).powi(2)).sum();
        let place = |(at, (d, _)): (usize, &(usize, f64))| {
            let at_width = setting.cells.iter().copied().filter(|f| d_hidden(f) == *d);
            let by_seed = logarithms(&at_width.collect::<Vec<_>>());
            // The exponent is minus the slope.
            Place { at, weight: -(ln_d[at] - mean) / squares, by_seed }
        };
        let places = setting.losses.iter().enumerate().map(place).collect();
        let group = kinds.number((data_exponent(cell), Regime::of(cell)));
        let published = FIG9B.of(cell);
        compared.extend(published.map(|published| Compared {
            group,
            places,
            published,
            least_variance: 0.0,
        }));
    }
    compared
}

/// ln(ours / paper) of the losses at data exponent 0, by weight decay.
fn loss_differences(material: &Material<'_>) -> Vec<Vec<f64>> {
    let settings = exponents(&material.select(|cell| exponent_is(cell, 0.0)), 0);
    let differences = settings.iter().flat_map(|setting| {
        let of_width = |d: usize| setting.cells.iter().find(move |f| d_hidden(f) == d);
        let published = move |d: usize| LOSS_ALPHA0.of(&of_width(d)?.record.cell);
        let difference = move |(d, loss): &(usize, f64)| Some((loss / published(*d)?).ln());
        setting.losses.iter().filter_map(move |l| Some((setting.cell(), difference(l)?)))
    });
    grouped(differences, weight_decay)
}

/// What a heat map of exponents says below.
const MAP_CAPTION: &str = "Crossed out: not all six widths are trained. Table: exponents.csv.";

fn draw_9b(tables: &Tables) -> Drawn {
    let table = tables.get("exponents")?;
    let mut panels = Vec::new();
    for (value, scale, low, high) in [
        ("model_exponent", ColourScale::linear("model exponent"), 0.0, 2.5),
        ("published", ColourScale::linear("published"), 0.0, 2.5),
        ("difference", ColourScale::signed("ours less published"), -0.4, 0.4),
    ] {
        let colours = scale.from_to(low, high);
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
    let strong = settings.iter().filter(|e| Regime::of(e.cell()) == Regime::Strong);
    let r_squared = strong.filter_map(|e| Some((e.cell(), e.fit?.r_squared)));
    let r_squared = grouped(r_squared, data_exponent);
    let all = r_squared.concat();
    let basis = format!("{} of 68 settings with γ ≤ −1/3", all.len());
    let claims = [
        says("strong regime: mean R²", "near 1").holds(AtLeast(0.95)).mean_over(
            &r_squared,
            "data exponents",
            basis.clone(),
        ),
        says("strong regime: smallest R²", "near 1").holds(AtLeast(0.9)).smallest(&all, basis),
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
    // On either side of α = 1.5, which is neither; by data exponent, since the decays at one are alike.
    let side = |is_its: fn(f64) -> bool, less: fn(f64) -> f64| {
        let chosen = settings.iter().filter(|e| is_its(e.place()[0]));
        let values = chosen.filter_map(|e| Some((e.cell(), e.value()? - less(e.place()[0]))));
        grouped(values, data_exponent)
    };
    let below = side(|alpha| alpha < STEEP, |_| 0.0);
    let above = side(|alpha| alpha > 1.55, strong_exponent);
    let basis =
        |of: &[Vec<f64>], n| format!("{} of {n} settings, one training a cell", of.concat().len());
    let claims = [
        says("α < 1.5: mean model exponent", "about 1").holds(Within(1.0, 0.2)).mean_over(
            &below,
            "data exponents",
            basis(&below, 36),
        ),
        says("α > 1.5: model exponent less 2(α − 1), mean", "below 2(α − 1)")
            .holds(AtMost(0.0))
            .mean_over(&above, "data exponents", basis(&above, 12)),
    ];
    Findings::new([table], claims)
}

fn draw_18(tables: &Tables) -> Drawn {
    let of = Lines { panel: Some("group"), ..exponent_lines(&[ONE, TWICE]) };
    one((tables, "exponents"), &of, BY_DATA_EXPONENT, BARS)
}
