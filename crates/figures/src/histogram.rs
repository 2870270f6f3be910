//! A histogram: bars over the bins of one quantity.

use plotters::prelude::*;

use crate::axis::Axis;
use crate::canvas::{Canvas, Outcome, said};
use crate::colour_bar::{ColourScale, Shades};
use crate::palette::colour;

/// Guides across the bars; not dashed, since each dash is a line of the SVG.
const GUIDE: RGBColor = RGBColor(213, 94, 0);

/// A histogram. Heights are drawn as they are given: counts, shares or densities.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// What sets it apart from its neighbours.
    pub title: String,
    /// Symbol of the quantity.
    pub x_label: String,
    /// What the heights are.
    pub y_label: String,
    /// Where bins begin, and the end of the last: one more than heights.
    pub edges: Vec<f64>,
    /// One height a bin; where there is none, not a number, and no bar.
    pub heights: Vec<f64>,
    /// For each bin what its colour stands for; all are blue if none.
    pub values: Option<Vec<f64>>,
    /// What the colours mean.
    pub colours: Option<ColourScale>,
    /// Places of vertical guides.
    pub guides: Vec<f64>,
}

impl Histogram {
    pub(crate) fn axes(&self) -> [Axis; 2] {
        [Axis::linear(&self.x_label), Axis::linear(&self.y_label)]
    }

    /// The ends of both axes; `None` when there is no bar.
    pub(crate) fn ends(&self) -> Option<[(f64, f64); 2]> {
        let finite = |v: &&f64| v.is_finite();
        let highest = self.heights.iter().filter(finite).copied().reduce(f64::max)?;
        let low = self.edges.iter().filter(finite).copied().reduce(f64::min)?;
        let high = self.edges.iter().filter(finite).copied().reduce(f64::max)?;
        let top = if highest > 0.0 { 1.06 * highest } else { 1.0 };
        (high > low).then_some([(low, high), (0.0, top)])
    }

    /// The colour of bar `i`.
    fn colour(&self, i: usize, shades: Option<&Shades>) -> RGBColor {
        let value = self.values.as_ref().map_or(f64::NAN, |values| values[i]);
        match shades.filter(|_| value.is_finite()) {
            Some(shades) => shades.colour(value),
            None => colour(0, 1),
        }
    }

    /// Draws bars and guides; `pixel` is that of a pair of places, of which `x` and `y` are the ends.
    pub(crate) fn draw<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        shades: Option<&Shades>,
        pixel: &dyn Fn(f64, f64) -> (i32, i32),
        [x, y]: [(f64, f64); 2],
    ) -> Outcome {
        let bars: Vec<(usize, RGBColor)> = (0..self.heights.len())
            .filter(|i| self.heights[*i] > 0.0)
            .map(|i| (i, self.colour(i, shades)))
            .collect();
        // Neighbours of one colour are one shape: no white between them, and a small file.
        for run in bars.chunk_by(|a, b| a.0 + 1 == b.0 && a.1 == b.1) {
            let corner = |i: usize, right: usize| pixel(self.edges[i + right], self.heights[i]);
            let mut outline = vec![pixel(self.edges[run[0].0], 0.0)];
            outline.extend(run.iter().flat_map(|(i, _)| [corner(*i, 0), corner(*i, 1)]));
            outline.push(pixel(self.edges[run[run.len() - 1].0 + 1], 0.0));
            canvas.area.draw(&Polygon::new(outline, run[0].1.filled())).map_err(said)?;
        }
        for &guide in self.guides.iter().filter(|g| **g >= x.0 && **g <= x.1) {
            let ends = [pixel(guide, y.0), pixel(guide, y.1)];
            let line = PathElement::new(ends.to_vec(), canvas.pen(GUIDE, 1));
            canvas.area.draw(&line).map_err(said)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_stands_on_zero_between_its_edges() {
        let mut histogram = Histogram {
            title: String::new(),
            x_label: "norm".to_owned(),
            y_label: "share".to_owned(),
            edges: vec![0.0, 0.5, 1.0],
            heights: vec![f64::NAN, 1.0],
            values: None,
            colours: None,
            guides: vec![],
        };
        let [x, y] = histogram.ends().unwrap();
        assert_eq!((x, y.0), ((0.0, 1.0), 0.0));
        histogram.heights.clear();
        assert_eq!(histogram.ends(), None);
    }
}
