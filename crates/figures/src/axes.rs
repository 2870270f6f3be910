//! Draws the two axes of a plot: lines, ticks and their labels.

use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;

use crate::axis::{Axis, place, value};
use crate::canvas::{BORDER, Canvas, GRID, TEXT, said};
use crate::font;
use crate::ticks::{fitting, label, ticks};

/// A linear axis whose ticks are given.
pub(crate) struct Ticked {
    range: (f64, f64),
    ticks: Vec<f64>,
}

impl Ranged for Ticked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "a pixel")]
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.range.0) / (self.range.1 - self.range.0);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.range.0..self.range.1
    }
}

/// A plot with its axes drawn.
pub(crate) type Plot<'a, DB> = ChartContext<'a, DB, Cartesian2d<Ticked, Ticked>>;

/// One of the two axes, ready to be drawn.
pub(crate) struct Side {
    /// Its title; nothing if empty.
    pub(crate) label: String,
    /// Its ends, as places.
    pub(crate) ends: (f64, f64),
    /// Places and what is written there.
    pub(crate) ticks: Vec<(f64, String)>,
    /// Units beside the plot for labels; with none, no labels are drawn.
    pub(crate) room: u32,
}

impl Side {
    /// The axis from one place to another.
    pub(crate) fn of(axis: &Axis, ends: (f64, f64), room: u32) -> Self {
        let number = |t: f64| (place(t, axis.scale), label(t));
        let ticks = if !axis.names.is_empty() {
            axis.names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect()
        } else if axis.ticks.is_empty() {
            let (low, high) = (value(ends.0, axis.scale), value(ends.1, axis.scale));
            ticks(low, high, axis.scale).into_iter().map(number).collect()
        } else {
            axis.ticks.iter().copied().map(number).collect()
        };
        Self { label: axis.label.clone(), ends, ticks, room }
    }

    /// Thins the ticks to what fits beneath `length` units in letters of a size.
    pub(crate) fn fit_beneath(&mut self, length: u32, letters: u32) {
        let width = |text: &str| f64::from(font::width(text, letters).unwrap_or(0) + letters / 2);
        self.ticks = fitting(self.ticks.split_off(0), self.ends, f64::from(length), &width);
    }

    /// Thins the ticks to what fits beside `length` units in letters of a size.
    pub(crate) fn fit_beside(&mut self, length: u32, letters: u32) {
        let height = 1.35 * f64::from(letters);
        self.ticks = fitting(self.ticks.split_off(0), self.ends, f64::from(length), &|_| height);
    }

    /// Leaves out a tick at the very end, where its label would meet that of the next plot.
    pub(crate) fn leave_end_free(&mut self) {
        let end = self.ends.1 - 0.06 * (self.ends.1 - self.ends.0);
        if self.ticks.len() > 2 {
            self.ticks.retain(|t| t.0 <= end);
        }
    }
}

/// Sizes and colours of a panel, in units.
pub(crate) struct Look {
    /// Letters at the ticks.
    pub(crate) tick: u32,
    /// Letters of an axis title.
    pub(crate) label: u32,
    /// Length of a tick.
    pub(crate) tick_mark: u32,
    /// Radius of a dot.
    pub(crate) dot: u32,
    /// Whether lines run across the plot from the ticks.
    pub(crate) grid: bool,
}

/// Draws the axes along the left and the bottom of `area`.
pub(crate) fn axes<'a, DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    area: &DrawingArea<DB, Shift>,
    [x, y]: [&Side; 2],
    look: &Look,
) -> Result<Plot<'a, DB>, String> {
    let ticked =
        |side: &Side| Ticked { range: side.ends, ticks: side.ticks.iter().map(|t| t.0).collect() };
    let written = |side: &Side, at: f64| {
        let tick = side.ticks.iter().find(|t| t.0.total_cmp(&at).is_eq());
        tick.map_or_else(String::new, |t| t.1.clone())
    };
    let mut context = ChartBuilder::on(area)
        .x_label_area_size(canvas.px(x.room))
        .y_label_area_size(canvas.px(y.room))
        .build_cartesian_2d(ticked(x), ticked(y))
        .map_err(said)?;
    let grid = if look.grid { canvas.pen(GRID, 1) } else { TRANSPARENT.into() };
    let (x_written, y_written) = (|at: &f64| written(x, *at), |at: &f64| written(y, *at));
    let mut mesh = context.configure_mesh();
    if !x.label.is_empty() {
        mesh.x_desc(&x.label);
    }
    if !y.label.is_empty() {
        mesh.y_desc(&y.label);
    }
    mesh.set_all_tick_mark_size(canvas.px(look.tick_mark))
        .x_labels(x.ticks.len().max(1))
        .y_labels(y.ticks.len().max(1))
        .x_label_formatter(&x_written)
        .y_label_formatter(&y_written)
        .label_style(canvas.font(look.tick, TEXT))
        .axis_desc_style(canvas.font(look.label, TEXT))
        .axis_style(canvas.pen(BORDER, 1))
        .bold_line_style(grid)
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(said)?;
    drop(mesh);
    Ok(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(ends: (f64, f64), ticks: &[f64]) -> Side {
        Side::of(&Axis::linear("x").ticked_at(ticks), ends, 40)
    }

    fn places(side: &Side) -> Vec<f64> {
        side.ticks.iter().map(|tick| tick.0).collect()
    }

    #[test]
    fn a_value_is_as_far_on_the_axis_as_between_its_ends() {
        let ticked = Ticked { range: (-1.0, 3.0), ticks: vec![1.0] };
        assert_eq!([-1.0, 0.0, 3.0].map(|v| ticked.map(&v, (100, 20))), [100, 80, 20]);
        assert_eq!(ticked.map(&0.5, (0, 9)), 3);
        assert_eq!((ticked.range(), ticked.key_points(5)), (-1.0..3.0, vec![1.0]));
    }

    #[test]
    fn ticks_are_names_or_given_or_chosen() {
        let axis = Axis::named("set", vec!["a".to_owned(), "b".to_owned()]);
        let named = Side::of(&axis, (-0.6, 1.6), 7);
        assert_eq!(named.ticks, [(0.0, "a".to_owned()), (1.0, "b".to_owned())]);
        assert_eq!((&*named.label, named.room), ("set", 7));
        let given = Side::of(&Axis::logarithmic("d").ticked_at(&[10.0, 1000.0]), (0.0, 4.0), 7);
        assert_eq!(given.ticks, [(1.0, "10".to_owned()), (3.0, "1000".to_owned())]);
        let chosen = Side::of(&Axis::logarithmic("d"), (0.0, 4.0), 7);
        assert_eq!(places(&chosen), [0.0, 1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn ticks_are_thinned_to_the_height_or_the_width_of_their_letters() {
        let fitted = |length, is_beside: bool| {
            let mut side = side((0.0, 2.0), &[0.0, 1.0, 2.0]);
            if is_beside {
                side.fit_beside(length, 20);
            } else {
                side.fit_beneath(length, 20);
            }
            places(&side)
        };
        // 1.35 · 20 units each.
        assert_eq!(fitted(54, true), [0.0, 1.0, 2.0]);
        assert_eq!(fitted(53, true), [0.0, 2.0]);
        // The digit and half a letter's size.
        let each = font::width("0", 20).unwrap().max(font::width("2", 20).unwrap()) + 10;
        assert_eq!(fitted(2 * each, false), [0.0, 1.0, 2.0]);
        assert_eq!(fitted(2 * each - 3, false), [0.0, 2.0]);
    }

    #[test]
    fn the_end_of_an_axis_is_left_free_if_ticks_remain() {
        let free = |ticks: &[f64]| {
            let mut side = side((-100.0, 100.0), ticks);
            side.leave_end_free();
            places(&side)
        };
        assert_eq!(free(&[0.0, 50.0, 100.0]), [0.0, 50.0]);
        assert_eq!(free(&[0.0, 87.9, 88.1]), [0.0, 87.9]);
        assert_eq!(free(&[0.0, 100.0]), [0.0, 100.0]);
    }
}
