//! How fast the loss falls with width.

use superpose_stats::exponent::{AtWidth, ExponentFit, Interval, fit_exponent};
use superpose_stats::power_law::{PowerLaw, local_exponents as local};
use superpose_stats::summary::{Summary, geometric_mean, summarise};
use superpose_store::record::Measured;
use superpose_toy::cell::Cell;
use superpose_toy::superposition::{strong_exponent, weak_exponent};

use crate::FitWindow;
use crate::regime::{Evidence, Regime, is_defined_for};
use crate::run::Finished;
use crate::settings::{Setting, field_names, row_start, with_fields};
use superpose_files::table::{Field, Table, TableError};

/// The power law of the loss over width of the trained cells of a setting.
#[derive(Debug, Clone)]
pub struct Exponent<'a> {
    /// One of the cells.
    pub example: &'a Finished,
    /// All of them, by width.
    pub cells: Vec<&'a Finished>,
    /// The loss at each width, a geometric mean over seeds.
    pub losses: Vec<(usize, f64)>,
    /// The law through these; absent below three widths.
    pub fit: Option<PowerLaw>,
    /// The 95 % interval of its exponent, and what it is of.
    pub interval: Option<Interval>,
    /// The exponents of the seeds that have all the widths, each fitted alone.
    pub seeds: Summary,
    /// Standard deviation of the exponent of trainings that each have a seed of their own
    /// ([`ExponentFit::independent_sd`]).
    pub scatter: Option<f64>,
    /// The law of what live outputs cost: the loss without that of the dead ones.
    pub alive: Option<PowerLaw>,
    /// The 95 % interval of its exponent, and what it is of.
    pub alive_interval: Option<Interval>,
}

impl<'a> Exponent<'a> {
    /// The power law of `setting` inside the window; absent if nothing is trained there.
    pub fn of(setting: &Setting<'a>, window: FitWindow) -> Option<Self> {
        let (mut cells, mut places) = (Vec::new(), Vec::new());
        let (mut losses, mut alive) = (Vec::new(), Vec::new());
        for (&width, finished) in setting.by_width.iter().filter(|(d, _)| window.contains(**d)) {
            let trained: Vec<(&'a Finished, &'a Measured)> =
                finished.iter().copied().filter_map(|f| Some((f, f.measured()?))).collect();
            if trained.is_empty() {
                continue;
            }
            // A training is one draw of batches and start; those that share one seed count as apart.
            let seed = |f: &Finished| (f.record.cell.data.seed, f.record.cell.train.seed);
            let place = |loss: fn(&Measured) -> f64| AtWidth {
                x: width as f64,
                by_seed: trained.iter().map(|(f, m)| (seed(f), loss(m))).collect(),
            };
            let of_loss: Vec<f64> = trained.iter().map(|t| t.1.loss_test).collect();
            losses.push((width, geometric_mean(&of_loss)));
            places.push(place(|m| m.loss_test));
            alive.push(place(Measured::loss_alive_part));
            cells.extend(trained.iter().map(|t| t.0));
        }
        let (fit, alive) = (fit_exponent(&places).ok(), fit_exponent(&alive).ok());
        Some(Self {
            example: *cells.first()?,
            cells,
            losses,
            fit: fit.map(|f| f.line),
            interval: fit.map(|f| f.interval),
            seeds: fit.map_or(summarise(&[]), |f| f.seeds),
            scatter: fit.and_then(|f: ExponentFit| f.independent_sd),
            alive: alive.map(|f| f.line),
            alive_interval: alive.map(|f| f.interval),
        })
    }

    /// The exponent, if there is a fit.
    pub fn value(&self) -> Option<f64> {
        self.fit.map(|f| f.exponent)
    }

    /// The local exponents between neighbouring widths, in a line.
    pub fn local_exponents(&self) -> String {
        let (widths, losses) = self.points();
        local(&widths, &losses).iter().map(|e| format!("{e:.3}")).collect::<Vec<_>>().join(" ")
    }

    fn points(&self) -> (Vec<f64>, Vec<f64>) {
        self.losses.iter().map(|(d, loss)| (*d as f64, *loss)).unzip()
    }

    /// Data exponent and weight decay.
    pub fn place(&self) -> [f64; 2] {
        let cell = self.cell();
        [cell.data_exponent().unwrap_or(f64::NAN), cell.train.weight_decay]
    }

    /// The cell of the example.
    pub fn cell(&self) -> &'a Cell {
        &self.example.record.cell
    }
}

/// What a table says of a fitted exponent: [`fit_fields`].
pub const FIT_COLUMNS: [(&str, &str); 8] = [
    ("model_exponent", "minus the slope of ln(test loss) on ln d, by least squares"),
    ("model_exponent_se", "its standard error, from the scatter about the line"),
    ("ci_low", "lower end of its 95 % interval, by Student's t, of what `ci_method` says"),
    ("ci_high", "upper end"),
    (
        "ci_method",
        "what the interval is of: `seeds` (more seeds at these widths; where two or more have them all) or \
         `line` (a power law about which the widths scatter)",
    ),
    ("ci_se", "the standard error that the interval rests on"),
    ("ci_degrees", "its degrees of freedom"),
    ("r_squared", "share of the variance of ln(test loss) that the line explains"),
];

/// The fields of [`FIT_COLUMNS`].
pub fn fit_fields(exponent: Option<&Exponent<'_>>) -> Vec<Field> {
    let fit = exponent.and_then(|e| e.fit);
    let interval = exponent.and_then(|e| e.interval);
    vec![
        fit.map(|f| f.exponent).into(),
        fit.map(|f| f.exponent_se).into(),
        interval.map(|i| i.low).into(),
        interval.map(|i| i.high).into(),
        interval.map(|i| i.of.to_string()).into(),
        interval.map(|i| i.standard_error).into(),
        interval.map(|i| i.degrees).into(),
        fit.map(|f| f.r_squared).into(),
    ]
}

/// What a table says of an exponent from seed to seed: [`seed_fields`].
pub const SEED_COLUMNS: [(&str, &str); 3] = [
    ("n_seeds", "seeds that have all these widths"),
    ("seed_mean", "mean of the exponents of these seeds, each fitted alone"),
    ("seed_sd", "their standard deviation"),
];

/// The fields of [`SEED_COLUMNS`].
pub fn seed_fields(exponent: Option<&Exponent<'_>>) -> Vec<Field> {
    let seeds = exponent.map_or(summarise(&[]), |e| e.seeds);
    vec![seeds.n.into(), seeds.mean.into(), seeds.standard_deviation.into()]
}

/// The last columns of the table `exponents`.
const CELL_COLUMNS: [(&str, &str); 8] = [
    ("d_min", "smallest width in the fit"),
    ("d_max", "largest width in the fit"),
    ("coefficient", "the line's loss at d = 1"),
    ("dead_outputs", "mean number of dead outputs of the cells in the fit"),
    ("loss.dead_share", "mean share of their test loss that dead outputs cost"),
    ("predicted_weak", "theory, weak regime: α − 1, for a power law with α > 1"),
    ("predicted_strong", "theory, strong regime: max(1, 2(α − 1)) for a power law, else 1"),
    ("regime", "the regime of all cells in the fit, or `mixed`"),
];

/// The model exponent that theory gives the strong regime here.
pub(crate) fn predicted_strong(setting: &Setting<'_>) -> f64 {
    setting.example().record.cell.data_exponent().map_or(1.0, strong_exponent)
}

/// One row a setting: the fitted power law of the test loss. Where there are fewer than three
/// widths the fit's fields are empty.
pub fn exponents(settings: &[Setting<'_>], window: FitWindow) -> Table {
    let question = "How fast does the loss fall with width?";
    let columns = [
        &[("setting", "the swept fields in one line")],
        &FIT_COLUMNS[..],
        &[("n_points", "widths in the fit; the losses of a width's seeds are averaged first")],
        &SEED_COLUMNS,
        &CELL_COLUMNS,
    ];
    let mut table = Table::new("exponents", question, &columns.concat());
    for setting in settings {
        let exponent = Exponent::of(setting, window);
        let exponent = exponent.as_ref();
        let losses = exponent.map_or(&[][..], |e| &e.losses);
        let cell = &setting.example().record.cell;
        let (data_exponent, is_defined) = (cell.data_exponent(), is_defined_for(cell));
        let mut row = vec![setting.label().into()];
        row.extend(fit_fields(exponent));
        row.push(losses.len().into());
        row.extend(seed_fields(exponent));
        row.extend([
            losses.first().map(|l| l.0).into(),
            losses.last().map(|l| l.0).into(),
            exponent.and_then(|e| e.fit).map(|f| f.coefficient).into(),
            mean_of(setting, window, |m| m.dead_outputs as f64).into(),
            mean_of(setting, window, Measured::dead_share).into(),
            data_exponent.and_then(weak_exponent).filter(|_| is_defined).into(),
            Some(predicted_strong(setting)).filter(|_| is_defined).into(),
            regime_word(setting, window).into(),
        ]);
        table.push(row);
    }
    with_fields(table, &field_names(settings), settings.iter().map(|s| row_start(&s.fields)))
}

/// The mean of a number over the trained cells of a setting, inside the window.
fn mean_of(setting: &Setting<'_>, window: FitWindow, of: fn(&Measured) -> f64) -> f64 {
    let measured = inside(setting, window).filter_map(|c| c.measured());
    summarise(&measured.map(of).collect::<Vec<f64>>()).mean
}

/// The regime that all trained cells of a setting are in, if it is one.
pub(crate) fn common_regime(setting: &Setting<'_>, window: FitWindow) -> Option<Regime> {
    let mut regimes = regimes(setting, window);
    let first = regimes.next()?;
    regimes.all(|r| r == first).then_some(first)
}

fn regime_word(setting: &Setting<'_>, window: FitWindow) -> Option<String> {
    regimes(setting, window).next()?;
    Some(common_regime(setting, window).map_or("mixed".to_owned(), |r| r.to_string()))
}

fn regimes(setting: &Setting<'_>, window: FitWindow) -> impl Iterator<Item = Regime> {
    inside(setting, window).filter_map(|c| Some(Evidence::of(c)?.regime()))
}

/// The cells of a setting inside the window.
fn inside<'a>(setting: &Setting<'a>, window: FitWindow) -> impl Iterator<Item = &'a Finished> {
    setting.cells().filter(move |c| window.contains(c.record.cell.model.d_hidden))
}

/// One row a setting and pair of neighbouring widths: is one power law enough?
pub fn local_exponents(settings: &[Setting<'_>]) -> Table {
    let mut pairs: Vec<(&Setting<'_>, f64, f64, f64)> = Vec::new();
    for setting in settings {
        let Some(exponent) = Exponent::of(setting, FitWindow::ALL) else { continue };
        let (widths, means) = exponent.points();
        let exponents = widths.windows(2).zip(local(&widths, &means));
        pairs.extend(exponents.map(|(pair, exponent)| (setting, pair[0], pair[1], exponent)));
    }
    let question = "Is it one power law at all widths?";
    let table = Table::of(
        "local_exponents",
        question,
        &pairs,
        &[
            ("setting", "the swept fields in one line", &|p| p.0.label().into()),
            ("d_low", "narrower of two neighbouring widths", &|p| p.1.into()),
            ("d_high", "wider of the two", &|p| p.2.into()),
            ("d_middle", "their geometric mean", &|p| (p.1 * p.2).sqrt().into()),
            ("local_exponent", "−Δ ln(test loss) / Δ ln d between them", &|p| p.3.into()),
        ],
    );
    with_fields(table, &field_names(settings), pairs.iter().map(|p| row_start(&p.0.fields)))
}

/// What the interval of each row of a table of exponents is of, in words: `3 seeds`, `line, 6 widths`, nothing in
/// tables of older runs.
///
/// # Errors
/// [`TableError`] when the table says how an interval was made and not from how much.
pub(crate) fn interval_of(exponents: &Table) -> Result<Vec<String>, TableError> {
    let Ok(methods) = exponents.words("ci_method") else {
        return Ok(vec![String::new(); exponents.rows.len()]);
    };
    let (seeds, widths) = (exponents.words("n_seeds")?, exponents.words("n_points")?);
    let in_words = |(row, method): (usize, String)| match method.as_str() {
        "seeds" => format!("{} seeds", seeds[row]),
        "line" => format!("line, {} widths", widths[row]),
        _ => method,
    };
    Ok(methods.into_iter().enumerate().map(in_words).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Run;
    use crate::settings::settings;
    use superpose_toy::cell::Cell;

    /// Widths 8, 16 and 32 at two decays.
    const CELLS: [fn(&mut Cell); 6] = [
        |c| c.model.d_hidden = 8,
        |c| c.model.d_hidden = 16,
        |c| c.model.d_hidden = 32,
        |c| (c.model.d_hidden, c.train.weight_decay) = (8, 1.0),
        |c| (c.model.d_hidden, c.train.weight_decay) = (16, 1.0),
        |c| (c.model.d_hidden, c.train.weight_decay) = (32, 1.0),
    ];

    fn planted_loss(cell: &Cell) -> f64 {
        let exponent = if cell.train.weight_decay < 0.0 { 1.0 } else { 0.25 };
        // Seeds scatter by a tenth, up and down, and leave the geometric mean alone.
        let scatter = [1.0, 1.1, 1.0 / 1.1];
        let seed = usize::try_from(cell.train.seed).unwrap();
        (cell.model.d_hidden as f64).powf(-exponent) * scatter[seed]
    }

    #[test]
    fn planted_exponents_are_recovered_setting_by_setting() {
        let run = Run::planted(&CELLS, planted_loss);
        let table = exponents(&settings(&run), FitWindow::ALL);
        assert_eq!(table.words("setting").unwrap(), ["weight_decay=-1", "weight_decay=1"]);
        for (got, planted) in table.numbers("model_exponent").unwrap().iter().zip([1.0, 0.25]) {
            assert!((got - planted).abs() < 1e-12, "{got}");
        }
        assert_eq!(table.words("ci_method").unwrap(), ["line", "line"]);
        let local = local_exponents(&settings(&run)).numbers("local_exponent").unwrap();
        assert!(local.len() == 4 && (local[3] - 0.25).abs() < 1e-12);
    }

    #[test]
    fn seeds_are_averaged_and_give_the_interval() {
        let mut cells = CELLS[..3].to_vec();
        cells.extend([
            (|c| (c.model.d_hidden, c.train.seed, c.data.seed) = (8, 1, 1)) as fn(&mut Cell),
            |c| (c.model.d_hidden, c.train.seed, c.data.seed) = (16, 1, 1),
            |c| (c.model.d_hidden, c.train.seed, c.data.seed) = (32, 1, 1),
            |c| (c.model.d_hidden, c.train.seed, c.data.seed) = (8, 2, 2),
            |c| (c.model.d_hidden, c.train.seed, c.data.seed) = (16, 2, 2),
            |c| (c.model.d_hidden, c.train.seed, c.data.seed) = (32, 2, 2),
        ]);
        let run = Run::planted(&cells, planted_loss);
        let table = exponents(&settings(&run), FitWindow::ALL);
        assert_eq!(table.words("setting").unwrap(), ["all"], "seeds are no setting");
        assert_eq!(table.words("n_points").unwrap(), ["3"]);
        assert_eq!(table.words("n_seeds").unwrap(), ["3"]);
        assert_eq!(table.words("ci_method").unwrap(), ["seeds"]);
        assert!((table.numbers("model_exponent").unwrap()[0] - 1.0).abs() < 1e-12);
        let (low, high) =
            (table.numbers("ci_low").unwrap()[0], table.numbers("ci_high").unwrap()[0]);
        // A seed's losses are off by one factor at all widths, which leaves its exponent.
        assert!((high - low).abs() < 1e-12, "{low} to {high}");
        assert!(table.numbers("seed_sd").unwrap()[0] < 1e-12);
    }

    #[test]
    fn an_exponent_knows_its_place_and_those_between_its_widths() {
        let run = Run::planted(&CELLS[..3], |cell| match cell.model.d_hidden {
            8 => 1.0,
            16 => 0.5,
            _ => 0.125,
        });
        let settings = settings(&run);
        let exponent = Exponent::of(&settings[0], FitWindow::ALL).unwrap();
        assert!((exponent.value().unwrap() - 1.5).abs() < 1e-12);
        assert_eq!(exponent.local_exponents(), "1.000 2.000");
        let [data, decay] = exponent.place();
        assert!((data - 1.0).abs() < 1e-12 && (decay + 1.0).abs() < 1e-12);
    }

    #[test]
    fn dead_outputs_are_those_inside_the_window() {
        let mut run = Run::planted(&CELLS[..3], planted_loss);
        for (finished, dead) in run.finished.iter_mut().zip([100, 3, 5]) {
            let measured = finished.record.measured.as_mut().unwrap();
            measured.dead_outputs = dead;
            measured.loss_dead_part = measured.loss_test * dead as f64 / 100.0;
        }
        let table = exponents(&settings(&run), FitWindow { d_min: 10, d_max: 100 });
        assert_eq!(table.words("dead_outputs").unwrap(), ["4"]);
        assert!((table.numbers("loss.dead_share").unwrap()[0] - 0.04).abs() < 1e-12);
    }

    #[test]
    fn the_window_is_stated_and_too_narrow_a_one_gives_no_fit() {
        let run = Run::planted(&CELLS[..3], planted_loss);
        let window = FitWindow { d_min: 10, d_max: 100 };
        let table = exponents(&settings(&run), window);
        assert_eq!(table.words("d_min").unwrap(), ["16"]);
        assert!(table.numbers("model_exponent").unwrap()[0].is_nan());
    }
}
