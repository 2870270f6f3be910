//! A figure's page: the question, the claims and what came of them, in Markdown.
//!
//! The page is written between two markers; what people write around them stays.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use superpose_analysis::run::Finished;
use superpose_figures::study::{Places, StudyError, read_table};
use superpose_files::disk::{at, file_names, write_whole};
use superpose_files::table::{Field, Table, TableError};
use superpose_stats::summary::summarise;

use crate::cells::{each, over_seeds};
use crate::claim::CLAIMS;
use crate::figure::{Figure, Material};

const BEGIN: &str = "<!-- superpose report: written from the tables; edit outside the markers -->";
const END: &str = "<!-- superpose report: end -->";

/// The name of the table of what the numbers rest on.
pub const ORIGINS: &str = "origins";

/// What the numbers rest on: one row for each engine, device and revision that trained cells, with the
/// split of their losses.
pub fn origins(material: &Material<'_>) -> Table {
    let mut by_origin: BTreeMap<[String; 3], Vec<&Finished>> = BTreeMap::new();
    for finished in material.trained() {
        let made = &finished.record.provenance;
        let origin = [&made.engine, &made.device, &made.revision].map(ToString::to_string);
        by_origin.entry(origin).or_default().push(finished);
    }
    let share = |cells: &[&Finished], is_wanted: fn(f64) -> bool| -> Field {
        let share = |f: &Finished| {
            is_wanted(f.record.cell.train.weight_decay).then_some(f.measured()?.dead_share())
        };
        summarise(&each(cells, share)).mean.into()
    };
    Table::of(
        ORIGINS,
        "What do the numbers rest on?",
        by_origin,
        &[
            ("engine", "engine that made the steps", &|(origin, _)| origin[0].as_str().into()),
            ("device", "device that it worked on", &|(origin, _)| origin[1].as_str().into()),
            ("revision", "git revision of the program", &|(origin, _)| origin[2].as_str().into()),
            ("cells", "trained cells of this figure", &|(_, cells)| cells.len().into()),
            ("wanted", "cells that the figure asks for, from whatever origin", &|_| {
                material.n_wanted.into()
            }),
            ("dead_outputs", "mean number of dead outputs", &|(_, cells)| {
                over_seeds(cells, "dead_outputs").mean.into()
            }),
            (
                "dead_share_strong",
                "mean share of the loss that dead outputs cost, γ < 0",
                &|(_, cells)| share(cells, |decay| decay < 0.0),
            ),
            ("dead_share_weak", "the same, γ ≥ 0", &|(_, cells)| {
                share(cells, |decay| decay >= 0.0)
            }),
        ],
    )
}

/// The places of a figure's files.
pub(crate) fn places<'a>(tables: &'a Path, pictures: &'a Path) -> Places<'a> {
    Places { tables, pictures, remedy: "superpose reproduce" }
}

/// Writes the page of `figure` from the tables in its `folder`, and returns its path. What people wrote on
/// a page that is there stays.
///
/// # Errors
/// [`StudyError`] when a file cannot be read or written, or a table lacks a column.
pub fn write_page(figure: &Figure, folder: &Path) -> Result<PathBuf, StudyError> {
    let tables = folder.join("tables");
    let read = |name| read_table(name, &places(&tables, folder));
    let shown = Shown {
        claims: &read(CLAIMS)?,
        origins: &read(ORIGINS)?,
        tables: &file_names(&tables, "csv")?,
        pictures: &file_names(folder, "svg")?,
    };
    let path = folder.join("README.md");
    let old = match std::fs::read_to_string(&path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        // What people wrote is not to be lost.
        Err(error) => return Err(at("read", &path)(error).into()),
    };
    write_whole(&path, page(figure, old.as_deref(), &shown)?.as_bytes())?;
    Ok(path)
}

/// What a page shows.
struct Shown<'a> {
    claims: &'a Table,
    origins: &'a Table,
    /// File names of all tables.
    tables: &'a [String],
    /// File names of the pictures.
    pictures: &'a [String],
}

/// The page of `figure`: `page` as it is, or as it would be begun, with what stands between the markers
/// written anew.
fn page(figure: &Figure, page: Option<&str>, shown: &Shown<'_>) -> Result<String, TableError> {
    let begun = format!("# {}\n\n{BEGIN}\n{END}\n", heading(figure));
    let page = page.unwrap_or(&begun);
    let written = written(figure, shown)?;
    let around = page.split_once(BEGIN);
    Ok(match around.and_then(|(before, rest)| Some((before, rest.split_once(END)?.1))) {
        Some((before, after)) => format!("{before}{BEGIN}\n{written}{END}{after}"),
        // The markers are gone: what people wrote stays, above.
        None => format!("{}\n\n{BEGIN}\n{written}{END}\n", page.trim_end()),
    })
}

/// What the figure is called.
pub fn heading(figure: &Figure) -> String {
    match figure.id.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("Figure {}: {}", figure.id, lower(figure.title)),
        false => figure.title.to_owned(),
    }
}

/// A title after a colon.
fn lower(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), letters.as_str().chars().next()) {
        // A symbol such as R² stays.
        (Some(first), Some(second)) if second.is_lowercase() => {
            format!("{}{}", first.to_lowercase(), letters.as_str())
        }
        _ => title.to_owned(),
    }
}

/// What stands between the markers.
fn written(figure: &Figure, shown: &Shown<'_>) -> Result<String, TableError> {
    let sweeps = figure.sweeps.iter().map(|s| format!("`{}`", s.path)).collect::<Vec<_>>();
    let mut text = format!(
        "**Question.** {}\n\n**Command.** `superpose reproduce {}`, from {}.\n\n",
        figure.question,
        figure.id,
        sweeps.join(", "),
    );
    text.push_str(&rests_on(shown.origins)?);
    text.push_str(&claim_rows(shown.claims)?);
    text.push_str(&format!(
        "\n**What would have counted against it.** {}\n\n**What this cannot show.** {}\n\n",
        figure.against, figure.limits
    ));
    for picture in shown.pictures {
        text.push_str(&format!("![{}]({picture})\n\n", figure.title));
    }
    let link = |t: &String| format!("[{}](tables/{t})", t.trim_end_matches(".csv"));
    let links: Vec<String> = shown.tables.iter().map(link).collect();
    text.push_str(&format!("Tables: {}.\n", links.join(", ")));
    Ok(text)
}

/// The claims as a table in Markdown.
fn claim_rows(claims: &Table) -> Result<String, TableError> {
    let mut text =
        "\n| claim | paper | ours | agreement would be | verdict |\n|---|---|---|---|---|\n"
            .to_owned();
    let columns = ["claim", "paper", "ours", "basis", "tolerance", "verdict"];
    let ours = measured_words(claims)?;
    for ([name, paper, _, _, tolerance, verdict], ours) in claims.fields(columns)?.iter().zip(ours)
    {
        let verdict = match verdict.to_string().as_str() {
            "agrees" => "agrees".to_owned(),
            other => format!("**{other}**"),
        };
        let cells = [name.to_string(), paper.to_string(), ours, tolerance.to_string(), verdict];
        let cells = cells.map(|cell| minus(&cell.replace('|', "\\|")));
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    Ok(text)
}

/// What was measured, claim by claim: the number, its standard error and what that is of, its 95 % interval,
/// and what it rests on.
fn measured_words(claims: &Table) -> Result<Vec<String>, TableError> {
    let n_rows = claims.rows.len();
    // Tables of older versions have no interval, and say in the basis what the error is.
    let older = |name: &str| claims.numbers(name).unwrap_or_else(|_| vec![f64::NAN; n_rows]);
    let (low, high) = (older("ci_low"), older("ci_high"));
    let of = claims.words("error_of").unwrap_or_else(|_| vec![String::new(); n_rows]);
    let (ours, error) = (claims.numbers("ours")?, claims.numbers("error")?);
    let basis = claims.words("basis")?;
    let words = |row: usize| {
        let mut parts = Vec::new();
        if error[row].is_finite() && !of[row].is_empty() {
            parts.push(format!("standard error, {}", of[row]));
        }
        if low[row].is_finite() {
            let kind = if error[row].is_finite() { "95 %".to_owned() } else { of[row].clone() };
            parts.push(format!("{kind}: {} to {}", number(low[row]), number(high[row])));
        }
        parts.push(basis[row].clone());
        parts.retain(|part| !part.is_empty());
        let error = match error[row].is_finite() {
            true => format!(" ± {}", number(error[row])),
            false => String::new(),
        };
        let value = if ours[row].is_finite() { number(ours[row]) } else { "–".to_owned() };
        match parts.is_empty() {
            true => format!("{value}{error}"),
            false => format!("{value}{error} ({})", parts.join("; ")),
        }
    };
    Ok((0..n_rows).map(words).collect())
}

/// Which cells, by which engine on which device, the numbers rest on.
fn rests_on(origins: &Table) -> Result<String, TableError> {
    let cells = origins.numbers("cells")?;
    let wanted = origins.numbers("wanted")?.first().copied();
    let Some(wanted) = wanted else {
        return Ok("**Rests on** nothing yet: none of its cells is trained.\n".to_owned());
    };
    let origins_of = origins.fields(["cells", "engine", "device", "revision"])?;
    let parts = origins_of.iter().map(|[cells, engine, device, revision]| {
        format!("{cells} by `{engine}` on {device} at revision `{revision}`")
    });
    let parts: Vec<String> = parts.collect();
    let total: f64 = cells.iter().sum();
    let mean = |name: &str| -> Result<f64, TableError> {
        let values = origins.numbers(name)?;
        let known = || values.iter().zip(&cells).filter(|(v, _)| v.is_finite());
        Ok(known().map(|(v, n)| v * n).sum::<f64>() / known().map(|(_, n)| n).sum::<f64>())
    };
    let mut text = format!(
        "**Rests on** {total} of {wanted} cells: {}. Dead outputs: {} of a cell's features on average",
        parts.join("; "),
        number(mean("dead_outputs")?)
    );
    for (name, regime) in [("dead_share_strong", "γ < 0"), ("dead_share_weak", "γ ≥ 0")] {
        let share = mean(name)?;
        if share.is_finite() {
            text.push_str(&format!("; {} of the loss at {regime}", number(share)));
        }
    }
    text.push_str(".\n");
    Ok(text)
}

/// The text with a minus before each negative number, where a hyphen stood.
fn minus(text: &str) -> String {
    let with_sign =
        |text: String, digit: char| text.replace(&format!("-{digit}"), &format!("−{digit}"));
    ('0'..='9').fold(text.to_owned(), with_sign)
}

/// A number to three digits.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    #[expect(clippy::cast_possible_truncation, reason = "between −308 and 308")]
    let magnitude = value.abs().log10().floor() as i32;
    if !(-4..6).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let digits = usize::try_from(2 - magnitude).unwrap_or(0);
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{Claim, Test, Uncertainty, table};
    use crate::papers::figures;

    fn claims() -> Table {
        let claim = |ours| Claim {
            name: "slope | exponent".to_owned(),
            paper: "1".to_owned(),
            ours,
            uncertainty: ours.map(|ours| Uncertainty {
                error: Some(0.0123),
                interval: (ours - 0.04, ours + 0.04),
                of: "2 seeds".to_owned(),
            }),
            basis: "6 settings".to_owned(),
            test: Test::Within(1.0, 0.1),
        };
        table(&[claim(Some(1.0567)), claim(Some(2.0)), claim(Some(1.0767)), claim(None)])
    }

    fn nothing() -> Table {
        origins(&Material { cells: vec![], weights: BTreeMap::new(), n_wanted: 3 })
    }

    fn write(old: Option<&str>) -> String {
        let (claims, origins) = (&claims(), &nothing());
        let shown = Shown { claims, origins, tables: &["a.csv".to_owned()], pictures: &[] };
        page(figures().next().unwrap(), old, &shown).unwrap()
    }

    #[test]
    fn claims_that_fall_short_and_those_not_run_stay_visible() {
        let page = write(None);
        let first = "| slope \\| exponent | 1 | 1.06 ± 0.0123 (standard error, 2 seeds; 95 %: 1.02 to 1.1; 6 \
                     settings) | within 0.1 of 1 | agrees |";
        assert!(page.contains(first), "{page}");
        assert!(page.contains("| **falls short** |") && page.contains("| **undecided** |"));
        assert!(page.contains("| – (6 settings) | within 0.1 of 1 | **not run** |"), "{page}");
        assert!(page.contains("none of its cells is trained"));
    }

    #[test]
    fn claims_of_older_versions_are_read_and_an_interval_without_an_error_says_what_it_is_of() {
        let read = |csv: &str| {
            measured_words(&Table::from_csv("claims", csv.as_bytes()).unwrap()).unwrap()
        };
        let older = "claim,ours,error,basis\na,1.5,0.1,standard error of the line\nb,,,\n";
        assert_eq!(read(older), ["1.5 ± 0.1 (standard error of the line)", "–"]);
        let grid =
            "claim,ours,error,basis,error_of,ci_low,ci_high\na,1.5,,13 decays,the grid,1,2\n";
        assert_eq!(read(grid), ["1.5 (the grid: 1 to 2; 13 decays)"]);
    }

    #[test]
    fn what_people_wrote_stays_and_the_rest_is_written_anew() {
        let first = write(None);
        let edited = format!("{}\nA remark.\n", first.replace("slope", "old"));
        let second = write(Some(&edited));
        assert_eq!(second, format!("{first}\nA remark.\n"));
        let without = write(Some("# Mine\n\nWords.\n"));
        assert!(without.starts_with("# Mine\n\nWords.\n\n<!-- superpose report"));
        assert_eq!(write(Some(&without)), without);
    }

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in
            [(1.0567, "1.06"), (0.012_34, "0.0123"), (1234.5, "1234"), (2.0, "2"), (0.0, "0")]
        {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(1.5e-7), "1.50e-7");
        assert_eq!(minus("a re-run: -0.5"), "a re-run: −0.5");
    }
}
