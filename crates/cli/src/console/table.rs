//! Tables that keep to the width of the terminal.
//!
//! What is too wide loses first the columns that say the same in every row, which is then said once below; then long texts
//! stand in several lines; and columns for which there is no room even so are named.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width};

use super::visible_name;

/// Letters of a text that may stand in several lines; what is shorter, numbers above all, stays whole.
const TEXT: usize = 19;
/// Letters that a line of such a text has at least.
const LINE: usize = 16;
/// Letters between columns.
const GAP: usize = 2;

/// A table with a header, as wide as it must be and no wider than `width`, if that can be.
pub(super) fn within(width: u16, header: &[&str], rows: &[Vec<String>]) -> String {
    let room = usize::from(width);
    let mut columns: Vec<Column> = (0..header.len()).map(|i| Column::of(i, header, rows)).collect();
    let needs = |columns: &[Column], of: fn(&Column) -> usize| -> usize {
        columns.iter().map(of).sum::<usize>() + GAP * columns.len().saturating_sub(1)
    };
    let mut below = Vec::new();
    if needs(&columns, |column| column.whole) > room {
        let (same, others): (Vec<_>, Vec<_>) =
            columns.into_iter().partition(|column| column.index > 0 && column.is_same);
        columns = others;
        let said =
            same.iter().map(|column| format!("{} {}", header[column.index], rows[0][column.index]));
        let said: Vec<String> = said.collect();
        if !said.is_empty() {
            below.push(format!("in all rows: {}", said.join("; ")));
        }
    }
    let is_wide = needs(&columns, |column| column.whole) > room;
    let mut left_out = Vec::new();
    while columns.len() > 1 && needs(&columns, |column| column.least) > room {
        left_out.extend(columns.pop().map(|column| header[column.index]));
    }
    left_out.reverse();
    match left_out.len() {
        0 => {}
        1 => below.push(format!("… left out for want of room: {}", left_out[0])),
        n => below
            .push(format!("… {n} columns are left out for want of room: {}", left_out.join(", "))),
    }
    let shown: Vec<&str> = columns.iter().map(|column| header[column.index]).collect();
    let mut table = drawn(&shown, rows, &columns);
    if is_wide {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        for (i, column) in columns.iter().enumerate() {
            let fixed = |n: usize| Width::Fixed(u16::try_from(n).unwrap_or(u16::MAX));
            // The padding is part of it; the last column has none.
            let gap = if i + 1 < columns.len() { GAP - 1 } else { 0 };
            let constraint = match column.is_text {
                true => ColumnConstraint::LowerBoundary(fixed(column.least + gap)),
                false => ColumnConstraint::Absolute(fixed(column.least + gap)),
            };
            if let Some(of_table) = table.column_mut(i) {
                of_table.set_constraint(constraint);
            }
        }
    }
    std::iter::once(table.trim_fmt()).chain(below).collect::<Vec<_>>().join("\n")
}

/// What there is to know of a column.
struct Column {
    index: usize,
    /// Its width where nothing is wrapped, and at least.
    whole: usize,
    least: usize,
    /// Whether it has texts that may be wrapped.
    is_text: bool,
    /// Whether all of several rows have the same in it.
    is_same: bool,
}

impl Column {
    fn of(index: usize, header: &[&str], rows: &[Vec<String>]) -> Self {
        let letters = |text: &str| visible_name(text).chars().count();
        let longest_word = |text: &str| text.split(' ').map(letters).max().unwrap_or(0);
        let cells = || rows.iter().filter_map(|row| row.get(index));
        let content = cells().map(|cell| letters(cell)).max().unwrap_or(0);
        let word = cells().map(|cell| longest_word(cell)).max().unwrap_or(0);
        let is_text = content > TEXT;
        let inside = if is_text { LINE.max(word.min(2 * LINE)) } else { content };
        let is_same = rows.len() > 1 && cells().all(|cell| Some(cell) == cells().next());
        Self {
            index,
            whole: content.max(letters(header[index])),
            least: inside.max(longest_word(header[index])),
            is_text,
            is_same,
        }
    }
}

fn drawn(header: &[&str], rows: &[Vec<String>], columns: &[Column]) -> comfy_table::Table {
    let rule = LineStyle::none().fill('─').junction('─');
    let mut table = comfy_table::Table::new();
    let style = TableStyle::new().header_separator(rule);
    table.load_style(style).set_header(header.to_vec());
    for row in rows {
        let cell =
            |column: &Column| row.get(column.index).map(|cell| visible_name(cell).into_owned());
        table.add_row(columns.iter().map(|column| cell(column).unwrap_or_default()));
    }
    let last = columns.len().saturating_sub(1);
    for (i, column) in table.column_iter_mut().enumerate() {
        // Between two columns there is a letter of the table's own.
        column.set_padding((0, if i < last { 1 } else { 0 }));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: u16, header: &[&str], row: &[&str]) -> String {
        let row: Vec<String> = row.iter().map(|&cell| cell.to_owned()).collect();
        within(width, header, &[row.clone(), row])
    }

    #[test]
    fn numbers_stay_whole_texts_are_wrapped_and_what_is_left_out_is_named() {
        let header: Vec<String> = ('a'..='l').map(|letter| format!("column {letter}")).collect();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let words = "some words of it, and some more of them";
        for width in [40, 60, 80, 300] {
            let rows: Vec<Vec<String>> = (0..3)
                .map(|i| {
                    (0..12)
                        .map(
                            |j| if j == 1 { format!("{words} {i}") } else { format!("{i}.{j:06}") },
                        )
                        .collect()
                })
                .collect();
            let shown = within(width, &header, &rows);
            let (table, rest) = shown.split_once("\n…").unwrap_or((&shown, ""));
            for line in table.lines() {
                assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
                assert_eq!(line, line.trim_end());
            }
            assert!(shown.contains("2.000000"), "{width}: {shown}");
            let is_named = |name: &&&str| rest.contains(**name);
            let n_shown = header.len() - header.iter().filter(is_named).count();
            assert_eq!(rest.is_empty(), width == 300, "{shown}");
            assert!(n_shown >= (usize::from(width) / 16).min(12), "{width}: {shown}");
        }
    }

    #[test]
    fn what_all_rows_have_is_said_once_where_there_is_no_room() {
        let header = ["setting", "exponent ± se", "of", "d"];
        let row = ["weight_decay=-1", "1.257 ± 0.084", "line, 6 widths", "10–100"];
        assert!(!table(60, &header, &row).contains("in all rows"));
        let rows: Vec<Vec<String>> = ["-1", "1"]
            .map(|decay| [decay, decay, row[2], row[3]].map(str::to_owned).to_vec())
            .to_vec();
        let shown = within(30, &header, &rows);
        assert!(shown.ends_with("in all rows: of line, 6 widths; d 10–100"), "{shown}");
        assert_eq!(within(80, &["a"], &[vec!["b".to_owned()]]), "a\n─\nb");
    }
}
