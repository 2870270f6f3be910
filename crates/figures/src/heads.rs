//! Output heads of language models: one sheet a head, and all of them against width.

use superpose_files::table::{Table, TableError};

use crate::axis::Axis;
use crate::chart::{Chart, Mark, Point, Series, groups};
use crate::histograms::{Histograms, histograms};
use crate::palette::{GREY, colour};
use crate::panel::Panel;
use crate::sheet::{Axes, Sheet};

/// The tables that heads are drawn from.
#[derive(Debug, Clone, Copy)]
pub struct HeadTables<'a> {
    /// `heads`: one row a head.
    pub heads: &'a Table,
    /// `head_norms`: one row a bin of norms.
    pub norms: &'a Table,
    /// `head_overlaps`: one row a bin of overlaps.
    pub overlaps: &'a Table,
    /// `head_spectra`: one row an eigenvalue.
    pub spectra: &'a Table,
    /// `head_fits`: the laws against width.
    pub fits: &'a Table,
    /// `published_overlaps`: what others found.
    pub published: &'a Table,
}

/// One sheet for each head, with its name: norms, overlaps and spectrum.
///
/// # Errors
/// [`TableError`] when a table lacks a column.
pub fn sheets(tables: &HeadTables<'_>) -> Result<Vec<(String, Sheet)>, TableError> {
    let names = tables.heads.words("model")?;
    let titles: Vec<String> = names
        .iter()
        .zip(tables.heads.words("tensor")?)
        .map(|(name, tensor)| format!("{name}: {tensor}"))
        .collect();
    let sheet = |(name, title): (String, String)| {
        let [norms, overlaps, spectra] =
            [tables.norms, tables.overlaps, tables.spectra].map(|table| of_model(table, &name));
        let mut panels = norm_panels(&norms?)?;
        panels.push(Panel::Chart(overlap_chart(&overlaps?)?));
        panels.push(Panel::Chart(spectrum_chart(&spectra?)?));
        let caption = "Left: rows by norm. Middle: how often two rows of a sample overlap so much, and how often \
                       random directions of this width would. Right: squared singular values, and the power \
                       law over ranks 10 to d/2. Tables: head_norms.csv, head_overlaps.csv, \
                       head_spectra.csv.";
        let caption = caption.to_owned();
        Ok((name, Sheet { title, columns: 3, panels, axes: Axes::Own, caption }))
    };
    names.into_iter().zip(titles).map(sheet).collect()
}

/// The rows of one model.
fn of_model(table: &Table, model: &str) -> Result<Table, TableError> {
    let names = table.words("model")?;
    let rows = table.rows.iter().zip(names).filter(|(_, name)| name == model);
    Ok(Table { rows: rows.map(|(row, _)| row.clone()).collect(), ..table.clone() })
}

fn norm_panels(norms: &Table) -> Result<Vec<Panel>, TableError> {
    let columns = Histograms {
        low: "norm_low",
        high: "norm_high",
        height: "density",
        panel_row: None,
        row_label: "",
        panel_column: None,
        column_label: "",
        colour: None,
        x_label: "row norm",
        y_label: "density",
        guides: &[],
    };
    Ok(histograms(norms, &columns)?.panels)
}

/// The points of two columns where both are numbers.
fn points(table: &Table, x: &str, y: &str) -> Result<Vec<Point>, TableError> {
    let pairs = table.numbers(x)?.into_iter().zip(table.numbers(y)?);
    Ok(pairs
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .map(|(x, y)| Point::at(x, y))
        .collect())
}

fn overlap_chart(overlaps: &Table) -> Result<Chart, TableError> {
    let series = [
        ("random directions", "density_random", GREY, Mark::Line),
        ("rows", "density", colour(0, 2), Mark::JoinedDots),
        ("without their mean", "density_centred", colour(1, 2), Mark::JoinedDots),
    ];
    let series = series.into_iter().map(|(label, column, colour, mark)| {
        let points = points(overlaps, "overlap", column)?;
        // A logarithm has no place for an empty bin.
        let points = points.into_iter().filter(|p| p.y > 0.0).collect();
        Ok(Series { label: label.to_owned(), colour, mark, points })
    });
    Ok(Chart {
        title: String::new(),
        x: Axis::linear("overlap, |cos| between two rows"),
        y: Axis::logarithmic("density"),
        series: series.collect::<Result<_, TableError>>()?,
        colours: None,
    })
}

fn spectrum_chart(spectra: &Table) -> Result<Chart, TableError> {
    let of = |label: &str, column, colour, mark| -> Result<Series, TableError> {
        let points = points(spectra, "rank", column)?;
        Ok(Series { label: label.to_owned(), colour, mark, points })
    };
    Ok(Chart {
        title: String::new(),
        x: Axis::logarithmic("rank"),
        y: Axis::logarithmic("share of the squared singular value"),
        series: vec![
            of("", "share", colour(0, 2), Mark::Dots)?,
            of("power law", "fitted", GREY, Mark::Line)?,
        ],
        colours: None,
    })
}

/// Mean squared overlap of all heads against `1/d`, over the published ones.
///
/// # Errors
/// [`TableError`] when a table lacks a column.
pub fn by_width(tables: &HeadTables<'_>) -> Result<Sheet, TableError> {
    Ok(Sheet {
        title: "Mean squared overlap of output heads".to_owned(),
        columns: 1,
        panels: vec![Panel::Chart(width_chart(tables)?)],
        axes: Axes::Own,
        caption: "One dot a head; centred: without the mean row. Rings: read off figure 6a of \
                  arXiv 2505.10465. Tables: heads.csv, head_fits.csv, published_overlaps.csv."
            .to_owned(),
    })
}

fn width_chart(tables: &HeadTables<'_>) -> Result<Chart, TableError> {
    let (heads, published) = (tables.heads, tables.published);
    let families = groups(&published.words("family")?);
    let all = points(published, "overlap_random", "overlap_mean_square")?;
    let n_colours = families.len() + 2;
    let mut series: Vec<Series> = families
        .iter()
        .enumerate()
        .map(|(i, (family, rows))| Series {
            label: format!("{family}: Liu, Liu & Gore 2025"),
            colour: colour(i + 2, n_colours),
            mark: Mark::Rings,
            points: rows.iter().map(|row| all[*row]).collect(),
        })
        .collect();
    let measured = [("raw", "overlap_mean_square"), ("centred", "overlap_mean_square_centred")];
    let own = heads.numbers("overlap_random")?;
    let every: Vec<f64> = all.iter().map(|p| p.x).chain(own.iter().copied()).collect();
    let line = |label: String, colour, mark, over: &[f64], law: &dyn Fn(f64) -> f64| {
        let ends = [f64::min, f64::max].map(|pick| over.iter().copied().reduce(pick));
        let points = ends.into_iter().flatten().map(|x| Point::at(x, law(x))).collect();
        Series { label, colour, mark, points }
    };
    series.push(line("random directions: 1/d".to_owned(), GREY, Mark::Line, &every, &|x| x));
    let fits = tables.fits.words("overlaps")?;
    for (i, (name, column)) in measured.into_iter().enumerate() {
        let shade = colour(i, n_colours);
        if let Some(row) = fits.iter().position(|fitted| fitted == name) {
            let number =
                |column| -> Result<f64, TableError> { Ok(tables.fits.numbers(column)?[row]) };
            let (coefficient, exponent) = (number("coefficient")?, number("exponent")?);
            let label = format!("{name}: d^{:.2}", -exponent).replace('-', "−");
            series
                .push(line(label, shade, Mark::Dotted, &own, &|x| coefficient * x.powf(exponent)));
        }
        let points = points(heads, "overlap_random", column)?;
        series.push(Series { label: name.to_owned(), colour: shade, mark: Mark::Dots, points });
    }
    Ok(Chart {
        title: String::new(),
        x: Axis::logarithmic("1/d"),
        y: Axis::logarithmic("mean cos² between rows"),
        series,
        colours: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::render;

    fn table(csv: &str) -> Table {
        Table::from_csv("t", csv.as_bytes()).unwrap()
    }

    fn with_tables(check: impl Fn(&HeadTables<'_>)) {
        let tables = [
            "model,tensor,overlap_random,overlap_mean_square,overlap_mean_square_centred\n\
             a,w,0.1,0.2,0.15\nb,w,0.01,0.02,0.015\n",
            "model,norm_low,norm_high,density\na,0,1,0.5\na,1,2,0.5\nb,0,1,1\n",
            "model,overlap,density,density_centred,density_random\na,0.1,1,2,\na,0.3,0,1,1\nb,0.1,1,1,1\n",
            "model,rank,share,fitted\na,1,0.7,\na,2,0.3,0.3\nb,1,1,\n",
            "overlaps,coefficient,exponent\nraw,2,1.05\n",
            "family,overlap_random,overlap_mean_square\nOPT,0.002,0.01\nGPT-2,0.001,0.05\n",
        ]
        .map(table);
        let [heads, norms, overlaps, spectra, fits, published] = tables.each_ref();
        check(&HeadTables { heads, norms, overlaps, spectra, fits, published });
    }

    #[test]
    fn a_sheet_shows_its_own_head_alone() {
        with_tables(|tables| {
            let sheets = sheets(tables).unwrap();
            assert_eq!(sheets.iter().map(|s| &*s.0).collect::<Vec<_>>(), ["a", "b"]);
            assert!(render(&sheets[0].1).unwrap().png.starts_with(b"\x89PNG"));
            let lengths = |sheet: &Sheet| -> Vec<usize> {
                let Panel::Chart(chart) = &sheet.panels[1] else { panic!("a chart") };
                chart.series.iter().map(|s| s.points.len()).collect()
            };
            // A bin without pairs has no place on an axis of factors.
            assert_eq!(lengths(&sheets[0].1), [1, 1, 2]);
            assert_eq!(lengths(&sheets[1].1), [1, 1, 1]);
        });
    }

    #[test]
    fn every_head_has_two_dots_over_the_published_rings() {
        with_tables(|tables| {
            let chart = width_chart(tables).unwrap();
            let of = |mark| -> Vec<usize> {
                let own = chart.series.iter().filter(|s| s.mark == mark);
                own.map(|s| s.points.len()).collect()
            };
            assert_eq!((of(Mark::Dots), of(Mark::Rings)), (vec![2, 2], vec![1, 1]));
            let fit = chart.series.iter().find(|s| s.mark == Mark::Dotted).unwrap();
            assert_eq!(fit.label, "raw: d^−1.05");
            assert!((fit.points[1].y - 2.0 * 0.1_f64.powf(1.05)).abs() < 1e-12);
            assert!(render(&by_width(tables).unwrap()).unwrap().png.starts_with(b"\x89PNG"));
        });
    }
}
