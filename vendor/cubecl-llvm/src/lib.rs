//! What `cubecl-cuda` names of `cubecl-llvm`, without LLVM.
//!
//! `cubecl-cuda` has two ways to compile a kernel: CUDA C++, which NVRTC compiles at run time, and LLVM. The feature
//! `cuda-cpp` of `cubecl` chooses the first, but both are always built, and `cubecl-llvm` downloads LLVM when it is.
//! `[patch.crates-io]` in the root Cargo.toml puts this crate in its place, so that a build needs the registry alone.
//! Nothing here is ever asked to compile; were it, by a build without `cuda-cpp`, it would say so.

/// What belongs to NVIDIA's devices.
pub mod nvptx {
    /// The versions of PTX.
    pub mod ptx_version {
        use core::fmt;

        /// A version of PTX, the LLVM way's own: there is none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum PtxVersion {}

        impl PtxVersion {
            /// The newest version that a driver takes: none, so that nothing is chosen by it.
            pub fn for_driver(_driver: i32) -> Option<Self> {
                None
            }
        }

        impl fmt::Display for PtxVersion {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {}
            }
        }
    }
}

/// What the targets have in common.
pub mod shared {
    /// What a device offers, less what LLVM cannot lower.
    pub mod lowered_features {
        use cubecl_core::ir::DeviceProperties;

        /// The device that a kernel would be compiled for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum GpuTarget {
            /// One of NVIDIA's.
            Nvptx,
        }

        /// Takes nothing away: this is asked for on the LLVM way only.
        pub fn restrict_features(_: &mut DeviceProperties, _: GpuTarget) {}
    }
}

use core::fmt;

use cubecl_core::Compiler;
use cubecl_core::ir::nvidia::SmArch;
use cubecl_core::prelude::KernelDefinition;
use cubecl_environment::backtrace::BackTrace;
use cubecl_runtime::compiler::CompilationError;
use cubecl_runtime::kernel::BufferIOAttr;

use crate::nvptx::ptx_version::PtxVersion;

/// The target of a compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LlvmTarget {
    /// NVIDIA's devices.
    Nvptx,
}

/// The compiler that is not here.
#[derive(Clone, Debug)]
pub struct PlironCompiler {
    /// Its target.
    pub target: LlvmTarget,
}

/// Its options.
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    /// An architecture of AMD's: never one.
    pub arch: Option<()>,
    /// An architecture of NVIDIA's.
    pub sm_arch: Option<SmArch>,
    /// The version of PTX to write.
    pub ptx_version: Option<PtxVersion>,
    /// Whether plain numbers are parameters of a kernel.
    pub grid_constants: bool,
    /// The caller fills in the rest by `..Default::default()`, so there has to be a rest.
    pub rest: (),
}

/// A kernel that was compiled.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    /// Its PTX, which ends in a zero.
    pub ptx: Vec<core::ffi::c_char>,
    /// The name of the kernel in it.
    pub entrypoint: String,
    /// What it was compiled from.
    pub ir: String,
    /// The shared memory that a launch needs, in bytes.
    pub shared_memory_size: usize,
    /// What the kernel does with each of its arrays.
    pub io: Vec<BufferIOAttr>,
}

/// What comes of a compilation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PlironArtifact {
    /// PTX for a device of NVIDIA's.
    NvptxCode(NvptxModule),
}

impl fmt::Display for PlironArtifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::NvptxCode(module) = self;
        f.write_str(&module.ir)
    }
}

impl Compiler for PlironCompiler {
    type Representation = PlironArtifact;
    type CompilationOptions = PlironOptions;

    fn compile(
        &mut self,
        _: KernelDefinition,
        _: &PlironOptions,
    ) -> Result<PlironArtifact, CompilationError> {
        Err(CompilationError::Generic {
            reason: String::from("built without LLVM; CUDA's kernels go through NVRTC, by `cuda-cpp`"),
            backtrace: BackTrace::capture(),
        })
    }

    fn extension(&self) -> &'static str {
        "ll"
    }

    fn lang_tag(&self) -> &'static str {
        "llvm"
    }
}
