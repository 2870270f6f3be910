//! From a label, such as `flex` or `wgpu:1`, to a device of burn: the only crate that names a backend.
//!
//! A backend is there only if this crate was built with the feature of its name, and a GPU only if the
//! machine has one and its driver.

use std::fmt;

use burn::tensor::Device;
pub use superpose_ensemble::Client;
pub use superpose_ensemble::failure::words;

#[cfg(feature = "cuda")]
mod cuda;
#[cfg(feature = "wgpu")]
mod gpu;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod opened;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a kernel becomes a public module"
)]
mod probe;

/// The version of burn that this workspace is pinned to.
pub const BURN_VERSION: &str = "0.22.1";

/// A backend that superpose knows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// The label that `--device` takes; the feature of this crate that it comes with has its name.
    pub label: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Whether this program was built with it.
    pub built: bool,
    /// Whether it may have several devices, told apart by an index behind the label.
    pub indexed: bool,
}

/// The backend of a label, which is also that of the feature of this crate that it comes with.
macro_rules! backend {
    ($label:literal, $indexed:literal, $description:literal) => {
        Backend {
            label: $label,
            description: $description,
            built: cfg!(feature = $label),
            indexed: $indexed,
        }
    };
}

/// All backends, the preferred ones of a kind first.
pub const BACKENDS: [Backend; 6] = [
    backend!("flex", false, "burn-flex: CPU, pure Rust, one core a cell"),
    backend!(
        "ndarray",
        false,
        "burn-ndarray: CPU, one core a cell (deprecated upstream in favour of flex)"
    ),
    backend!("wgpu", true, "burn-wgpu: GPU, by the graphics API that suits the machine"),
    backend!("vulkan", true, "burn-wgpu: GPU, by Vulkan, with kernels in SPIR-V"),
    backend!("metal", true, "burn-wgpu: GPU, by Metal"),
    backend!("cuda", true, "burn-cuda: GPU of NVIDIA's, by CUDA (built, but not tested on one)"),
];

/// A device, opened.
#[derive(Clone)]
pub struct NamedDevice {
    /// The backend it belongs to.
    pub backend: Backend,
    /// What it calls itself: a GPU's name and driver, or the backend's label.
    pub name: String,
    /// The device, as burn has it.
    pub device: Device,
    /// Where kernels are launched; none on the CPU.
    pub client: Option<Client>,
    /// Whether it is a GPU made of software, which shows what is right but not what is fast.
    pub software: bool,
}

impl fmt::Debug for NamedDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, name, device, .. } = self;
        let mut fields = f.debug_struct("NamedDevice");
        fields.field("backend", backend).field("name", name).field("device", device);
        fields.finish_non_exhaustive()
    }
}

/// A GPU that a label stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Gpu {
    /// The label that stands for it.
    pub label: String,
    /// What it calls itself.
    pub name: String,
    /// Its driver, where it says.
    pub driver: String,
    /// Its memory in bytes, where it says.
    pub memory_bytes: Option<u64>,
    /// The largest array that it can have, in bytes.
    pub largest_array_bytes: u64,
    /// Memory that the threads of a cube share, in bytes.
    pub shared_memory_bytes: usize,
    /// Threads that a cube can have.
    pub threads_per_cube: u32,
}

/// Why a device cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No backend goes by this label.
    #[error("`--device` must be one of {known}, got `{label}`")]
    Unknown {
        /// The label given.
        label: String,
        /// The labels there are.
        known: String,
    },
    /// The backend exists, but this program was built without it.
    #[error(
        "`--device {label}` is not in this build, which has {known}; \
         build with `--features {feature}`"
    )]
    NotBuilt {
        /// The label given.
        label: String,
        /// The labels this build has.
        known: String,
        /// The feature it comes with.
        feature: &'static str,
    },
    /// The machine has not such a device, or not the driver.
    #[error("`--device {label}`: this machine has {found}. {advice}; `--device cpu` needs none")]
    Absent {
        /// The label given.
        label: String,
        /// The devices of the kind.
        found: String,
        /// What may be missing.
        advice: &'static str,
    },
    /// What would reach such a device is not here or does not work.
    #[error("`--device {label}`: {why}; `--device cpu` needs none")]
    Unreachable {
        /// The label given.
        label: String,
        /// What is not here, or what it says.
        why: String,
    },
    /// The device is there but of no use.
    #[error("`--device {label}` ({name}) cannot be used: {why}")]
    Unusable {
        /// The label given.
        label: String,
        /// What the device calls itself.
        name: String,
        /// What it lacks or what its driver says.
        why: String,
    },
}

/// The device that goes by `label`: a backend's, with `:` and an index where it may have several
/// (`wgpu` is `wgpu:0`, the best); `cpu` stands for the preferred CPU backend of this build.
///
/// # Errors
/// [`DeviceError`], with the labels there are.
pub fn open(label: &str) -> Result<NamedDevice, DeviceError> {
    let list = |wanted: &dyn Fn(&Backend) -> bool| {
        let labels = BACKENDS.iter().filter(|b| wanted(b)).map(|b| format!("`{}`", b.label));
        labels.chain([String::from("`cpu`")]).collect::<Vec<_>>().join(", ")
    };
    let unknown = || DeviceError::Unknown { label: label.to_owned(), known: list(&|_| true) };
    let (name, index) = match label.split_once(':') {
        None => (label, None),
        Some((name, index)) => (name, Some(index.parse::<usize>().map_err(|_| unknown())?)),
    };
    let backend = BACKENDS
        .into_iter()
        .find(|b| if name == "cpu" { b.built } else { b.label == name })
        .filter(|b| index.is_none() || b.indexed)
        .ok_or_else(unknown)?;
    let on_cpu = |device: Device| NamedDevice {
        backend,
        name: backend.label.to_owned(),
        device,
        client: None,
        software: false,
    };
    match backend.label {
        #[cfg(feature = "flex")]
        "flex" => Ok(on_cpu(Device::flex())),
        #[cfg(feature = "ndarray")]
        #[expect(deprecated, reason = "still supported here, for comparison")]
        "ndarray" => Ok(on_cpu(Device::ndarray())),
        #[cfg(feature = "wgpu")]
        "wgpu" | "vulkan" | "metal" if backend.built => {
            gpu::open(backend, label, index.unwrap_or(0))
        }
        #[cfg(feature = "cuda")]
        "cuda" => cuda::open(backend, label, index.unwrap_or(0)),
        _ => Err(DeviceError::NotBuilt {
            label: label.to_owned(),
            known: list(&|b| b.built),
            feature: backend.label,
        }),
    }
}

/// The GPUs of this machine.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gpus {
    /// They, as [`open`] would take them by `wgpu` and by `cuda`, so far as this build has those; those that
    /// cannot be opened come as the reason.
    pub found: Vec<Result<Gpu, DeviceError>>,
    /// Why one of the two reaches none, a sentence each.
    pub unreached: Vec<String>,
}

/// The GPUs that this build reaches on this machine, each after a look whether it computes.
pub fn gpus() -> Gpus {
    #[cfg_attr(not(any(feature = "wgpu", feature = "cuda")), expect(unused_mut, reason = "no GPU"))]
    let mut gpus = Gpus::default();
    #[cfg(feature = "wgpu")]
    {
        gpus.found = gpu::all();
        if gpus.found.is_empty() {
            let why = "no GPU that wgpu reaches; `wgpu` and `vulkan` need one and its driver";
            gpus.unreached.push(why.to_owned());
        }
    }
    #[cfg(feature = "cuda")]
    match cuda::all() {
        Ok(found) => gpus.found.extend(found),
        Err(why) => gpus.unreached.push(why),
    }
    gpus
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_of_this_build_opens_or_says_what_is_missing() {
        for backend in BACKENDS {
            match open(backend.label) {
                Ok(named) => assert_eq!(named.backend, backend),
                Err(error @ (DeviceError::NotBuilt { .. } | DeviceError::Unknown { .. })) => {
                    assert!(!backend.built, "{error}");
                }
                Err(error) => assert!(backend.indexed && backend.built, "{error}"),
            }
        }
    }

    #[test]
    fn an_unknown_label_is_answered_with_those_there_are() {
        for label in ["tpu", "flex:0", "wgpu:x", "wgpu:-1", ""] {
            let said = open(label).unwrap_err().to_string();
            assert!(said.contains("`flex`, `ndarray`, `wgpu`") && said.contains(label), "{said}");
        }
    }

    #[test]
    fn a_device_that_the_machine_has_not_is_an_error_that_says_which_it_has() {
        for label in ["wgpu:99", "cuda:99", "cuda:99999999999"] {
            let said = open(label).unwrap_err().to_string();
            assert!(said.contains(&format!("`--device {label}`")), "{said}");
        }
    }

    #[test]
    fn every_api_of_this_build_reaches_a_gpu_or_says_in_a_sentence_why_not() {
        let Gpus { found, unreached } = gpus();
        let labels: Vec<String> = found.iter().flatten().map(|gpu| gpu.label.clone()).collect();
        for api in BACKENDS.iter().filter(|b| ["wgpu", "cuda"].contains(&b.label)) {
            let of_it = |text: &String| text.to_lowercase().contains(api.label);
            let refused = found.iter().filter_map(|gpu| Some(gpu.as_ref().err()?.to_string()));
            let said = labels.iter().cloned().chain(refused).chain(unreached.clone());
            assert_eq!(
                said.filter(of_it).count() > 0,
                api.built,
                "{api:?}: {found:?} {unreached:?}"
            );
        }
        assert!(unreached.iter().all(|why| !why.contains('\n') && !why.ends_with('.')));
    }

    #[cfg(feature = "cuda")]
    #[test]
    fn without_a_cuda_driver_every_label_of_it_says_so() {
        if gpus().unreached.iter().all(|why| !why.contains("no CUDA driver is here")) {
            return;
        }
        for label in ["cuda", "cuda:0", "cuda:3"] {
            let said = open(label).unwrap_err().to_string();
            let begin = format!("`--device {label}`: no CUDA driver is here (");
            assert!(said.starts_with(&begin), "{said}");
            assert!(said.ends_with("; `--device cpu` needs none"), "{said}");
        }
    }
}
