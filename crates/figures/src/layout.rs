//! How big the panels of a sheet are, and where they stand. All lengths are in units.
//!
//! Sizes follow from the number of panels: one chart gets a plot of 600 × 430 units, each of a few 420 × 320
//! with its labels, each of a hundred small histograms 110 × 80. Panels that share an axis leave the room for
//! its labels to the outer ones.

use crate::axes::Look;
use crate::panel::Panel;

/// The plot of a panel that stands alone: with a legend beside it, a picture as wide as a page of text.
const SINGLE: (u32, u32) = (600, 430);
/// A panel among few, with its labels.
const LARGEST: (u32, u32) = (420, 320);
/// The widest and the highest grid of panels before they shrink: three and four of the largest.
const GRID: (u32, u32) = (1300, 1400);
/// The smallest panel whose axes can be read.
const SMALLEST: (u32, u32) = (260, 200);
/// The smallest of many histograms, of which only the shape is to be seen.
const TINY: (u32, u32) = (110, 80);
/// Panels narrower than this are compact: small letters, and axis titles once for the sheet.
const COMPACT: u32 = 180;
/// Panels at least this wide have large letters.
const WIDE: u32 = 300;
/// The smallest plot, whatever else a panel must hold.
const LEAST_PLOT: (u32, u32) = (60, 40);

/// Sizes of panels and of what stands around them.
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
    /// How much can be written into a panel.
    pub(crate) kind: Kind,
}

/// How much can be written into a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The only one.
    Single,
    /// One of a few.
    Full,
    /// One of many: axis titles stand once for the sheet.
    Compact,
}

impl Layout {
    /// The layout of `panels` in `columns`: which of the axes are `shared`, and how much room right of
    /// every plot a bar or a legend of its own takes.
    pub(crate) fn of(panels: &[Panel], columns: usize, shared: [bool; 2], aside: u32) -> Self {
        let columns = columns.clamp(1, panels.len().max(1));
        let rows = panels.len().div_ceil(columns).max(1);
        let panel = panel_size(panels, columns, rows);
        let kind = match panels.len() {
            0 | 1 => Kind::Single,
            _ if panel.0 < COMPACT => Kind::Compact,
            _ => Kind::Full,
        };
        let (tick, label, title_letters) = match (kind, panel.0) {
            (Kind::Single, _) => (15, 16, 16),
            (Kind::Full, WIDE..) => (13, 14, 15),
            (Kind::Full, _) => (11, 12, 13),
            (Kind::Compact, _) => (9, 11, 10),
        };
        // Rooms left: numbers of four letters and the axis title; below: a line of each.
        let (rooms, gap, air, tick_mark, dot) = match kind {
            Kind::Single => ((78, 48), (20, 10), 11, 4, 4),
            Kind::Full => ((4 * tick + label + 6, 2 * tick + label + 8), (20, 10), 11, 4, 3),
            // A vertical axis of its own is not labelled in so small a panel.
            Kind::Compact => ((if shared[1] { 30 } else { 8 }, 18), (9, 5), 4, 2, 3),
        };
        // The title of the only panel stands in that of the sheet.
        let titled = kind != Kind::Single && panels.iter().any(|p| !p.title().is_empty());
        let title = if titled { title_letters + air } else { 6 };
        let inner = (
            if shared[1] || kind == Kind::Compact { 0 } else { rooms.0 },
            if shared[0] { 0 } else { rooms.1 },
        );
        let plot = match kind {
            Kind::Single => SINGLE,
            Kind::Full | Kind::Compact => (
                panel.0.saturating_sub(gap.0 + inner.0).max(LEAST_PLOT.0),
                panel.1.saturating_sub(gap.1 + title + inner.1).max(LEAST_PLOT.1),
            ),
        };
        let pitch = (plot.0 + gap.0 + inner.0 + aside, plot.1 + gap.1 + title + inner.1);
        let grid = panels.iter().any(|p| matches!(p, Panel::Chart(_)));
        let look = Look { tick, label, tick_mark, dot, grid };
        Self { columns, rows, plot, pitch, rooms, title, title_letters, look, kind }
    }

    /// The left top corner of the plot of panel `i`, from that of the first.
    pub(crate) fn corner(&self, i: usize) -> (u32, u32) {
        (count(i % self.columns) * self.pitch.0, count(i / self.columns) * self.pitch.1)
    }

    /// The width and the height of all plots with what stands between them.
    pub(crate) fn extent(&self, aside: u32) -> (u32, u32) {
        let last = self.corner(self.columns * self.rows - 1);
        (last.0 + self.plot.0 + aside, last.1 + self.plot.1)
    }
}

/// The width and the height of each of several panels, with its labels.
fn panel_size(panels: &[Panel], columns: usize, rows: usize) -> (u32, u32) {
    let tiny = panels.iter().all(|p| matches!(p, Panel::Histogram(_)));
    let smallest = if tiny { TINY } else { SMALLEST };
    let (width, height) = (
        (GRID.0 / count(columns)).clamp(smallest.0, LARGEST.0),
        (GRID.1 / count(rows)).clamp(smallest.1, LARGEST.1),
    );
    // Neither flat nor high.
    (width.min(height * 3 / 2), height.min(width * 4 / 5))
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
