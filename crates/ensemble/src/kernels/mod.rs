//! The kernels of a step, in the order in which they run.
//!
//! ```text
//! gather    h = x W                       a hidden vector for every unit
//! respond   z = h Wᵀ + b, errors, D       what each unit's samples answer, and what that asks
//! back      dh = D W,  dW = Dᵀ h          two products
//! update    dW_i += Σ x dh;  decay, Adam  back to rows, and the step
//! ```
//!
//! All are deterministic: no sum depends on which thread is first.

pub mod back;
pub mod batch;
pub mod gather;
pub mod peak;
pub mod respond;
pub mod tile;
pub mod update;
