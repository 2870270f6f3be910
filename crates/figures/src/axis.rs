//! Axes: their titles, how they count, and where on them a value is.

/// Given ticks that an axis of a single chart has room for; of more, some are chosen.
const MOST_TICKS: usize = 12;

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
    /// Its title: symbol and unit.
    pub label: String,
    /// How it counts.
    pub scale: Scale,
    /// Places that get a tick; chosen from the range if empty.
    pub ticks: Vec<f64>,
    /// Names in place of numbers: what stands at 0, 1, 2, …; none on an axis of numbers.
    pub names: Vec<String>,
    /// Values at its ends; from the values shown, with some air, if none.
    pub ends: Option<(f64, f64)>,
}

impl Axis {
    /// An axis in steps.
    pub fn linear(label: &str) -> Self {
        let (label, scale) = (label.to_owned(), Scale::Linear);
        Self { label, scale, ticks: Vec::new(), names: Vec::new(), ends: None }
    }

    /// An axis in factors.
    pub fn logarithmic(label: &str) -> Self {
        Self { scale: Scale::Logarithmic, ..Self::linear(label) }
    }

    /// An axis of names.
    pub fn named(label: &str, names: Vec<String>) -> Self {
        Self { names, ..Self::linear(label) }
    }

    /// The same axis from one value to another.
    #[must_use]
    pub fn from_to(self, low: f64, high: f64) -> Self {
        Self { ends: Some((low, high)), ..self }
    }

    /// The same axis with a tick at each of `values`, unless they are more than can be read.
    #[must_use]
    pub fn ticked_at(self, values: &[f64]) -> Self {
        let mut ticks = values.to_vec();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        if ticks.len() > MOST_TICKS {
            ticks.clear();
        }
        Self { ticks, ..self }
    }
}

/// A value with what it is a value of, `d = 8`; the value alone where that has no label.
pub(crate) fn labelled(label: &str, value: &str) -> String {
    if label.is_empty() { value.to_owned() } else { format!("{label} = {value}") }
}

/// The smallest and the largest of the `values` that are finite.
pub(crate) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let ends = values.filter(|v| v.is_finite()).map(|v| (v, v));
    ends.reduce(|(low, high), (v, _)| (low.min(v), high.max(v)))
}

/// Whether an axis has a place for a value.
pub(crate) fn shown(value: f64, scale: Scale) -> bool {
    value.is_finite() && (scale == Scale::Linear || value > 0.0)
}

/// The place of a value on an axis that the drawing library sees as linear.
pub(crate) fn place(value: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.log10(),
    }
}

/// The value at a place.
pub(crate) fn value(place: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Linear => place,
        Scale::Logarithmic => 10_f64.powf(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_given_ticks_stay_sorted_and_once_and_many_are_left_to_choice() {
        let axis = Axis::linear("x").ticked_at(&[3.0, 1.0, 3.0, 2.0]);
        assert_eq!(axis.ticks, [1.0, 2.0, 3.0]);
        let values = |n: u8| (0..n).map(f64::from).collect::<Vec<f64>>();
        assert_eq!(Axis::linear("x").ticked_at(&values(12)).ticks.len(), 12);
        assert!(Axis::linear("x").ticked_at(&values(13)).ticks.is_empty());
    }

    #[test]
    fn a_place_on_an_axis_of_factors_is_a_power_of_ten() {
        for (scale, at) in [(Scale::Linear, 100.0), (Scale::Logarithmic, 2.0)] {
            assert!((place(100.0, scale) - at).abs() < 1e-12);
            assert!((value(at, scale) - 100.0).abs() < 1e-9);
            assert!(shown(1.0, scale) && !shown(f64::NAN, scale) && !shown(f64::INFINITY, scale));
        }
        assert!(shown(0.0, Scale::Linear) && shown(-1.0, Scale::Linear));
        assert!(!shown(0.0, Scale::Logarithmic) && !shown(-1.0, Scale::Logarithmic));
    }

    #[test]
    fn a_range_is_of_what_is_finite() {
        let of = |values: &[f64]| range(values.iter().copied());
        assert_eq!(of(&[f64::NAN, 2.0, -1.0, f64::INFINITY, 1.0]), Some((-1.0, 2.0)));
        assert_eq!(of(&[f64::NAN, f64::NEG_INFINITY]), None);
    }
}
