//! Numbers that begin where registers and cache lines do, whatever the allocator.

use std::ops::{Deref, DerefMut};

use aligned_vec::{AVec, ConstAlign};

/// Numbers in a register, of the kind that has most; rows of weights are padded to a multiple.
pub(crate) const WIDEST: usize = 16;

/// Single-precision numbers in a row, from a multiple of 64 bytes on.
#[derive(Debug, Clone)]
pub(crate) struct Numbers(AVec<f32, ConstAlign<64>>);

impl Default for Numbers {
    fn default() -> Self {
        Self(AVec::new(64))
    }
}

impl Numbers {
    /// Becomes `length` numbers: the first of those there were, and zeros if there were fewer.
    pub(crate) fn resize(&mut self, length: usize) {
        // No more than is needed: these are most of what a large model takes.
        self.0.reserve_exact(length.saturating_sub(self.0.len()));
        self.0.resize(length, 0.0);
    }

    /// Becomes `length` zeros.
    pub(crate) fn zero(&mut self, length: usize) {
        self.0.clear();
        self.resize(length);
    }

    /// Memory that is held, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<f32>()
    }
}

impl Deref for Numbers {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Numbers {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_when_they_become_more_and_take_no_more_than_they_need() {
        let mut numbers = Numbers::default();
        assert_eq!((numbers.len(), numbers.bytes()), (0, 0));
        numbers.resize(3);
        numbers.copy_from_slice(&[1.0, 2.0, 3.0]);
        numbers.resize(5);
        assert_eq!(numbers[..], [1.0, 2.0, 3.0, 0.0, 0.0]);
        assert!(numbers.as_ptr().addr().is_multiple_of(64));
        numbers.resize(1000);
        // To a whole cache line at most.
        assert!((4000..4064).contains(&numbers.bytes()), "{}", numbers.bytes());
        numbers.resize(2);
        assert_eq!(numbers[..], [1.0, 2.0]);
        numbers.zero(3);
        assert_eq!(numbers[..], [0.0; 3]);
    }
}
