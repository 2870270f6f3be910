//! How big the panels of a sheet are, and where they stand.
//!
//! Sizes follow from the number of panels: a few charts get 420 × 320 units each, a hundred small
//! histograms 110 × 80. Panels that share an axis leave the room for its labels to the outer ones.

use plotters::style::RGBColor;

use crate::frame::{Grid, Look};
use crate::panel::Panel;

/// The widest and the highest that a grid of panels gets before they shrink, the size of one among
/// few, and the smallest of one with axes to be read and of a small multiple.
const GRID: (u32, u32) = (1300, 1400);
const LARGEST: (u32, u32) = (420, 320);
const SMALLEST: (u32, u32) = (260, 200);
const TINY: (u32, u32) = (110, 80);
/// The size of a panel that stands alone.
const ALONE: (u32, u32) = (700, 440);

/// Around a plot.
pub(crate) const BORDER: RGBColor = RGBColor(150, 150, 150);

/// Sizes and rooms of panels, in units.
pub(crate) struct Layout {
    /// Panels in a row.
    pub(crate) columns: usize,
    /// Rows of panels.
    pub(crate) rows: usize,
    /// The plot of a panel, without what stands around it.
    pub(crate) plot: (u32, u32),
    /// From a plot to the next one.
    pub(crate) pitch: (u32, u32),
    /// Left of a plot, and below it, for labels.
    pub(crate) rooms: (u32, u32),
    /// Above a plot for its title.
    pub(crate) title: u32,
    /// Letters of the title.
    pub(crate) title_letters: u32,
    /// Letters and lines of the axes.
    pub(crate) look: Look,
    /// Whether axes say what they are once for the whole sheet.
    pub(crate) labels: Labels,
}

/// Where stands what an axis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Labels {
    /// At every outer panel.
    Panel,
    /// Once for the sheet.
    Sheet,
}

/// What the panels of a sheet need.
pub(crate) struct Needs {
    /// Which of the axes are shared.
    pub(crate) shared: [bool; 2],
    /// Room right of every plot, for a bar or a legend of its own.
    pub(crate) aside: u32,
}

impl Layout {
    /// The layout of `panels` in `columns`.
    pub(crate) fn of(panels: &[Panel], columns: usize, needs: &Needs) -> Self {
        let columns = columns.clamp(1, panels.len().max(1));
        let rows = panels.len().div_ceil(columns).max(1);
        let tiny = panels.iter().all(|p| matches!(p, Panel::Histogram(_)));
        let smallest = if tiny { TINY } else { SMALLEST };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut cell = (
            (GRID.0 / count(columns)).clamp(smallest.0, LARGEST.0),
            (GRID.1 / count(rows)).clamp(smallest.1, LARGEST.1),
        );
        // Neither flat nor high.
        cell = (cell.0.min(cell.1 * 3 / 2), cell.1.min(cell.0 * 4 / 5));
        let alone = panels.len() <= 1;
        if alone {
            cell = ALONE;
        }
        let (tick, label, title_letters) = match cell.0 {
            _ if alone => (15, 16, 16),
            300.. => (13, 14, 15),
            180..300 => (11, 12, 13),
            _ => (9, 11, 10),
        };
        let compact = cell.0 < 180;
        let titled = panels.iter().any(|p| !p.title().is_empty());
        let title = match (titled, compact) {
            (true, false) => title_letters + 11,
            (true, true) => title_letters + 4,
            (false, _) => 6,
        };
        let rooms = match (alone, compact) {
            (true, _) => (78, 48),
            (false, false) => (4 * tick + label + 6, 2 * tick + label + 8),
            // A height of its own in a panel so small is not labelled.
            (false, true) => (if needs.shared[1] { 30 } else { 8 }, 18),
        };
        let gap = if compact { (9, 5) } else { (20, 10) };
        let inner = (
            if needs.shared[1] || compact { 0 } else { rooms.0 },
            if needs.shared[0] { 0 } else { rooms.1 },
        );
        let plot = (
            cell.0.saturating_sub(gap.0 + inner.0).max(60),
            cell.1.saturating_sub(gap.1 + title + inner.1).max(40),
        );
        let pitch = (plot.0 + gap.0 + inner.0 + needs.aside, plot.1 + gap.1 + title + inner.1);
        let grid = if panels.iter().any(|p| matches!(p, Panel::Chart(_))) {
            Grid::Lines
        } else {
            Grid::None
        };
        let labels = if compact { Labels::Sheet } else { Labels::Panel };
        let look =
            Look { tick, label, tick_mark: Some(if compact { 2 } else { 4 }), line: BORDER, grid };
        Self { columns, rows, plot, pitch, rooms, title, title_letters, look, labels }
    }

    /// The left top corner of the plot of panel `i`, from that of the first.
    pub(crate) fn corner(&self, i: usize) -> (u32, u32) {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (count(i % self.columns) * self.pitch.0, count(i / self.columns) * self.pitch.1)
    }

    /// The width and the height of all plots with what stands between them.
    pub(crate) fn extent(&self, aside: u32) -> (u32, u32) {
        let last = self.corner(self.columns * self.rows - 1);
        (last.0 + self.plot.0 + aside, last.1 + self.plot.1)
    }
}
