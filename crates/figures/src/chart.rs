//! What a figure shows, before it is drawn.

use plotters::style::RGBColor;

/// Whether an axis counts in steps or in factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// In steps.
    Linear,
    /// In factors.
    Logarithmic,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Symbol and unit.
    pub label: String,
    /// How it counts.
    pub scale: Scale,
    /// Places that get a tick; chosen from the range if empty.
    pub ticks: Vec<f64>,
}

impl Axis {
    /// The axis of hidden widths, with a tick at each of `widths` unless they are too many.
    pub(crate) fn of_widths(widths: &[f64]) -> Self {
        let mut ticks = widths.to_vec();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        if ticks.len() > 12 {
            ticks.clear();
        }
        Self { label: "hidden width d".to_owned(), scale: Scale::Logarithmic, ticks }
    }
}

/// A point with the ends of its error bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// Ends of the error bar, if it has one.
    pub bar: Option<(f64, f64)>,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Dots, with error bars.
    Dots,
    /// Dots joined by a line.
    JoinedDots,
    /// A line.
    Line,
    /// A dotted line.
    Dotted,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its entry in the legend; none if empty.
    pub label: String,
    /// Its colour.
    pub colour: RGBColor,
    /// How it is drawn.
    pub mark: Mark,
    /// Its points, in the order of their line.
    pub points: Vec<Point>,
}

/// A figure with one pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, the first at the bottom.
    pub series: Vec<Series>,
    /// How to read the marks, and where the numbers stand.
    pub caption: String,
}

impl Chart {
    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.series.iter().all(|s| s.points.is_empty())
    }

    /// The series that have an entry in the legend.
    pub fn legend(&self) -> Vec<&Series> {
        self.series.iter().filter(|s| !s.label.is_empty()).collect()
    }

    /// The range of all abscissae and of all ordinates with their bars, if they can be shown.
    pub(crate) fn ranges(&self) -> Option<[(f64, f64); 2]> {
        let points = || self.series.iter().flat_map(|s| &s.points);
        let range = |values: &mut dyn Iterator<Item = f64>, scale: Scale| {
            let shown = values.filter(|v| v.is_finite() && (scale == Scale::Linear || *v > 0.0));
            shown.fold(None, |range: Option<(f64, f64)>, v| {
                Some(range.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
            })
        };
        let x = range(&mut points().map(|p| p.x), self.x.scale)?;
        let ends = |p: &Point| [p.y, p.bar.map_or(p.y, |b| b.0), p.bar.map_or(p.y, |b| b.1)];
        let y = range(&mut points().flat_map(ends), self.y.scale)?;
        Some([x, y])
    }
}

/// The distinct `keys` in order of appearance, each with the indices of its rows.
pub(crate) fn groups(keys: &[String]) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (i, key) in keys.iter().enumerate() {
        match groups.iter_mut().find(|(k, _)| k == key) {
            Some((_, rows)) => rows.push(i),
            None => groups.push((key.clone(), vec![i])),
        }
    }
    groups
}

/// A setting's label in the symbols of the field: `weight_decay=-1` becomes `γ = −1`.
pub(crate) fn symbols(setting: &str) -> String {
    let part = |part: &str| {
        let Some((name, value)) = part.split_once('=') else { return part.to_owned() };
        let symbol = match name {
            "weight_decay" => "γ",
            "exponent" => "α",
            "activation_density" => "E",
            "n_features" => "n",
            "batch_size" => "B",
            "bias_init_std" => "σ(b)",
            other => other,
        };
        format!("{symbol} = {}", value.replace('-', "−"))
    };
    setting.split(", ").map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_in_the_symbols_of_the_field() {
        assert_eq!(symbols("weight_decay=-1, exponent=1.5"), "γ = −1, α = 1.5");
        assert_eq!(symbols("all"), "all");
    }

    #[test]
    fn rows_are_grouped_in_order_of_appearance() {
        let keys: Vec<String> = ["b", "a", "b"].map(String::from).to_vec();
        assert_eq!(groups(&keys), [("b".to_owned(), vec![0, 2]), ("a".to_owned(), vec![1])]);
    }
}
