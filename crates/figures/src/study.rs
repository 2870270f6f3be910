//! The road from an answer to its files: tables → CSV → read back → pictures.

use std::path::{Path, PathBuf};

use superpose_files::disk::{DiskError, at, create_folder, write_whole};
use superpose_files::sums::{read_listed, write_listed};
use superpose_files::table::{Field, Table, TableError, Tables, documentation};

use crate::render::render;
use crate::sheet::Sheet;

/// Rows of a long table that are shown to a person.
const MOST_ROWS: usize = 40;

/// The answer to a question: its tables, the pictures that are drawn of them, and what to say of
/// it.
pub struct Study {
    /// What holds for all its tables: units, conventions.
    pub convention: &'static str,
    /// Its tables.
    pub tables: Tables,
    /// Its pictures, from the tables as they are read back.
    pub draw: Box<Draw<'static>>,
    /// What to say of it to a person, in order.
    pub notes: Vec<Note>,
}

/// How pictures are made of tables: reached by name, as files hold no order.
pub type Draw<'a> = dyn Fn(&Tables) -> Result<Vec<Picture>, TableError> + 'a;

impl std::fmt::Debug for Study {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { convention, tables, notes, .. } = self;
        f.debug_tuple("Study").field(convention).field(tables).field(notes).finish()
    }
}

/// A sheet and the name of its files.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The files are `<name>.svg` and `<name>.png`.
    pub name: String,
    /// What it shows.
    pub sheet: Sheet,
}

impl Picture {
    /// The only picture of a study.
    ///
    /// # Errors
    /// Never; so that it can end a function that draws.
    pub fn alone(name: &str, sheet: Sheet) -> Result<Vec<Self>, TableError> {
        Ok(vec![Self { name: name.to_owned(), sheet }])
    }
}

/// Something to say to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Some columns of a table, formatted.
    Rows {
        /// What stands over the columns.
        header: Vec<String>,
        /// Rows, each as long as the header.
        rows: Vec<Vec<String>>,
    },
    /// A line.
    Line(String),
}

impl Note {
    /// Rows of words under these heads.
    pub fn rows(header: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self::Rows { header: header.iter().map(|head| (*head).to_owned()).collect(), rows }
    }

    /// All fields of a table, with these heads for the names of its columns.
    pub fn whole(table: &Table, header: &[&str]) -> Self {
        let row = |row: &Vec<Field>| row.iter().map(Field::short).collect();
        Self::rows(header, table.rows.iter().map(row).collect())
    }

    /// The first rows of a table, without columns that are empty, and how many rows are left out.
    pub fn first(table: &Table) -> Vec<Self> {
        let known: Vec<usize> = (0..table.columns.len())
            .filter(|at| table.rows.iter().any(|row| row[*at] != Field::Missing))
            .collect();
        let header: Vec<&str> = known.iter().map(|at| &*table.columns[*at].name).collect();
        let row = |row: &Vec<Field>| known.iter().map(|at| row[*at].short()).collect();
        let rows = table.rows.iter().take(MOST_ROWS).map(row).collect();
        let mut notes = vec![Self::rows(&header, rows)];
        if table.rows.len() > MOST_ROWS {
            notes.push(Self::Line(format!(
                "… and {} more rows; --json or --out has them",
                table.rows.len() - MOST_ROWS
            )));
        }
        notes
    }
}

/// Where the files of a study are.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The folder of its tables.
    pub tables: &'a Path,
    /// The folder of its pictures.
    pub pictures: &'a Path,
    /// The command that writes a table that is missing.
    pub remedy: &'a str,
}

/// Why the files of a study are not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// A file or folder cannot be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A table cannot be read back, or lacks what a picture shows.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A table is not there.
    #[error("{source}; `{remedy}` writes it")]
    Missing {
        /// What the system said, with the file.
        source: DiskError,
        /// The command that writes it.
        remedy: String,
    },
    /// A table is not what was written.
    #[error(
        "`{path}` is damaged: {problem}; `{remedy}` writes it anew, and without the list SHA256SUMS it is read as \
         it is"
    )]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
        /// The command that writes it.
        remedy: String,
    },
    /// The drawing library gave up.
    #[error("{name} cannot be drawn: {problem}")]
    Drawing {
        /// Name of the picture.
        name: String,
        /// What it said.
        problem: String,
    },
}

impl Study {
    /// Writes the tables and their page, reads them back and draws them; returns the files of the
    /// pictures.
    ///
    /// # Errors
    /// [`StudyError`], naming the file, table or picture.
    pub fn write(&self, places: &Places<'_>) -> Result<Vec<PathBuf>, StudyError> {
        let tables = self.tables.as_slice();
        write_csv(places.tables, tables)?;
        write_page(places.tables, self.convention, tables)?;
        let names: Vec<&str> = self.tables.iter().map(|table| table.name.as_str()).collect();
        draw(&names, &self.draw, places)
    }
}

/// Writes `tables` and their digests into a folder, made if need be, without a page.
///
/// # Errors
/// [`DiskError`].
pub fn write_csv(folder: &Path, tables: &[Table]) -> Result<(), DiskError> {
    create_folder(folder)?;
    let file = |table: &Table| (format!("{}.csv", table.name), table.to_csv());
    let files: Vec<(String, Vec<u8>)> = tables.iter().map(file).collect();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, csv)| (name.as_str(), csv.as_slice())).collect();
    write_listed(folder, &files)
}

/// Writes the page of a folder: what the columns of `tables` hold, after a convention of all.
///
/// # Errors
/// [`DiskError`].
pub fn write_page(folder: &Path, convention: &str, tables: &[Table]) -> Result<(), DiskError> {
    write_whole(&folder.join("README.md"), documentation(convention, tables).as_bytes())
}

/// The table `name` of a folder that this program wrote.
///
/// # Errors
/// [`StudyError`], with what writes it anew.
pub fn read_table(name: &str, places: &Places<'_>) -> Result<Table, StudyError> {
    let file = format!("{name}.csv");
    let (path, remedy) = (places.tables.join(&file), places.remedy.to_owned());
    let bytes = read_listed(places.tables, &file).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => StudyError::Damaged {
            path: path.display().to_string(),
            problem: error.to_string(),
            remedy,
        },
        _ => StudyError::Missing { source: at("read", &path)(error), remedy },
    })?;
    Ok(Table::from_csv(name, &bytes)?)
}

/// Draws the pictures of the tables called `names` as they are on disk; those that show nothing are
/// left out. Returns their files.
///
/// # Errors
/// [`StudyError`], naming the file, table or picture.
pub fn draw(
    names: &[&str],
    draw: &Draw<'_>,
    places: &Places<'_>,
) -> Result<Vec<PathBuf>, StudyError> {
    let read = |name: &&str| read_table(name, places);
    let tables = names.iter().map(read).collect::<Result<Tables, _>>()?;
    create_folder(places.pictures)?;
    let mut written = Vec::new();
    for Picture { name, sheet } in draw(&tables)? {
        if sheet.panels.is_empty() {
            continue;
        }
        let drawn = render(&sheet)
            .map_err(|problem| StudyError::Drawing { name: name.clone(), problem })?;
        for (extension, bytes) in [("svg", &drawn.svg), ("png", &drawn.png)] {
            let path = places.pictures.join(format!("{name}.{extension}"));
            write_whole(&path, bytes)?;
            written.push(path);
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;
    use crate::lines::{Lines, lines};
    use crate::sheet::Axes;

    fn sheet(tables: &Tables) -> Result<Vec<Picture>, TableError> {
        let columns = Lines::plain(("x", Axis::linear("x")), ("y", Axis::linear("y")));
        let sheet = Sheet {
            title: "t".to_owned(),
            columns: 1,
            panels: lines(tables.get("points")?, &columns)?,
            axes: Axes::Own,
            caption: String::new(),
        };
        Picture::alone("picture", sheet)
    }

    #[test]
    fn tables_are_written_documented_read_back_and_drawn_and_a_missing_one_has_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let (tables, pictures) = (folder.path().join("tables"), folder.path().join("pictures"));
        let places = Places { tables: &tables, pictures: &pictures, remedy: "superpose again" };
        let mut points = Table::new("points", "Where?", &[("x", "place"), ("y", "height")]);
        points.push(vec![1.0.into(), 2.0.into()]);
        let all = [points].into_iter().collect();
        let study =
            Study { convention: "c", tables: all, draw: Box::new(sheet), notes: Vec::new() };
        let written = study.write(&places).unwrap();
        assert_eq!(written.len(), 2);
        assert!(written.iter().all(|path| path.exists()));
        let page = std::fs::read_to_string(tables.join("README.md")).unwrap();
        assert!(page.contains("| `y` | height |"));
        let csv = std::fs::read_to_string(tables.join("points.csv")).unwrap();
        std::fs::write(tables.join("points.csv"), csv.replace('2', "3")).unwrap();
        let said = draw(&["points"], &sheet, &places).unwrap_err().to_string();
        for part in ["points.csv` is damaged", "`superpose again` writes it anew"] {
            assert!(said.contains(part), "{said}");
        }
        // One that was written by hand, or by an older version.
        std::fs::remove_file(tables.join("SHA256SUMS")).unwrap();
        assert_eq!(draw(&["points"], &sheet, &places).unwrap(), written);
        std::fs::remove_file(tables.join("points.csv")).unwrap();
        let said = draw(&["points"], &sheet, &places).unwrap_err().to_string();
        assert!(
            said.contains("points.csv") && said.contains("`superpose again` writes it"),
            "{said}"
        );
    }

    #[test]
    fn the_first_rows_leave_out_empty_columns_and_say_how_many_more_there_are() {
        let mut table = Table::new("t", "?", &[("x", ""), ("nothing", ""), ("y", "")]);
        for x in 0..43_usize {
            table.push(vec![x.into(), Field::Missing, 0.5.into()]);
        }
        let [Note::Rows { header, rows }, Note::Line(more)] = &Note::first(&table)[..] else {
            panic!("rows and a line");
        };
        assert_eq!(header, &["x", "y"]);
        assert_eq!((rows.len(), &rows[39]), (40, &vec!["39".to_owned(), "0.5000".to_owned()]));
        assert!(more.contains("3 more rows"), "{more}");
        assert_eq!(Note::whole(&table, &["a", "b", "c"]), {
            let row = |x: usize| vec![x.to_string(), "–".to_owned(), "0.5000".to_owned()];
            Note::rows(&["a", "b", "c"], (0..43).map(row).collect())
        });
    }

    #[test]
    fn a_sheet_without_panels_is_not_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places { tables: folder.path(), pictures: folder.path(), remedy: "" };
        let table = |rows: &[f64]| {
            let mut points = Table::new("points", "?", &[("x", ""), ("y", "")]);
            rows.iter().for_each(|x| points.push(vec![(*x).into(), (*x).into()]));
            write_csv(folder.path(), &[points]).unwrap();
        };
        table(&[]);
        assert!(draw(&["points"], &sheet, &places).unwrap().is_empty());
        table(&[1.0]);
        assert_eq!(draw(&["points"], &sheet, &places).unwrap().len(), 2);
    }

    #[test]
    fn forty_rows_are_all_shown() {
        let mut table = Table::new("t", "?", &[("x", "")]);
        (0..40_usize).for_each(|x| table.push(vec![x.into()]));
        assert_eq!(Note::first(&table).len(), 1);
        table.push(vec![40_usize.into()]);
        let [Note::Rows { rows, .. }, Note::Line(more)] = &Note::first(&table)[..] else {
            panic!("rows and a line");
        };
        assert!(rows.len() == 40 && more.contains("1 more rows"), "{more}");
    }

    #[test]
    fn a_study_is_told_without_its_drawing() {
        let tables = std::iter::empty::<Table>().collect();
        let notes = vec![Note::Line("so it is".to_owned())];
        let study = Study { convention: "losses in nats", tables, draw: Box::new(sheet), notes };
        let told = format!("{study:?}");
        assert!(told.starts_with("Study(") && told.contains("losses in nats"), "{told}");
        assert!(told.contains("so it is"), "{told}");
    }
}
