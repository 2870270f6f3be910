//! The papers whose figures there are.

use crate::figure::Figure;
use crate::sweeps::SweepFile;
use crate::{elhage2022, liu2025};

/// A paper, with its figures and the run that they share.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    /// What it is called on the command line; the name of its run too.
    pub id: &'static str,
    /// Authors and year.
    pub citation: &'static str,
    /// Its figures, and experiments of our own beside them.
    pub figures: &'static [Figure],
    /// The sweeps of its run.
    pub sweeps: &'static [SweepFile],
    /// The tables of records in `experiments`: of cells of the paper's own kind, and of other kinds.
    pub records: &'static [&'static str],
    /// The table of tiny cells in `experiments`, with their weights, if there is one.
    pub tiny: Option<&'static str>,
}

/// All papers, the first one first.
pub static PAPERS: [Paper; 2] = [liu2025::PAPER, elhage2022::PAPER];

/// All figures, paper by paper.
pub fn figures() -> impl Iterator<Item = &'static Figure> {
    PAPERS.iter().flat_map(|paper| paper.figures)
}

/// The figure called `id`.
pub fn find(id: &str) -> Option<&'static Figure> {
    figures().find(|f| f.id == id)
}

/// The paper of a figure.
///
/// # Panics
/// When no paper has a figure of that name.
pub fn paper_of(figure: &Figure) -> &'static Paper {
    let has = |paper: &&Paper| paper.figures.iter().any(|f| f.id == figure.id);
    PAPERS.iter().find(has).expect("every figure is one of a paper's")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::convert::Infallible;

    use superpose_analysis::run::Finished;
    use superpose_store::record::Record;
    use superpose_toy::cell::{Cell, CellId};
    use superpose_toy::trained::Weights;

    use super::*;
    use crate::figure::Material;

    /// Cells of a figure as if they had been trained, with numbers that depend on the cell in a way that
    /// theory allows.
    fn planted(figure: &Figure) -> Vec<Finished> {
        let golden = include_str!("../../store/tests/record-2.json");
        let golden: Record = serde_json::from_str(golden).unwrap();
        let plant = |cell: Cell| {
            let mut record = golden.clone();
            record.cell_id = cell.id();
            let d = cell.model.d_hidden as f64;
            let measured = record.measured.as_mut().unwrap();
            measured.loss_test = 3.0 / d;
            measured.loss_dead_part = 1.0 / d;
            measured.overlap_mean_square_strong = Some(1.0 / d);
            let probabilities = cell.probabilities().unwrap().as_slice().to_vec();
            record.cell = cell;
            Finished { record, curve: Vec::new(), probabilities }
        };
        figure.cells().into_iter().map(plant).collect()
    }

    fn material<'a>(figure: &Figure, finished: &'a [Finished]) -> Material<'a> {
        let sizes: BTreeMap<&CellId, (usize, usize)> = finished
            .iter()
            .map(|f| (&f.record.cell_id, &f.record.cell.model))
            .map(|(id, model)| (id, (model.n_features, model.d_hidden)))
            .collect();
        let weights = |id: &CellId| {
            let of_size = |(n_features, d_hidden): &(usize, usize)| Weights {
                n_features: *n_features,
                d_hidden: *d_hidden,
                weights: vec![0.5; n_features * d_hidden],
                bias: vec![0.0; *n_features],
                decoder: None,
            };
            Ok::<_, Infallible>(sizes.get(id).map(of_size))
        };
        Material::of(figure, finished, weights).unwrap()
    }

    #[test]
    fn every_figure_is_made_and_drawn_from_its_cells_and_from_none() {
        for figure in figures() {
            let cells = planted(figure);
            for finished in [&cells[..], &[]] {
                let material = material(figure, finished);
                assert_eq!(material.n_missing(), cells.len() - finished.len(), "{}", figure.id);
                let findings = (figure.make)(&material);
                assert!(!findings.claims.is_empty(), "{} claims nothing", figure.id);
                let pictures = figure.pictures(&findings.tables).unwrap();
                assert_eq!(pictures[0].name, "figure");
                let not_run = findings.claims.iter().filter(|c| c.ours.is_none()).count();
                match finished.len() {
                    0 => assert_eq!(not_run, findings.claims.len(), "{}", figure.id),
                    _ => assert!(!pictures[0].sheet.panels.is_empty(), "{}", figure.id),
                }
            }
        }
    }

    #[test]
    fn planted_losses_give_their_exponents() {
        let figure = find("9b").unwrap();
        let finished = planted(figure);
        let findings = (figure.make)(&material(figure, &finished));
        let exponents =
            findings.tables.get("exponents").unwrap().numbers("model_exponent").unwrap();
        assert_eq!(exponents.len(), 170);
        assert!(exponents.iter().all(|e| (e - 1.0).abs() < 1e-12));
    }

    #[test]
    fn ids_and_folders_are_distinct_and_no_text_is_missing() {
        let ids: BTreeSet<&str> = figures().map(|f| f.id).collect();
        for figure in figures() {
            let texts = [figure.title, figure.question, figure.against, figure.limits];
            assert!(texts.iter().all(|text| !text.is_empty()), "{} lacks a text", figure.id);
        }
        let folders: BTreeSet<String> = figures().map(Figure::folder).collect();
        assert_eq!((ids.len(), folders.len()), (figures().count(), figures().count()));
    }
}
