//! Numbers read off the figures of the paper (arXiv 2505.10465, versions 1 and 4), with an error of about
//! half a per cent. Each stands for one training without a stated seed.

use superpose_files::table::{Table, TableError};

macro_rules! published {
    ($(#[$doc:meta])* $function:ident, $file:literal) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`TableError`] never, as long as this crate's tests pass.
        pub fn $function() -> Result<Table, TableError> {
            Table::from_csv($file, include_bytes!(concat!("../published/", $file, ".csv")))
        }
    };
}

published!(
    /// Losses of the large toy by frequency law, weight decay and width: figures 1b and 1d.
    fig1, "fig1");
published!(
    /// φ½ by weight decay and width at data exponent 1: figure 3b.
    fig3b, "fig3b");
published!(
    /// The nine settings closest to no superposition: figure 4b.
    fig4b, "fig4b");
published!(
    /// Model exponents by data exponent: figure 5e.
    fig5e, "fig5e");
published!(
    /// Model exponents by weight decay and data exponent: figure 9b.
    fig9b, "fig9b");
published!(
    /// Losses at data exponent 0: figure 5-1a of version 1.
    loss_alpha0, "loss_alpha0");

/// A lookup of one column of a published table by others, where numbers are equal within their rounding.
#[derive(Debug, Clone)]
pub struct Lookup {
    keys: Vec<Vec<f64>>,
    values: Vec<f64>,
}

/// Published weight decays have four digits.
const ROUNDING: f64 = 1e-4;

impl Lookup {
    /// The `value` of `table` by the columns `keys`.
    ///
    /// # Errors
    /// [`TableError`] when a column is missing or holds words.
    pub fn new(table: &Table, keys: &[&str], value: &str) -> Result<Self, TableError> {
        let columns: Vec<Vec<f64>> =
            keys.iter().map(|key| table.numbers(key)).collect::<Result<_, _>>()?;
        let row = |at: usize| columns.iter().map(|column| column[at]).collect();
        Ok(Self { keys: (0..table.rows.len()).map(row).collect(), values: table.numbers(value)? })
    }

    /// The value at `key`.
    pub fn get(&self, key: &[f64]) -> Option<f64> {
        let same = |known: &Vec<f64>| known.iter().zip(key).all(|(a, b)| (a - b).abs() < ROUNDING);
        self.keys.iter().position(same).map(|at| self.values[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_whole() {
        for (table, rows) in [
            (fig1(), 48),
            (fig3b(), 60),
            (fig4b(), 9),
            (fig5e(), 60),
            (fig9b(), 170),
            (loss_alpha0(), 60),
        ] {
            let table = table.unwrap();
            assert_eq!(table.rows.len(), rows, "{}", table.name);
        }
    }

    #[test]
    fn a_rounded_weight_decay_is_found() {
        let table = fig9b().unwrap();
        let lookup =
            Lookup::new(&table, &["data_exponent", "weight_decay"], "model_exponent").unwrap();
        assert!((lookup.get(&[0.0, -7.0 / 9.0]).unwrap() - 0.824).abs() < 1e-12);
        assert_eq!(lookup.get(&[0.0, 0.0]), None);
    }
}
