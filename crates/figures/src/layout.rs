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
        let is_square = !panels.is_empty() && panels.iter().all(Panel::is_square);
        let side = plot.0.min(plot.1);
        let plot = if is_square { (side, side) } else { plot };
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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::picture_tests::{bars, charts};

    fn layout(n: usize, columns: usize, shared: [bool; 2], aside: u32) -> Layout {
        Layout::of(&charts(n, 1, &|_| ()), columns, shared, aside)
    }

    #[test]
    fn one_chart_is_large() {
        let one = layout(1, 3, [false; 2], 100);
        assert_eq!((one.kind, one.columns, one.rows), (Kind::Single, 1, 1));
        assert_eq!((one.plot, one.rooms, one.title), ((600, 430), (78, 48), 6));
        assert_eq!(one.extent(100), (700, 430));
        assert_eq!((one.look.tick, one.look.label, one.look.dot), (15, 16, 4));
        assert!(one.look.grid);
    }

    #[test]
    fn a_few_charts_have_rooms_of_their_own_where_axes_are_not_shared() {
        // 1300 and 1400 units for 3 × 2: each 420 × 320, letters of 13 and 14.
        let own = layout(6, 3, [false; 2], 0);
        assert_eq!((own.kind, own.columns, own.rows), (Kind::Full, 3, 2));
        let (rooms, title) = ((4 * 13 + 14 + 6, 2 * 13 + 14 + 8), 15 + 11);
        assert_eq!((own.rooms, own.title, own.title_letters), (rooms, title, 15));
        assert_eq!(own.plot, (420 - 20 - rooms.0, 320 - 10 - title - rooms.1));
        assert_eq!(own.pitch, (420, 320));
        let shared = layout(6, 3, [true; 2], 50);
        assert_eq!(shared.plot, (420 - 20, 320 - 10 - title));
        assert_eq!(shared.pitch, (420 + 50, 320));
        assert_eq!(shared.corner(0), (0, 0));
        assert_eq!(shared.corner(5), (2 * 470, 320));
        assert_eq!(shared.extent(50), (2 * 470 + 400 + 50, 320 + shared.plot.1));
        assert_eq!(layout(6, 3, [true, false], 0).plot, (420 - 20 - rooms.0, 320 - 10 - title));
    }

    #[test]
    fn more_charts_are_smaller_but_never_too_small_flat_or_high() {
        for (n, columns, size) in [
            (4, 2, (420, 320)),
            (4, 4, (325, 260)),
            (10, 2, (420, 280)),
            (12, 2, (349, 233)),
            (20, 10, (260, 208)),
            (60, 6, (260, 200)),
        ] {
            let panels = charts(n, 1, &|_| ());
            let found = panel_size(&panels, columns, n.div_ceil(columns));
            assert_eq!(found, size, "{n} in {columns}");
        }
        // Letters are large from a width of 300 on.
        assert_eq!(layout(4, 4, [true; 2], 0).look.tick, 13);
        assert_eq!(layout(5, 5, [true; 2], 0).look.tick, 11);
        assert_eq!(layout(5, 5, [true; 2], 0).kind, Kind::Full);
    }

    #[test]
    fn many_histograms_are_compact() {
        let many = |shared| Layout::of(&bars(10, 12).0, 12, shared, 0);
        assert_eq!((many([true; 2]).kind, many([true; 2]).rows), (Kind::Compact, 10));
        // 1300 / 12 = 108 is less than 110, and 110 · 4/5 less than 1400 / 10.
        let title = 10 + 4;
        assert_eq!(many([true; 2]).plot, (110 - 9, 88 - 5 - title));
        assert_eq!(many([true; 2]).rooms, (30, 18));
        assert_eq!(many([true, false]).rooms, (8, 18));
        assert_eq!(many([true, false]).plot.0, 110 - 9);
        assert_eq!(many([false; 2]).plot.1, 88 - 5 - title - 18);
        assert!(!many([true; 2]).look.grid);
        let seven = Layout::of(&bars(1, 7).0, 7, [true; 2], 0);
        assert_eq!(seven.kind, Kind::Full, "1300 / 7 is more than 180");
        assert_eq!(Layout::of(&bars(1, 8).0, 8, [true; 2], 0).kind, Kind::Compact);
    }

    #[test]
    fn panels_without_titles_leave_no_room_for_them() {
        let mut panels = charts(2, 1, &|_| ());
        let mut without = |k: usize| {
            let Panel::Chart(chart) = &mut panels[k] else { panic!("a chart") };
            chart.title.clear();
            Layout::of(&panels, 2, [true; 2], 0).title
        };
        assert_eq!((without(0), without(1)), (26, 6));
    }
}
