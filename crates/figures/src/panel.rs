//! A part of a sheet: a chart, a heat map or a histogram, seen alike by what lays them out.

use plotters::prelude::*;

use crate::axis::Axis;
use crate::canvas::{Canvas, Outcome};
use crate::chart::Chart;
use crate::colour_bar::{ColourScale, Shades};
use crate::heat_map::HeatMap;
use crate::histogram::Histogram;
use crate::marks::Marks;

/// A part of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum Panel {
    /// Points and lines.
    Chart(Chart),
    /// Colours.
    HeatMap(HeatMap),
    /// Bars over bins.
    Histogram(Histogram),
}

impl Panel {
    /// What sets it apart from its neighbours.
    pub fn title(&self) -> &str {
        match self {
            Self::Chart(chart) => &chart.title,
            Self::HeatMap(map) => &map.title,
            Self::Histogram(histogram) => &histogram.title,
        }
    }

    /// Its horizontal and its vertical axis.
    pub(crate) fn axes(&self) -> [Axis; 2] {
        match self {
            Self::Chart(chart) => [chart.x.clone(), chart.y.clone()],
            Self::HeatMap(map) => map.axes(),
            Self::Histogram(histogram) => histogram.axes(),
        }
    }

    /// The ends of its axes, as places; `None` when nothing can be shown.
    pub(crate) fn ends(&self) -> Option<[(f64, f64); 2]> {
        match self {
            Self::Chart(chart) => chart.ends(),
            Self::HeatMap(map) => map.ends(),
            Self::Histogram(histogram) => histogram.ends(),
        }
    }

    /// What its colours mean, if they mean a value.
    pub(crate) fn colours(&self) -> Option<&ColourScale> {
        match self {
            Self::Chart(chart) => chart.colours.as_ref(),
            Self::HeatMap(map) => Some(&map.colours),
            Self::Histogram(histogram) => histogram.colours.as_ref(),
        }
    }

    /// The colours of its values.
    pub(crate) fn shades(&self) -> Option<Shades> {
        let values = match self {
            Self::Chart(chart) => chart.values(),
            Self::HeatMap(map) => map.values(),
            Self::Histogram(histogram) => histogram.values.clone().unwrap_or_default(),
        };
        self.colours()?.shades(&values)
    }

    /// All that is written in it.
    pub(crate) fn texts(&self) -> Vec<String> {
        let mut texts = vec![self.title().to_owned()];
        for axis in self.axes() {
            texts.push(axis.label);
            texts.extend(axis.names);
        }
        texts.extend(self.colours().map(|c| c.label.clone()));
        if let Self::Chart(chart) = self {
            texts.extend(chart.series.iter().map(|s| s.label.clone()));
        }
        texts
    }

    /// Draws its marks; `pixel` is that of a pair of places, `ends` are those of the
    /// axes, `dot` is the radius of a dot in units.
    pub(crate) fn draw<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        shades: Option<&Shades>,
        pixel: &dyn Fn(f64, f64) -> (i32, i32),
        ends: [(f64, f64); 2],
        dot: u32,
    ) -> Outcome {
        match self {
            Self::Chart(chart) => {
                let floor = chart.floor(ends[1]);
                Marks { canvas, chart, shades, pixel, floor, radius: dot }.draw()
            }
            Self::HeatMap(map) => map.draw(canvas, shades, pixel),
            Self::Histogram(histogram) => histogram.draw(canvas, shades, pixel, ends),
        }
    }
}
