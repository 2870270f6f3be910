//! What the kernels of the `gram` engine need of a GPU.
//!
//! This crate does not import them; a test of `train` compares these numbers with `ensemble::plan`'s.

/// Threads of a cube.
pub const THREADS: u32 = 256;
/// Bytes of memory that the threads of a cube share.
pub const SHARED_BYTES: usize = 16 * 1024;
/// Arrays of one kernel, with the one for its plain numbers.
pub const ARRAYS: u32 = 8;
