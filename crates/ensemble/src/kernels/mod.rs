//! The kernels of a step, in the order in which they run.
//!
//! ```text
//! gather    h = x W                       a hidden vector for every unit; and which way it goes back
//! respond   z = h Wᵀ + b, squares, D      by importance: the loss, and its gradient with respect to z
//! dense     dh = D W,  dW = Dᵀ h          two products, where many numbers of D are not zero
//! sparse    dh += e W_c                   for the few that are not, otherwise
//! update    dW_i += Σ x dh (+ Σ e h);     back to rows, and the step: decay, Adam
//! ```
//!
//! The first axis of every array is the cells, except where there are several arrays in one. `n` is
//! the number of features, `row` the hidden width and what is missing to a multiple of four (padded
//! with zeros), `stride` likewise `n`, `units` the most units that a batch has, as whole tiles,
//! `tiles` how many tiles of units that is, and `parts` those of the features that `dh` is summed up
//! in on the dense way:
//!
//! ```text
//! weights      [2, cells, n, row]            W, and dW
//! moments      [2, cells, n, row] or [2, cells, n]    Adam's first, then second
//! features     biases and importances [cells, n], and [cells, 1 + blocks]: the way, 1 if it is the dense one,
//!              and how many answers of a block of features were not zero at the step before
//! hidden       [1 + parts, cells, units, row]   h, and dh
//! z_gradient   [cells, units, stride]        D
//! marks        where D is not zero, as `bits` has them
//! sums         [2, cells, tiles, n]          squared errors, then gradients of biases
//! losses       [steps, cells, blocks]        squared errors of a block of features
//! words        the batches of all cells and steps, as `batches` packs them, and then
//!              [steps, 2, cells, 10]         an AdamStep each, of weights, then of biases
//! ```
//!
//! An argument of type `[Four]` has four numbers of the last axis as one item. `headers`,
//! `steps_at` and `losses_at` say where this step begins in `words` and `losses`; `row_fours` is
//! `row / 4`, `stride_fours` `stride / 4`. A cube's `z` is always the cell.
//!
//! All are deterministic: no sum depends on which thread is first. The way of a cell's step depends on
//! its own answers alone.

pub mod back;
pub mod batch;
pub mod bits;
pub mod features;
pub mod gather;
pub mod peak;
pub mod respond;
pub mod tile;
pub mod update;
