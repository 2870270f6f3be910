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

use indexmap::IndexSet;
use serde::Deserialize;

use crate::axes::{self, Partners};
use crate::bench::Bench;
use crate::error::{ConfigError, FieldError};
use crate::grid::{self, Assignment, Grid};
use crate::kinds::in_full;
use crate::mistake;
use crate::schema::field_names;
use crate::value::{Table, Value};
use crate::written::resolve::ResolveError;
use crate::written::{CellToml, SCHEMA, SweepToml, TABLES, is_inside};
use superpose_toy::data_error::DataError;
use superpose_toy::input;
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
    /// What the author may not have expected of the cells, in sentences.
    pub remarks: Vec<String>,
}

impl Sweep {
    /// The sweep in the file at `path`, or in standard input if that is `-`, after `overrides` of the
    /// form `field=value`.
    ///
    /// The value of an override is read as TOML, and as a string if it is none. A list or a
    /// generator becomes an axis; anything else replaces the field, and an axis over it.
    ///
    /// # Errors
    /// [`ConfigError`], naming the file, the field, the value and what is allowed.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let text = input::read_text(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path, overrides)
    }

    /// As [`Sweep::read`], from the `text` of a file that would be at `path`.
    ///
    /// # Errors
    /// As for [`Sweep::read`].
    pub fn parse(text: &str, path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let reader = Reader { path };
        let of_toml = |error| reader.wrong(mistake::in_text(text, &error));
        let mut written: SweepToml = toml::from_str(text).map_err(of_toml)?;
        let mut tables: Table = toml::from_str(text).map_err(of_toml)?;
        tables.retain(|key, _| TABLES.contains(&key.as_str()));
        if written.schema.0 != SCHEMA {
            return Err(reader.wrong(FieldError::new("schema", written.schema.0, "1")));
        }
        if !is_folder_name(&written.name) {
            let allowed = "1 to 100 letters, digits, `.`, `_` or `-`, and start with none of `.-`";
            return Err(reader.wrong(FieldError::new("name", &written.name, allowed)));
        }
        let mut overridden = IndexSet::new();
        let mut twice = Vec::new();
        for text in overrides {
            let name = reader.apply_override(text, &mut written, &mut tables)?;
            if !overridden.insert(name.clone()) {
                twice.push(format!("`--set {name}` is given more than once; the last one counts"));
            }
        }
        reader.check_assignments(&written, &tables)?;
        let overridden: Vec<String> = overridden.into_iter().collect();
        let Grid { cells: assignments, mut remarks } =
            grid::grid(&written.sweep, &tables, &overridden).map_err(|e| reader.wrong(e))?;
        remarks.splice(0..0, twice);
        let mut preparer = Preparer::default();
        let mut seen = HashSet::new();
        let mut cells = Vec::with_capacity(assignments.len());
        for assignment in &assignments {
            let cell = reader.cell(&tables, assignment, &mut preparer)?;
            if seen.insert(cell.id.clone()) {
                cells.push(cell);
            }
        }
        remarks.extend(of_cells(&cells, assignments.len()));
        let description = written.description.unwrap_or_default();
        if let Some(bench) = &mut written.bench {
            if !overrides.is_empty() {
                // They are of the cells as the file has them.
                bench.expected_loss.clear();
            }
            bench.check(cells.len()).map_err(|e| reader.wrong(e))?;
        }
        Ok(Self { name: written.name, description, cells, bench: written.bench, remarks })
    }
}

/// What may not be expected of the `cells`, of which so many were `asked` for.
fn of_cells(cells: &[Prepared], asked: usize) -> Vec<String> {
    let mut remarks = Vec::new();
    if cells.len() < asked {
        let n = asked - cells.len();
        remarks.push(format!("{n} of {asked} cells are the same as others and are trained once"));
    }
    let wide = |c: &&Prepared| c.cell.model.d_hidden > c.cell.model.n_features;
    if let Some(Prepared { cell, .. }) = cells.iter().find(wide) {
        let n = cells.iter().filter(wide).count();
        remarks.push(format!(
            "in {n} of {} cells `model.d_hidden` is above `model.n_features` (such as {} above {}): \
             features have room enough and need no superposition",
            cells.len(),
            cell.model.d_hidden,
            cell.model.n_features
        ));
    }
    remarks
}

fn is_folder_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&c);
    (1..=100).contains(&name.len()) && name.chars().all(plain) && !name.starts_with(['.', '-'])
}

/// Most letters of an assignment in a message.
const ASSIGNMENT: usize = 300;

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
        if assignment.is_empty() {
            return self.wrong(message);
        }
        let assignment = mistake::cut(&grid::show(assignment), ASSIGNMENT);
        self.wrong(format!("{place} cannot be `{assignment}`: {message}"))
    }

    /// Makes an override, and returns the name of its field.
    fn apply_override(
        &self,
        text: &str,
        written: &mut SweepToml,
        tables: &mut Table,
    ) -> Result<String, ConfigError> {
        let allowed = "of the form field=value, such as train.seed=3";
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| self.wrong(FieldError::new("--set", text, allowed)))?;
        let (name, value) = (name.trim().trim_matches('"'), Value::of_text(value.trim()));
        written.sweep.axes.shift_remove(name);
        for group in &mut written.sweep.zip {
            group.shift_remove(name);
        }
        written.sweep.zip.retain(|group| !group.is_empty());
        let is_axis = axes::values(name, &value, Partners::None).is_ok();
        if is_axis || matches!(value, Value::List(_)) {
            written.sweep.axes.insert(name.to_owned(), value);
            return Ok(name.to_owned());
        }
        let assignment = Assignment::from([(name.to_owned(), value)]);
        self.check("`--set`", tables, &assignment)?;
        *tables = assigned(tables, &assignment).expect("has just been checked");
        Ok(name.to_owned())
    }

    /// Each value that `[sweep]` gives to a field fits it, seen alone, so that an error can name
    /// the axis.
    fn check_assignments(&self, written: &SweepToml, tables: &Table) -> Result<(), ConfigError> {
        let sweep = &written.sweep;
        let single = |name: &str, value: Value| Assignment::from([(name.to_owned(), value)]);
        let groups = sweep.zip.iter().flatten();
        for (name, axis) in sweep.axes.iter().chain(groups) {
            let column = grid::column("sweep", name, axis, Partners::Zipped);
            for value in column.map_err(|e| self.wrong(e))?.values {
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
        let with_it = assigned(tables, assignment).map_err(|e| refused(&e))?;
        // What is wrong without it is not its fault, and is told of a cell.
        let is_its_fault = || CellToml::deserialize(Value::Table(tables.clone())).is_ok();
        // A field inside a law, such as its exponent, may be swept beside the law itself, so a
        // law is only complete, and only checked, in the cell.
        let inside_law = assignment.keys().any(|name| is_inside(name));
        match CellToml::deserialize(Value::Table(with_it)) {
            Err(error) if !inside_law && is_its_fault() => {
                Err(refused(&mistake::in_words(error.message())))
            }
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
        let written = CellToml::deserialize(Value::Table(tables))
            .map_err(|error| refused(&mistake::in_words(error.message())))?;
        let activation_density = written.activation_density();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        written.resolve(folder, preparer).map_err(|error| match error {
            ResolveError::Field(source) => self.wrong(source),
            ResolveError::Data(DataError::Field { field, value, allowed }) => {
                self.wrong(FieldError::new(field, value, &allowed))
            }
            ResolveError::Data(source) => {
                let (path, field) = (self.path.to_owned(), source.of_field());
                match field {
                    "data.frequencies" => {
                        ConfigError::Frequencies { path, activation_density, source }
                    }
                    _ => ConfigError::Data { path, field, source },
                }
            }
        })
    }
}

/// The `tables` with the `assignment` made, or what stands in its way.
fn assigned(tables: &Table, assignment: &Assignment) -> Result<Table, String> {
    let mut tables = tables.clone();
    // A field before what is inside it, in whatever order they were written.
    let mut assignment: Vec<_> = assignment.iter().collect();
    assignment.sort_by_key(|(name, _)| name.matches('.').count());
    for (name, value) in assignment {
        let mut parts: Vec<&str> = name.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        if parts.is_empty() || last.is_empty() {
            let meant =
                meant(name).map_or(String::new(), |known| format!("; did you mean `{known}`?"));
            return Err(format!(
                "`{name}` is no field; fields are named like `model.d_hidden`{meant}"
            ));
        }
        let mut table = &mut tables;
        for (depth, part) in (1..).zip(&parts) {
            let entry =
                table.entry((*part).to_owned()).or_insert_with(|| Value::Table(Table::new()));
            // `optimizer = "sgd"` is short for a table, which a number can be put into.
            if matches!(entry, Value::Text(_)) {
                *entry = in_full(&parts[..depth].join("."), entry);
            }
            let Value::Table(inner) = entry else {
                return Err(format!("`{part}` is a value and has no fields"));
            };
            table = inner;
        }
        table.insert(last.to_owned(), value.clone());
    }
    Ok(tables)
}

/// The field that somebody meant who left out its table.
fn meant(name: &str) -> Option<String> {
    let names = field_names();
    let last = |known: &str| known.rsplit('.').next().unwrap_or_default().to_owned();
    let short: Vec<String> = names.iter().map(|known| last(known)).collect();
    let like = mistake::like(name, short.iter().map(String::as_str))?;
    let at = short.iter().position(|known| known == like)?;
    names.get(at).cloned()
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
    fn a_law_and_what_stands_in_it_can_be_two_axes() {
        let linear = EXAMPLE.replace("law = \"power\", exponent = 1.0", "law = \"linear\"");
        let laws = ["data.frequencies.law=[\"power\"]", "data.frequencies.exponent=[0.5, 1]"];
        assert_eq!(cells(&linear, &laws).len(), 120);
    }

    #[test]
    fn a_field_that_may_be_a_law_of_the_width_may_be_an_axis() {
        let rates = "[sweep]\ntrain.learning_rate = { logspace = [1e-3, 1e-1, 3] }";
        assert_eq!(cells(&EXAMPLE.replace("[sweep]", rates), &[]).len(), 180);
    }

    #[test]
    fn what_is_no_table_is_told_so() {
        let said = parse("schema = 1\nname = \"a\"\nsweep = 3", &[]).unwrap_err();
        assert!(said.contains("must be a table, got 3"), "{said}");
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
            (
                ("weight_decay = -1.0", "weight_decay = \"x\""),
                &["line 8", "weight_decay", "must be a number, got \"x\""],
            ),
            (("[train]", "[train]\nstep = 3"), &["unknown field `step`", "mean `steps`?"]),
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
            (("\"power\"", "\"pareto\""), &["unknown value `pareto`", "`power`"]),
            (("\"power\"", "\"powr\""), &["unknown value `powr`", "did you mean `power`?"]),
            (("[train]", "[train]\nsteps = \"200\""), &["a whole number, at least 1, got \"200\""]),
            (("[train]", "[train]\nsteps = 200.5"), &["a whole number, at least 1, got 200.5"]),
            (("[train]", "[train]\ntest_batches = 1"), &["between 2 and 1000000, got 1"]),
            (("[train]", "[train]\nloss_scale = 1e30"), &["`train.loss_scale`", "1e-12 and 1e12"]),
            (("[train]", "[train]\nloss_scale = 1e-13"), &["`train.loss_scale`", "1e-12 and 1e12"]),
            (("[train]", "[train]\nadam_beta2 = 1"), &["`train.adam_beta2`", "below 1, got 1"]),
            (("[train]", "[train]\nadam_epsilon = 0"), &["`train.adam_epsilon`", "above 0"]),
            (("[train]", "[train]\nlog_every = 0"), &["`train.log_every`", "at least 1, got 0"]),
            (("[train]", "[train]\nsteps = 5\nwarmup_steps = 6"), &["at most `train.steps` (5)"]),
            (("[train]", "[train]\nlearning_rate_bias = -1"), &["`train.learning_rate_bias`"]),
            (("[data]", "[model]\nbias_init_std = -1\n[data]"), &["`model.bias_init_std`", "-1"]),
            (("\"liu2025-small\"", "\"small\""), &["did you mean `liu2025-small`?"]),
            (
                ("[train]", "activation_density = 8\n[train]"),
                &["`data.activation_density` = 8", "feature 0", "1.068", "at most 7.48"],
            ),
            (("{ logspace = [10, 100, 6] }", "[10, 0]"), &["`model.d_hidden` must be between 1"]),
            (("{ logspace = [10, 100, 6] }", "[10, -4]"), &["`sweep.model.d_hidden`", "-4"]),
            (("{ logspace = [10, 100, 6] }", "[]"), &["`sweep.model.d_hidden`", "got []"]),
            (("{ logspace = [10, 100, 6] }", "[\"a\"]"), &["`sweep.model.d_hidden`", "\"a\""]),
            (("model.d_hidden", "model.d_hiden"), &["`sweep.model.d_hiden`", "`d_hidden`"]),
            (("model.d_hidden", "d_hidden"), &["no field", "did you mean `model.d_hidden`?"]),
            (
                ("{ logspace = [10, 100, 6] }", "{ values = [3] }"),
                &["`sweep.model.d_hidden`", "linspace"],
            ),
            (
                ("[sweep]", "[sweep]\nmodel.d_hidden = [3]"),
                &["`model.d_hidden` must be given once"],
            ),
            (("{ logspace = [10, 100, 6] }", "[99999999999]"), &["between 1 and 16777216"]),
            (("[train]", "[bench]\njobs = []\n[train]"), &["`bench.jobs`", "got []"]),
            (
                ("[train]", "[bench]\njobs = [1025]\n[train]"),
                &["`bench.jobs`", "at most 1024", "1025"],
            ),
            (("[train]", "[bench]\nthreads = [100000000]\n[train]"), &["`bench.threads`", "1024"]),
            (("[train]", "[bench]\nensembles = [5000]\n[train]"), &["`bench.ensembles`", "5000"]),
            (("[train]", "[bench]\nensembles = [0]\n[train]"), &["`bench.ensembles`", "got 0"]),
            (("[train]", "[bench]\nsteps_a_round = 0\n[train]"), &["`bench.steps_a_round`"]),
            (("[train]", "[bench]\nloss_tolerance = 0\n[train]"), &["`bench.loss_tolerance`"]),
            (("[train]", "[bench]\nthreads = []\n[train]"), &["`bench.threads`", "got []"]),
            (("[train]", "[bench]\nengines = []\n[train]"), &["`bench.engines`", "got []"]),
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
        assert_eq!(parse(&text, &[]).unwrap().bench.unwrap().expected_loss, [1.5; 60]);
        let text = format!(
            "{EXAMPLE}[bench]\nloss_tolerance = 25e-2\njobs = [1024]\nthreads = [1024]\nensembles = [1024]"
        );
        let bench = parse(&text, &[]).unwrap().bench.unwrap();
        assert!((bench.loss_tolerance - 0.25).abs() < f64::EPSILON);
        assert_eq!([bench.jobs, bench.threads, bench.ensembles], [[1024]; 3]);
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
        let schema = crate::schema::json_schema();
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

    #[test]
    fn seeds_and_sizes_are_exactly_those_that_were_asked_for() {
        let seeds = |overrides: &[&str]| -> Vec<u64> {
            let one = ["model.d_hidden=10", "train.weight_decay=0"];
            cells(EXAMPLE, &[&one, overrides].concat()).iter().map(|c| c.train.seed).collect()
        };
        for first in [1_000_000_000, 4_294_967_295, (1 << 53) - 1, u64::MAX - 3] {
            let expected = [first, first + 1, first + 2];
            let range = format!("train.seed={{ range = [{first}, {}] }}", first + 3);
            assert_eq!(seeds(&[&range]), expected);
            let list = format!("train.seed=[{first}, {}, {}]", first + 1, first + 2);
            assert_eq!(seeds(&[&list]), expected);
            let pinned = format!("train.seed = {first}");
            assert_eq!(seeds(&[&pinned]), [first]);
            let written = EXAMPLE.replace("[train]", &format!("[train]\nseed = {first}"));
            assert_eq!(cells(&written, &["model.d_hidden=10"])[0].data.seed, first);
            let data = format!("data.seed={first}");
            assert_eq!(cells(EXAMPLE, &[&data])[0].data.seed, first);
        }
        let powers = "train.seed={ powers_of_two = [4611686018427387904, 9223372036854775808] }";
        assert_eq!(seeds(&[powers]), [1 << 62, 1 << 63]);
        let too_large = parse(EXAMPLE, &["train.seed=18446744073709551616"]).unwrap_err();
        assert!(too_large.contains("at most 18446744073709551615"), "{too_large}");
        let steps = cells(EXAMPLE, &["train.steps={range=[1000000000,1000000001]}"]);
        assert_eq!(steps[0].train.steps, 1_000_000_000);
    }

    #[test]
    fn whole_numbers_are_whole_however_they_are_written() {
        let plain = EXAMPLE.replace("[train]", "[model]\nn_features = 20\n[train]\nsteps = 60");
        let floats = plain.replace("= 20", "= 2e1").replace("= 60", "= 60.0");
        let ids = |text: &str, overrides: &[&str]| -> Vec<_> {
            parse(text, overrides).unwrap().cells.into_iter().map(|cell| cell.id).collect()
        };
        let widths = ["model.d_hidden=[3, 5]"];
        assert_eq!(ids(&plain, &widths), ids(&floats, &widths));
        assert_eq!(ids(&plain, &widths), ids(&floats, &["model.d_hidden=[3.0, 5e0]"]));
        assert_eq!(ids(&plain, &widths), ids(&plain, &["model.d_hidden=[0x3, 0b101]"]));
        assert_eq!(ids(&plain, &["train.steps=1e2"]), ids(&plain, &["train.steps=100"]));
        assert_eq!(ids(&plain, &[]), ids(&plain.replace("schema = 1", "schema = 1.0"), &[]));
        let bench =
            format!("{EXAMPLE}[bench]\nsteps_a_round = 2e1\njobs = [1.0, 0]\nensembles = [2e1]");
        let bench = parse(&bench, &[]).unwrap().bench.unwrap();
        assert_eq!((bench.steps_a_round, bench.jobs, bench.ensembles), (20, vec![1, 0], vec![20]));
    }

    #[test]
    fn a_name_without_quotes_is_the_same_name() {
        let ids = |sweep: &str| -> Vec<_> {
            let text = format!("{}{sweep}", &EXAMPLE[..EXAMPLE.find("[sweep]").unwrap()]);
            let text = text.replace("[data]", "[model]\nd_hidden = 7\n[data]");
            parse(&text, &["model.n_features=50"])
                .unwrap()
                .cells
                .into_iter()
                .map(|c| c.id)
                .collect()
        };
        for (quoted, plain) in [
            ("[sweep]\n\"model.d_hidden\" = [3, 5]", "[sweep]\nmodel.d_hidden = [3, 5]"),
            ("[sweep]\n\"model.d_hidden\" = [3, 5]", "[sweep.model]\nd_hidden = [3, 5]"),
            (
                "[sweep]\n\"model.d_hidden\" = { range = [3, 6] }\n\"train.seed\" = [1, 2]",
                "[sweep]\nmodel.d_hidden = { range = [3, 6] }\ntrain.seed = [1, 2]",
            ),
            (
                "[sweep]\n\"model.d_hidden\" = [3]\n\"data.frequencies.exponent\" = [1, 2]",
                "[sweep]\nmodel.d_hidden = [3]\ndata.frequencies.exponent = [1, 2]",
            ),
            (
                "[[sweep.zip]]\n\"model.d_hidden\" = [3, 5]\n\"train.seed\" = [1, 2]",
                "[[sweep.zip]]\nmodel.d_hidden = [3, 5]\ntrain.seed = [1, 2]",
            ),
            (
                "[[sweep.add]]\n\"model.d_hidden\" = 3\n\"data.frequencies\" = { law = \"linear\" }",
                "[[sweep.add]]\nmodel.d_hidden = 3\ndata.frequencies = { law = \"linear\" }",
            ),
            (
                "[[sweep.add]]\n\"model.d_hidden\" = 3\n\"data.frequencies.exponent\" = 2",
                "[[sweep.add]]\nmodel.d_hidden = 3\ndata.frequencies.exponent = 2",
            ),
            (
                "[sweep]\n\"model.d_hidden\" = [3, 5]\n[[sweep.exclude]]\n\"model.d_hidden\" = 3",
                "[sweep]\nmodel.d_hidden = [3, 5]\n[[sweep.exclude]]\nmodel.d_hidden = 3",
            ),
        ] {
            assert_eq!(ids(quoted), ids(plain), "{plain}");
        }
    }

    #[test]
    fn an_override_takes_one_field_out_of_its_zip_group_and_leaves_the_others() {
        let zipped = "[[sweep.zip]]\n\"model.n_features\" = [50, 60]\n\"train.learning_rate\" = [0.1, 0.2]\n\
                      [[sweep.zip]]\n\"train.steps\" = [10, 20, 30]\n\"train.batch_size\" = [4, 5, 6]\n";
        let start = EXAMPLE.find("[sweep]").unwrap();
        let text = format!("{}{zipped}", &EXAMPLE[..start]);
        let of = |overrides: &[&str]| -> Vec<(usize, u64)> {
            let cells = cells(&text, &[&["model.d_hidden=3"], overrides].concat());
            cells.iter().map(|c| (c.model.n_features, c.train.steps)).collect()
        };
        let all = [(50, 10), (50, 20), (50, 30), (60, 10), (60, 20), (60, 30)];
        assert_eq!(of(&[]), all);
        assert_eq!(of(&["train.seed=3"]), all);
        assert_eq!(of(&["train.steps=7"]).len(), 6);
        assert!(of(&["train.steps=7"]).iter().all(|(_, steps)| *steps == 7));
        assert_eq!(of(&["train.steps=7", "train.batch_size=9"]), [(50, 7), (60, 7)]);
    }

    #[test]
    fn exclusions_follow_the_command_line() {
        let text = format!(
            "{}[sweep]\n\"model.d_hidden\" = [3, 5, 8]\n\"train.weight_decay\" = [-1.0, 1.0]\n\
             [[sweep.exclude]]\n\"model.d_hidden\" = 8\n\"train.weight_decay\" = 1.0\n\
             [[sweep.add]]\n\"model.d_hidden\" = 12\n",
            &EXAMPLE[..EXAMPLE.find("[sweep]").unwrap()]
        );
        for (set, widths) in [
            ("train.weight_decay=-1", &[3, 5, 8, 12][..]),
            ("train.weight_decay=1", &[3, 5, 12]),
            ("model.d_hidden=3", &[3, 3, 12]),
            ("model.d_hidden=[3,5]", &[3, 5, 3, 5, 12]),
            ("train.seed=3", &[3, 3, 5, 5, 8, 12]),
        ] {
            let found: Vec<usize> = cells(&text, &[set]).iter().map(|c| c.model.d_hidden).collect();
            assert_eq!(found, widths, "{set}");
        }
        let remarks = parse(&text, &["model.d_hidden=3"]).unwrap().remarks.join("\n");
        assert!(
            remarks.contains("`sweep.add[0]` adds a cell with \"model.d_hidden\" = 12"),
            "{remarks}"
        );
    }

    #[test]
    fn what_the_author_may_not_expect_is_remarked() {
        let remarks = |overrides: &[&str]| parse(EXAMPLE, overrides).unwrap().remarks.join("\n");
        assert_eq!(remarks(&[]), "");
        assert_eq!(remarks(&["model.n_features=100", "model.d_hidden=100"]), "");
        let wide = remarks(&["model.n_features=50"]);
        assert!(wide.contains("in 20 of 60 cells") && wide.contains("63 above 50"), "{wide}");
        assert!(remarks(&["train.seed=[1, 1]"]).contains("1 stands in the list more than once"));
        assert!(remarks(&["train.seed=[1, 1]"]).contains("60 of 120 cells are the same"));
        assert!(remarks(&["train.seed=1", "train.seed=2"]).contains("`--set train.seed` is given"));
        assert!(remarks(&["model.d_hidden={linspace=[1,4,3]}"]).contains("2.5 to 2"));
    }

    #[test]
    fn a_file_is_read_as_editors_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        let read = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            Sweep::read(&path, &[]).map(|sweep| sweep.cells).map_err(|e| {
                let source = std::error::Error::source(&e).map(ToString::to_string);
                format!("{e}: {}", source.unwrap_or_default())
            })
        };
        let plain = read(EXAMPLE.as_bytes()).unwrap();
        for other in [
            format!("\u{feff}{EXAMPLE}"),
            EXAMPLE.replace('\n', "\r\n"),
            EXAMPLE.replace('\n', "\r"),
            EXAMPLE.replace(" = ", "\t=\t"),
        ] {
            assert_eq!(read(other.as_bytes()).unwrap(), plain);
        }
        let utf16: Vec<u8> =
            [0xFEFF].into_iter().chain(EXAMPLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert!(read(&utf16).unwrap_err().contains("UTF-16; save it as UTF-8"));
        assert!(read(b"name = \"caf\xE9\"").unwrap_err().contains("UTF-8 (byte 0xE9 in line 1)"));
    }

    #[test]
    fn a_name_is_that_of_a_folder() {
        for (name, good) in [
            ("a", true),
            ("2026-11.b_c", true),
            ("_a", true),
            (&"a".repeat(100), true),
            (&"a".repeat(101), false),
            ("", false),
            (".a", false),
            ("-a", false),
            ("a b", false),
            ("é", false),
        ] {
            assert_eq!(is_folder_name(name), good, "{name}");
        }
    }

    #[test]
    fn the_schema_knows_the_ranges_and_the_names_of_axes() {
        let schema = crate::schema::json_schema();
        let field = |table: &str, name: &str| schema["$defs"][table]["properties"][name].clone();
        assert_eq!(field("TrainToml", "batch_size")["minimum"], 1);
        assert_eq!(field("TrainToml", "test_batches")["minimum"], 2);
        assert_eq!(field("TrainToml", "adam_beta2")["exclusiveMaximum"], 1);
        assert_eq!(field("TrainToml", "adam_epsilon")["exclusiveMinimum"], 0);
        assert_eq!(field("ModelToml", "bias_init_std")["minimum"].as_f64(), Some(0.0));
        assert_eq!(schema["properties"]["schema"]["const"], 1);
        assert!(schema["properties"]["name"]["pattern"].is_string());
        let section = &schema["$defs"]["SweepSection"];
        assert!(section["properties"]["train.seed"].is_object());
        assert!(section["properties"]["data.activation_density"].is_object());
        assert_eq!(section["additionalProperties"], false);
        for group in ["zip", "add", "exclude"] {
            assert!(section["properties"][group].is_object(), "{group}");
        }
    }

    /// The cells of a sweep, written as a sweep file: all fields in one group, a column each.
    fn rewritten(sweep: &Sweep) -> String {
        let inline = |value: &serde_json::Value| match value {
            serde_json::Value::Object(fields) => {
                let pairs: Vec<String> = fields.iter().map(|(k, v)| format!("{k} = {v}")).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
            other => other.to_string(),
        };
        let mut columns: indexmap::IndexMap<String, Vec<String>> = indexmap::IndexMap::new();
        for prepared in &sweep.cells {
            let cell = serde_json::to_value(&prepared.cell).unwrap();
            for part in TABLES {
                for (name, value) in cell[part].as_object().unwrap() {
                    columns.entry(format!("{part}.{name}")).or_default().push(inline(value));
                }
            }
        }
        let mut text = format!("schema = 1\nname = \"{}\"\n[[sweep.zip]]\n", sweep.name);
        for (name, values) in columns {
            text.push_str(&format!("\"{name}\" = [{}]\n", values.join(", ")));
        }
        text
    }

    /// What the reader takes, it takes again when it is written, and it is the same.
    fn survives(sweep: &Sweep) -> Result<(), String> {
        let again = Sweep::parse(&rewritten(sweep), Path::new("again.toml"), &[]);
        let again = again.map_err(|e| format!("{e}\n{}", rewritten(sweep)))?;
        let same = again.cells == sweep.cells && again.name == sweep.name;
        if same { Ok(()) } else { Err(rewritten(sweep)) }
    }

    #[test]
    fn what_is_read_is_written_and_read_again() {
        survives(&parse(EXAMPLE, &[]).unwrap()).unwrap();
        survives(
            &parse(EXAMPLE, &["train.seed=18446744073709551615", "train.weight_decay=1e300"])
                .unwrap(),
        )
        .unwrap();
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(text in "\\PC{0,200}") {
            if let Ok(sweep) = parse(&text, &[]) {
                proptest::prop_assert_eq!(survives(&sweep), Ok(()));
            }
        }

        #[test]
        fn what_becomes_of_a_good_file_is_refused_or_survives(
            at in 0..EXAMPLE.len(), length in 0_usize..12, insert in "[\\PC\\n]{0,12}"
        ) {
            if EXAMPLE.is_char_boundary(at) {
                let end = (at + length).min(EXAMPLE.len());
                let text = format!("{}{insert}{}", &EXAMPLE[..at], &EXAMPLE[end..]);
                if let Ok(sweep) = parse(&text, &["model.n_features=50"])
                    && sweep.cells.len() < 1000
                {
                    proptest::prop_assert_eq!(survives(&sweep), Ok(()));
                }
            }
        }

        #[test]
        fn no_override_makes_the_reader_panic(name in "[a-z_.]{0,20}", value in "\\PC{0,20}") {
            let _ = parse(EXAMPLE, &["model.n_features=50", &format!("{name}={value}")]);
        }

        #[test]
        fn whole_numbers_arrive_as_they_are_written(seed: u64, shift in 0..64_u32) {
            let seed = seed >> shift;
            let fields = ["data.seed", "train.seed", "train.log_every"];
            let values = fields.map(|field| format!("{field}={}", seed.max(1)));
            let mut overrides = vec!["model.d_hidden=3", "train.weight_decay=0"];
            overrides.extend(values.iter().map(String::as_str));
            let sweep = parse(EXAMPLE, &overrides).unwrap();
            let cell = &sweep.cells[0].cell;
            proptest::prop_assert_eq!(
                [cell.data.seed, cell.train.seed, cell.train.log_every],
                [seed.max(1); 3]
            );
            proptest::prop_assert_eq!(survives(&sweep), Ok(()));
        }
    }
}
