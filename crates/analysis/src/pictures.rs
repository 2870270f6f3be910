//! What the pictures of a run share: the symbols of the field, and a sheet of one chart.

use serde_json::Value;
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::Picture;
use superpose_toy::cell::{Cell, short_name};

use crate::settings::label;

/// The column that says what a row's group is called in the legend.
pub(crate) const ENTRY: &str = "entry";

/// The symbol of the field that a cell's field is called by: `γ` for `train.weight_decay`; the last part of the name
/// if it has none.
pub(crate) fn symbol(name: &str) -> &str {
    match short_name(name) {
        "weight_decay" => "γ",
        "exponent" if !name.contains("importance") => "α",
        "activation_density" => "E",
        "n_features" => "n",
        "d_hidden" => "d",
        "batch_size" => "B",
        "bias_init_std" => "σ(b)",
        other => other,
    }
}

/// A setting's label in the symbols of the field: `weight_decay=-1` becomes `γ = −1`.
pub(crate) fn symbols(setting: &str) -> String {
    let part = |part: &str| {
        let Some((name, value)) = part.split_once('=') else { return part.to_owned() };
        format!("{} = {}", symbol(name), value.replace('-', "−"))
    };
    setting.split(", ").map(part).collect::<Vec<_>>().join(", ")
}

/// What holds for all pictures of a run, to be said in their captions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The name of its sweep.
    pub sweep: String,
    /// The settings that are the same in all its cells, in the symbols of the field.
    pub fixed: String,
}

/// Fields whose values are said where they are the same in all cells.
const SAID: [&str; 9] = [
    "model.n_features",
    "model.d_hidden",
    "data.frequencies.exponent",
    "data.activation_density",
    "train.weight_decay",
    "train.batch_size",
    "train.steps",
    "train.learning_rate",
    "train.seed",
];

impl Subject {
    /// The sweep of this name and these cells.
    pub fn of<'c>(sweep: &str, cells: impl IntoIterator<Item = &'c Cell>) -> Self {
        let fields: Vec<Vec<(String, Value)>> = cells.into_iter().map(Cell::fields).collect();
        let value = |fields: &[(String, Value)], name: &str| {
            fields.iter().find(|field| field.0 == name).map(|field| field.1.clone())
        };
        let fixed = |name: &&str| {
            let first = value(fields.first()?, name)?;
            let same = fields.iter().all(|of| value(of, name).as_ref() == Some(&first));
            same.then(|| (name.to_string(), first))
        };
        let fixed: Vec<(String, Value)> = SAID.iter().filter_map(fixed).collect();
        let fixed = if fixed.is_empty() { String::new() } else { symbols(&label(&fixed)) };
        Self { sweep: sweep.to_owned(), fixed }
    }

    /// What a caption ends with.
    pub(crate) fn words(&self) -> String {
        match self.fixed.as_str() {
            "" => format!(" Sweep: {}; drawn by superpose figures.", self.sweep),
            // Settings stay in one piece.
            fixed => {
                let fixed = fixed.replace(" = ", "\u{a0}=\u{a0}");
                format!(" Sweep: {}, {fixed}; drawn by superpose figures.", self.sweep)
            }
        }
    }
}

/// The picture of one chart.
pub(crate) fn picture(name: &str, title: &str, panels: Vec<Panel>, caption: &str) -> Picture {
    grid(name, title, (1, panels), caption)
}

/// The picture of panels in a grid of so many columns; without any if none has a mark.
pub(crate) fn grid(
    name: &str,
    title: &str,
    (columns, mut panels): (usize, Vec<Panel>),
    caption: &str,
) -> Picture {
    let is_empty = |panel: &Panel| matches!(panel, Panel::Chart(chart) if chart.is_empty());
    if panels.iter().all(is_empty) {
        panels.clear();
    }
    Picture {
        name: name.to_owned(),
        sheet: Sheet {
            title: title.to_owned(),
            columns,
            panels,
            axes: Axes::Shared,
            caption: caption.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_in_the_symbols_of_the_field() {
        assert_eq!(symbols("weight_decay=-1, exponent=1.5"), "γ = −1, α = 1.5");
        assert_eq!(symbols("all"), "all");
    }
}
