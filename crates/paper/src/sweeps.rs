//! The sweep files behind the figures, which the program carries along.

use std::collections::HashSet;

use superpose_sweep::builtin::BUILTIN;
use superpose_toy::cell::Cell;

/// One of the sweep files under `configs/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepFile {
    /// Where it stands in the repository.
    pub path: &'static str,
}

macro_rules! sweep_files {
    ($(#[$all_doc:meta])* $all:ident: $($(#[$doc:meta])* $name:ident, $path:literal;)*) => {
        $($(#[$doc])* pub const $name: SweepFile = SweepFile { path: $path };)*

        $(#[$all_doc])*
        pub const $all: &[SweepFile] = &[$($name),*];
    };
}

sweep_files! {
    /// Those of Liu, Liu & Gore 2025.
    LIU2025:
    /// The small sweep: figures 3 to 5, 9b to 13, 16 and 17.
    SMALL, "configs/paper/small.toml";
    /// Three seeds of its first row.
    SMALL_ALPHA0, "configs/paper/small-alpha0.toml";
    /// Two more seeds of three weight decays.
    SEEDS_STRONG, "configs/paper/seeds-strong.toml";
    /// Two more seeds of three data exponents.
    SEEDS_DECAY, "configs/paper/seeds-decay.toml";
    /// Four more seeds of positive weight decays at data exponents from 1.75 on.
    SEEDS_WEAK, "configs/paper/seeds-weak.toml";
    /// Seven more seeds at data exponent 0.
    SEEDS_ALPHA0, "configs/paper/seeds-alpha0.toml";
    /// The density sweep: figures 14 and 15.
    DENSITY, "configs/paper/density.toml";
    /// Figure 18.
    WIDE, "configs/paper/wide.toml";
    /// The large toy: figures 1, 7, 8 and 9a.
    LARGE, "configs/paper/large.toml";
    /// The large toy's question at 1000 features.
    LARGE_ANALOGUE, "configs/paper/large-analogue.toml";
    /// Weight decays around zero.
    TRANSITION, "configs/paper/transition.toml";
    /// Dead outputs: spread of the initial biases.
    DEAD_BIAS_INIT, "configs/dead-outputs/bias-init.toml";
    /// Dead outputs: more seeds.
    DEAD_SEEDS, "configs/dead-outputs/seeds.toml";
    /// Dead outputs: number of features.
    DEAD_SIZE, "configs/dead-outputs/size.toml";
    /// Dead outputs: learning rate of the biases, warm-up.
    DEAD_RATE, "configs/dead-outputs/rate.toml";
    /// Unit rows beside a weight decay of −1.
    UNIT_ROWS, "configs/kinds/unit-rows.toml";
    /// Softmax with cross-entropy.
    SOFTMAX, "configs/kinds/softmax.toml";
    /// Correlated features.
    CORRELATED, "configs/kinds/correlated.toml";
    /// What leaves outputs dead.
    BIAS_START, "configs/kinds/bias-start.toml";
}

sweep_files! {
    /// Those of Elhage et al. 2022.
    ELHAGE2022:
    /// Five features in two dimensions, by density.
    GALLERY, "configs/paper/elhage2022/gallery.toml";
    /// Overlaps of 20 features in 5 dimensions, by density.
    OVERLAP_MATRIX, "configs/paper/elhage2022/overlap-matrix.toml";
    /// 400 features in 30 dimensions, by density.
    DIMENSIONALITY, "configs/paper/elhage2022/dimensionality.toml";
    /// Two features in one dimension, by density and importance.
    PHASES_2_1, "configs/paper/elhage2022/phases-2-1.toml";
    /// Three features in two dimensions, by density and importance.
    PHASES_3_2, "configs/paper/elhage2022/phases-3-2.toml";
    /// Pairs of features that are active together, or never.
    PAIRS, "configs/paper/elhage2022/pairs.toml";
}

impl SweepFile {
    /// Its cells.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    pub fn cells(self) -> Vec<Cell> {
        let builtin = BUILTIN.iter().find(|builtin| builtin.path == self.path);
        let sweep = builtin.expect("a test looks for every sweep file").sweep(&[]);
        let cells = sweep.expect("a test reads every sweep file").cells;
        cells.into_iter().map(|prepared| prepared.cell).collect()
    }
}

/// The cells of the `files`, each once, in order of appearance.
pub fn cells(files: &[SweepFile]) -> Vec<Cell> {
    let mut seen = HashSet::new();
    let all = files.iter().flat_map(|file| file.cells());
    all.filter(|cell| seen.insert(cell.id())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use superpose_toy::cell::CellId;

    fn ids(files: &[SweepFile]) -> BTreeSet<CellId> {
        files.iter().flat_map(|f| f.cells()).map(|c| c.id()).collect()
    }

    #[test]
    fn the_papers_sweeps_have_the_papers_numbers_of_cells_and_share_them() {
        assert_eq!(ids(&[SMALL]).len(), 1020);
        assert_eq!(ids(&[DENSITY]).len(), 540);
        assert_eq!(ids(&[SMALL, DENSITY]).len(), 1020 + 540 - 60);
        assert_eq!(ids(&[LARGE]).len(), 48);
        // Seeds 1 and 2: three decays at 17 exponents, ten decays at three, nine of both.
        assert_eq!(ids(&[SEEDS_STRONG, SEEDS_DECAY]).len(), 2 * 6 * (3 * 17 + 10 * 3 - 9));
        // Seeds 1 to 4 of cells of the small sweep; seeds 1 and 2 at data exponent 2 are known.
        assert_eq!(ids(&[SEEDS_WEAK]).len(), 4 * 3 * 5 * 6);
        assert_eq!(ids(&[SEEDS_WEAK]).intersection(&ids(&[SEEDS_DECAY])).count(), 2 * 5 * 6);
        let at_seed_0 = SEEDS_WEAK.cells().into_iter().map(|mut cell| {
            (cell.train.seed, cell.data.seed) = (0, 0);
            cell.id()
        });
        assert!(at_seed_0.collect::<BTreeSet<_>>().is_subset(&ids(&[SMALL])));
        // The paper's spread of biases is the small sweep's.
        let shared: usize = ids(&[SMALL]).intersection(&ids(&[DEAD_BIAS_INIT])).count();
        assert_eq!(shared, 3 * 2 * 6);
        let seeds = ids(&[SMALL, SEEDS_DECAY]);
        assert_eq!(seeds.intersection(&ids(&[SMALL_ALPHA0])).count(), 180);
    }

    #[test]
    fn every_file_has_cells() {
        for file in LIU2025.iter().chain(ELHAGE2022) {
            assert!(!file.cells().is_empty(), "{}", file.path);
        }
    }
}
