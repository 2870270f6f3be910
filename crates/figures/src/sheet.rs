//! Several panels in a grid, or one, under one title and over one caption.

use crate::panel::Panel;

/// Whether panels have the same axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axes {
    /// They have, where axes have the same titles and scales; numbers stand at the outer panels alone.
    Shared,
    /// The horizontal one is shared; each panel has its own vertical one. Where panels are very
    /// small, that one has no numbers: heights are to be compared within a panel.
    SharedX,
    /// Each panel has its own.
    Own,
}

/// A picture: panels with what holds for all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What they show; the title of a single panel is added to it.
    pub title: String,
    /// Panels in a row.
    pub columns: usize,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// Whether they have the same axes.
    pub axes: Axes,
    /// How to read the marks, and where the numbers stand; broken into lines where it must be
    /// (not at a no-break space).
    pub caption: String,
}
