//! The HTML of a page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use superpose_files::table::{Table, TableError};

use crate::data::{island, stored};
use crate::page::{Content, Fact, Image, Listing, Page, Section};

const PLOTLY: &str = include_str!("../assets/plotly-basic.min.js");
const SCRIPT: &str = concat!(
    include_str!("../assets/common.js"),
    include_str!("../assets/table.js"),
    include_str!("../assets/chart.js"),
    include_str!("../assets/page.js"),
);
const STYLE: &str = include_str!("../assets/page.css");

/// What is said where scripts do not run.
const NO_SCRIPT: &str =
    "The charts and tables of this page need JavaScript; the tables are also CSV files beside it.";

impl Page {
    /// The page as one file, which needs nothing else.
    ///
    /// # Errors
    /// [`TableError`] when a section names a table or a column that is not there.
    pub fn to_html(&self) -> Result<String, TableError> {
        let mut parts = Vec::new();
        let mut body = String::new();
        for (number, section) in self.sections.iter().enumerate() {
            body.push_str(&self.section(number, section, &mut parts)?);
        }
        let has_chart = parts.iter().any(|part| part["kind"] == "chart");
        let scripts: &[&str] = if has_chart { &[PLOTLY, SCRIPT] } else { &[SCRIPT] };
        let tables: serde_json::Map<String, Value> =
            self.sources.iter().map(|s| (s.table.name.clone(), stored(s))).collect();
        let data = json!({ "title": self.title, "tables": tables, "parts": parts });
        let title = escaped(&self.title);
        let lead = paragraph("lead", &self.lead);
        let (facts, contents) = (facts(&self.facts), self.contents());
        let scripts_of: String =
            scripts.iter().map(|script| format!("<script>{script}</script>\n")).collect();
        Ok(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title} · superpose</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>{title}</h1>\n{lead}{facts}{contents}</header>\n<main>\n\
             <noscript><p>{NO_SCRIPT}</p></noscript>\n{body}</main>\n\
             <script type=\"application/json\" id=\"data\">{data}</script>\n{scripts_of}</body>\n</html>\n",
            policy = policy(scripts),
            data = island(&data),
        ))
    }

    /// Links to the sections.
    fn contents(&self) -> String {
        let link = |(number, section): (usize, &Section)| {
            // Of a long heading, what stands before its colon.
            let name = section.heading.split(": ").next().unwrap_or_default();
            format!("<li><a href=\"#section-{number}\">{}</a></li>", escaped(name))
        };
        let links: String = self.sections.iter().enumerate().map(link).collect();
        format!("<nav aria-label=\"Sections\"><ul>{links}</ul></nav>\n")
    }

    fn section(
        &self,
        number: usize,
        section: &Section,
        parts: &mut Vec<Value>,
    ) -> Result<String, TableError> {
        let (heading, text) = (escaped(&section.heading), paragraph("text", &section.text));
        let content = self.content(&section.content, parts)?;
        Ok(format!(
            "<section id=\"section-{number}\">\n<h2>{heading}</h2>\n{text}{content}</section>\n"
        ))
    }

    /// What a section shows; what the script fills in is added to `parts`.
    fn content(&self, content: &Content, parts: &mut Vec<Value>) -> Result<String, TableError> {
        let part = match content {
            Content::Chart(chart) => chart.stored(self.table(&chart.table)?)?,
            Content::Listing(listing) => self.listing(listing)?,
            Content::Tally(tally) => {
                json!({ "kind": "tally", "column": tally.column, "counts": tally.counts })
            }
            Content::Pictures(images) => return Ok(images.iter().map(picture).collect()),
            Content::Facts(all) => return Ok(facts(all)),
            Content::All(contents) => {
                return contents.iter().map(|content| self.content(content, parts)).collect();
            }
        };
        parts.push(part);
        Ok(format!("<div class=\"part\" data-part=\"{}\"></div>\n", parts.len() - 1))
    }

    fn listing(&self, listing: &Listing) -> Result<Value, TableError> {
        let table = self.table(&listing.table)?;
        let linked = listing.links.iter().map(|link| &link.column);
        for column in listing.columns.iter().chain(linked) {
            table.column(column)?;
        }
        let links: Vec<Value> = listing
            .links
            .iter()
            .map(|l| json!({ "label": l.label, "column": l.column, "before": l.before, "after": l.after }))
            .collect();
        Ok(json!({
            "kind": "listing", "table": listing.table, "columns": listing.columns, "links": links,
        }))
    }

    /// The table called `name`.
    fn table(&self, name: &str) -> Result<&Table, TableError> {
        let table =
            self.sources.iter().map(|source| &source.table).find(|table| table.name == name);
        table.ok_or_else(|| {
            let known: Vec<&str> = self.sources.iter().map(|s| s.table.name.as_str()).collect();
            TableError::NoTable(name.to_owned(), known.join(", "))
        })
    }
}

/// The content security policy: these scripts and no other, nothing from anywhere.
fn policy(scripts: &[&str]) -> String {
    let digest = |script: &&str| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
    let scripts: String = scripts.iter().map(digest).collect();
    format!(
        "default-src 'none'; script-src{scripts}; style-src 'unsafe-inline'; img-src data: blob:; \
         base-uri 'none'; form-action 'none'"
    )
}

/// Text inside an element or an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn paragraph(class: &str, text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("<p class=\"{class}\">{}</p>\n", escaped(text)),
    }
}

fn facts(facts: &[Fact]) -> String {
    let fact = |fact: &Fact| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>", escaped(&fact.name), escaped(&fact.value))
    };
    match facts.is_empty() {
        true => String::new(),
        false => {
            format!("<dl class=\"facts\">{}</dl>\n", facts.iter().map(fact).collect::<String>())
        }
    }
}

fn picture(image: &Image) -> String {
    let (title, href) = (escaped(&image.title), escaped(&address(&image.file)));
    let shown = image.svg.as_ref().map_or(String::new(), |svg| {
        let svg = STANDARD.encode(svg);
        format!("<img alt=\"{title}\" loading=\"lazy\" src=\"data:image/svg+xml;base64,{svg}\">")
    });
    format!(
        "<figure>{shown}<figcaption>{title} (<a href=\"{href}\">{}</a>)</figcaption></figure>\n",
        escaped(&image.file)
    )
}

/// The address of a file beside the page: what has a meaning in addresses is written as its bytes.
fn address(file: &str) -> String {
    let mut address = String::from("./");
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'~' => {
                address.push(char::from(byte));
            }
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address
}
