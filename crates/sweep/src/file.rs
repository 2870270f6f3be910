//! A sweep file, read and expanded into cells, in three passes:
//!
//! ```text
//! text → SweepToml     typed, so that a mistake is told with its line and column
//! text → tables        untyped; --set and each value of an axis are put in and tried alone
//! tables + values of a cell → CellToml → cell, checked and prepared
//! ```

use std::collections::HashSet;
use std::fmt::Display;
use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use crate::axes;
use crate::bench::Bench;
use crate::error::{ConfigError, FieldError};
use crate::grid::{self, Assignment};
use crate::written::{CellToml, ResolveError, SCHEMA, SweepToml};
use superpose_toy::prepared::{Prepared, Preparer};

/// What a sweep file asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// Name of the sweep and of its folder.
    pub name: String,
    /// What it is for, in the author's words; empty if nothing was said.
    pub description: String,
    /// The cells, each once, in the order of the product. Each frequency file was read once.
    pub cells: Vec<Prepared>,
    /// What to measure of them, if the file says.
    pub bench: Option<Bench>,
}

impl Sweep {
    /// The sweep in the file at `path`, after `overrides` of the form `field=value`.
    ///
    /// The value of an override is read as TOML, and as a string if it is none. A list or a
    /// generator becomes an axis; anything else replaces the field, and an axis over it.
    ///
    /// # Errors
    /// [`ConfigError`], naming the file, the field, the value and what is allowed.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path, overrides)
    }

    /// As [`Sweep::read`], from the `text` of a file that would be at `path`.
    ///
    /// # Errors
    /// As for [`Sweep::read`].
    pub fn parse(text: &str, path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let reader = Reader { path };
        let mut written: SweepToml = toml::from_str(text).map_err(|e| reader.wrong(e))?;
        let mut tables: Table = toml::from_str(text).map_err(|e| reader.wrong(e))?;
        tables.retain(|key, _| ["model", "data", "train"].contains(&key));
        if written.schema != SCHEMA {
            return Err(reader.wrong(FieldError::new("schema", written.schema, "1")));
        }
        if !is_folder_name(&written.name) {
            let allowed = "1 to 100 letters, digits, `.`, `_` or `-`, and start with none of `.-`";
            return Err(reader.wrong(FieldError::new("name", &written.name, allowed)));
        }
        for text in overrides {
            reader.apply_override(text, &mut written, &mut tables)?;
        }
        reader.check_assignments(&written, &tables)?;
        let assignments = grid::assignments(&written.sweep).map_err(|e| reader.wrong(e))?;
        let mut preparer = Preparer::default();
        let mut seen = HashSet::new();
        let mut cells = Vec::with_capacity(assignments.len());
        for assignment in &assignments {
            let cell = reader.cell(&tables, assignment, &mut preparer)?;
            if seen.insert(cell.id.clone()) {
                cells.push(cell);
            }
        }
        let description = written.description.unwrap_or_default();
        if let Some(bench) = &mut written.bench {
            if !overrides.is_empty() {
                // They are of the cells as the file has them.
                bench.expected_loss.clear();
            }
            bench.check(cells.len()).map_err(|e| reader.wrong(e))?;
        }
        Ok(Self { name: written.name, description, cells, bench: written.bench })
    }
}

/// The JSON schema of a sweep file, for editors.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(SweepToml).to_value()
}

fn is_folder_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&c);
    (1..=100).contains(&name.len()) && name.chars().all(plain) && !name.starts_with(['.', '-'])
}

/// Knows the file's name, for messages.
struct Reader<'a> {
    path: &'a Path,
}

impl Reader<'_> {
    fn wrong(&self, problem: impl Display) -> ConfigError {
        ConfigError::Content { path: self.path.to_owned(), problem: problem.to_string() }
    }

    /// What is wrong with an `assignment` that was made at `place`.
    fn refused(&self, place: &str, assignment: &Assignment, message: &str) -> ConfigError {
        let assignment = grid::show(assignment);
        self.wrong(format!("{place} cannot be `{assignment}`: {message}"))
    }

    fn apply_override(
        &self,
        text: &str,
        written: &mut SweepToml,
        tables: &mut Table,
    ) -> Result<(), ConfigError> {
        let allowed = "of the form field=value, such as train.seed=3";
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| self.wrong(FieldError::new("--set", text, allowed)))?;
        let (name, value) = (name.trim(), value.trim());
        let value = format!("value = {value}")
            .parse::<Table>()
            .ok()
            .and_then(|mut table| table.remove("value"))
            .unwrap_or_else(|| Value::String(value.to_owned()));
        written.sweep.axes.shift_remove(name);
        for group in &mut written.sweep.zip {
            group.shift_remove(name);
        }
        written.sweep.zip.retain(|group| !group.is_empty());
        if axes::values(name, &value).is_ok() || value.is_array() {
            written.sweep.axes.insert(name.to_owned(), value);
            return Ok(());
        }
        let assignment = Assignment::from([(name.to_owned(), value)]);
        self.check("`--set`", tables, &assignment)?;
        *tables = assigned(tables, &assignment).expect("has just been checked");
        Ok(())
    }

    /// Each value that `[sweep]` gives to a field fits it, seen alone, so that an error can name
    /// the axis.
    fn check_assignments(&self, written: &SweepToml, tables: &Table) -> Result<(), ConfigError> {
        let sweep = &written.sweep;
        let single = |name: &str, value: Value| Assignment::from([(name.to_owned(), value)]);
        let groups = sweep.zip.iter().flatten();
        for (name, axis) in sweep.axes.iter().chain(groups) {
            for value in grid::column("sweep", name, axis).map_err(|e| self.wrong(e))? {
                self.check(&format!("`sweep.{name}`"), tables, &single(name, value))?;
            }
        }
        for (name, value) in sweep.add.iter().chain(&sweep.exclude).flatten() {
            let place = format!("`{name}` in `sweep.add` or `sweep.exclude`");
            self.check(&place, tables, &single(name, value.clone()))?;
        }
        Ok(())
    }

    fn check(
        &self,
        place: &str,
        tables: &Table,
        assignment: &Assignment,
    ) -> Result<(), ConfigError> {
        let refused = |message: &str| self.refused(place, assignment, message);
        let tables = assigned(tables, assignment).map_err(|e| refused(&e))?;
        // A field inside a law, such as its exponent, may be swept beside the law itself, so a
        // law is only complete, and only checked, in the cell.
        let inside_law = assignment.keys().any(|name| name.starts_with("data.frequencies."));
        match CellToml::deserialize(tables) {
            Err(error) if !inside_law => Err(refused(error.message().trim())),
            _ => Ok(()),
        }
    }

    fn cell(
        &self,
        tables: &Table,
        assignment: &Assignment,
        preparer: &mut Preparer,
    ) -> Result<Prepared, ConfigError> {
        let refused = |message: &str| self.refused("a cell", assignment, message);
        let tables = assigned(tables, assignment).map_err(|e| refused(&e))?;
        let written =
            CellToml::deserialize(tables).map_err(|error| refused(error.message().trim()))?;
        let activation_density = written.activation_density();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        written.resolve(folder, preparer).map_err(|error| match error {
            ResolveError::Field(source) => self.wrong(source),
            ResolveError::Frequencies(source) => {
                let path = self.path.to_owned();
                ConfigError::Frequencies { path, activation_density, source }
            }
        })
    }
}

/// The `tables` with the `assignment` made, or what stands in its way.
fn assigned(tables: &Table, assignment: &Assignment) -> Result<Table, String> {
    let mut tables = tables.clone();
    for (name, value) in assignment {
        let mut parts: Vec<&str> = name.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        if parts.is_empty() || last.is_empty() {
            return Err(format!("`{name}` is no field; fields are named like `model.d_hidden`"));
        }
        let mut table = &mut tables;
        for part in parts {
            let entry = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
            table = entry.as_table_mut().ok_or(format!("`{part}` is a value and has no fields"))?;
        }
        table.insert(last.to_owned(), value.clone());
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_toy::cell::{Cell, FrequencyLaw};
    use superpose_toy::values::ValueDistribution;

    const EXAMPLE: &str = r#"
        schema = 1
        name = "example"
        [data]
        frequencies = { law = "power", exponent = 1.0 }
        [train]
        preset = "liu2025-small"
        weight_decay = -1.0
        [sweep]
        "model.d_hidden" = { logspace = [10, 100, 6] }
        "train.weight_decay" = { linspace = [-1.0, 1.0, 10] }
    "#;

    fn cells(text: &str, overrides: &[&str]) -> Vec<Cell> {
        parse(text, overrides).unwrap().cells.into_iter().map(|prepared| prepared.cell).collect()
    }

    fn parse(text: &str, overrides: &[&str]) -> Result<Sweep, String> {
        let overrides: Vec<String> = overrides.iter().map(|&s| s.to_owned()).collect();
        Sweep::parse(text, Path::new("example.toml"), &overrides).map_err(|e| {
            let source = std::error::Error::source(&e).map(ToString::to_string);
            format!("{e} {}", source.unwrap_or_default())
        })
    }

    #[test]
    fn the_papers_small_sweep_is_its_sixty_cells() {
        let cells = cells(EXAMPLE, &[]);
        assert_eq!(cells.len(), 60);
        let last = &cells[59];
        assert_eq!((last.model.n_features, last.model.d_hidden), (1000, 100));
        assert_eq!((last.train.steps, last.train.warmup_steps), (20_000, 2000));
        assert!((last.train.weight_decay - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn neither_order_nor_a_new_axis_changes_an_id() {
        let ids = |overrides: &[&str]| -> HashSet<_> {
            parse(EXAMPLE, overrides).unwrap().cells.into_iter().map(|c| c.id).collect()
        };
        let first = ids(&[]);
        assert_eq!(first, ids(&["model.d_hidden=[100,63,39,25,15,10]"]));
        let seeds = ids(&["train.seed={ range = [0, 2] }"]);
        assert_eq!(seeds.len(), 120);
        assert!(seeds.is_superset(&first));
    }

    #[test]
    fn an_override_pins_a_field_or_sweeps_it() {
        let pinned = cells(EXAMPLE, &["train.weight_decay=0.5", "train.seed = 3"]);
        assert_eq!(pinned.len(), 6);
        assert!(pinned.iter().all(|c| c.train.seed == 3 && c.data.seed == 3));
        let text = cells(EXAMPLE, &["data.values=constant"]);
        assert_eq!(text[0].data.values, ValueDistribution::Constant);
        let swept = cells(EXAMPLE, &["data.frequencies.exponent=[0,2]"]);
        assert_eq!(swept.len(), 120);
        assert_eq!(swept[119].data.frequencies, FrequencyLaw::Power { exponent: 2.0 });
    }

    #[test]
    fn a_whole_law_can_be_an_axis() {
        let axis = r#"data.frequencies=[{law="linear"},{law="exponential",scale=400}]"#;
        assert_eq!(cells(EXAMPLE, &[axis]).len(), 120);
    }

    #[test]
    fn the_large_preset_computes_its_rates_from_the_width() {
        let overrides =
            ["train.preset=liu2025-large", "model.d_hidden=[128]", "train.weight_decay=-1"];
        let cell = &cells(EXAMPLE, &overrides)[0];
        assert_eq!(cell.model.n_features, 10_240);
        assert!((cell.train.learning_rate - 0.01).abs() < 1e-15);
        assert!((cell.train.learning_rate_bias - 2.0 / 128.0).abs() < 1e-15);
        assert!((cell.train.loss_scale - 100.0).abs() < f64::EPSILON);
        assert_eq!(cell.train.warmup_steps, 1000);
    }

    #[test]
    fn bad_input_is_answered_with_file_field_value_and_what_is_allowed() {
        for (change, parts) in [
            (("schema = 1", "schema = 2"), &["`schema` must be 1, got 2"][..]),
            (("\"example\"", "\"../up\""), &["`name` must be", "got ../up"]),
            (("weight_decay = -1.0", "weight_decay = \"x\""), &["line 8", "weight_decay"]),
            (("[train]", "[train]\nstep = 3"), &["unknown field `step`", "`steps`"]),
            (("[train]", "[train]\nsteps = 0"), &["`train.steps` must be between 1", "got 0"]),
            (("[train]", "[train]\nsteps = -3"), &["-3"]),
            (("[train]", "[train]\nlearning_rate = nan"), &["`train.learning_rate`", "got NaN"]),
            (("[train]", "[train]\nlearning_rate = true"), &["a learning rate is a number"]),
            (
                ("[train]", "[train]\nlearning_rate = { value = 1 }"),
                &["a learning rate is a number"],
            ),
            (("[train]", "[train]\nbatch_size = 16777217"), &["between 1 and 16777216"]),
            (("[train]", "[train]\nfinal_learning_rate_fraction = 2"), &["between 0 and 1, got 2"]),
            (("weight_decay = -1.0", "weight_decay = inf"), &["`train.weight_decay`", "inf"]),
            (("exponent = 1.0", "exponent = -1.0"), &["`data.frequencies.exponent`", "got -1"]),
            (("exponent = 1.0", "exponnt = 1.0"), &["exponnt"]),
            (("\"power\"", "\"pareto\""), &["unknown variant `pareto`"]),
            (
                ("[train]", "activation_density = 8\n[train]"),
                &["`data.activation_density` = 8", "feature 0", "1.068", "at most 7.48"],
            ),
            (("{ logspace = [10, 100, 6] }", "[10, 0]"), &["`model.d_hidden` must be between 1"]),
            (("{ logspace = [10, 100, 6] }", "[10, -4]"), &["`sweep.model.d_hidden`", "-4"]),
            (("{ logspace = [10, 100, 6] }", "[]"), &["`sweep.model.d_hidden`", "got []"]),
            (("{ logspace = [10, 100, 6] }", "[\"a\"]"), &["`sweep.model.d_hidden`", "\"a\""]),
            (("model.d_hidden", "model.d_hiden"), &["`sweep.model.d_hiden`", "`d_hidden`"]),
            (("model.d_hidden", "d_hidden"), &["no field", "model.d_hidden"]),
            (("{ logspace = [10, 100, 6] }", "[99999999999]"), &["between 1 and 16777216"]),
            (("[train]", "[bench]\njobs = []\n[train]"), &["`bench.jobs`", "got []"]),
            (("[train]", "[bench]\nexpected_loss = [1]\n[train]"), &["60 cells", "1 numbers"]),
            (("[train]", "[bench]\nengines = [\"cuda\"]\n[train]"), &["`cuda`", "`gram`"]),
        ] {
            assert!(EXAMPLE.contains(change.0), "{change:?}");
            let mut text = EXAMPLE.replace(change.0, change.1);
            if change.1.contains("weight_decay =") {
                text = text.replace("\"train.weight_decay\" = { linspace = [-1.0, 1.0, 10] }", "");
            }
            let said = parse(&text, &[]).unwrap_err();
            assert!(said.contains("example.toml"), "{said}");
            for part in parts {
                assert!(said.contains(part), "{change:?} should say `{part}`: {said}");
            }
        }
    }

    #[test]
    fn what_the_file_expects_of_its_cells_is_not_expected_of_others() {
        let text = format!("{EXAMPLE}[bench]\nexpected_loss = {:?}", [1.5; 60]);
        assert_eq!(parse(&text, &[]).unwrap().bench.unwrap().expected_loss.len(), 60);
        let other = parse(&text, &["model.d_hidden=7"]).unwrap();
        assert!(other.bench.unwrap().expected_loss.is_empty());
    }

    #[test]
    fn cells_of_one_sweep_share_what_their_data_have_in_common() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("counts.txt"), "4\n2\n1\n1\n").unwrap();
        let text = "schema = 1\nname = \"a\"\n[model]\nn_features = 4\n[data]\n\
                    frequencies = { law = \"file\", path = \"counts.txt\" }\n[train]\n\
                    weight_decay = 0\n[sweep]\n\"model.d_hidden\" = [1, 2, 3]";
        let sweep = Sweep::parse(text, &folder.path().join("a.toml"), &[]).unwrap();
        let p = &sweep.cells[0].probabilities;
        assert_eq!(p.as_slice(), [0.5, 0.25, 0.125, 0.125]);
        assert!(sweep.cells.iter().all(|c| std::sync::Arc::ptr_eq(p, &c.probabilities)));
    }

    #[test]
    fn what_has_no_default_is_asked_for() {
        let start = "schema = 1\nname = \"a\"\n";
        assert!(parse(start, &[]).unwrap_err().contains("`model.d_hidden` must be given"));
        let said = parse(start, &["model.d_hidden=3"]).unwrap_err();
        assert!(said.contains("`train.weight_decay` must be given"), "{said}");
        let said = parse(start, &["model.d_hidden=3", "train.weight_decay=0"]).unwrap_err();
        assert!(said.contains("`data.frequencies` must be given"), "{said}");
    }

    #[test]
    fn the_integer_fields_are_those_of_the_schema() {
        let schema = json_schema();
        let mut integers = Vec::new();
        for table in ["Model", "Data", "Train"] {
            let properties = &schema["$defs"][format!("{table}Toml")]["properties"];
            for (name, property) in properties.as_object().unwrap() {
                if property["type"].to_string().contains("integer") {
                    integers.push(format!("{}.{name}", table.to_lowercase()));
                }
            }
        }
        let mut known = axes::INTEGER_FIELDS.to_vec();
        known.sort_unstable();
        integers.sort_unstable();
        assert_eq!(integers, known);
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = parse(&text, &[]);
        }

        #[test]
        fn no_change_to_a_good_file_makes_the_reader_panic(
            at in 0..EXAMPLE.len(), length in 0_usize..12, insert in "[\\PC\\n]{0,12}"
        ) {
            if EXAMPLE.is_char_boundary(at) {
                let end = (at + length).min(EXAMPLE.len());
                let text = format!("{}{insert}{}", &EXAMPLE[..at], &EXAMPLE[end..]);
                // A count or a size may have become huge; only the answer's form matters.
                let _ = parse(&text, &["model.n_features=50"]);
            }
        }

        #[test]
        fn no_override_makes_the_reader_panic(name in "[a-z_.]{0,20}", value in "\\PC{0,20}") {
            let _ = parse(EXAMPLE, &["model.n_features=50", &format!("{name}={value}")]);
        }
    }
}
