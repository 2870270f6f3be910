//! How the swept fields of a table are spread over a picture: one to colours, one to columns of panels, one to rows.

use superpose_figures::axis::Axis;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::lines::Lines;
use superpose_files::table::{Column, Field, Table, TableError};

use crate::pictures::{ENTRY, symbol, symbols};

/// Numbers that are told apart by hues; of more, a scale with a bar tells them apart.
const MOST_HUES: usize = 6;
/// Numbers whose largest is this many times the smallest stand on a scale of factors.
const FACTORS: f64 = 20.0;
/// Where what several fields say stands together.
const REST: &str = "panel row";

/// Something that varies over a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Varied {
    /// Its column.
    pub(crate) column: String,
    /// Its symbol.
    pub(crate) symbol: String,
    /// Its distinct values, in order of appearance.
    values: Vec<Field>,
}

impl Varied {
    fn of(table: &Table, column: &str, symbol: &str) -> Result<Self, TableError> {
        let at = table.column(column)?;
        let mut values: Vec<Field> = Vec::new();
        for row in &table.rows {
            if !values.contains(&row[at]) {
                values.push(row[at].clone());
            }
        }
        Ok(Self { column: column.to_owned(), symbol: symbol.to_owned(), values })
    }

    /// What varies in a column, by its symbol.
    ///
    /// # Errors
    /// [`TableError`] when there is no such column.
    pub(crate) fn of_column(table: &Table, column: &str) -> Result<Self, TableError> {
        Self::of(table, column, symbol(column))
    }

    /// Its values, if all are numbers.
    fn numbers(&self) -> Option<Vec<f64>> {
        self.values.iter().map(Field::number).collect()
    }

    /// How many values it has.
    pub(crate) fn n_values(&self) -> usize {
        self.values.len()
    }

    /// Whether all of them are numbers.
    pub(crate) fn is_of_numbers(&self) -> bool {
        self.numbers().is_some()
    }

    /// Whether it is best seen on a scale of factors.
    fn is_of_factors(&self) -> bool {
        let Some(numbers) = self.numbers() else { return false };
        let (low, high) = numbers
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(*v), high.max(*v)));
        low > 0.0 && high >= FACTORS * low
    }

    /// An axis for it, with a tick at each value if they are few.
    pub(crate) fn axis(&self) -> Axis {
        let axis = if self.is_of_factors() {
            Axis::logarithmic(&self.symbol)
        } else {
            Axis::linear(&self.symbol)
        };
        axis.ticked_at(&self.numbers().unwrap_or_default())
    }

    /// A scale for it, where it has more numbers than there are hues.
    pub(crate) fn scale(&self) -> Option<ColourScale> {
        self.numbers().filter(|numbers| numbers.len() > MOST_HUES)?;
        let scale =
            if self.is_of_factors() { ColourScale::logarithmic } else { ColourScale::linear };
        Some(scale(&self.symbol))
    }
}

/// The column of a field, if there is one.
pub(crate) fn column_of(field: Option<&Varied>) -> Option<&str> {
    field.map(|field| field.column.as_str())
}

/// Its symbol; nothing if there is none.
pub(crate) fn symbol_of(field: Option<&Varied>) -> &str {
    field.map_or("", |field| &field.symbol)
}

/// Panels in a row of a grid whose columns and rows these fields set apart: where there are no rows, columns are broken
/// into some.
pub(crate) fn panels_in_a_row(columns: Option<&Varied>, rows: Option<&Varied>) -> usize {
    match (columns, rows) {
        (None, _) => 1,
        (Some(columns), Some(_)) => columns.values.len(),
        (Some(columns), None) => columns.values.len().min(3),
    }
}

/// The fields of cells that vary over `table` and are not among `apart`, those with most values first.
///
/// # Errors
/// Never: they are columns of the table.
pub(crate) fn varied(table: &Table, apart: &[&str]) -> Result<Vec<Varied>, TableError> {
    let is_field = |name: &str| ["model.", "data.", "train."].iter().any(|t| name.starts_with(t));
    let names = table.columns.iter().map(|column| column.name.as_str());
    let names = names.filter(|name| is_field(name) && !apart.contains(name));
    let all = names.map(|name| Varied::of(table, name, symbol(name)));
    let mut all = all.collect::<Result<Vec<_>, _>>()?;
    all.retain(|field| field.values.len() > 1);
    all.sort_by_key(|field| std::cmp::Reverse(field.values.len()));
    Ok(all)
}

/// The fields of a table, each in its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facets {
    /// The table, with the columns that this adds.
    pub(crate) table: Table,
    colour: Option<Varied>,
    scale: Option<ColourScale>,
    columns: Option<Varied>,
    rows: Option<Varied>,
}

impl Facets {
    /// Spreads what varies over `table`, but for `apart`. `colour` is a column and its symbol that is to have the
    /// colours, or else the field with most values has them; `entry` follows the legend's entry of each row.
    ///
    /// # Errors
    /// [`TableError`] when there is no column `colour`.
    pub(crate) fn of(
        table: &Table,
        apart: &[&str],
        colour: Option<(&str, &str)>,
        entry: &dyn Fn(usize) -> String,
    ) -> Result<Self, TableError> {
        let mut fields = varied(table, apart)?.into_iter();
        let colour = match colour {
            Some((column, symbol)) => Some(Varied::of(table, column, symbol)?),
            None => fields.next(),
        };
        let columns = fields.next();
        let rest: Vec<Varied> = fields.collect();
        let mut table = table.clone();
        let rows = match &rest[..] {
            [] => None,
            [one] => Some(one.clone()),
            several => {
                let words = |row: &Vec<Field>| {
                    let word = |field: &Varied| {
                        Ok(format!(
                            "{} = {}",
                            field.symbol,
                            row[table.column(&field.column)?].short()
                        ))
                    };
                    Ok(several.iter().map(word).collect::<Result<Vec<_>, TableError>>()?.join(", "))
                };
                let words = table.rows.iter().map(words).collect::<Result<Vec<_>, TableError>>()?;
                add(&mut table, REST, words);
                Some(Varied::of(&table, REST, "")?)
            }
        };
        let scale = colour.as_ref().and_then(Varied::scale);
        // Tables of older runs have the setting in words alone.
        let settings =
            table.words("setting").unwrap_or_else(|_| vec![String::new(); table.rows.len()]);
        // With panels, one entry of the legend stands for many settings.
        let is_spread = columns.is_some();
        let named = |(row, fields): (usize, &Vec<Field>)| {
            let own = match &colour {
                Some(colour) => {
                    let field = &fields[table.column(&colour.column)?];
                    let value = field.short().replace('-', "−");
                    format!("{} = {value}", colour.symbol)
                }
                None => symbols(&settings[row]),
            };
            Ok(if is_spread { own } else { format!("{own}{}", entry(row)) })
        };
        let entries =
            table.rows.iter().enumerate().map(named).collect::<Result<Vec<_>, TableError>>()?;
        add(&mut table, ENTRY, entries);
        Ok(Self { table, colour, scale, columns, rows })
    }

    /// The lines of a chart, in these colours and panels.
    pub(crate) fn lines<'a>(&'a self, plain: Lines<'a>) -> Lines<'a> {
        let (columns, rows) = (self.columns.as_ref(), self.rows.as_ref());
        Lines {
            group: match (&self.scale, &self.colour) {
                (Some(_), Some(colour)) => Some(&colour.column),
                _ => Some(ENTRY),
            },
            group_label: if self.scale.is_some() { symbol_of(self.colour.as_ref()) } else { "" },
            group_scale: self.scale.clone(),
            panel: column_of(columns),
            panel_label: symbol_of(columns),
            row: column_of(rows),
            row_label: symbol_of(rows),
            ..plain
        }
    }

    /// Whether settings have panels, so that an entry of the legend stands for several of them.
    pub(crate) fn is_spread(&self) -> bool {
        self.columns.is_some()
    }

    /// Adds a column of words.
    pub(crate) fn add(&mut self, name: &str, words: Vec<String>) {
        add(&mut self.table, name, words);
    }

    /// Panels in a row.
    pub(crate) fn n_columns(&self) -> usize {
        panels_in_a_row(self.columns.as_ref(), self.rows.as_ref())
    }
}

fn add(table: &mut Table, name: &str, words: Vec<String>) {
    table.columns.push(Column { name: name.to_owned(), meaning: String::new() });
    table.rows.iter_mut().zip(words).for_each(|(row, word)| row.push(Field::from(word)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(fields: &[(&str, usize)]) -> Table {
        let columns: Vec<(&str, &str)> = fields.iter().map(|f| (f.0, "")).collect();
        let mut table = Table::new("t", "", &columns);
        let n: usize = fields.iter().map(|f| f.1).product();
        for i in 0..n {
            let mut rest = i;
            let row = fields.iter().map(|(_, count)| {
                let value = rest % count;
                rest /= count;
                Field::from((value + 1) as f64)
            });
            table.push(row.collect());
        }
        table
    }

    fn of(fields: &[(&str, usize)], colour: Option<(&str, &str)>) -> Facets {
        Facets::of(&table(fields), &["train.seed"], colour, &|_| String::new()).unwrap()
    }

    #[test]
    fn the_field_with_most_values_has_the_colours_and_the_next_ones_columns_and_rows() {
        let facets = of(
            &[
                ("model.d_hidden", 2),
                ("train.seed", 9),
                ("train.weight_decay", 5),
                ("data.seed", 3),
            ],
            None,
        );
        let plain = || Lines::plain(("a", Axis::linear("")), ("b", Axis::linear("")));
        let lines = facets.lines(plain());
        assert_eq!(
            (lines.group, lines.panel, lines.row),
            (Some(ENTRY), Some("data.seed"), Some("model.d_hidden"))
        );
        assert_eq!((facets.n_columns(), lines.row_label), (3, "d"));
        assert_eq!(facets.table.words(ENTRY).unwrap()[0], "γ = 1");
        assert!(lines.group_scale.is_none());
    }

    #[test]
    fn many_numbers_are_colours_on_a_scale_and_what_is_left_over_stands_together() {
        let facets =
            of(&[("data.a", 2), ("data.b", 2), ("data.c", 3), ("model.d_hidden", 25)], None);
        let plain = Lines::plain(("a", Axis::linear("")), ("b", Axis::linear("")));
        let lines = facets.lines(plain);
        assert_eq!(lines.group, Some("model.d_hidden"));
        let scale = lines.group_scale.unwrap();
        assert_eq!(scale, ColourScale::logarithmic("d"));
        assert_eq!((lines.panel, lines.row), (Some("data.c"), Some(REST)));
        assert_eq!(facets.table.words(REST).unwrap()[1], "a = 2, b = 1");
    }

    #[test]
    fn nothing_that_varies_is_one_panel_named_by_its_setting() {
        let mut table = Table::new("t", "", &[("setting", ""), ("train.weight_decay", "")]);
        table.push(vec!["all".into(), 1.0.into()]);
        let facets = Facets::of(&table, &[], None, &|row| format!(": {row}")).unwrap();
        assert_eq!(
            (facets.table.words(ENTRY).unwrap(), facets.n_columns()),
            (vec!["all: 0".to_owned()], 1)
        );
    }
}
