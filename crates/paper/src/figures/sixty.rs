//! The sixty losses at data exponent 0, which the paper's first version shows one by one.

use superpose_files::table::{Table, TableError};
use superpose_stats::summary::{Summary, mean_square, pooled_relative_deviation, summarise};
use superpose_toy::cell::Cell;

use crate::cells::{by_setting, cell_table, over_seeds};
use crate::claim::{Claim, Test};
use crate::figure::{Evidence, Figure, Made, all, none};
use crate::figures::draw;
use crate::published::{self, Lookup};
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
    draw: draw::sixty_losses,
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

fn compare<'a>(evidence: &Evidence<'a>) -> Result<Vec<Compared<'a>>, TableError> {
    let published = published::loss_alpha0()?;
    let lookup = Lookup::new(&published, &["weight_decay", "d_hidden"], "loss.test")?;
    let groups: Vec<(&Cell, Summary, Summary, f64)> = by_setting(&evidence.select(all))
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
    Ok(groups
        .iter()
        .filter_map(|&(cell, loss, dead, _)| {
            let published = lookup.get(&[cell.train.weight_decay, cell.model.d_hidden as f64])?;
            Some(Compared { cell, loss, dead, scatter: scatter(cell), published })
        })
        .collect())
}

fn make(evidence: &Evidence<'_>) -> Result<Made, TableError> {
    let compared = compare(evidence)?;
    let quantities = [
        "loss.test",
        "loss.train_last100",
        "loss.dead_part",
        "dead_outputs",
        "phi_half",
        "phi_one",
    ];
    let cells =
        cell_table("cells", "What came of each cell?", &evidence.select(all), &quantities, &[]);
    let logarithms: Vec<f64> = compared.iter().map(|c| (c.loss.mean / c.published).ln()).collect();
    let some = !compared.is_empty();
    let z: Vec<f64> = compared.iter().map(Compared::z).filter(|z| z.is_finite()).collect();
    let seeded = !z.is_empty();
    let beyond = |limit: f64| z.iter().filter(|z| z.abs() > limit).count();
    let mut claims = vec![
        Claim::new("root mean square of ln(ours / paper)", "0", Test::AtMost(0.06)).measured(
            some.then(|| mean_square(&logarithms).sqrt()),
            format!("{} of 60 losses; seeds averaged", compared.len()),
        ),
        Claim::new(
            "the published losses scatter about the mean of our seeds as our seeds do: mean z²",
            "1",
            Test::Between(0.5, 1.5),
        )
        .measured(
            seeded.then(|| mean_square(&z)),
            format!(
                "{} losses, {} of them beyond 2, {} beyond 3",
                z.len(),
                beyond(2.0),
                beyond(3.0)
            ),
        ),
    ];
    for d_hidden in [10, 15, 25, 39, 63, 100] {
        for (name, strong) in [("γ < 0", true), ("γ > 0", false)] {
            let of = compared.iter().filter(|c| {
                c.cell.model.d_hidden == d_hidden && (c.cell.train.weight_decay < 0.0) == strong
            });
            let (deviations, scatter): (Vec<f64>, Vec<f64>) =
                of.map(|c| (c.deviation(), c.scatter)).unzip();
            let some = !deviations.is_empty();
            claims.push(
                Claim::new(
                    format!(
                        "d = {d_hidden}, {name}: published over ours, less 1, mean over decays"
                    ),
                    "0",
                    Test::Within { target: 0.0, tolerance: 0.05 },
                )
                .measured(
                    some.then(|| summarise(&deviations).mean),
                    format!("scatter of one loss from seed to seed; {} decays", deviations.len()),
                )
                .plus_minus(some.then(|| summarise(&scatter).mean)),
            );
        }
    }
    Ok(Made { tables: vec![table(&compared), cells], claims })
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
