//! `superpose theory mechanisms`: mechanisms that give a power law, side by side.

use superpose_figures::axis::Axis;
use superpose_figures::lines::{Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Table, TableError};
use superpose_laws::mechanisms::tables::Mechanisms;

use super::{Made, present};
use crate::args::theory::MechanismsOptions;

pub(super) fn mechanisms(options: &MechanismsOptions) -> anyhow::Result<()> {
    let made = Mechanisms {
        spectral_exponent: options.spectral_exponent,
        source_exponent: options.source_exponent,
        quanta_exponent: options.quanta_exponent,
        n_dimensions: options.dimensions,
        seed: options.seed,
    }
    .tables()?;
    present(&Made { verb: "mechanisms", tables: &made, sheet: &mechanism_sheet }, &options.output)
}

fn mechanism_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let columns = Lines {
        panel: Some("mechanism"),
        ..Lines::plain(("scale", Axis::logarithmic("scale")), ("error", Axis::logarithmic("error")))
    };
    Ok(Sheet {
        title: "Mechanisms that give a power law".to_owned(),
        columns: 3,
        panels: lines(&tables[1], &columns)?,
        axes: Axes::Own,
        caption: "Exponents: mechanisms.csv. Points: mechanism_points.csv.".to_owned(),
    })
}
