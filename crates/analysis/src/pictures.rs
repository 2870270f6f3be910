//! What the pictures of a run share: the symbols of the field, and a sheet of one chart.

use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::Picture;
use superpose_files::table::{Column, Field, Table};

/// The column that says what a row's group is called in the legend.
pub(crate) const ENTRY: &str = "entry";

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

/// The `table` with the column [`ENTRY`], one entry a row.
pub(crate) fn with_entries(table: &Table, entries: Vec<String>) -> Table {
    let mut table = table.clone();
    table
        .columns
        .push(Column { name: ENTRY.to_owned(), meaning: "entry in the legend".to_owned() });
    for (row, entry) in table.rows.iter_mut().zip(entries) {
        row.push(Field::from(entry));
    }
    table
}

/// The picture of these panels; without those that have no mark.
pub(crate) fn picture(name: &str, title: &str, mut panels: Vec<Panel>, caption: &str) -> Picture {
    panels.retain(|panel| !matches!(panel, Panel::Chart(chart) if chart.is_empty()));
    Picture {
        name: name.to_owned(),
        sheet: Sheet {
            title: title.to_owned(),
            columns: 1,
            panels,
            axes: Axes::Own,
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
