//! The page over all reproduced figures: `index.html`, from the tables and pictures in their folders.

use std::path::{Path, PathBuf};

use superpose_analysis::page::images;
use superpose_figures::study::{StudyError, read_table};
use superpose_files::disk::write_whole;
use superpose_files::table::{Table, TableError};
use superpose_page::{Content, Fact, Image, Listing, Page, Section, Source, Tally};

use crate::claim::{CLAIMS, Verdict};
use crate::figure::Figure;
use crate::papers::{figures, paper_of};
use crate::report::{heading, places};

/// The name of the page's file.
pub const INDEX: &str = "index.html";

/// Bytes of all pictures that are in the page; beyond, there are links to their files.
const MOST_PICTURE_BYTES: usize = 8_000_000;

/// What is shown of a claim at first.
const MAIN_COLUMNS: [&str; 7] =
    ["claim", "paper", "ours", "error", "ci_low", "ci_high", "tolerance"];

/// A figure's files, read back.
struct Made {
    figure: &'static Figure,
    claims: Table,
    pictures: Vec<Image>,
}

/// Writes the page over all figures that have a folder in `out`, and returns its path.
///
/// # Errors
/// [`StudyError`], naming the file, when a table is damaged or lacks a column, or a file cannot be read or
/// written.
pub fn write_index(out: &Path) -> Result<PathBuf, StudyError> {
    let mut made = Vec::new();
    let mut left = MOST_PICTURE_BYTES;
    for figure in figures() {
        let folder = figure.folder();
        let tables = out.join(&folder).join("tables");
        if !tables.join(format!("{CLAIMS}.csv")).exists() {
            continue;
        }
        let mut claims = read_table(CLAIMS, &places(&tables, out))?;
        // A page of an older version may be gone: then nothing is explained.
        claims.explain(&std::fs::read_to_string(tables.join("README.md")).unwrap_or_default());
        claims.name = format!("{CLAIMS} of {folder}");
        let pictures = images(out, &folder, &[], left)?;
        left -= pictures.iter().filter_map(|p| p.svg.as_ref()).map(Vec::len).sum::<usize>();
        made.push(Made { figure, claims, pictures });
    }
    let path = out.join(INDEX);
    write_whole(&path, page(made)?.to_html()?.as_bytes())?;
    Ok(path)
}

/// The papers that these figures are of.
fn papers(made: &[Made]) -> Vec<&'static str> {
    let mut papers: Vec<&str> = made.iter().map(|made| paper_of(made.figure).citation).collect();
    papers.dedup();
    papers
}

/// How many of these claims have each verdict, in the order of [`Verdict::ALL`].
fn counts<'a>(
    claims: impl IntoIterator<Item = &'a Table>,
) -> Result<Vec<(String, usize)>, TableError> {
    let mut counts: Vec<(String, usize)> =
        Verdict::ALL.iter().map(|verdict| (verdict.to_string(), 0)).collect();
    for table in claims {
        for word in table.words("verdict")? {
            counts.iter_mut().filter(|(known, _)| *known == word).for_each(|(_, n)| *n += 1);
        }
    }
    Ok(counts)
}

/// The page of these figures.
fn page(made: Vec<Made>) -> Result<Page, TableError> {
    let counts_of_all = counts(made.iter().map(|made| &made.claims))?;
    let n_claims: usize = counts_of_all.iter().map(|(_, n)| n).sum();
    let mut sections = vec![Section {
        heading: "Verdicts".to_owned(),
        text: "A verdict that is chosen here shows its claims alone.".to_owned(),
        content: Content::Tally(Tally { column: "verdict".to_owned(), counts: counts_of_all }),
    }];
    let mut sources = Vec::new();
    let lead = format!(
        "{} figures and experiments about {}, with {n_claims} claims.",
        made.len(),
        papers(&made).join(" and ")
    );
    for Made { figure, claims, pictures } in made {
        let verdicts = counts([&claims])?.into_iter().filter(|(_, n)| *n > 0);
        let facts = verdicts.map(|(word, n)| Fact::new(word, n.to_string())).collect();
        let columns = [&["verdict"], &MAIN_COLUMNS[..]].concat();
        let there = columns.into_iter().filter(|name| claims.column(name).is_ok());
        let listing = Listing {
            table: claims.name.clone(),
            columns: there.map(str::to_owned).collect(),
            links: Vec::new(),
        };
        sections.push(Section {
            heading: heading(figure),
            text: figure.question.to_owned(),
            content: Content::All(vec![
                Content::Facts(facts),
                Content::Listing(listing),
                Content::Pictures(pictures),
            ]),
        });
        let file = format!("{}/tables/{CLAIMS}.csv", figure.folder());
        sources.push(Source { table: claims, file });
    }
    let title = "Papers' figures, reproduced".to_owned();
    Ok(Page { title, lead, facts: Vec::new(), sources, sections })
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_figures::study::write_csv;
    use superpose_files::table::Field;

    #[test]
    fn all_figures_that_are_there_are_on_the_page_with_totals_of_verdicts() {
        let out = tempfile::tempdir().unwrap();
        let columns = ["claim", "paper", "ours", "error", "basis", "tolerance", "verdict"];
        for (figure, verdicts) in figures().zip([&["agrees", "agrees"][..], &["not run"]]) {
            let mut claims = Table::new(CLAIMS, "?", &columns.map(|name| (name, "")));
            for verdict in verdicts {
                let mut row = vec![Field::Missing; 6];
                row[0] = "a <b>claim</b>".into();
                row.push((*verdict).into());
                claims.push(row);
            }
            write_csv(&out.path().join(figure.folder()).join("tables"), &[claims]).unwrap();
            std::fs::write(out.path().join(figure.folder()).join("figure.svg"), "<svg/>").unwrap();
        }
        let html = std::fs::read_to_string(write_index(out.path()).unwrap()).unwrap();
        for part in [
            r#"["agrees",2],["falls short",0],["undecided",0],["not run",1]"#,
            "2 figures and experiments about Liu, Liu &amp; Gore 2025",
            "src=\"data:image/svg+xml;base64,PHN2Zy8+\"",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("<b>claim") && html.len() < 100_000, "{} bytes", html.len());
        let claims = out.path().join(figures().next().unwrap().folder()).join("tables/claims.csv");
        std::fs::write(&claims, "claim\n1\n").unwrap();
        let said = write_index(out.path()).unwrap_err().to_string();
        assert!(said.contains("claims.csv` is damaged"), "{said}");
    }

    #[test]
    fn the_lead_names_the_papers_of_the_figures_that_are_there() {
        let claims = || Table::new(CLAIMS, "?", &[("verdict", "")]);
        let made = figures().map(|figure| Made { figure, claims: claims(), pictures: Vec::new() });
        let lead = page(made.collect()).unwrap().lead;
        assert!(lead.contains(" about Liu, Liu & Gore 2025 and Elhage et al. 2022, "), "{lead}");
    }
}
