//! A part of a sheet: a chart, a heat map or a histogram, seen alike by what lays them out.

use crate::axes::Plot;
use crate::axis::Axis;
use crate::canvas::{Canvas, DrawResult};
use crate::chart::{Chart, Series};
use crate::colour_bar::{ColourScale, Shades};
use crate::heat_maps::HeatMap;
use crate::histograms::Histogram;
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
    /// Its title, its axes, and what its colours mean.
    fn head(&self) -> (&str, [&Axis; 2], Option<&ColourScale>) {
        match self {
            Self::Chart(chart) => (&chart.title, [&chart.x, &chart.y], chart.colours.as_ref()),
            Self::HeatMap(map) => (&map.title, [&map.x, &map.y], Some(&map.colours)),
            Self::Histogram(histogram) => (&histogram.title, [&histogram.x, &histogram.y], None),
        }
    }

    /// What sets it apart from its neighbours.
    pub fn title(&self) -> &str {
        self.head().0
    }

    /// Its horizontal and its vertical axis.
    pub(crate) fn axes(&self) -> [&Axis; 2] {
        self.head().1
    }

    /// What its colours mean, if they mean a value.
    pub(crate) fn colours(&self) -> Option<&ColourScale> {
        self.head().2
    }

    /// Whether its plot is to be square.
    pub(crate) fn is_square(&self) -> bool {
        match self {
            Self::Chart(chart) => chart.is_square,
            Self::HeatMap(map) => map.x.names == map.y.names,
            Self::Histogram(_) => false,
        }
    }

    /// Its entries in a legend.
    pub(crate) fn legend(&self) -> Vec<&Series> {
        match self {
            Self::Chart(chart) => chart.legend(),
            Self::HeatMap(_) | Self::Histogram(_) => Vec::new(),
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

    /// The colours of its values.
    pub(crate) fn shades(&self) -> Option<Shades> {
        match self {
            Self::Chart(chart) => chart.colours.as_ref()?.shades(&chart.values()),
            Self::HeatMap(map) => map.colours.shades(&map.values()),
            Self::Histogram(_) => None,
        }
    }

    /// Draws its marks in `plot`; `dot` is the radius of a dot in units.
    pub(crate) fn draw(
        &self,
        canvas: &Canvas,
        shades: Option<&Shades>,
        plot: &Plot,
        dot: u32,
    ) -> DrawResult {
        match self {
            Self::Chart(chart) => {
                let floor = chart.floor(plot.ends[1]);
                Marks { canvas, chart, shades, plot, floor, radius: dot }.draw()
            }
            Self::HeatMap(map) => map.draw(canvas, shades, plot),
            Self::Histogram(histogram) => histogram.draw(canvas, plot),
        }
    }
}
