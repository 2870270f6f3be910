//! How weight decay chooses the regime.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::study::Picture;
use superpose_stats::summary::summarise;

use crate::facets::Facets;
use crate::pictures::grid;
use crate::run::{Finished, Run};
use crate::settings::{label, row_start, setting_fields, values, with_fields};
use superpose_files::table::{Table, TableError, Tables};
use superpose_store::record::Measured;

const DECAY: &str = "train.weight_decay";

/// Setting, width and weight decay.
type Key = (String, usize, f64);

/// One row a setting, width and weight decay.
pub fn decay(run: &Run) -> Table {
    let names: Vec<String> = setting_fields(run).into_iter().filter(|n| n != DECAY).collect();
    let mut groups: Vec<(Key, Vec<&Finished>)> = Vec::new();
    for finished in run.finished.iter().filter(|f| f.measured().is_some()) {
        let cell = &finished.record.cell;
        let setting = label(&values(&names, finished));
        let key = (setting, cell.model.d_hidden, cell.train.weight_decay);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, cells)) => cells.push(finished),
            None => groups.push((key, vec![finished])),
        }
    }
    groups.sort_by(|((a, b, c), _), ((d, e, f), _)| a.cmp(d).then(b.cmp(e)).then(c.total_cmp(f)));
    let over_seeds = |cells: &[&Finished], f: fn(&Measured) -> f64| {
        summarise(&cells.iter().filter_map(|c| c.measured()).map(f).collect::<Vec<f64>>())
    };
    let phi = |cells: &[&Finished]| over_seeds(cells, |m| m.phi_half);
    let question = "How does weight decay choose the regime?";
    let table = Table::of(
        "decay",
        question,
        &groups,
        &[
            ("setting", "the swept fields but the weight decay, in one line", &|g| {
                g.0.0.as_str().into()
            }),
            ("d_hidden", "hidden width d", &|g| g.0.1.into()),
            ("weight_decay", "signed weight decay γ", &|g| g.0.2.into()),
            ("n_seeds", "trained cells", &|g| g.1.len().into()),
            ("phi_half", "mean fraction of the rows of W with norm above 1/2", &|g| {
                phi(&g.1).mean.into()
            }),
            ("phi_half_sd", "its standard deviation over seeds", &|g| {
                phi(&g.1).standard_deviation.into()
            }),
            ("phi_one", "mean fraction of the rows of W with norm above 1", &|g| {
                over_seeds(&g.1, |m| m.phi_one).mean.into()
            }),
            ("weak_phi", "prediction for the weak regime: min(1, d/n)", &|((_, d, _), cells)| {
                (*d as f64 / cells[0].record.cell.model.n_features as f64).min(1.0).into()
            }),
            ("dead_outputs", "mean number of outputs that cannot fire", &|g| {
                over_seeds(&g.1, |m| m.dead_outputs as f64).mean.into()
            }),
        ],
    );
    with_fields(table, &names, groups.iter().map(|g| row_start(&values(&names, g.1[0]))))
}

/// The fraction of represented features against weight decay, one line a setting and width.
///
/// # Errors
/// [`TableError`] when there is no table `decay` or it lacks a column.
pub fn draw(tables: &Tables) -> Result<Picture, TableError> {
    let table = tables.get("decay")?;
    let mut decays = table.numbers("weight_decay")?;
    decays.sort_by(f64::total_cmp);
    decays.dedup();
    let facets = Facets::of(table, &[DECAY], Some(("d_hidden", "d")), &|_| String::new())?;
    // A line through two points would claim what lies between them, and one is no dependence.
    let mark = if decays.len() > 2 { Mark::JoinedDots } else { Mark::Dots };
    let guides = [Guide { column: "weak_phi", label: "weak regime: φ = d/n", mark: Mark::Dotted }];
    let fraction = Axis::linear("φ½: rows of W with norm above ½");
    let columns = facets.lines(Lines {
        error_bars: ErrorBars::Deviation("phi_half_sd"),
        guides: &guides,
        mark,
        is_parted: true,
        ..Lines::plain(
            ("weight_decay", Axis::linear("weight decay γ")),
            ("phi_half", fraction.ticked_at(&[0.0, 0.2, 0.4, 0.6, 0.8, 1.0])),
        )
    });
    let title = "Fraction of features represented against weight decay";
    let caption =
        "Bars: one standard deviation over seeds. Dotted: weak regime, φ = d/n. Table: decay.csv.";
    let mut panels = lines(&facets.table, &columns)?;
    if decays.len() < 2 {
        panels.clear();
    }
    Ok(grid("phi_half_by_decay", title, (facets.n_columns(), panels), caption))
}

#[cfg(test)]
mod tests {
    use superpose_figures::chart::Chart;
    use superpose_figures::panel::Panel;
    use superpose_toy::cell::Cell;

    use super::*;

    const CELLS: [fn(&mut Cell); 3] = [
        |c| (c.model.d_hidden, c.train.weight_decay) = (8, -1.0),
        |c| (c.model.d_hidden, c.train.weight_decay) = (8, 1.0),
        |c| (c.model.d_hidden, c.train.weight_decay) = (8, 0.0),
    ];

    fn chart(n_decays: usize) -> Chart {
        let table = decay(&Run::planted(&CELLS[..n_decays], |_| 1.0));
        let picture = draw(&[table].into_iter().collect()).unwrap();
        let [Panel::Chart(chart)] = &picture.sheet.panels[..] else { panic!("one chart") };
        chart.clone()
    }

    #[test]
    fn two_decays_are_dots_and_three_a_line_beside_what_the_weak_regime_has() {
        for (n_decays, mark) in [(2, Mark::Dots), (3, Mark::JoinedDots)] {
            let chart = chart(n_decays);
            assert!(chart.series.iter().any(|series| series.mark == mark), "{n_decays}");
            let weak = |label: &str| label.contains("weak regime");
            let guide = chart.series.iter().find(|series| weak(&series.label)).unwrap();
            assert_eq!(guide.mark, Mark::Dotted);
        }
    }
}
