//! Elhage et al. 2022, "Toy Models of Superposition": what features do in few dimensions, by how often they are
//! active and by how much they count.
//!
//! All toys start from biases at zero and values uniform on `[0, 1]`, with the constants of the preset
//! `elhage2022`. A *density* here is the probability that a feature is active (the paper's one less its sparsity).

mod dimensionality;
mod exact;
mod gallery;
mod overlap_matrix;
mod pairs;
mod phases;
mod share;

use crate::figure::Figure;
use crate::papers::Paper;
use crate::sweeps::ELHAGE2022;

/// The paper.
pub const PAPER: Paper = Paper {
    id: "elhage2022",
    citation: "Elhage et al. 2022",
    figures: FIGURES,
    sweeps: ELHAGE2022,
    records: &["elhage2022.csv"],
    tiny: Some("elhage2022-tiny.csv"),
};

/// Its figures, in its order.
const FIGURES: &[Figure] = &[
    gallery::GALLERY_5_2,
    overlap_matrix::OVERLAPS,
    phases::TWO_IN_ONE,
    phases::THREE_IN_TWO,
    dimensionality::CURVE,
    pairs::TOGETHER_OR_NEVER,
];
