//! From a label, such as `flex`, to a device of burn: the only crate that names a backend.
//!
//! A backend is there only if this crate was built with the feature of its name.

use burn::tensor::Device;

/// The version of burn that this workspace is pinned to.
pub const BURN_VERSION: &str = "0.22.1";

/// A backend that superpose knows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// The label that `--device` takes.
    pub label: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Whether this program was built with it.
    pub built: bool,
}

/// All backends, the preferred one first.
pub const BACKENDS: [Backend; 2] = [
    Backend {
        label: "flex",
        description: "burn-flex: CPU, pure Rust, one core a cell",
        built: cfg!(feature = "flex"),
    },
    Backend {
        label: "ndarray",
        description: "burn-ndarray: CPU, one core a cell (deprecated upstream in favour of flex)",
        built: cfg!(feature = "ndarray"),
    },
];

/// A device, opened.
#[derive(Debug, Clone)]
pub struct NamedDevice {
    /// The backend it belongs to.
    pub backend: Backend,
    /// The device, as burn has it.
    pub device: Device,
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
         build with `--features {label}`"
    )]
    NotBuilt {
        /// The label given.
        label: String,
        /// The labels this build has.
        known: String,
    },
}

/// The device that goes by `label`; `cpu` stands for the preferred CPU backend of this build.
///
/// # Errors
/// [`DeviceError`], with the labels there are.
pub fn open(label: &str) -> Result<NamedDevice, DeviceError> {
    let list = |wanted: &dyn Fn(&Backend) -> bool| {
        let labels = BACKENDS.iter().filter(|b| wanted(b)).map(|b| format!("`{}`", b.label));
        labels.chain([String::from("`cpu`")]).collect::<Vec<_>>().join(", ")
    };
    let backend = BACKENDS
        .into_iter()
        .find(|b| if label == "cpu" { b.built } else { b.label == label })
        .ok_or_else(|| DeviceError::Unknown { label: label.to_owned(), known: list(&|_| true) })?;
    let device = match backend.label {
        #[cfg(feature = "flex")]
        "flex" => Device::flex(),
        #[cfg(feature = "ndarray")]
        #[expect(deprecated, reason = "still supported here, for comparison")]
        "ndarray" => Device::ndarray(),
        _ => {
            let known = list(&|b| b.built);
            return Err(DeviceError::NotBuilt { label: label.to_owned(), known });
        }
    };
    Ok(NamedDevice { backend, device })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_of_this_build_opens_and_no_other() {
        for backend in BACKENDS {
            match open(backend.label) {
                Ok(named) => assert_eq!(named.backend, backend),
                Err(error) => assert!(!backend.built, "{error}"),
            }
        }
    }

    #[test]
    fn an_unknown_label_is_answered_with_those_there_are() {
        let said = open("tpu").unwrap_err().to_string();
        assert!(said.contains("`flex`, `ndarray`, `cpu`") && said.contains("`tpu`"), "{said}");
    }
}
