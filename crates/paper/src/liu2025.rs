//! Liu, Liu & Gore 2025, "Superposition Yields Robust Neural Scaling" (arXiv 2505.10465, version 4): its toy
//! figures, and what goes beyond them.

mod against_paper;
mod bias_start;
mod correlated;
mod dead;
mod density;
mod exponents;
mod fate;
mod large;
mod loss;
mod norms;
mod overlaps;
pub mod published;
mod regime;
mod sixty;
mod softmax;
mod unit_rows;

use crate::figure::Figure;
use crate::papers::Paper;
use crate::sweeps::LIU2025;

/// The paper.
pub const PAPER: Paper = Paper {
    id: "liu2025",
    citation: "Liu, Liu & Gore 2025",
    figures: FIGURES,
    sweeps: LIU2025,
    records: &["liu2025.csv", "kinds.csv"],
    tiny: None,
};

/// The paper's toy figures in its order (version 4), then what goes beyond it. Figures of the large toy
/// stand beside the same at a tenth of its size.
const FIGURES: &[Figure] = &[
    large::FIGURE_1B,
    large::ANALOGUE_1B,
    large::FIGURE_1D,
    large::ANALOGUE_1D,
    regime::FIGURE_3A,
    regime::FIGURE_3B,
    loss::FIGURE_4A,
    loss::FIGURE_4B,
    norms::FIGURE_5A,
    norms::FIGURE_5B,
    overlaps::FIGURE_5C,
    overlaps::FIGURE_5D,
    exponents::FIGURE_5E,
    large::FIGURE_7,
    large::ANALOGUE_7,
    large::FIGURE_8,
    large::ANALOGUE_8,
    large::FIGURE_9A,
    large::ANALOGUE_9A,
    exponents::FIGURE_9B,
    exponents::FIGURE_10,
    norms::FIGURE_11,
    norms::FIGURE_12,
    regime::FIGURE_13,
    density::FIGURE_14,
    density::FIGURE_15,
    overlaps::FIGURE_16,
    overlaps::FIGURE_17,
    exponents::FIGURE_18,
    sixty::SIXTY_LOSSES,
    dead::DEAD_OUTPUTS,
    regime::TRANSITION_GRID,
    unit_rows::UNIT,
    softmax::CROSS_ENTROPY,
    correlated::TOGETHER,
    bias_start::START,
];
