//! The processor's vector registers, and which of them are used.

use pulp::{Arch, Scalar, Simd, WithSimd};

use crate::numbers::WIDEST;

/// Numbers in a slab of `G` where the second cache holds a megabyte or two, as where there is AVX-512: half a megabyte.
const LARGE_SLAB: usize = 1 << 17;
/// The same where it holds a quarter or half of one. Found on 2026-11-30 on an AMD EPYC (Zen 3), where most of the time of
/// the kernel was loads of `G` from the third cache with slabs of half a megabyte.
const SMALL_SLAB: usize = 1 << 15;

/// Vector registers that the kernels may use. Results differ between them by rounding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Registers {
    /// The widest that the processor has.
    #[default]
    Widest,
    /// Eight numbers: AVX2 with fused multiplication and addition.
    Avx2,
    /// None: plain code.
    Plain,
}

impl Registers {
    /// All kinds that this processor has.
    pub fn here() -> Vec<Self> {
        [Self::Widest, Self::Avx2, Self::Plain].into_iter().filter(|kind| kind.is_here()).collect()
    }

    fn is_here(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let has_avx2 = pulp::x86::V3::try_new().is_some();
        #[cfg(not(target_arch = "x86_64"))]
        let has_avx2 = false;
        self != Self::Avx2 || has_avx2
    }

    /// Does some work with them.
    ///
    /// # Panics
    /// When the processor has none of this kind.
    pub(crate) fn dispatch<W: WithSimd>(self, work: W) -> W::Output {
        match self {
            Self::Widest => Arch::new().dispatch(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                let avx2 = pulp::x86::V3::try_new().expect("registers are such as are here");
                Simd::vectorize(avx2, work)
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 => panic!("registers are such as are here"),
            Self::Plain => Simd::vectorize(Scalar::new(), work),
        }
    }

    /// Numbers in one of them.
    pub(crate) fn lanes(self) -> usize {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                S::F32_LANES
            }
        }
        self.dispatch(Lanes)
    }

    /// Numbers in a slab of `G`, and of `D`.
    pub(crate) fn slab_numbers(self) -> usize {
        if self.lanes() == WIDEST { LARGE_SLAB } else { SMALL_SLAB }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_registers_are_at_least_as_wide_as_any_others_here() {
        let here = Registers::here();
        assert!(here.contains(&Registers::default()) && here.contains(&Registers::Plain));
        let lanes: Vec<usize> = here.iter().map(|kind| kind.lanes()).collect();
        assert_eq!(lanes[0], *lanes.iter().max().unwrap());
        assert_eq!(Registers::Plain.lanes(), 1);
        assert!(!here.contains(&Registers::Avx2) || Registers::Avx2.lanes() == 8);
        assert!(here.iter().all(|kind| WIDEST.is_multiple_of(kind.lanes())));
    }
}
