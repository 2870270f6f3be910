//! The answer that a run gives: its tables, its pictures, and what to say of it.

use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, LOSSES, LOSSES_OF_KINDS, Table, TableError, Tables};
use superpose_stats::power_law::FEWEST_POINTS;
use superpose_toy::trained::Outcome;

use crate::exponents::interval_of;
use crate::models::Models;
use crate::run::Run;
use crate::{
    FitWindow, Subject, curves, decay, features, life, outcomes, overlaps, portrait, tables, widths,
};

/// The tables that the pictures are drawn from.
pub const DRAWN: [&str; 4] = ["losses", "exponents", "decay", "overlaps"];
/// Tables that are drawn if they are there: those of older runs, and of runs without weights, are not.
pub const DRAWN_IF_THERE: [&str; 6] =
    ["local_exponents", "outcomes", "curve_means", "features", "life", "gallery"];

/// Settings whose fit is said; of more, only how many there are.
const MOST_SAID: usize = 40;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Cells that were trained to the end.
    pub n_completed: usize,
    /// Cells that diverged or failed.
    pub n_lost: usize,
    /// Cells that have no record yet.
    pub n_missing: usize,
    /// Cells whose files are not what was written.
    pub n_damaged: usize,
}

impl Progress {
    /// That of `run`.
    pub fn of(run: &Run) -> Self {
        let completed = run.finished.iter().filter(|f| f.record.outcome == Outcome::Completed);
        let n_completed = completed.count();
        let n_lost = run.finished.len() - n_completed;
        let (n_missing, n_damaged) = (run.missing.len(), run.damaged.len());
        Self { n_completed, n_lost, n_missing, n_damaged }
    }
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cells completed", self.n_completed)?;
        for (n, what) in [
            (self.n_lost, "diverged or failed"),
            (self.n_missing, "not trained yet"),
            (self.n_damaged, "damaged and left out"),
        ] {
            if n > 0 {
                write!(f, ", {n} {what}")?;
            }
        }
        Ok(())
    }
}

/// The study of `run` and its `models`, with fits over the widths in `window`. Its tables are all but `results.csv`; its notes
/// are the fits and how far the run has come.
///
/// # Errors
/// [`TableError`] never, as long as this crate's tests pass.
pub fn study(run: &Run, models: &Models<'_>, window: FitWindow) -> Result<Study, TableError> {
    let tables = tables(run, models, window);
    let mut notes = fits(tables.get("exponents")?)?;
    notes.extend(models.left_out.iter().cloned().map(Note::Line));
    notes.push(Note::Line(Progress::of(run).to_string()));
    let subject = Subject::of(&run.name, run.finished.iter().map(|f| &f.record.cell));
    let draw = Box::new(move |tables: &Tables| pictures(tables, &subject));
    let has_kinds = run.finished.iter().any(|f| f.record.cell.is_variant());
    let convention = if has_kinds { LOSSES_OF_KINDS } else { LOSSES };
    Ok(Study { convention, tables, draw, notes })
}

/// The pictures of a run, from its tables [`DRAWN`] and those of [`DRAWN_IF_THERE`] that are there.
///
/// # Errors
/// [`TableError`] when a table is not there or lacks a column.
pub fn pictures(tables: &Tables, subject: &Subject) -> Result<Vec<Picture>, TableError> {
    let has = |name: &str| tables.get(name).is_ok();
    let mut pictures = vec![widths::draw(tables)?];
    if has("local_exponents") {
        pictures.extend(widths::draw_residuals(tables)?);
    }
    if has("curve_means") {
        pictures.push(curves::draw(tables)?);
    }
    pictures.extend([decay::draw(tables)?, overlaps::draw(tables)?]);
    if has("outcomes") {
        pictures.extend(outcomes::draw(tables)?);
    }
    if has("features") {
        pictures.push(features::draw(tables)?);
    }
    if has("life") {
        pictures.push(life::draw(tables)?);
    }
    if has("gallery") {
        pictures.push(portrait::draw_gallery(tables)?);
    }
    let words = subject.words();
    for picture in &mut pictures {
        picture.sheet.caption.push_str(&words);
    }
    Ok(pictures)
}

/// What is said of each fit.
const HEADER: [&str; 9] = [
    "setting",
    "exponent ± se",
    "95 % interval",
    "theory",
    "regime",
    "dead outputs (of L)",
    "of",
    "R²",
    "d",
];

/// Settings that have no exponent, by the reason.
#[derive(Debug, Default)]
struct Without {
    few_widths: usize,
    no_law: usize,
}

impl Without {
    /// Counts a setting with losses at `n_widths`.
    fn count(&mut self, n_widths: f64) {
        let few = n_widths < FEWEST_POINTS as f64;
        *(if few { &mut self.few_widths } else { &mut self.no_law }) += 1;
    }

    /// A sentence for each reason, of `n_settings` settings.
    fn reasons(&self, n_settings: usize) -> Vec<String> {
        [
            (self.few_widths, format!("it takes losses at {FEWEST_POINTS} widths or more")),
            (self.no_law, "no power law goes through their losses".to_owned()),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, why)| match n_settings {
            1 => format!("no exponent: {why}"),
            _ => format!("no exponent for {n} of {n_settings} settings: {why}"),
        })
        .collect()
    }
}

/// What to say of the fits: the first of them, and how many more there are.
fn fits(exponents: &Table) -> Result<Vec<Note>, TableError> {
    let (mut rows, mut without) = (Vec::new(), Without::default());
    for (row, method) in exponents.rows.iter().zip(interval_of(exponents)?) {
        let field = |name: &str| Ok::<&Field, TableError>(&row[exponents.column(name)?]);
        let of = |name: &str, decimals| Ok::<_, TableError>(field(name)?.rounded(decimals));
        let regime = of("regime", 0)?;
        let theory = match regime.as_str() {
            "weak" => of("predicted_weak", 2)?,
            "strong" => of("predicted_strong", 2)?,
            _ => Field::Missing.rounded(2),
        };
        if field("model_exponent")?.number().is_none() {
            without.count(field("n_points")?.number().unwrap_or(0.0));
        }
        let share = field("loss.dead_share")?;
        let dead = match share.number() {
            Some(share) => format!("{} ({:.0} %)", of("dead_outputs", 0)?, 100.0 * share),
            None => share.rounded(0),
        };
        rows.push(vec![
            of("setting", 0)?,
            format!("{} ± {}", of("model_exponent", 3)?, of("ci_se", 3)?),
            format!("{} to {}", of("ci_low", 2)?, of("ci_high", 2)?),
            theory,
            regime,
            dead,
            method,
            of("r_squared", 3)?,
            format!("{}–{}", of("d_min", 0)?, of("d_max", 0)?),
        ]);
    }
    let (n_settings, more) = (rows.len(), rows.len().saturating_sub(MOST_SAID));
    rows.truncate(MOST_SAID);
    let mut notes = vec![Note::rows(&HEADER, rows)];
    notes.extend(without.reasons(n_settings).into_iter().map(Note::Line));
    if more > 0 {
        notes.push(Note::Line(format!("… and {more} more settings in tables/exponents.csv")));
    }
    Ok(notes)
}

#[cfg(test)]
pub(crate) mod tests {
    use superpose_figures::chart::{Chart, Mark};
    use superpose_figures::panel::Panel;
    use superpose_figures::render::render;
    use superpose_toy::cell::Cell;
    use superpose_toy::trained::CurvePoint;

    use super::*;

    /// Three widths at three decays, with a curve each.
    pub(crate) fn planted() -> Run {
        let cells: [fn(&mut Cell); 9] = [
            |c| (c.model.d_hidden, c.train.weight_decay) = (8, -1.0),
            |c| (c.model.d_hidden, c.train.weight_decay) = (16, -1.0),
            |c| (c.model.d_hidden, c.train.weight_decay) = (32, -1.0),
            |c| (c.model.d_hidden, c.train.weight_decay) = (8, 0.0),
            |c| (c.model.d_hidden, c.train.weight_decay) = (16, 0.0),
            |c| (c.model.d_hidden, c.train.weight_decay) = (32, 0.0),
            |c| (c.model.d_hidden, c.train.weight_decay) = (8, 1.0),
            |c| (c.model.d_hidden, c.train.weight_decay) = (16, 1.0),
            |c| (c.model.d_hidden, c.train.weight_decay) = (32, 1.0),
        ];
        let mut run = Run::planted(&cells, |c| 2.0 / c.model.d_hidden as f64);
        for finished in &mut run.finished {
            finished.curve =
                [(10, 1.0), (20, 0.5)].map(|(step, loss)| CurvePoint { step, loss }).to_vec();
        }
        run
    }

    /// The tables of a study as they are read back.
    fn read_back(study: &Study) -> Tables {
        let read = |table: &Table| Table::from_csv(&table.name, &table.to_csv()).unwrap();
        study.tables.iter().map(read).collect()
    }

    fn chart(picture: &Picture) -> &Chart {
        match &picture.sheet.panels[..] {
            [Panel::Chart(chart)] => chart,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_picture_of_a_run_has_marks_for_every_group() {
        let study = study(&planted(), &Models::default(), FitWindow::ALL).unwrap();
        let pictures = (study.draw)(&read_back(&study)).unwrap();
        // Name, how groups are drawn, how many marks each series has, and the entries of the legend.
        let expected: [(&str, Mark, &[usize], &[&str]); 3] = [
            ("loss_by_width", Mark::Dots, &[3, 3, 3], &["γ = −1: slope −1.00", "γ = 0", "γ = 1"]),
            ("phi_half_by_decay", Mark::JoinedDots, &[3, 3, 3], &["d = 8", "d = 16", "d = 32"]),
            ("overlap_by_width", Mark::Dots, &[3, 3, 3], &["γ = −1", "γ = 0", "γ = 1", "Welch"]),
        ];
        let names: Vec<&str> = pictures.iter().map(|picture| &*picture.name).collect();
        let all = [
            "loss_by_width",
            "residuals",
            "loss_curves",
            "phi_half_by_decay",
            "overlap_by_width",
            "phase",
        ];
        assert_eq!(names, all);
        // A panel a decay, a band a width.
        let panels = &pictures[2].sheet.panels;
        assert_eq!(
            panels.iter().map(Panel::title).collect::<Vec<_>>(),
            ["γ = −1", "γ = 0", "γ = 1"]
        );
        let Panel::Chart(first) = &panels[0] else { panic!("a chart") };
        let bands = first.series.iter().filter(|s| s.mark == Mark::Band);
        assert_eq!(bands.map(|s| s.points.len()).collect::<Vec<_>>(), [2, 2, 2]);
        let single = pictures.iter().filter(|p| expected.iter().any(|e| e.0 == p.name));
        for (picture, (name, mark, counts, entries)) in single.zip(expected) {
            let chart = chart(picture);
            assert_eq!(picture.name, name);
            let groups =
                chart.series.iter().filter(|s| s.mark == mark && s.label != "least squares");
            let groups = groups.filter(|s| !s.label.starts_with("random"));
            assert_eq!(groups.map(|s| s.points.len()).collect::<Vec<_>>(), counts, "{name}");
            for entry in entries {
                let known = chart.legend().into_iter().any(|s| s.label.starts_with(entry));
                assert!(known, "{entry} in {name}");
            }
            let svg = String::from_utf8(render(&picture.sheet).unwrap().svg).unwrap();
            let dots = if mark == Mark::Line { 0 } else { counts.iter().sum() };
            assert!(svg.matches("<circle").count() >= dots, "{name}");
            assert!(svg.contains(&picture.sheet.title) && svg.contains(".csv"), "{name}");
        }
    }

    #[test]
    fn the_fit_and_the_theory_are_lines_beside_the_dots() {
        let study = study(&planted(), &Models::default(), FitWindow::ALL).unwrap();
        let picture = widths::draw(&read_back(&study)).unwrap();
        let points = |mark| -> usize {
            let series = chart(&picture).series.iter().filter(|s| s.mark == mark);
            series.map(|s| s.points.len()).sum()
        };
        // All settings have the same planted losses, so that one line holds for all.
        assert_eq!((points(Mark::Line), points(Mark::Dotted)), (3, 3));
        let bars = chart(&picture).series.iter().filter(|s| s.mark == Mark::Dots);
        assert!(bars.flat_map(|s| &s.points).all(|p| p.bar.is_some()));
    }

    #[test]
    fn what_was_not_trained_has_no_picture_and_is_said() {
        let mut run = planted();
        for finished in &mut run.finished {
            (finished.record.measured, finished.record.outcome) =
                (None, Outcome::Failed { message: "stopped".to_owned() });
            finished.curve.clear();
        }
        let study = study(&run, &Models::default(), FitWindow::ALL).unwrap();
        let pictures = (study.draw)(&read_back(&study)).unwrap();
        assert!(pictures.iter().all(|picture| picture.sheet.panels.is_empty()));
        let line = Note::Line("0 cells completed, 9 diverged or failed".to_owned());
        assert_eq!(study.notes.last(), Some(&line));
    }

    #[test]
    fn a_setting_without_an_exponent_has_a_reason() {
        let lines = |run: &Run| {
            let notes = study(run, &Models::default(), FitWindow::ALL).unwrap().notes.into_iter();
            notes.filter_map(|n| if let Note::Line(l) = n { Some(l) } else { None })
        };
        let few: [fn(&mut Cell); 2] = [|c| c.model.d_hidden = 8, |c| c.model.d_hidden = 16];
        let loss = |c: &Cell| 2.0 / c.model.d_hidden as f64;
        let mut said = lines(&Run::planted(&few, loss));
        assert_eq!(said.next().unwrap(), "no exponent: it takes losses at 3 widths or more");
        let mut run = planted();
        run.finished.retain(|f| {
            f.record.cell.train.weight_decay < 1.0 || f.record.cell.model.d_hidden == 8
        });
        let said = lines(&run).next().unwrap();
        assert_eq!(said, "no exponent for 1 of 3 settings: it takes losses at 3 widths or more");
        assert_eq!(lines(&planted()).count(), 1, "all have one");
    }

    #[test]
    fn the_fits_are_said_with_their_theory() {
        let study = study(&planted(), &Models::default(), FitWindow::ALL).unwrap();
        let Note::Rows { header, rows } = &study.notes[0] else { panic!("{:?}", study.notes) };
        assert_eq!((header.len(), rows.len()), (9, 3));
        assert_eq!(rows[0][..2], ["weight_decay=-1", "1.000 ± 0.000"]);
        assert_eq!(rows[0][3..5], ["1.00", "strong"]);
        assert_eq!(rows[0][6..], ["line, 3 widths", "1.000", "8–32"]);
    }
}
