//! Numbers read off the figures of the paper (arXiv 2505.10465, versions 1 and 4), with an error of about
//! half a per cent. Each stands for one training without a stated seed.

use std::sync::LazyLock;

use superpose_files::table::{Field, Table};
use superpose_toy::cell::Cell;

use crate::cells::{KEY, law};
use crate::figure::near;

/// Published numbers of one kind, by the setting that each is of.
#[derive(Debug)]
pub struct Published {
    /// What tells the settings apart: names of [`KEY`], or `law`.
    coordinates: Vec<String>,
    /// The coordinates of a setting, then its number.
    rows: Vec<Vec<Field>>,
}

macro_rules! published {
    ($(#[$doc:meta])* $name:ident, $file:literal) => {
        $(#[$doc])*
        pub static $name: LazyLock<Published> =
            LazyLock::new(|| Published::parse(include_bytes!(concat!("../../published/", $file))));
    };
}

published!(
    /// Losses of the large toy by frequency law, weight decay and width: figures 1b and 1d.
    FIG1, "fig1.csv");
published!(
    /// φ½ by weight decay and width at data exponent 1: figure 3b.
    FIG3B, "fig3b.csv");
published!(
    /// Model exponents of the nine settings closest to no superposition: figure 4b.
    FIG4B, "fig4b.csv");
published!(
    /// Model exponents by data exponent: figure 5e.
    FIG5E, "fig5e.csv");
published!(
    /// Model exponents by weight decay and data exponent: figure 9b.
    FIG9B, "fig9b.csv");
published!(
    /// Losses at data exponent 0: figure 5-1a of version 1.
    LOSS_ALPHA0, "loss_alpha0.csv");

impl Published {
    /// The numbers in the last column of `csv`, by the columns before it. The files are part of the
    /// program and a test reads each, so it does not panic on them.
    fn parse(csv: &[u8]) -> Self {
        let table = Table::from_csv("published", csv).expect("a test reads every file");
        let mut coordinates: Vec<String> = table.columns.into_iter().map(|c| c.name).collect();
        coordinates.pop();
        Self { coordinates, rows: table.rows }
    }

    /// The number for the setting of `cell`, if one is published.
    pub fn of(&self, cell: &Cell) -> Option<f64> {
        let here: Vec<Field> = self.coordinates.iter().map(|name| coordinate(cell, name)).collect();
        let is_here =
            |row: &&Vec<Field>| row.iter().zip(&here).all(|(there, here)| same(there, here));
        self.rows.iter().find(is_here)?.last()?.number()
    }
}

/// Where `cell` is in one of the coordinates of published numbers; missing for a name that is none.
fn coordinate(cell: &Cell, name: &str) -> Field {
    match KEY.iter().find(|column| column.0 == name) {
        Some(column) => (column.2)(cell),
        None if name == "law" => law(cell).into(),
        None => Field::Missing,
    }
}

fn same(a: &Field, b: &Field) -> bool {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => near(a, b),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweeps::{LARGE, SMALL, cells};

    #[test]
    fn every_number_is_read_and_is_of_a_cell_of_the_papers_sweeps() {
        let cells = cells(&[SMALL, LARGE]);
        for (published, n_rows) in [
            (&FIG1, 48),
            (&FIG3B, 60),
            (&FIG4B, 9),
            (&FIG5E, 60),
            (&FIG9B, 170),
            (&LOSS_ALPHA0, 60),
        ] {
            assert_eq!(published.rows.len(), n_rows, "{:?}", published.coordinates);
            let found: Vec<f64> = cells.iter().filter_map(|cell| published.of(cell)).collect();
            for row in &published.rows {
                let number = row.last().and_then(Field::number).unwrap();
                assert!(found.iter().any(|f| (f - number).abs() < 1e-12), "{row:?}");
            }
        }
    }

    #[test]
    fn a_rounded_weight_decay_is_found_and_a_setting_of_others_is_not() {
        let mut cells = cells(&[SMALL]);
        let cell = cells.iter_mut().find(|c| near(c.train.weight_decay, -7.0 / 9.0)).unwrap();
        assert!((FIG9B.of(cell).unwrap() - 0.824).abs() < 1e-12);
        assert_eq!(FIG3B.of(cell), None, "it is of data exponent 0");
        cell.train.weight_decay = 0.0;
        assert_eq!(FIG9B.of(cell), None);
    }
}
