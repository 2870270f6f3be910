//! One self-contained HTML file from tables and pictures.
//!
//! A [`Page`] says what a page has; [`Page::to_html`] makes it one file that opens from a disk years later,
//! without a network: plotly, our own script and style, the tables as JSON and the pictures as data URIs are all
//! in it. Its content security policy lets no other script run and nothing be fetched. What comes from outside
//! (the name of a sweep, a value of a field) is text on the page, whatever it says.
//!
//! ```
//! use superpose_files::table::Table;
//! use superpose_page::{Content, Listing, Page, Section, Source};
//!
//! let mut table = Table::new("points", "Where?", &[("x", "place, in metres")]);
//! table.push(vec![1.0.into()]);
//! let page = Page {
//!     title: "points".to_owned(),
//!     lead: "One point.".to_owned(),
//!     facts: Vec::new(),
//!     sources: vec![Source { table, file: "points.csv".to_owned() }],
//!     sections: vec![Section {
//!         heading: "All points".to_owned(),
//!         text: String::new(),
//!         content: Content::Listing(Listing::whole("points")),
//!     }],
//! };
//! assert!(page.to_html()?.starts_with("<!doctype html>"));
//! # Ok::<(), superpose_files::table::TableError>(())
//! ```

mod chart;
mod data;
mod html;
mod page;

pub use chart::{Axis, Chart, Law, Lines, MOST_POINTS};
pub use page::{Content, Fact, Image, Link, Listing, Page, Section, Source, Tally};
