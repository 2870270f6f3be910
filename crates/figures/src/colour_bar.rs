//! What colours mean: a scale, and the bar that shows it.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axes::Side;
use crate::axis::{Axis, Scale, place, range, shown};
use crate::canvas::{Canvas, DrawResult, TEXT, said};
use crate::font;
use crate::palette::{diverging, shade};

/// The width of the bar without letters, in units, and its number of colours.
const BAR: u32 = 12;
const STEPS: i32 = 100;

/// What colours mean.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourScale {
    /// Symbol and unit.
    pub label: String,
    /// The values of the first and the last colour, which those beyond share; from the smallest to
    /// the largest if none. Heat maps of a sheet that are given the same range share one bar.
    pub range: Option<(f64, f64)>,
    /// Whether they count in steps or in factors.
    pub scale: Scale,
    /// Whether zero is white, values below it blue and values above it red.
    pub is_signed: bool,
}

impl ColourScale {
    /// A scale in steps, from the smallest to the largest value.
    pub fn linear(label: &str) -> Self {
        Self { label: label.to_owned(), range: None, scale: Scale::Linear, is_signed: false }
    }

    /// A scale in factors, from the smallest to the largest value above zero.
    pub fn logarithmic(label: &str) -> Self {
        Self { scale: Scale::Logarithmic, ..Self::linear(label) }
    }

    /// A scale of two signs in steps, as far to either side as the largest value.
    pub fn signed(label: &str) -> Self {
        Self { is_signed: true, ..Self::linear(label) }
    }

    /// The same scale from one value to another.
    #[must_use]
    pub fn from_to(self, low: f64, high: f64) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    /// The same scale from the smallest to the largest of `values`, for maps that are to be compared.
    #[must_use]
    pub fn spanning(self, values: &[f64]) -> Self {
        self.over(values)
    }

    /// The same scale, over `values` unless it has a range.
    pub(crate) fn over(&self, values: &[f64]) -> Self {
        let shown = values.iter().copied().filter(|v| shown(*v, self.scale));
        let found = || match range(shown)? {
            (low, high) if self.is_signed => {
                let largest = low.abs().max(high.abs());
                Some((-largest, largest))
            }
            ends => Some(ends),
        };
        Self { range: self.range.or_else(found), ..self.clone() }
    }

    /// The colours of `values`; `None` when no value has one.
    pub(crate) fn shades(&self, values: &[f64]) -> Option<Shades> {
        let (low, high) = self.over(values).range?;
        let (low, high) = (place(low, self.scale), place(high, self.scale));
        let ends = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
        let (label, scale, is_signed) = (self.label.clone(), self.scale, self.is_signed);
        Some(Shades { label, ends, scale, is_signed })
    }
}

/// A colour scale whose ends are known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shades {
    label: String,
    /// Places on its scale.
    ends: (f64, f64),
    scale: Scale,
    is_signed: bool,
}

impl Shades {
    /// The colour of a value.
    pub(crate) fn colour(&self, value: f64) -> RGBColor {
        self.at((place(value, self.scale) - self.ends.0) / (self.ends.1 - self.ends.0))
    }

    /// The colour of a share of the way between its ends.
    fn at(&self, share: f64) -> RGBColor {
        if self.is_signed { diverging(share) } else { shade(share) }
    }

    fn side(&self) -> Side {
        Side::of(&Axis { scale: self.scale, ..Axis::linear("") }, self.ends, 0)
    }

    /// The width of its bar with all letters, in units.
    pub(crate) fn width(&self, letters: u32) -> u32 {
        let numbers = font::widest(self.side().ticks.iter().map(|tick| &tick.1), letters);
        let label = if self.label.is_empty() { 0 } else { letters + 8 };
        BAR + 9 + numbers + label
    }

    /// Draws the bar with its left top corner at `at`, of `height` units, in letters of a size.
    pub(crate) fn draw(
        &self,
        canvas: &Canvas,
        at: (u32, u32),
        height: u32,
        letters: u32,
    ) -> DrawResult {
        let (left, top) = canvas.at(at.0, at.1);
        let right = canvas.at(at.0 + BAR, 0).0;
        let pixels = canvas.px(height).cast_signed();
        for step in 0..STEPS {
            let share = 1.0 - f64::from(step) / f64::from(STEPS - 1);
            let edge = |step: i32| top + step * pixels / STEPS;
            // A unit longer, so that no white shows between the steps; the next covers it.
            let ends = [
                (left, edge(step)),
                (right, (edge(step + 1) + canvas.at(1, 0).0).min(top + pixels)),
            ];
            canvas.area.draw(&Rectangle::new(ends, self.at(share).filled())).map_err(said)?;
        }
        let mut side = self.side();
        side.fit_beside(height, letters);
        let style = canvas.font(letters, TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        let pen = canvas.pen(TEXT, 1);
        for (place, text) in &side.ticks {
            let share = (place - self.ends.0) / (self.ends.1 - self.ends.0);
            #[expect(clippy::cast_possible_truncation, reason = "a pixel")]
            let y = top + ((1.0 - share) * f64::from(pixels)).round() as i32;
            let tick = PathElement::new(vec![(right, y), (right + canvas.at(3, 0).0, y)], pen);
            canvas.area.draw(&tick).map_err(said)?;
            let at = (right + canvas.at(6, 0).0, y);
            canvas.area.draw_text(text, &style, at).map_err(said)?;
        }
        if self.label.is_empty() {
            return Ok(());
        }
        let style = canvas.font(letters, TEXT).transform(FontTransform::Rotate90);
        let style = style.pos(Pos::new(HPos::Center, VPos::Bottom));
        let end = at.0 + self.width(letters) - 2 - letters;
        canvas.write(&self.label, &style, (end, at.1 + height / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_a_given_range_have_the_colour_of_its_end() {
        let shades = ColourScale::linear("φ").from_to(0.0, 1.0).shades(&[7.0]).unwrap();
        assert_eq!(shades.colour(7.0), shades.colour(1.0));
        assert_eq!(shades.colour(0.0), shade(0.0));
    }

    #[test]
    fn without_a_range_the_values_give_it_and_absent_ones_do_not_count() {
        let scale = ColourScale::linear("loss");
        let shades = scale.shades(&[f64::NAN, 1.0, 3.0]).unwrap();
        assert_eq!((shades.colour(1.0), shades.colour(3.0)), (shade(0.0), shade(1.0)));
        assert_eq!(shades.colour(2.0), shade(0.5));
        assert_eq!(scale.shades(&[f64::NAN]), None);
    }

    #[test]
    fn a_scale_of_two_signs_is_white_at_zero_and_one_in_factors_has_its_middle_between() {
        let signed = ColourScale::signed("w").shades(&[-0.5, 2.0]).unwrap();
        let of = [signed.colour(-2.0), signed.colour(0.0), signed.colour(2.0)];
        assert_eq!(of, [diverging(0.0), diverging(0.5), diverging(1.0)]);
        let factors = ColourScale::logarithmic("d").shades(&[0.0, 10.0, 1000.0]).unwrap();
        assert_eq!(factors.colour(100.0), shade(0.5));
        let ticks: Vec<String> = factors.side().ticks.into_iter().map(|t| t.1).collect();
        assert_eq!((&*ticks[0], &**ticks.last().unwrap()), ("10", "1000"));
    }

    #[test]
    fn one_value_has_the_middle_colour_of_a_range_about_it() {
        let shades = ColourScale::linear("loss").shades(&[3.0, 3.0]).unwrap();
        assert_eq!(shades.ends, (2.5, 3.5));
        assert_eq!(shades.colour(3.25), shade(0.75));
    }

    #[test]
    fn a_bar_is_as_wide_as_its_numbers_and_its_label() {
        let width = |label: &str| {
            ColourScale::linear(label).from_to(0.0, 1.0).shades(&[]).unwrap().width(14)
        };
        let numbers = font::width("0.2", 14);
        assert!((numbers..numbers + 3).contains(&(width("") - 12 - 9)), "{}", width(""));
        assert_eq!(width("loss"), width("") + 14 + 8);
    }

    #[test]
    fn a_bar_has_the_colours_of_the_map_from_its_upper_end_down() {
        let canvas = Canvas::new((50, 500), 2);
        let shades = ColourScale::linear("").from_to(0.0, 1.0).shades(&[]).unwrap();
        shades.draw(&canvas, (3, 4), 200, 10).unwrap();
        let svg = canvas.tags();
        let steps: Vec<&str> = svg.lines().filter(|line| line.starts_with("<rect")).collect();
        assert_eq!(steps.len(), 100);
        for (k, step) in (0_u32..).zip(&steps) {
            let RGBColor(red, green, blue) = shade(1.0 - f64::from(k) / 99.0);
            assert!(step.contains(&format!("fill=\"#{red:02X}{green:02X}{blue:02X}\"")), "{step}");
            assert!(step.contains(&format!("x=\"6\" y=\"{}\" width=\"24\"", 8 + 4 * k)), "{step}");
        }
        // A tick three units long, and its number six from the bar.
        assert!(
            svg.contains(
                "points=\"30,408 36,408\" fill=\"none\" stroke=\"#282828\" stroke-width=\"2\""
            ),
            "{svg}"
        );
        assert!(svg.contains("<text x=\"42\" y=\"412\""), "{svg}");
    }
}
