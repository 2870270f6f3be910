//! What the pictures of several figures share: axes, groups, sheets.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::histograms::Histograms;
use superpose_figures::lines::{ErrorBars, Guide, Lines};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::Picture;
use superpose_files::table::TableError;

pub(super) type Drawn = Result<Vec<Picture>, TableError>;

pub(super) fn width_axis() -> Axis {
    Axis::logarithmic("hidden width d")
}

pub(super) fn loss_axis() -> Axis {
    Axis::logarithmic("test loss L (sum over features)")
}

/// Lines of `y` against `x` in groups: the column of each, and its axis or the symbol of its values.
pub(super) fn grouped<'a>(
    x: (&'a str, Axis),
    y: (&'a str, Axis),
    group: (&'a str, &'a str),
) -> Lines<'a> {
    Lines { group: Some(group.0), group_label: group.1, ..Lines::plain(x, y) }
}

/// Model exponents against data exponents, with their standard errors, by weight decay.
pub(super) fn exponent_lines<'a>(guides: &'a [Guide<'a>]) -> Lines<'a> {
    Lines {
        error_bars: ErrorBars::Deviation("model_exponent_se"),
        guides,
        mark: Mark::Dots,
        ..grouped(
            ("data_exponent", Axis::linear("data exponent α")),
            ("model_exponent", Axis::linear("model exponent")),
            ("weight_decay", "γ"),
        )
    }
}

/// Histograms of row norms, one column of panels for each width.
pub(super) fn norm_histograms<'a>(row: Option<&'a str>, row_label: &'a str) -> Histograms<'a> {
    Histograms {
        low: "norm_low",
        high: "norm_high",
        height: "density",
        panel_row: row,
        row_label,
        panel_column: Some("d_hidden"),
        column_label: "d",
        x_label: "row norm",
        y_label: "density",
        guides: &[1.0],
    }
}

pub(super) fn sheet(
    title: &str,
    columns: usize,
    panels: Vec<Panel>,
    axes: Axes,
    caption: &str,
) -> Sheet {
    let (title, caption) = (title.to_owned(), caption.to_owned());
    Sheet { title, columns: columns.max(1), panels, axes, caption }
}

/// The pictures of a figure: `figure`, `figure-2` and so on.
pub(super) fn pictures(sheets: impl IntoIterator<Item = Sheet>) -> Vec<Picture> {
    let name = |number| match number {
        1 => "figure".to_owned(),
        _ => format!("figure-{number}"),
    };
    (1..).zip(sheets).map(|(number, sheet)| Picture { name: name(number), sheet }).collect()
}
