//! NVIDIA's GPUs, by CUDA.
//!
//! The driver, and NVRTC, which compiles the kernels, are looked for when the program runs. Where NVRTC or
//! the toolkit's folder is missing, cubecl 0.11.3 panics at each launch, on a thread of its own that
//! catches it, and what the kernel should have written reads as if it had been. So both are
//! looked for before a device is opened.

use burn::tensor::Device;
use cubecl::client::Client;
use cudarc::driver::{result, sys as driver};
use cudarc::nvrtc::sys as nvrtc;

use crate::{Backend, DeviceError, Gpu, NamedDevice, opened};

/// The file that CUDA's driver is.
const DRIVER: &str = if cfg!(windows) { "nvcuda.dll" } else { "libcuda.so.1" };

/// The GPU that is number `index` of those that CUDA counts.
pub(crate) fn open(
    backend: Backend,
    label: &str,
    index: usize,
) -> Result<NamedDevice, DeviceError> {
    let n_gpus =
        n_gpus().map_err(|why| DeviceError::Unreachable { label: label.to_owned(), why })?;
    if index >= n_gpus {
        let found = opened::labels(backend.label, n_gpus, String::from("no GPU that CUDA reaches"));
        let advice = "If it has another GPU, `CUDA_VISIBLE_DEVICES` may hide it";
        return Err(DeviceError::Absent { label: label.to_owned(), found, advice });
    }
    let client = client(label, index)?;
    let name = format!("{} ({})", client.properties().identity.name, versions());
    let device = Device::cuda(index);
    Ok(NamedDevice { backend, name, device, client: Some(client), software: false })
}

/// All GPUs that CUDA counts, or why it counts none.
pub(crate) fn all() -> Result<Vec<Result<Gpu, DeviceError>>, String> {
    let describe = |index: usize| {
        let label = format!("cuda:{index}");
        let client = client(&label, index)?;
        Ok(opened::described(label, versions(), &client))
    };
    Ok((0..n_gpus()?).map(describe).collect())
}

/// How many GPUs there are, at least one, or why there is none.
fn n_gpus() -> Result<usize, String> {
    #[expect(unsafe_code, reason = "a library is opened, whose code then runs")]
    // SAFETY: it is the driver's own, which is opened for its devices anyway.
    let present = unsafe { driver::is_culib_present() };
    if !present {
        return Err(format!("no CUDA driver is here (`{DRIVER}`, a part of NVIDIA's driver)"));
    }
    let none = || String::from("the CUDA driver finds no GPU; `CUDA_VISIBLE_DEVICES` may hide it");
    match result::init().and_then(|()| result::device::get_count()) {
        Ok(count) => usize::try_from(count).ok().filter(|n| *n > 0).ok_or_else(none),
        Err(error) if error.0 == driver::CUresult::CUDA_ERROR_NO_DEVICE => Err(none()),
        Err(error) => Err(format!("the CUDA driver does not start: {}", words(&error))),
    }
}

fn words(error: &result::DriverError) -> String {
    match error.error_string() {
        Ok(words) => words.to_string_lossy().into_owned(),
        Err(_) => format!("{:?}", error.0),
    }
}

/// Opens a device that is there and looks whether it computes.
fn client(label: &str, index: usize) -> Result<Client, DeviceError> {
    if let Some(why) = uncompilable() {
        let ordinal = i32::try_from(index).unwrap_or(i32::MAX);
        let name = result::device::get(ordinal).and_then(result::device::get_name);
        let name = name.unwrap_or_else(|_| String::from("unnamed"));
        return Err(DeviceError::Unusable { label: label.to_owned(), name, why });
    }
    opened::client(label, || cubecl::Device::cuda(index).ok(), "")
}

/// Why no kernel can be compiled here, if that is so.
fn uncompilable() -> Option<String> {
    #[expect(unsafe_code, reason = "a library is opened, whose code then runs")]
    // SAFETY: it is NVIDIA's compiler, which is opened for the first kernel anyway.
    let present = unsafe { nvrtc::is_culib_present() };
    if !present {
        let names = if cfg!(windows) { "nvrtc64_*.dll" } else { "libnvrtc.so.13, .12 or .11" };
        return Some(format!(
            "NVRTC, which compiles the kernels ({names}), is not among the libraries here; it comes with \
             the CUDA toolkit, whose folder of libraries belongs in `LD_LIBRARY_PATH`"
        ));
    }
    cubecl::cuda::install::cuda_path().is_none().then(|| {
        String::from(
            "the folder of the CUDA toolkit is not known; set `CUDA_PATH` to it (any folder will do for \
             the engine `gram`, whose kernels include no header)",
        )
    })
}

/// The versions of CUDA that the driver has and the compiler writes for.
fn versions() -> String {
    let (mut known, mut major, mut minor) = (0, 0, 0);
    #[expect(unsafe_code, reason = "these are calls of C")]
    // SAFETY: each writes a number to where it is told, and both libraries have been found.
    unsafe {
        // One that cannot say leaves a zero.
        let _ = driver::cuDriverGetVersion(&raw mut known);
        let _ = nvrtc::nvrtcVersion(&raw mut major, &raw mut minor);
    }
    format!("CUDA {}.{}, NVRTC {major}.{minor}", known / 1000, known % 1000 / 10)
}
