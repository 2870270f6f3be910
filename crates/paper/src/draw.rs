//! What the pictures of several figures share: axes, groups, sheets.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::HeatMaps;
use superpose_figures::histograms::{Histograms, histograms};
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::Picture;
use superpose_files::table::{Table, TableError, Tables};

pub(crate) type Drawn = Result<Vec<Picture>, TableError>;

/// The width, with its axis.
pub(crate) fn width() -> (&'static str, Axis) {
    ("d_hidden", Axis::logarithmic("hidden width d"))
}

/// The test loss, with its axis.
pub(crate) fn loss() -> (&'static str, Axis) {
    ("loss.test", Axis::logarithmic("test loss L (sum over features)"))
}

/// The weight decay, with its axis.
pub(crate) fn decay() -> (&'static str, Axis) {
    ("weight_decay", Axis::linear("weight decay γ"))
}

/// A line to compare with: its column, its entry in the legend, and how it is drawn.
pub(crate) const fn guide<'a>(column: &'a str, label: &'a str, mark: Mark) -> Guide<'a> {
    Guide { column, label, mark }
}

/// Lines of `y` against `x` in groups: the column of each, and its axis or the symbol of its values.
pub(crate) fn lines_by<'a>(
    x: (&'a str, Axis),
    y: (&'a str, Axis),
    group: (&'a str, &'a str),
) -> Lines<'a> {
    Lines { group: Some(group.0), group_label: group.1, ..Lines::plain(x, y) }
}

/// What error bars of model exponents are.
pub(crate) const BARS: &str = "Bars: standard error of the line, about which the widths scatter.";

/// Model exponents against another column, with their standard errors, by weight decay.
pub(crate) fn exponents_against<'a>(x: (&'a str, Axis)) -> Lines<'a> {
    let y = ("model_exponent", Axis::linear("model exponent"));
    let error_bars = ErrorBars::Deviation("model_exponent_se");
    Lines { error_bars, ..lines_by(x, y, ("weight_decay", "γ")) }
}

/// Model exponents against data exponents, with their standard errors, by weight decay.
pub(crate) fn exponent_lines<'a>(guides: &'a [Guide<'a>]) -> Lines<'a> {
    let x = ("data_exponent", Axis::linear("data exponent α"));
    Lines { guides, mark: Mark::Dots, ..exponents_against(x) }
}

/// Row norms, one column of panels for each width and one row for each value of `row`.
pub(crate) fn norm_sheet(tables: &Tables, title: &str, row: (&str, &str)) -> Drawn {
    let grid = histograms(tables.get("norms")?, &norm_histograms(Some(row.0), row.1))?;
    let caption = "Rows of W by norm; heights are to be compared within a panel. Table: norms.csv.";
    Ok(pictures([sheet(title, grid.columns, grid.panels, Axes::SharedX, caption)]))
}

/// Histograms of row norms, one column of panels for each width.
pub(crate) fn norm_histograms<'a>(row: Option<&'a str>, row_label: &'a str) -> Histograms<'a> {
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

/// A heat map of a column over weight decay and data exponent.
pub(crate) fn decay_map(value: &str, colours: ColourScale) -> HeatMaps<'_> {
    HeatMaps {
        x: "weight_decay",
        y: "data_exponent",
        value,
        row: None,
        row_label: "",
        panel: None,
        panel_label: "",
        x_label: "weight decay γ",
        y_label: "data exponent α",
        colours,
    }
}

pub(crate) fn sheet(
    title: &str,
    columns: usize,
    panels: Vec<Panel>,
    axes: Axes,
    caption: &str,
) -> Sheet {
    let (title, caption) = (title.to_owned(), caption.to_owned());
    Sheet { title, columns: columns.max(1), panels, axes, caption }
}

/// Panels of `table`, a row for each of the `rows`, all with as many panels; and how many that is.
pub(crate) fn rows_of_panels<'a>(
    table: &Table,
    rows: impl IntoIterator<Item = Lines<'a>>,
) -> Result<(usize, Vec<Panel>), TableError> {
    let rows = rows.into_iter().map(|row| lines(table, &row)).collect::<Result<Vec<_>, _>>()?;
    Ok((rows.first().map_or(0, Vec::len), rows.into_iter().flatten().collect()))
}

/// The picture of a figure that is lines of the table `name`, in panels beside each other.
pub(crate) fn one(
    (tables, name): (&Tables, &str),
    of: &Lines<'_>,
    title: &str,
    caption: &str,
) -> Drawn {
    let caption = format!("{caption} Table: {name}.csv.");
    let panels = lines(tables.get(name)?, of)?;
    let columns = if of.panel.is_some() { 2 } else { 1 };
    Ok(pictures([sheet(title, columns, panels, Axes::Own, caption.trim_start())]))
}

/// The pictures of a figure: `figure`, `figure-2` and so on.
pub(crate) fn pictures(sheets: impl IntoIterator<Item = Sheet>) -> Vec<Picture> {
    let name = |number| match number {
        1 => "figure".to_owned(),
        _ => format!("figure-{number}"),
    };
    (1..).zip(sheets).map(|(number, sheet)| Picture { name: name(number), sheet }).collect()
}
