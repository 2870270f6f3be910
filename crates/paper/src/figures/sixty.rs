//! The sixty losses at data exponent 0, which the paper's first version shows one by one.

use superpose_figures::lines::{ErrorBars, Lines, lines};
use superpose_figures::sheet::Axes;
use superpose_files::table::{Table, Tables};
use superpose_stats::summary::{Summary, mean_square, pooled_relative_deviation, summarise};
use superpose_toy::cell::Cell;

use crate::cells::{by_setting, cell_table, over_seeds};
use crate::claim::{Claim, Test};
use crate::figure::{Figure, Findings, Material, all, none};
use crate::figures::draw::{Drawn, grouped, loss_axis, pictures, sheet, width_axis};
use crate::published::LOSS_ALPHA0;
use crate::sweeps::{SEEDS_ALPHA0, SMALL_ALPHA0};

/// The losses of the small toy at even frequencies.
pub(super) const SIXTY_LOSSES: Figure = Figure {
    id: "sixty-losses",
    title: "The sixty losses at data exponent 0",
    question: "Are the published losses, one training each, what comes out here?",
    sweeps: &[SMALL_ALPHA0, SEEDS_ALPHA0],
    wants: all,
    wants_weights: none,
    make,
    draw,
    against: "Losses further off than seeds scatter.",
    limits: "Published losses are read off a figure and are means of the last 100 training losses. The five \
             decays of a seed share batches and start, so their deviations at one width are not independent.",
};

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
    let groups: Vec<(&Cell, Summary, Summary, f64)> = by_setting(&material.trained())
        .into_iter()
        .map(|group| {
            let (loss, dead) =
                (over_seeds(&group, "loss.test"), over_seeds(&group, "dead_outputs"));
            let of_batches = over_seeds(&group, "loss.test_se").mean / loss.mean;
            (&group[0].record.cell, loss, dead, of_batches)
        })
        .collect();
    let kind = |cell: &Cell| (cell.model.d_hidden, cell.train.weight_decay < 0.0);
    let scatter = |cell: &Cell| {
        let alike = groups.iter().filter(|g| kind(g.0) == kind(cell) && g.1.n > 1);
        let (losses, of_batches): (Vec<Summary>, Vec<f64>) = alike.map(|g| (g.1, g.3)).unzip();
        of_batches.into_iter().fold(pooled_relative_deviation(&losses), f64::max)
    };
    let compared = |&(cell, loss, dead, _): &(&'a Cell, Summary, Summary, f64)| {
        let published = LOSS_ALPHA0.of(cell)?;
        Some(Compared { cell, loss, dead, scatter: scatter(cell), published })
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
    let mut claims = claims_of_all(&compared);
    for d_hidden in [10, 15, 25, 39, 63, 100] {
        let at_width = compared.iter().filter(|c| c.cell.model.d_hidden == d_hidden);
        let (strong, weak): (Vec<_>, Vec<_>) =
            at_width.partition(|c| c.cell.train.weight_decay < 0.0);
        for (sign, of) in [("γ < 0", strong), ("γ > 0", weak)] {
            claims.push(deviation_claim(&format!("d = {d_hidden}, {sign}"), &of));
        }
    }
    Findings::new([table(&compared), cells], claims)
}

fn claims_of_all(compared: &[Compared<'_>]) -> Vec<Claim> {
    let logarithms: Vec<f64> = compared.iter().map(|c| (c.loss.mean / c.published).ln()).collect();
    let z: Vec<f64> = compared.iter().map(Compared::z).filter(|z| z.is_finite()).collect();
    let n_beyond = |limit: f64| z.iter().filter(|z| z.abs() > limit).count();
    let [beyond_2, beyond_3] = [2.0, 3.0].map(n_beyond);
    vec![
        Claim::new("root mean square of ln(ours / paper)", "0", Test::AtMost(0.06)).measured(
            mean_square(&logarithms).sqrt(),
            format!("{} of 60 losses; seeds averaged", compared.len()),
        ),
        Claim::new(
            "the published losses scatter about the mean of our seeds as our seeds do: mean z²",
            "1",
            Test::Between(0.5, 1.5),
        )
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
    Claim::new(
        format!("{setting}: published over ours, less 1, mean over decays"),
        "0",
        Test::Within { target: 0.0, tolerance: 0.05 },
    )
    .measured(
        summarise(&deviations).mean,
        format!("scatter of one loss from seed to seed; {} decays", deviations.len()),
    )
    .plus_minus(summarise(&scatter).mean)
}

fn table(compared: &[Compared<'_>]) -> Table {
    let columns = [
        ("data_exponent", "data exponent α"),
        ("weight_decay", "signed weight decay γ"),
        ("activation_density", "mean number E of active features in a sample"),
        ("d_hidden", "hidden width d"),
        ("n_seeds", "trained cells"),
        ("loss.test", "mean test loss"),
        ("loss.low", "one standard deviation over seeds below"),
        ("loss.high", "one standard deviation over seeds above"),
        ("dead_outputs", "mean number of dead outputs"),
        ("dead_outputs_sd", "its standard deviation over seeds"),
        ("published", "published loss, one training"),
        ("deviation", "published over ours, less 1"),
        (
            "scatter",
            "relative standard deviation over seeds, pooled over decays of this sign; at least that of \
             the test batches",
        ),
        ("z", "deviation over scatter · √(1 + 1/n_seeds)"),
    ];
    let question = "Are the published losses what comes out here?";
    let mut table = Table::new("losses", question, &columns);
    for c in compared {
        table.push(vec![
            c.cell.data_exponent().into(),
            c.cell.train.weight_decay.into(),
            c.cell.data.activation_density.into(),
            c.cell.model.d_hidden.into(),
            c.loss.n.into(),
            c.loss.mean.into(),
            (c.loss.mean - c.loss.standard_deviation).into(),
            (c.loss.mean + c.loss.standard_deviation).into(),
            c.dead.mean.into(),
            c.dead.standard_deviation.into(),
            c.published.into(),
            c.deviation().into(),
            c.scatter.into(),
            c.z().into(),
        ]);
    }
    table
}

fn draw(tables: &Tables) -> Drawn {
    let of = Lines {
        error_bars: ErrorBars::Ends("loss.low", "loss.high"),
        published: Some("published"),
        ..grouped(("d_hidden", width_axis()), ("loss.test", loss_axis()), ("weight_decay", "γ"))
    };
    let panels = lines(tables.get("losses")?, &of)?;
    let caption = "Dots: means over seeds, with one standard deviation. Rings: the paper's. Table: losses.csv.";
    Ok(pictures([sheet("The sixty losses at α = 0", 1, panels, Axes::Own, caption)]))
}
