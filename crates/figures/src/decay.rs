//! Fraction of represented features against weight decay, one line a width.

use superpose_files::table::{Table, TableError};

use crate::axis::Axis;
use crate::chart::{Chart, Mark, Point, Series, groups, symbols};
use crate::palette::sequence;

/// The chart of the table `decay`.
///
/// # Errors
/// [`TableError`] when the table lacks a column.
pub fn chart(table: &Table) -> Result<Chart, TableError> {
    let decay = table.numbers("weight_decay")?;
    let (phi, spread) = (table.numbers("phi_half")?, table.numbers("phi_half_sd")?);
    let weak = table.numbers("weak_phi")?;
    let (settings, widths) = (table.words("setting")?, table.words("d_hidden")?);
    let one_setting = groups(&settings).len() == 1;
    let key = |(setting, width): (&String, &String)| {
        if one_setting {
            format!("d = {width}")
        } else {
            format!("d = {width}, {}", symbols(setting))
        }
    };
    let groups = groups(&settings.iter().zip(&widths).map(key).collect::<Vec<_>>());
    let mut series = Vec::new();
    for (i, (name, rows)) in groups.iter().enumerate() {
        let mut rows = rows.clone();
        rows.sort_by(|a, b| decay[*a].total_cmp(&decay[*b]));
        let colour = sequence(i, groups.len());
        let points = |y: &dyn Fn(usize) -> Point| rows.iter().map(|&r| y(r)).collect();
        series.push(Series {
            label: String::new(),
            colour,
            mark: Mark::Dotted,
            points: points(&|r| Point::at(decay[r], weak[r])),
        });
        let bar =
            |r: usize| spread[r].is_finite().then(|| (phi[r] - spread[r], phi[r] + spread[r]));
        series.push(Series {
            label: name.clone(),
            colour,
            // A line through two points would claim what lies between them.
            mark: if rows.len() > 2 { Mark::JoinedDots } else { Mark::Dots },
            points: points(&|r| Point { x: decay[r], y: phi[r], bar: bar(r), value: None }),
        });
    }
    Ok(Chart {
        title: "Fraction of features represented against weight decay".to_owned(),
        x: Axis::linear("weight decay γ"),
        y: Axis {
            ticks: vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
            ..Axis::linear("φ½: rows of W with norm above ½")
        },
        series,
        colours: None,
        caption: "Bars: one standard deviation over seeds. Dotted: weak regime, φ = d/n. Table: \
                  decay.csv."
            .to_owned(),
    })
}
