//! Pictures of heads: one sheet a head, and all of them against width.

use superpose_figures::axis::Axis;
use superpose_figures::chart::{Mark, NamesAt, Point};
use superpose_figures::histograms::{Histograms, histograms};
use superpose_figures::lines::{Guide, Lines, lines};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::Picture;
use superpose_files::table::{Field, Table, TableError, Tables};

/// The picture of all heads against width.
const BY_WIDTH: &str = "overlap_by_width";

/// One sheet for each head, called by its model, and `overlap_by_width`.
///
/// # Errors
/// [`TableError`] when a table lacks a column.
pub(crate) fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let heads = tables.get("heads")?.fields(["model", "tensor"])?;
    let names = file_names(heads.iter().map(|[model, _]| model.to_string()));
    let sheet = |(name, [model, tensor]): (String, [&Field; 2])| {
        let title = format!("{model}: {tensor}");
        Ok(Picture { name, sheet: head(tables, model, title)? })
    };
    let mut pictures =
        names.into_iter().zip(heads).map(sheet).collect::<Result<Vec<_>, TableError>>()?;
    pictures.push(Picture { name: BY_WIDTH.to_owned(), sheet: by_width(tables)? });
    Ok(pictures)
}

/// Names of files for models: letters and digits of any script, points, hyphens and underscores; a
/// number tells apart what would be the same, in small letters too.
fn file_names(models: impl Iterator<Item = String>) -> Vec<String> {
    const LONGEST: usize = 80;
    let mut taken = vec![BY_WIDTH.to_owned()];
    let mut names = Vec::new();
    for model in models {
        let kept = |letter: char| letter.is_alphanumeric() || ".-_".contains(letter);
        let name: String = model.chars().map(|c| if kept(c) { c } else { '-' }).collect();
        let name: String = name.trim_matches(['.', '-']).chars().take(LONGEST).collect();
        let name = if name.is_empty() { "head".to_owned() } else { name };
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let is_free = |name: &String| !taken.contains(&name.to_lowercase());
        let free = std::iter::once(name.clone()).chain(numbered).find(is_free);
        let name = free.unwrap_or(name);
        taken.push(name.to_lowercase());
        names.push(name);
    }
    names
}

/// Norms, overlaps and spectrum of one head.
fn head(tables: &Tables, model: &Field, title: String) -> Result<Sheet, TableError> {
    let of_model = |name: &str| -> Result<Table, TableError> {
        let table = tables.get(name)?;
        let at = table.column("model")?;
        let rows = table.rows.iter().filter(|row| row[at] == *model).cloned().collect();
        Ok(Table { rows, ..table.clone() })
    };
    let mut panels = norms(&of_model("head_norms")?)?;
    panels.extend(overlaps(&of_model("head_overlaps")?)?);
    panels.extend(spectrum(&of_model("head_spectra")?)?);
    let caption = "Left: rows by norm. Middle: how often two rows of a sample overlap so much, and how often \
                   random directions of this width would. Right: squared singular values, and the power \
                   law over ranks 10 to d/2. Tables: head_norms.csv, head_overlaps.csv, \
                   head_spectra.csv.";
    Ok(Sheet { title, columns: 3, panels, axes: Axes::Own, caption: caption.to_owned() })
}

fn norms(norms: &Table) -> Result<Vec<Panel>, TableError> {
    let columns = Histograms {
        low: "norm_low",
        high: "norm_high",
        height: "density",
        panel_row: None,
        row_label: "",
        panel_column: None,
        column_label: "",
        x_label: "row norm",
        y_label: "density",
        guides: &[],
    };
    Ok(histograms(norms, &columns)?.panels)
}

fn overlaps(overlaps: &Table) -> Result<Vec<Panel>, TableError> {
    let names = ["overlap", "density", "density_centred", "density_random"];
    // One row a mark: which rows, where, how many and how many of random directions.
    let columns = ["rows", "overlap", "density", "random"].map(|name| (name, ""));
    let mut tidy = Table::new("overlaps", "", &columns);
    // A logarithm has no place for an empty bin.
    let shown = |density: &Field| density.number().filter(|density| *density > 0.0).into();
    for [overlap, raw, centred, random] in overlaps.fields(names)? {
        for (rows, density) in [("rows", raw), ("without their mean", centred)] {
            tidy.push(vec![rows.into(), overlap.clone(), shown(density), shown(random)]);
        }
    }
    let guides = [Guide { column: "random", label: "random directions", mark: Mark::Line }];
    let columns = Lines {
        group: Some("rows"),
        guides: &guides,
        mark: Mark::JoinedDots,
        ..Lines::plain(
            ("overlap", Axis::linear("overlap, |cos| between two rows")),
            ("density", Axis::logarithmic("density")),
        )
    };
    lines(&tidy, &columns)
}

fn spectrum(spectrum: &Table) -> Result<Vec<Panel>, TableError> {
    let guides = [Guide { column: "fitted", label: "power law", mark: Mark::Line }];
    let columns = Lines {
        guides: &guides,
        mark: Mark::Dots,
        ..Lines::plain(
            ("rank", Axis::logarithmic("rank")),
            ("share", Axis::logarithmic("share of the squared singular value")),
        )
    };
    let mut panels = lines(spectrum, &columns)?;
    for panel in &mut panels {
        // The line on top: so many dots would hide it.
        if let Panel::Chart(chart) = panel {
            chart.series.reverse();
        }
    }
    Ok(panels)
}

/// Heads that a law is drawn through: a line through fewer would look like more than it is.
const FEWEST_DRAWN: f64 = 4.0;

/// What is said of published numbers, after the family.
const PUBLISHED: &str = ": Liu, Liu & Gore 2025";

/// Mean squared overlap of all heads against `1/d`, with the published ones.
fn by_width(tables: &Tables) -> Result<Sheet, TableError> {
    let guides = [
        Guide { column: "overlap_random", label: "random directions: 1/d", mark: Mark::Line },
        Guide { column: "fitted", label: "power law", mark: Mark::Dotted },
    ];
    let tidy = overlaps_by_width(tables)?;
    // Without a law there is no entry in the legend for it.
    let has_law = tidy.numbers("fitted")?.iter().any(|value| value.is_finite());
    let columns = Lines {
        group: Some("overlaps"),
        guides: if has_law { &guides } else { &guides[..1] },
        mark: Mark::Dots,
        ..Lines::plain(
            ("overlap_random", Axis::logarithmic("1/d")),
            ("overlap_mean_square", Axis::logarithmic("mean cos² between rows")),
        )
    };
    let mut panels = lines(&tidy, &columns)?;
    for panel in &mut panels {
        let Panel::Chart(chart) = panel else { continue };
        for series in chart.series.iter_mut().filter(|series| series.label.ends_with(PUBLISHED)) {
            series.mark = Mark::Rings;
        }
        // The raw dots come first; the centred ones stand under or over them.
        if let Some(raw) = chart.series.iter_mut().find(|series| series.mark == Mark::Dots) {
            raw.names = models_of(&raw.points, tables)?;
            raw.names_at = NamesAt::Beside;
        }
    }
    let caption = "One dot a head; centred: without the mean row. Rings: read off figure 6a of \
                   arXiv 2505.10465. Tables: heads.csv, head_fits.csv, published_overlaps.csv.";
    Ok(Sheet {
        title: "Mean squared overlap of output heads".to_owned(),
        columns: 1,
        panels,
        axes: Axes::Own,
        caption: caption.to_owned(),
    })
}

/// The model of each dot of raw overlaps; those that share a place in the order of the table.
fn models_of(points: &[Point], tables: &Tables) -> Result<Vec<String>, TableError> {
    let columns = ["model", "overlap_random", "overlap_mean_square"];
    let mut left = tables.get("heads")?.fields(columns)?;
    let mut model = |point: &Point| {
        let is_here =
            |[_, x, y]: &[&Field; 3]| (x.number(), y.number()) == (Some(point.x), Some(point.y));
        let found = left.iter().position(is_here);
        found.map_or(String::new(), |at| left.remove(at)[0].to_string())
    };
    Ok(points.iter().map(&mut model).collect())
}

/// One row a mark: whose overlaps, `1/d`, their mean square, and the law fitted to them.
fn overlaps_by_width(tables: &Tables) -> Result<Table, TableError> {
    let columns = ["overlaps", "overlap_random", "overlap_mean_square", "fitted"];
    let mut tidy = Table::new("by_width", "", &columns.map(|name| (name, "")));
    let fits =
        tables.get("head_fits")?.fields(["overlaps", "models", "coefficient", "exponent"])?;
    let measured = [("raw", "overlap_mean_square"), ("centred", "overlap_mean_square_centred")];
    for (name, column) in measured {
        let law = fits.iter().find(|[fitted, ..]| fitted.to_string() == name);
        let law = law.and_then(|[_, models, coefficient, exponent]| {
            let is_drawn = models.number()? >= FEWEST_DRAWN;
            Some((coefficient.number()?, exponent.number()?)).filter(|_| is_drawn)
        });
        let label = law.map_or(name.to_owned(), |(_, exponent)| {
            format!("{name}: power {:.2} of d", -exponent).replace('-', "−")
        });
        for [random, overlap] in tables.get("heads")?.fields(["overlap_random", column])? {
            let at = |random: f64| {
                law.map(|(coefficient, exponent)| coefficient * random.powf(exponent))
            };
            let fitted = random.number().and_then(at);
            tidy.push(vec![label.clone().into(), random.clone(), overlap.clone(), fitted.into()]);
        }
    }
    let published = tables.get("published_overlaps")?;
    for [family, random, overlap] in
        published.fields(["family", "overlap_random", "overlap_mean_square"])?
    {
        let label = format!("{family}{PUBLISHED}");
        tidy.push(vec![label.into(), random.clone(), overlap.clone(), Field::Missing]);
    }
    Ok(tidy)
}

#[cfg(test)]
mod tests {
    use superpose_figures::chart::Chart;

    use super::*;

    fn tables() -> Tables {
        let of = |(name, csv): (&str, &str)| Table::from_csv(name, csv.as_bytes()).unwrap();
        [
            (
                "heads",
                "model,tensor,overlap_random,overlap_mean_square,overlap_mean_square_centred\n\
                 a,w,0.1,0.2,0.15\nb,w,0.01,0.02,0.015\n",
            ),
            ("head_norms", "model,norm_low,norm_high,density\na,0,1,0.5\na,1,2,0.5\nb,0,1,1\n"),
            (
                "head_overlaps",
                "model,overlap,density,density_centred,density_random\n\
                 a,0.1,1,2,\na,0.3,0,1,1\nb,0.1,1,1,1\n",
            ),
            ("head_spectra", "model,rank,share,fitted\na,1,0.7,\na,2,0.3,0.3\nb,1,1,\n"),
            ("head_fits", "overlaps,coefficient,exponent,models\nraw,2,1.05,4\ncentred,2,1.94,3\n"),
            (
                "published_overlaps",
                "family,overlap_random,overlap_mean_square\nOPT,0.002,0.01\nGPT-2,0.001,0.05\n",
            ),
        ]
        .map(of)
        .into_iter()
        .collect()
    }

    fn chart(sheet: &Sheet, panel: usize) -> &Chart {
        let Panel::Chart(chart) = &sheet.panels[panel] else { panic!("a chart") };
        chart
    }

    fn lengths(chart: &Chart, mark: Mark) -> Vec<usize> {
        chart.series.iter().filter(|s| s.mark == mark).map(|s| s.points.len()).collect()
    }

    #[test]
    fn a_sheet_shows_its_own_head_alone() {
        let pictures = draw(&tables()).unwrap();
        let names: Vec<&str> = pictures.iter().map(|picture| &*picture.name).collect();
        assert_eq!(names, ["a", "b", "overlap_by_width"]);
        let overlaps = |head: usize| chart(&pictures[head].sheet, 1);
        // A bin without pairs has no place on an axis of factors.
        assert_eq!(lengths(overlaps(0), Mark::Line), [1]);
        assert_eq!(lengths(overlaps(0), Mark::JoinedDots), [1, 2]);
        assert_eq!(lengths(overlaps(1), Mark::JoinedDots), [1, 1]);
        assert_eq!(lengths(chart(&pictures[0].sheet, 2), Mark::Dots), [2]);
    }

    #[test]
    fn every_head_has_two_dots_beside_the_published_rings() {
        let sheet = by_width(&tables()).unwrap();
        let chart = chart(&sheet, 0);
        assert_eq!(lengths(chart, Mark::Dots), [2, 2]);
        assert_eq!(lengths(chart, Mark::Rings), [1, 1]);
        assert_eq!(lengths(chart, Mark::Line), [4]);
        assert!(chart.series.iter().any(|s| s.label == "raw: power −1.05 of d"));
        let law = chart.series.iter().find(|s| s.mark == Mark::Dotted).unwrap();
        assert!((law.points[1].y - 2.0 * 0.1_f64.powf(1.05)).abs() < 1e-12);
        // Three heads are too few for a line.
        assert!(chart.series.iter().any(|s| s.label == "centred"));
        assert_eq!(lengths(chart, Mark::Dotted), [2]);
    }

    #[test]
    fn raw_dots_have_the_names_of_their_models() {
        let mut tables = tables();
        let sheet = by_width(&tables).unwrap();
        let named: Vec<_> =
            chart(&sheet, 0).series.iter().filter(|s| !s.names.is_empty()).collect();
        // From narrow to wide on an axis of 1/d.
        assert_eq!(named.len(), 1);
        assert_eq!(
            (&named[0].label[..3], &named[0].names[..]),
            ("raw", &["b".to_owned(), "a".to_owned()][..])
        );
        let svg =
            String::from_utf8(superpose_figures::render::render(&sheet).unwrap().svg).unwrap();
        let named = ["a", "b"].map(|name| svg.matches(&format!(">{name}</text>")).count());
        assert_eq!(named, [1, 1]);
        // Two models at one place, and one without overlaps.
        let csv = "model,tensor,overlap_random,overlap_mean_square,overlap_mean_square_centred\n\
                   c,w,0.1,0.2,0.1\nd,w,0.1,,\ne,w,0.1,0.2,0.1\n";
        tables = tables
            .iter()
            .filter(|t| t.name != "heads")
            .cloned()
            .chain([Table::from_csv("heads", csv.as_bytes()).unwrap()])
            .collect();
        let sheet = by_width(&tables).unwrap();
        let names = chart(&sheet, 0).series.iter().find(|s| !s.names.is_empty()).unwrap();
        assert_eq!(names.names, ["c", "e"]);
    }

    #[test]
    fn files_of_pictures_are_called_by_their_models() {
        let names = |models: &[&str]| file_names(models.iter().map(|m| (*m).to_owned()));
        assert_eq!(
            names(&["org/tiny", "a b:c", "模型", "x.Q4_K-m"]),
            ["org-tiny", "a-b-c", "模型", "x.Q4_K-m"]
        );
        assert_eq!(names(&["a", "A", "a", "a-2"]), ["a", "A-2", "a-3", "a-2-2"]);
        assert_eq!(
            names(&["overlap_by_width", "..", "", "-x-"]),
            ["overlap_by_width-2", "head", "head-2", "x"]
        );
        assert_eq!(names(&[&"y".repeat(300)])[0].len(), 80);
    }

    #[test]
    fn a_spectrum_has_its_power_law_on_top() {
        let csv = b"rank,share,fitted\n1,0.7,\n2,0.3,0.3\n3,0.2,0.2\n";
        let panels = spectrum(&Table::from_csv("spectrum", csv).unwrap()).unwrap();
        let [Panel::Chart(chart)] = &panels[..] else { panic!("one chart") };
        let [dots, law] = &chart.series[..] else { panic!("dots and a line") };
        assert_eq!((dots.mark, law.mark, &*law.label), (Mark::Dots, Mark::Line, "power law"));
    }
}
