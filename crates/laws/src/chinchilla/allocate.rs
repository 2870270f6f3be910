//! `theory chinchilla allocate`: how compute is best spent, or how much of it a loss takes, by
//! several laws.
//!
//! The laws are the published ones, and one that `theory chinchilla fit` wrote, which has an
//! interval over its resamples.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Lines, lines};
use superpose_figures::study::{Note, Picture, Study};
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_stats::bootstrap::percentile_interval;

use super::fit::tables::{law_of, laws_of};
use super::law::{Allocation, LossSurface, PUBLISHED};
use crate::answer::{alone, answer};
use crate::error::LawError;
use crate::fits::CONFIDENCE;

/// What stands before the intervals of a law.
const INTERVAL: &str = "  95 %, bootstrap over runs";

/// What is wished.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The least loss for this compute, in operations.
    Compute(f64),
    /// This loss for the least compute.
    Loss {
        /// The loss.
        loss: f64,
        /// The most operations, if there is such a bound.
        budget: Option<f64>,
    },
}

impl Goal {
    /// How a law reaches it, or why it does not.
    fn reach(self, law: &LossSurface) -> Result<Allocation, LawError> {
        let (loss, budget) = match self {
            Self::Compute(compute) => return law.allocate(compute),
            Self::Loss { loss, budget } => (loss, budget.unwrap_or(f64::INFINITY)),
        };
        let found = law.allocate_for_loss(loss)?;
        if found.compute <= budget {
            return Ok(found);
        }
        let reached = law.allocate(budget)?.loss;
        Err(LawError(format!(
            "a loss of {loss} takes {:.4e} operations; {budget:.4e} reach {reached:.4}",
            found.compute
        )))
    }
}

/// A law by which compute can be spent.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownLaw {
    /// Whose it is.
    pub name: String,
    /// The law.
    pub law: LossSurface,
    /// The laws of resamples of its runs; none of a published law.
    pub resamples: Vec<LossSurface>,
    /// The most compute of a run that it was fitted to, in operations, where that is known.
    pub most_compute: Option<f64>,
}

impl KnownLaw {
    /// The tables of a fit that [`Self::fitted`] reads.
    pub const TABLES: [&str; 3] = ["chinchilla_fit", "chinchilla_resamples", "chinchilla_runs"];

    /// The published laws.
    pub fn published() -> Vec<Self> {
        let known = |(name, law): (&str, _)| Self {
            name: name.to_owned(),
            law,
            resamples: Vec::new(),
            most_compute: None,
        };
        PUBLISHED.map(known).into()
    }

    /// The law in the tables that a fit wrote.
    ///
    /// # Errors
    /// [`TableError`] when they lack a parameter or a column.
    pub fn fitted(name: String, tables: &Tables) -> Result<Self, TableError> {
        let law = law_of(tables.get("chinchilla_fit")?)?;
        let resamples = laws_of(tables.get("chinchilla_resamples")?)?;
        let compute = tables.get("chinchilla_runs")?.numbers("C")?;
        let most_compute = compute.into_iter().reduce(f64::max);
        Ok(Self { name, law, resamples, most_compute })
    }

    /// How this law reaches a goal.
    pub fn spend(&self, goal: Goal) -> Spending {
        Spending {
            law: self.name.clone(),
            found: goal.reach(&self.law),
            resampled: self.resamples.iter().map(|law| goal.reach(law).ok()).collect(),
            most_compute: self.most_compute,
        }
    }
}

/// How a law reaches a goal.
#[derive(Debug, Clone, PartialEq)]
pub struct Spending {
    /// Whose law it is.
    pub law: String,
    /// The best use of compute, or why the goal is out of reach.
    pub found: Result<Allocation, LawError>,
    /// The best use by each of the law's resamples that reaches the goal.
    resampled: Vec<Option<Allocation>>,
    /// The most compute of a run that the law was fitted to.
    most_compute: Option<f64>,
}

/// A number of an allocation.
pub type AllocationNumber = fn(&Allocation) -> f64;

impl Spending {
    /// The numbers of an allocation, by name.
    pub const NUMBERS: [(&str, AllocationNumber); 4] =
        [("C", |a| a.compute), ("N", |a| a.parameters), ("D", |a| a.tokens), ("loss", |a| a.loss)];

    /// The interval of a number over the resamples, infinite where they do not reach the goal;
    /// `None` without any.
    pub fn interval(&self, number: AllocationNumber) -> Option<(f64, f64)> {
        let of = |found: &Option<Allocation>| found.as_ref().map_or(f64::INFINITY, number);
        percentile_interval(self.resampled.iter().map(of).collect(), CONFIDENCE)
    }

    /// The compute to be spent divided by the most of a run that the law was fitted to, if both are
    /// known.
    pub fn beyond(&self) -> Option<f64> {
        Some(self.found.as_ref().ok()?.compute / self.most_compute?)
    }

    /// The rows of a table for people: the best use, and its interval if the law has resamples.
    fn rows(&self) -> Vec<Vec<String>> {
        let Ok(allocation) = &self.found else {
            return vec![vec![self.law.clone(), "infeasible".to_owned()]];
        };
        let [compute, parameters, tokens, loss] = Self::NUMBERS.map(|(_, number)| number);
        let shown = [compute, parameters, tokens, |a| a.tokens / a.parameters, loss];
        let values = shown.map(|number| Field::from(number(allocation)).short());
        let mut rows = vec![[vec![self.law.clone()], values.to_vec()].concat()];
        let ends = shown.map(|number| {
            let (low, high) = self.interval(number)?;
            Some(format!("{} to {}", Field::from(low).short(), Field::from(high).short()))
        });
        let ends: Option<Vec<String>> = ends.into_iter().collect();
        rows.extend(ends.map(|ends| [vec![INTERVAL.to_owned()], ends].concat()));
        rows
    }

    /// What is wrong with it, or should be known.
    fn remark(&self) -> Option<String> {
        let law = &self.law;
        match &self.found {
            Err(error) => Some(format!("{law}: {error}")),
            Ok(_) => self.beyond().filter(|beyond| *beyond > 1.0).map(|beyond| {
                format!("{law}: {} times the most compute of its runs", Field::from(beyond).short())
            }),
        }
    }
}

/// What to say of these laws.
pub fn words(spendings: &[Spending]) -> Vec<Note> {
    let header = ["law", "C (FLOP)", "N", "D (tokens)", "D/N", "loss"];
    let rows = spendings.iter().flat_map(Spending::rows).collect();
    let remarks = spendings.iter().filter_map(Spending::remark).map(Note::Line);
    std::iter::once(Note::rows(&header, rows)).chain(remarks).collect()
}

/// How these `laws` reach a goal: the table `chinchilla_allocation`, one row a law.
pub fn study(spendings: &[Spending]) -> Study {
    let mut columns = vec![("law".to_owned(), "whose".to_owned())];
    for (name, _) in Spending::NUMBERS {
        let meaning = match name {
            "C" => "floating-point operations, 6 N D",
            "N" => "parameters",
            "D" => "tokens",
            _ => "loss, of a fit in the unit of its runs, of a published law in nats a token",
        };
        columns.push((name.to_owned(), meaning.to_owned()));
        let low = "95 % interval by bootstrap over runs, lower end; none of a published law, or where resamples do not reach the goal";
        columns.push((format!("{name}_low"), low.to_owned()));
        columns.push((format!("{name}_high"), "upper end".to_owned()));
    }
    columns.push((
        "beyond".to_owned(),
        "C divided by the most compute of a run of the fit".to_owned(),
    ));
    columns.push(("infeasible".to_owned(), "why the goal is out of reach".to_owned()));
    let header: Vec<(&str, &str)> =
        columns.iter().map(|(name, meaning)| (&**name, &**meaning)).collect();
    let mut table = Table::new(
        "chinchilla_allocation",
        "How is compute best spent, or what does a loss take?",
        &header,
    );
    for spending in spendings {
        let mut row = vec![spending.law.as_str().into()];
        for (_, number) in Spending::NUMBERS {
            let found = spending.found.as_ref().ok();
            let ends = found.and_then(|_| spending.interval(number));
            row.push(found.map(number).into());
            row.extend([ends.map(|ends| ends.0), ends.map(|ends| ends.1)].map(Field::from));
        }
        row.push(spending.beyond().into());
        row.push(spending.found.as_ref().err().map(ToString::to_string).into());
        table.push(row);
    }
    answer([table], draw, words(spendings))
}

fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let mut panels = Vec::new();
    for (column, low, high, label) in [
        ("C", "C_low", "C_high", "compute C = 6 N D"),
        ("N", "N_low", "N_high", "parameters N"),
        ("D", "D_low", "D_high", "tokens D"),
        ("loss", "loss_low", "loss_high", "loss"),
    ] {
        let axis = if column == "loss" { Axis::linear(label) } else { Axis::logarithmic(label) };
        let columns = Lines {
            error_bars: ErrorBars::Ends(low, high),
            mark: Mark::Dots,
            ..Lines::plain(("law", Axis::linear("")), (column, axis))
        };
        panels.extend(lines(tables.get("chinchilla_allocation")?, &columns)?);
    }
    let caption = "Bars: 95 %, bootstrap over runs, of a fit. Table: chinchilla_allocation.csv.";
    alone("chinchilla_allocation", ("The best use of compute", caption), 2, panels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chinchilla::law::BESIROGLU;

    fn law(resamples: &[LossSurface], most_compute: Option<f64>) -> KnownLaw {
        let resamples = resamples.to_vec();
        KnownLaw { name: "ours".to_owned(), law: BESIROGLU, resamples, most_compute }
    }

    #[test]
    fn a_fitted_law_has_intervals_and_says_how_far_beyond_its_runs_it_is() {
        let worse = LossSurface { irreducible: 1.9, ..BESIROGLU };
        let spent = law(&[BESIROGLU, worse], Some(1e20)).spend(Goal::Compute(3e20));
        let best = BESIROGLU.allocate(3e20).unwrap();
        assert_eq!(spent.found, Ok(best));
        assert!((spent.beyond().unwrap() - 3.0).abs() < 1e-12);
        let (low, high) = spent.interval(|a| a.loss).unwrap();
        assert!(low < best.loss + 0.01 && high > best.loss + 0.07, "{low} {high}");
        let [Note::Rows { rows, .. }, Note::Line(line)] = &words(&[spent])[..] else {
            panic!("rows and a remark");
        };
        assert_eq!((rows.len(), rows[1].len(), &*rows[1][0]), (2, 6, INTERVAL));
        assert_eq!(line, "ours: 3 times the most compute of its runs");
    }

    #[test]
    fn a_goal_that_is_out_of_reach_has_its_reason_and_resamples_that_do_not_reach_it_no_end() {
        let goal = |loss, budget| Goal::Loss { loss, budget };
        let said = |goal| law(&[], None).spend(goal).found.unwrap_err().to_string();
        let within = said(goal(1.9, Some(1e20)));
        assert!(within.contains("operations; 1.0000e20 reach 2."), "{within}");
        assert!(said(goal(1.8, None)).contains("out of reach"));
        let found = |budget| law(&[], None).spend(goal(2.2, budget)).found;
        assert_eq!(found(Some(1e23)), found(None));
        let worse = LossSurface { irreducible: 2.3, ..BESIROGLU };
        let spent = law(&[BESIROGLU, worse], None).spend(goal(2.2, None));
        assert!(spent.interval(|a| a.compute).unwrap().1.is_infinite());
        assert!(spent.beyond().is_none() && words(&[spent]).len() == 1);
    }

    #[test]
    fn the_table_has_each_law_with_its_intervals_or_why_it_does_not_reach_the_goal() {
        let worse = LossSurface { irreducible: 1.9, ..BESIROGLU };
        let goal = Goal::Loss { loss: 1.85, budget: None };
        let beyond = LossSurface { irreducible: 1.86, ..BESIROGLU };
        let far = KnownLaw { law: beyond, ..law(&[], None) };
        let found = study(&[law(&[BESIROGLU, worse], Some(1e26)).spend(goal), far.spend(goal)]);
        let table = found.tables.get("chinchilla_allocation").unwrap();
        let best = BESIROGLU.allocate_for_loss(1.85).unwrap();
        let of = |column: &str| table.numbers(column).unwrap();
        for (column, value) in
            [("C", best.compute), ("N", best.parameters), ("D", best.tokens), ("loss", 1.85)]
        {
            assert!(
                (of(column)[0] / value - 1.0).abs() < 1e-9 && of(column)[1].is_nan(),
                "{column}"
            );
        }
        // One resample does not reach the loss: there is no upper end.
        assert!(of("C_low")[0].is_nan() || of("C_low")[0] >= best.compute);
        assert!(of("C_high")[0].is_nan() && (of("beyond")[0] - best.compute / 1e26).abs() < 1e-9);
        let reasons = table.words("infeasible").unwrap();
        assert!(reasons[0].is_empty() && reasons[1].contains("above E = 1.86"), "{reasons:?}");
        assert_eq!(
            found.notes,
            words(&[law(&[BESIROGLU, worse], Some(1e26)).spend(goal), far.spend(goal)])
        );
        let pictures = (found.draw)(&found.tables).unwrap();
        assert_eq!((pictures.len(), pictures[0].sheet.panels.len()), (1, 4));
    }
}
