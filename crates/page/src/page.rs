//! What a page has.

use superpose_files::table::Table;

use crate::chart::Chart;

/// A page: what it is about, its tables, and what it shows of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// What it is about, such as the name of a run.
    pub title: String,
    /// What to know first, in a sentence or two.
    pub lead: String,
    /// What to know at once, beside the title.
    pub facts: Vec<Fact>,
    /// The tables that its sections show, each by its own name.
    pub sources: Vec<Source>,
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// A table of a page, and the file that it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The table. The meanings of its columns are shown where a pointer rests on their names.
    pub table: Table,
    /// The file, relative to the page.
    pub file: String,
}

/// A name and what it stands for, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// What is so.
    pub value: String,
}

impl Fact {
    /// A fact.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// A part of a page under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What to know of it, in a sentence or two; empty for nothing.
    pub text: String,
    /// What it shows.
    pub content: Content,
}

/// What a section shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A chart whose axes, colours and panels can be chosen.
    Chart(Box<Chart>),
    /// A table that can be sorted and filtered.
    Listing(Listing),
    /// Pictures.
    Pictures(Vec<Image>),
    /// Facts.
    Facts(Vec<Fact>),
    /// How many rows of all listings have each word of a column; a word can be chosen, and then only those
    /// rows, and the sections that have any, are shown.
    Tally(Tally),
    /// Facts, a table and pictures under one heading, such as those of one figure.
    All(Vec<Self>),
}

/// A table as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The name of the table.
    pub table: String,
    /// The columns that are shown at first; all if there are none. The others can be chosen.
    pub columns: Vec<String>,
    /// Links of each row.
    pub links: Vec<Link>,
}

impl Listing {
    /// All columns of the table called `name`, without links.
    pub fn whole(name: &str) -> Self {
        Self { table: name.to_owned(), columns: Vec::new(), links: Vec::new() }
    }
}

/// A link of each row of a table to a file of what the row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is called.
    pub label: String,
    /// The column whose value is a part of the address.
    pub column: String,
    /// What stands before that value: folders, relative to the page.
    pub before: String,
    /// What stands behind it.
    pub after: String,
}

/// Words to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The column that the words stand in.
    pub column: String,
    /// The words, in the order that they are shown in, each with the number of its rows.
    pub counts: Vec<(String, usize)>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What it shows, in words.
    pub title: String,
    /// Its file, relative to the page.
    pub file: String,
    /// The file's content as SVG; without it, there is only a link to the file.
    pub svg: Option<Vec<u8>>,
}
