//! How fast the loss falls with width.

use std::collections::BTreeMap;

use superpose_stats::bootstrap;
use superpose_stats::power_law::{PowerLaw, fit_power_law, local_exponents as local};
use superpose_stats::summary::{geometric_mean, summarise};
use superpose_store::record::Measured;
use superpose_toy::superposition::{strong_exponent, weak_exponent};

use crate::FitWindow;
use crate::regime::{Evidence, Regime};
use crate::settings::{Setting, field_names, row_start};
use superpose_files::table::Table;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;
/// Enough for the interval's ends to be good to about 2 % of its width.
const RESAMPLES: usize = 2000;
/// The intervals are a function of the records alone.
const BOOTSTRAP_SEED: u64 = 0;

const COLUMNS: [(&str, &str); 17] = [
    ("setting", "the swept fields in one line"),
    ("model_exponent", "minus the slope of ln(test loss) on ln d, by least squares"),
    ("model_exponent_se", "its standard error, from the scatter around the line"),
    ("ci_low", "lower end of its 95 % interval"),
    ("ci_high", "upper end of its 95 % interval"),
    ("ci_method", "bootstrap (over seeds) or student-t (from the scatter; one seed a width)"),
    ("r_squared", "share of the variance of ln(test loss) that the line explains"),
    ("n_points", "widths in the fit; the losses of a width's seeds are averaged first"),
    ("n_seeds", "most trained cells at one width"),
    ("d_min", "smallest width in the fit"),
    ("d_max", "largest width in the fit"),
    ("coefficient", "the line's loss at d = 1"),
    ("dead_outputs", "mean number of dead outputs of the cells in the fit"),
    ("loss.dead_share", "mean share of their test loss that dead outputs cost"),
    ("predicted_weak", "theory, weak regime: α − 1, for a power law with α > 1"),
    ("predicted_strong", "theory, strong regime: max(1, 2(α − 1)) for a power law, else 1"),
    ("regime", "the regime of all cells in the fit, or `mixed`"),
];

/// The trained losses of a setting by width, inside the window.
pub(crate) fn losses(setting: &Setting<'_>, window: FitWindow) -> BTreeMap<usize, Vec<f64>> {
    let mut losses = BTreeMap::new();
    for (&width, cells) in &setting.by_width {
        let trained: Vec<f64> =
            cells.iter().filter_map(|c| c.measured()).map(|m| m.loss_test).collect();
        if window.contains(width) && !trained.is_empty() {
            losses.insert(width, trained);
        }
    }
    losses
}

/// The widths, and the geometric mean of the losses at each.
fn mean_losses(losses: &BTreeMap<usize, Vec<f64>>) -> (Vec<f64>, Vec<f64>) {
    losses.iter().map(|(d, losses)| (*d as f64, geometric_mean(losses))).unzip()
}

/// The power law through the geometric means of the `losses` at each width, if there is one.
pub(crate) fn fit(losses: &BTreeMap<usize, Vec<f64>>) -> Option<PowerLaw> {
    let (widths, means) = mean_losses(losses);
    fit_power_law(&widths, &means).ok()
}

/// The model exponent that theory gives the strong regime here.
pub(crate) fn predicted_strong(setting: &Setting<'_>) -> f64 {
    setting.example().record.cell.data_exponent().map_or(1.0, strong_exponent)
}

/// One row a setting: the fitted power law of the test loss. Where there are fewer than three
/// widths the fit's fields are empty.
pub fn exponents(settings: &[Setting<'_>], window: FitWindow) -> Table {
    let question = "How fast does the loss fall with width?";
    let mut table = Table::new("exponents", question, &COLUMNS).with_fields(&field_names(settings));
    for setting in settings {
        let losses = losses(setting, window);
        let widths: Vec<f64> = losses.keys().map(|d| *d as f64).collect();
        let replicates: Vec<Vec<f64>> = losses.values().cloned().collect();
        let fit = fit(&losses);
        let resampled = bootstrap::exponent_interval(
            &widths,
            &replicates,
            CONFIDENCE,
            RESAMPLES,
            BOOTSTRAP_SEED,
        );
        let interval = resampled.or(fit.map(|f| f.exponent_interval(CONFIDENCE)));
        let method = resampled.map_or("student-t", |_| "bootstrap");
        let data_exponent = setting.example().record.cell.data_exponent();
        let mut row = row_start(&setting.fields);
        row.extend([
            setting.label().into(),
            fit.map(|f| f.exponent).into(),
            fit.map(|f| f.exponent_se).into(),
            interval.map(|i| i.0).into(),
            interval.map(|i| i.1).into(),
            interval.map(|_| method).into(),
            fit.map(|f| f.r_squared).into(),
            widths.len().into(),
            replicates.iter().map(Vec::len).max().unwrap_or(0).into(),
            losses.keys().next().copied().into(),
            losses.keys().next_back().copied().into(),
            fit.map(|f| f.coefficient).into(),
            mean_of(setting, window, |m| m.dead_outputs as f64).into(),
            mean_of(setting, window, Measured::dead_share).into(),
            data_exponent.and_then(weak_exponent).into(),
            predicted_strong(setting).into(),
            regime_word(setting, window).into(),
        ]);
        table.push(row);
    }
    table
}

/// The mean of a number over the trained cells of a setting, inside the window.
fn mean_of(setting: &Setting<'_>, window: FitWindow, of: fn(&Measured) -> f64) -> f64 {
    let inside = setting.by_width.iter().filter(|(d, _)| window.contains(**d));
    let values: Vec<f64> =
        inside.flat_map(|(_, cells)| cells).filter_map(|c| c.measured()).map(of).collect();
    summarise(&values).mean
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
    let in_window = move |(d, _): &(&usize, _)| window.contains(**d);
    let cells = setting.by_width.iter().filter(in_window).flat_map(|(_, cells)| cells);
    cells.filter_map(|c| Some(Evidence::of(c)?.regime()))
}

const LOCAL_COLUMNS: [(&str, &str); 5] = [
    ("setting", "the swept fields in one line"),
    ("d_low", "narrower of two neighbouring widths"),
    ("d_high", "wider of the two"),
    ("d_middle", "their geometric mean"),
    ("local_exponent", "−Δ ln(test loss) / Δ ln d between them"),
];

/// One row a setting and pair of neighbouring widths: is one power law enough?
pub fn local_exponents(settings: &[Setting<'_>]) -> Table {
    let question = "Is it one power law at all widths?";
    let mut table =
        Table::new("local_exponents", question, &LOCAL_COLUMNS).with_fields(&field_names(settings));
    for setting in settings {
        let losses = losses(setting, FitWindow::ALL);
        let (widths, means) = mean_losses(&losses);
        for (pair, exponent) in widths.windows(2).zip(local(&widths, &means)) {
            let mut row = row_start(&setting.fields);
            row.extend([
                setting.label().into(),
                pair[0].into(),
                pair[1].into(),
                (pair[0] * pair[1]).sqrt().into(),
                exponent.into(),
            ]);
            table.push(row);
        }
    }
    table
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
        assert_eq!(table.words("ci_method").unwrap(), ["student-t", "student-t"]);
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
        assert_eq!(table.words("ci_method").unwrap(), ["bootstrap"]);
        assert!((table.numbers("model_exponent").unwrap()[0] - 1.0).abs() < 1e-12);
        let (low, high) =
            (table.numbers("ci_low").unwrap()[0], table.numbers("ci_high").unwrap()[0]);
        assert!(low < 1.0 && 1.0 < high && high - low < 0.2, "{low} to {high}");
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
