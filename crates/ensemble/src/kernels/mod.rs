//! The kernels of a step, in the order in which they run.
//!
//! ```text
//! gather    h = x W                       a hidden vector for every unit
//! respond   z = h Wᵀ + b, squares, D      by importance: the loss, and its gradient with respect to z
//! back      dh = D W,  dW = Dᵀ h          two products
//! update    dW_i += Σ x dh;  decay, Adam  back to rows, and the step
//! ```
//!
//! The first axis of every array is the cells, except where a step's numbers of all cells follow
//! the step's before. `n` is the number of features, `row` the hidden width and what is missing to
//! a multiple of four (padded with zeros), `stride` likewise `n`, `units` the most units that a
//! batch has, as whole tiles, and `tiles` how many tiles of units that is:
//!
//! ```text
//! weights, weights_gradient      [cells, n, row]        W, and dW
//! biases, importance             [cells, n]
//! moments                        [2, cells, n, row] or [2, cells, n]    Adam's first, then second
//! hidden, hidden_gradient        [cells, units, row]    h, and dh
//! z_gradient                     [cells, units, stride] D
//! sums                           [2, cells, tiles, n]   squared errors, then gradients of biases
//! numbers                        [steps, 2, cells, 10]  an AdamStep each, of weights, then of biases
//! losses                         [steps, cells, blocks] squared errors of a block of features
//! words                          the batches of all cells and steps, as `batches` packs them
//! ```
//!
//! An argument of type `[Four]` has four numbers of the last axis as one item. `headers`,
//! `steps_at` and `losses_at` say where this step begins in `words`, `numbers` and `losses`;
//! `row_fours` is `row / 4`. A cube's `z` is always the cell.
//!
//! All are deterministic: no sum depends on which thread is first.

pub mod back;
pub mod batch;
pub mod gather;
pub mod peak;
pub mod respond;
pub mod tile;
pub mod update;
