//! The sixty losses at data exponent 0, which the paper's first version shows one by one.

use superpose_analysis::run::Finished;
use superpose_figures::lines::{ErrorBars, Lines};
use superpose_files::table::{Table, Tables};
use superpose_stats::groups::Estimate;
use superpose_stats::scatter::{self, Compared, Place};
use superpose_stats::summary::{Summary, mean_square, summarise};
use superpose_toy::cell::Cell;

use crate::cells::{
    KEY, by_setting, cell_of, cell_table, grouped, keyed, over_seeds, weight_decay,
};
use crate::claim::{AtMost, Claim, Within, says};
use crate::draw::{Drawn, lines_by, loss, one, width};
use crate::figure::{Figure, Findings, Material, Regime};
use crate::liu2025::against_paper::{Kinds, logarithms, scatter_claim};
use crate::liu2025::published::LOSS_ALPHA0;
use crate::sweeps::{SEEDS_ALPHA0, SMALL_ALPHA0};

/// The losses of the small toy at even frequencies.
pub(super) const SIXTY_LOSSES: Figure = Figure::of("sixty-losses", &[SMALL_ALPHA0, SEEDS_ALPHA0], make, draw)
    .title("The sixty losses at data exponent 0")
    .question("Are the published losses, one training each, what comes out here?")
    .against("Losses further off than seeds scatter.")
    .limits("Published losses are read off a figure and are means of the last 100 training losses. The \
             decays of a seed share batches and start, so their deviations at one width are not independent.");

/// A setting beside the paper.
struct Setting<'a> {
    cell: &'a Cell,
    loss: Summary,
    dead: Summary,
    published: f64,
    /// The same in logarithms. Those of one width and regime scatter alike; at least by what the test batches
    /// alone make of a loss, which all cells of a seed share, and few seeds can look too alike.
    compared: Compared,
    /// Standard deviation of the logarithm of one training's loss.
    scatter: f64,
    z: f64,
}

impl Setting<'_> {
    fn deviation(&self) -> f64 {
        self.published / self.loss.mean - 1.0
    }
}

fn settings<'a>(material: &Material<'a>) -> Vec<Setting<'a>> {
    let mut kinds = Kinds::default();
    let setting = |group: &Vec<&'a Finished>| {
        let (cell, dead) = (cell_of(group), over_seeds(group, "dead_outputs"));
        let loss = over_seeds(group, "loss.test");
        let of_batches = over_seeds(group, "loss.test_se").mean / loss.mean;
        let published = LOSS_ALPHA0.of(cell)?;
        let d_hidden = cell.model.d_hidden;
        let place = Place { at: d_hidden, weight: 1.0, by_seed: logarithms(group) };
        let compared = Compared {
            group: kinds.number((d_hidden, Regime::of(cell))),
            places: vec![place],
            published: published.ln(),
            least_variance: of_batches.powi(2),
        };
        Some(Setting { cell, loss, dead, published, compared, scatter: f64::NAN, z: f64::NAN })
    };
    let mut settings: Vec<Setting<'a>> =
        by_setting(&material.trained()).iter().filter_map(setting).collect();
    let compared: Vec<Compared> = settings.iter().map(|s| s.compared.clone()).collect();
    let found = scatter::deviations(&compared).into_iter().zip(scatter::z(&compared));
    for (setting, (scatter, z)) in settings.iter_mut().zip(found) {
        (setting.scatter, setting.z) = (scatter, z);
    }
    settings
}

fn make(material: &Material<'_>) -> Findings {
    let settings = settings(material);
    let quantities = [
        "loss.test",
        "loss.train_last100",
        "loss.dead_part",
        "dead_outputs",
        "phi_half",
        "phi_one",
    ];
    let cells =
        cell_table("cells", "What came of each cell?", &material.trained(), &quantities, &[]);
    let mut claims = claims_of_all(&settings).to_vec();
    for d_hidden in [10, 15, 25, 39, 63, 100] {
        for (regime, of) in [
            (Regime::Strong, "γ ≤ −1/3"),
            (Regime::Transition, "γ = −1/9"),
            (Regime::Weak, "γ > 0"),
        ] {
            let is_its = |s: &&Setting<'_>| {
                s.cell.model.d_hidden == d_hidden && Regime::of(s.cell) == regime
            };
            let chosen: Vec<&Setting<'_>> = settings.iter().filter(is_its).collect();
            claims.push(deviation_claim(&format!("d = {d_hidden}, {of}"), &chosen));
        }
    }
    Findings::new([table(settings), cells], claims)
}

fn claims_of_all(settings: &[Setting<'_>]) -> [Claim; 2] {
    let logarithms = settings.iter().map(|s| (s.cell, (s.loss.mean / s.published).ln()));
    let logarithms = grouped(logarithms, weight_decay);
    // In the transition each width has one decay, whose scatter three seeds do not tell.
    let is_told = |s: &&Setting<'_>| Regime::of(s.cell) != Regime::Transition;
    let told = settings.iter().filter(is_told);
    let compared: Vec<Compared> = told.map(|s| s.compared.clone()).collect();
    [
        says("root mean square of ln(ours / paper)", "0").holds(AtMost(0.06)).over(
            &logarithms,
            "weight decays",
            |logarithms| mean_square(logarithms).sqrt(),
            format!("{} of 60 losses; seeds averaged", settings.len()),
        ),
        scatter_claim(
            "γ ≠ −1/9: the published losses scatter about the mean of our seeds as our seeds do: mean z²",
            &compared,
        ),
    ]
}

/// How far the published losses are from ours on average over decays. A seed of ours does much the same at all of
/// them, so that our part of the error is that of the mean over decays from seed to seed; the published
/// losses are a training each.
fn deviation_claim(setting: &str, settings: &[&Setting<'_>]) -> Claim {
    let n_seeds = settings.iter().map(|s| s.compared.places[0].by_seed.len()).min().unwrap_or(0);
    let of_seed = |seed: usize| {
        let logarithms = settings.iter().map(|s| s.compared.places[0].by_seed[seed]);
        summarise(&logarithms.collect::<Vec<f64>>()).mean
    };
    let ours = summarise(&(0..n_seeds).map(of_seed).collect::<Vec<f64>>());
    let variance: f64 = settings.iter().map(|s| s.scatter.powi(2)).sum();
    let published = variance / (settings.len() as f64).powi(2);
    let error = (ours.standard_error.powi(2) + published).sqrt();
    let deviations: Vec<f64> = settings.iter().map(|s| s.deviation()).collect();
    let degrees = n_seeds.saturating_sub(1).max(1) as f64;
    let estimate = Estimate::new(summarise(&deviations).mean, error, degrees);
    says(format!("{setting}: published over ours, less 1, mean over decays"), "0")
        .holds(Within(0.0, 0.05))
        .estimated(
            (n_seeds > 1).then_some(estimate),
            "seeds, ours and the paper's",
            match settings.len() {
                1 => format!("1 weight decay, {n_seeds} seeds"),
                n => format!("{n} weight decays, {n_seeds} seeds at each"),
            },
        )
}

fn table(settings: Vec<Setting<'_>>) -> Table {
    keyed(
        "losses",
        "Are the published losses what comes out here?",
        &KEY[..4],
        settings.into_iter().map(|s| (s.cell, s)),
        &[
            ("n_seeds", "trained cells", &|c| c.loss.n.into()),
            ("loss.test", "mean test loss", &|c| c.loss.mean.into()),
            ("loss.low", "one standard deviation over seeds below", &|c| {
                (c.loss.mean - c.loss.standard_deviation).into()
            }),
            ("loss.high", "one standard deviation over seeds above", &|c| {
                (c.loss.mean + c.loss.standard_deviation).into()
            }),
            ("dead_outputs", "mean number of dead outputs", &|c| c.dead.mean.into()),
            ("dead_outputs_sd", "its standard deviation over seeds", &|c| {
                c.dead.standard_deviation.into()
            }),
            ("published", "published loss, one training", &|c| c.published.into()),
            ("deviation", "published over ours, less 1", &|c| c.deviation().into()),
            (
                "scatter",
                "standard deviation of ln(loss) over seeds, pooled over decays of this regime (γ = −1/9 is one \
                 of its own); at least that of the test batches, of which all cells of a seed have the same",
                &|c| c.scatter.into(),
            ),
            (
                "z",
                "ln(published) less our mean ln(loss), over scatter · √(1 + 1/n_seeds)",
                &|c| c.z.into(),
            ),
        ],
    )
}

fn draw(tables: &Tables) -> Drawn {
    let of = Lines {
        error_bars: ErrorBars::Ends("loss.low", "loss.high"),
        published: Some("published"),
        ..lines_by(width(), loss(), ("weight_decay", "γ"))
    };
    let caption =
        "Dots: means over seeds; bars: one standard deviation over seeds. Rings: the paper's.";
    one((tables, "losses"), &of, "The sixty losses at α = 0", caption)
}
