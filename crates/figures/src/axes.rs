//! Draws the two axes of a plot: lines, ticks and their labels.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::{Axis, place, value};
use crate::canvas::{BORDER, Canvas, DrawResult, GRID, TEXT, said};
use crate::font;
use crate::ticks::{fitting, labels, ticks};

/// From the end of a tick to its number.
const NUMBER_GAP: u32 = 3;

/// Where a plot is, and what its ends are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plot {
    /// Its left top corner and its size, in units.
    pub(crate) corner: (u32, u32),
    pub(crate) size: (u32, u32),
    /// Places at its ends, from the left and from below.
    pub(crate) ends: [(f64, f64); 2],
}

impl Plot {
    /// The coordinates of a pair of places.
    #[expect(clippy::cast_possible_truncation, reason = "a coordinate")]
    pub(crate) fn at(&self, canvas: &Canvas, x: f64, y: f64) -> (i32, i32) {
        let share = |v: f64, (low, high): (f64, f64)| (v - low) / (high - low);
        let along = |from: u32, share: f64, length: u32| {
            (f64::from(canvas.px(from)) + share * f64::from(canvas.px(length))).round() as i32
        };
        let [x, y] = [share(x, self.ends[0]), 1.0 - share(y, self.ends[1])];
        (along(self.corner.0, x, self.size.0), along(self.corner.1, y, self.size.1))
    }
}

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
        let numbers = |at: &[f64]| {
            let places = at.iter().map(|t| place(*t, axis.scale));
            places.zip(labels(at, axis.scale)).collect()
        };
        let ticks = if !axis.names.is_empty() {
            axis.names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect()
        } else if axis.ticks.is_empty() {
            let (low, high) = (value(ends.0, axis.scale), value(ends.1, axis.scale));
            numbers(&ticks(low, high, axis.scale))
        } else {
            numbers(&axis.ticks)
        };
        Self { label: axis.label.clone(), ends, ticks, room }
    }

    /// Thins the ticks to what fits beneath `length` units in letters of a size.
    pub(crate) fn fit_beneath(&mut self, length: u32, letters: u32) {
        let width = |text: &str| f64::from(font::width(text, letters) + letters / 2);
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

/// Draws the axes along the left and the lower end of `plot`: lines across it, ticks, numbers, titles.
pub(crate) fn axes(canvas: &Canvas, plot: &Plot, [x, y]: [&Side; 2], look: &Look) -> DrawResult {
    let [(left, right), (low, high)] = plot.ends;
    let (grid, pen) = (canvas.pen(GRID, 1), canvas.pen(BORDER, 1));
    let line =
        |from, to, pen| canvas.area.draw(&PathElement::new(vec![from, to], pen)).map_err(said);
    if look.grid {
        for (at, _) in &x.ticks {
            line(plot.at(canvas, *at, low), plot.at(canvas, *at, high), grid)?;
        }
        for (at, _) in &y.ticks {
            line(plot.at(canvas, left, *at), plot.at(canvas, right, *at), grid)?;
        }
    }
    let long = canvas.px(look.tick_mark).cast_signed();
    let gap = canvas.px(look.tick_mark + NUMBER_GAP).cast_signed();
    let style = canvas.font(look.tick, TEXT);
    let (below, beside) = (
        style.pos(Pos::new(HPos::Center, VPos::Top)),
        style.pos(Pos::new(HPos::Right, VPos::Center)),
    );
    for (at, number) in x.ticks.iter().filter(|_| x.room > 0) {
        let (h, v) = plot.at(canvas, *at, low);
        line((h, v), (h, v + long), pen)?;
        canvas.area.draw_text(number, &below, (h, v + gap)).map_err(said)?;
    }
    for (at, number) in y.ticks.iter().filter(|_| y.room > 0) {
        let (h, v) = plot.at(canvas, left, *at);
        line((h - long, v), (h, v), pen)?;
        canvas.area.draw_text(number, &beside, (h - gap, v)).map_err(said)?;
    }
    titles(canvas, plot, [x, y], look)
}

/// Writes the titles of the axes at the far ends of their rooms.
fn titles(canvas: &Canvas, plot: &Plot, [x, y]: [&Side; 2], look: &Look) -> DrawResult {
    let style = canvas.font(look.label, TEXT);
    let (middle, bottom) = (plot.corner.0 + plot.size.0 / 2, plot.corner.1 + plot.size.1);
    if x.room > 0 && !x.label.is_empty() {
        let below = style.pos(Pos::new(HPos::Center, VPos::Top));
        canvas.write(&x.label, &below, (middle, bottom + x.room - look.label))?;
    }
    if y.room > 0 && !y.label.is_empty() {
        let beside =
            style.transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Top));
        canvas.write(
            &y.label,
            &beside,
            (plot.corner.0 - y.room, plot.corner.1 + plot.size.1 / 2),
        )?;
    }
    Ok(())
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
    fn a_place_is_as_far_in_the_plot_as_between_its_ends() {
        let canvas = Canvas::new((200, 200), 2);
        let plot = Plot { corner: (10, 20), size: (100, 80), ends: [(-1.0, 3.0), (0.0, 2.0)] };
        assert_eq!(plot.at(&canvas, -1.0, 0.0), (20, 200));
        assert_eq!(plot.at(&canvas, 3.0, 2.0), (220, 40));
        assert_eq!(plot.at(&canvas, 0.0, 0.5), (70, 160));
    }

    /// The tags of axes whose plot is 100 by 80 units with its corner at (60, 10).
    fn tags(rooms: (u32, u32), grid: bool) -> String {
        let canvas = Canvas::new((200, 200), 1);
        let plot = Plot { corner: (60, 10), size: (100, 80), ends: [(0.0, 2.0); 2] };
        let side = |room| Side { room, ..side((0.0, 2.0), &[0.0, 2.0]) };
        let look = Look { tick: 10, label: 12, tick_mark: 4, dot: 3, grid };
        axes(&canvas, &plot, [&side(rooms.0), &side(rooms.1)], &look).unwrap();
        canvas.tags()
    }

    #[test]
    fn grid_lines_end_at_the_plot_and_ticks_with_numbers_stand_outside() {
        let both = tags((40, 50), true);
        for line in ["60,90 60,10", "160,90 160,10", "60,90 160,90", "60,10 160,10"] {
            assert!(
                both.contains(&format!("points=\"{line}\" fill=\"none\" stroke=\"#E4E4E4\"")),
                "{both}"
            );
        }
        for line in ["60,90 60,94", "160,90 160,94", "56,90 60,90", "56,10 60,10"] {
            assert!(
                both.contains(&format!("points=\"{line}\" fill=\"none\" stroke=\"#969696\"")),
                "{both}"
            );
        }
        assert!(
            both.contains("<text x=\"160\" y=\"103\"") && both.contains("<text x=\"53\" y=\"12\""),
            "{both}"
        );
        // 12 above the lower end of its room, and at the left end of its room.
        assert!(
            both.contains("<text x=\"110\" y=\"125\"") && both.contains("rotate(270 10 50)"),
            "{both}"
        );
        assert_eq!(tags((40, 50), false).matches("E4E4E4").count(), 0);
        assert_eq!(tags((0, 0), true).matches("<text").count(), 0);
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
        let each = font::width("0", 20).max(font::width("2", 20)) + 10;
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
