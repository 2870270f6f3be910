//! The sixty losses at data exponent 0, which the paper's first version shows one by one.

use superpose_analysis::run::Finished;
use superpose_figures::lines::{ErrorBars, Lines};
use superpose_files::table::{Table, Tables};
use superpose_stats::summary::{Summary, mean_square, pooled_relative_deviation, summarise};
use superpose_toy::cell::Cell;

use crate::cells::{KEY, by_setting, cell_of, cell_table, d_hidden, keyed, over_seeds};
use crate::claim::{AtMost, Between, Claim, Within, says};
use crate::figure::{Figure, Findings, Material, is_strong};
use crate::figures::draw::{Drawn, grouped, loss, one, width};
use crate::published::LOSS_ALPHA0;
use crate::sweeps::{SEEDS_ALPHA0, SMALL_ALPHA0};

/// The losses of the small toy at even frequencies.
pub(super) const SIXTY_LOSSES: Figure = Figure::of("sixty-losses", &[SMALL_ALPHA0, SEEDS_ALPHA0], make, draw)
    .title("The sixty losses at data exponent 0")
    .question("Are the published losses, one training each, what comes out here?")
    .against("Losses further off than seeds scatter.")
    .limits("Published losses are read off a figure and are means of the last 100 training losses. The five \
             decays of a seed share batches and start, so their deviations at one width are not independent.");

/// A setting beside the paper.
struct Compared<'a> {
    cell: &'a Cell,
    loss: Summary,
    dead: Summary,
    /// Relative, from seed to seed, pooled over the weight decays of this sign at this width; at least what
    /// the test batches alone make of a loss, since the decays of a seed share them and few seeds can look
    /// too alike.
    scatter: f64,
    published: f64,
}

impl Compared<'_> {
    fn deviation(&self) -> f64 {
        self.published / self.loss.mean - 1.0
    }

    /// One published training scatters as ours do.
    fn z(&self) -> f64 {
        self.deviation() / (self.scatter * (1.0 + 1.0 / self.loss.n as f64).sqrt())
    }
}

fn compare<'a>(material: &Material<'a>) -> Vec<Compared<'a>> {
    let groups = by_setting(&material.trained());
    let kind = |group: &[&Finished]| (d_hidden(group[0]), is_strong(cell_of(group)));
    let loss = |group: &Vec<&Finished>| over_seeds(group, "loss.test");
    let scatter = |of: &[&Finished]| {
        let alike = || groups.iter().filter(|group| kind(group) == kind(of) && group.len() > 1);
        let losses: Vec<Summary> = alike().map(loss).collect();
        let of_batches = alike().map(|g| over_seeds(g, "loss.test_se").mean / loss(g).mean);
        of_batches.fold(pooled_relative_deviation(&losses), f64::max)
    };
    let compared = |group: &Vec<&'a Finished>| {
        let (cell, dead) = (cell_of(group), over_seeds(group, "dead_outputs"));
        let published = LOSS_ALPHA0.of(cell)?;
        Some(Compared { cell, loss: loss(group), dead, scatter: scatter(group), published })
    };
    groups.iter().filter_map(compared).collect()
}

fn make(material: &Material<'_>) -> Findings {
    let compared = compare(material);
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
    let mut claims = claims_of_all(&compared).to_vec();
    for d_hidden in [10, 15, 25, 39, 63, 100] {
        let at_width = compared.iter().filter(|c| c.cell.model.d_hidden == d_hidden);
        let (strong, weak): (Vec<_>, Vec<_>) = at_width.partition(|c| is_strong(c.cell));
        for (sign, of) in [("γ < 0", strong), ("γ > 0", weak)] {
            claims.push(deviation_claim(&format!("d = {d_hidden}, {sign}"), &of));
        }
    }
    Findings::new([table(compared), cells], claims)
}

fn claims_of_all(compared: &[Compared<'_>]) -> [Claim; 2] {
    let logarithms: Vec<f64> = compared.iter().map(|c| (c.loss.mean / c.published).ln()).collect();
    let z: Vec<f64> = compared.iter().map(Compared::z).filter(|z| z.is_finite()).collect();
    let [beyond_2, beyond_3] = [2.0, 3.0].map(|limit| z.iter().filter(|z| z.abs() > limit).count());
    [
        says("root mean square of ln(ours / paper)", "0").holds(AtMost(0.06)).measured(
            mean_square(&logarithms).sqrt(),
            format!("{} of 60 losses; seeds averaged", compared.len()),
        ),
        says(
            "the published losses scatter about the mean of our seeds as our seeds do: mean z²",
            "1",
        )
        .holds(Between(0.5, 1.5))
        .measured(
            mean_square(&z),
            format!("{} losses, {beyond_2} of them beyond 2, {beyond_3} beyond 3", z.len()),
        ),
    ]
}

/// How far the published losses are from ours on average, beside the scatter of one loss.
fn deviation_claim(setting: &str, compared: &[&Compared<'_>]) -> Claim {
    let (deviations, scatter): (Vec<f64>, Vec<f64>) =
        compared.iter().map(|c| (c.deviation(), c.scatter)).unzip();
    says(format!("{setting}: published over ours, less 1, mean over decays"), "0")
        .holds(Within(0.0, 0.05))
        .measured(
            summarise(&deviations).mean,
            format!("scatter of one loss from seed to seed; {} decays", deviations.len()),
        )
        .plus_minus(summarise(&scatter).mean)
}

fn table(compared: Vec<Compared<'_>>) -> Table {
    keyed(
        "losses",
        "Are the published losses what comes out here?",
        &KEY[..4],
        compared.into_iter().map(|c| (c.cell, c)),
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
                "relative standard deviation over seeds, pooled over decays of this sign; at least that of \
                 the test batches",
                &|c| c.scatter.into(),
            ),
            ("z", "deviation over scatter · √(1 + 1/n_seeds)", &|c| c.z().into()),
        ],
    )
}

fn draw(tables: &Tables) -> Drawn {
    let of = Lines {
        error_bars: ErrorBars::Ends("loss.low", "loss.high"),
        published: Some("published"),
        ..grouped(width(), loss(), ("weight_decay", "γ"))
    };
    let caption = "Dots: means over seeds, with one standard deviation. Rings: the paper's.";
    one((tables, "losses"), &of, "The sixty losses at α = 0", caption)
}
