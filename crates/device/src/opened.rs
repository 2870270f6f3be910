//! A GPU's client, opened and looked at, whichever API it is reached by.

use std::panic::{AssertUnwindSafe, catch_unwind};

use superpose_ensemble::Client;
use superpose_ensemble::memory::Memory;
use superpose_ensemble::plan::{CUBE_THREADS, KERNEL_ARRAYS, SHARED_BYTES};

use crate::{DeviceError, Gpu, probe};

/// The client of the device that `device` names, once a small kernel has come out right on it;
/// `advice` is added where it did not.
pub(crate) fn client(
    label: &str,
    device: impl FnOnce() -> Option<cubecl::Device>,
    advice: &str,
) -> Result<Client, DeviceError> {
    let unusable = |name: &str, why: String| DeviceError::Unusable {
        label: label.to_owned(),
        name: name.to_owned(),
        why,
    };
    // The runtime below has no other way of saying that a driver refuses.
    let opened = catch_unwind(AssertUnwindSafe(|| device().map(|d| d.client())));
    let client = opened.map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&s| s.to_owned()));
        unusable("unopened", said.unwrap_or_else(|| String::from("its driver does not say why")))
    })?;
    let client = client.ok_or_else(|| unusable("unopened", String::from("it has just gone")))?;
    let wrong = || probe::fault(&client).map(|fault| fault + advice);
    match lacking(&client).or_else(wrong) {
        Some(why) => Err(unusable(&client.properties().identity.name, why)),
        None => Ok(client),
    }
}

/// What the device lacks, if it lacks anything.
fn lacking(client: &Client) -> Option<String> {
    let hardware = &client.properties().hardware;
    let short = |what: &str, has: usize, needed: usize| {
        (has < needed).then(|| format!("it has {has} {what}, and {needed} are needed"))
    };
    short("threads in a cube", hardware.max_units_per_cube as usize, CUBE_THREADS as usize)
        .or_else(|| short("bytes of shared memory", hardware.max_shared_memory_size, SHARED_BYTES))
        .or_else(|| {
            short("arrays in a kernel", hardware.max_bindings as usize, KERNEL_ARRAYS as usize)
        })
}

/// What there is to say of a GPU.
pub(crate) fn described(label: String, driver: String, client: &Client) -> Gpu {
    let (properties, memory) = (client.properties(), Memory::of(client));
    Gpu {
        label,
        name: properties.identity.name.clone(),
        driver,
        memory_bytes: memory.bytes,
        largest_array_bytes: memory.largest_array_bytes,
        shared_memory_bytes: properties.hardware.max_shared_memory_size,
        threads_per_cube: properties.hardware.max_units_per_cube,
    }
}

/// The labels of `n` devices of a backend, as an answer to one that is not among them; `none` if there
/// are none.
pub(crate) fn labels(backend: &str, n: usize, none: String) -> String {
    match n {
        0 => none,
        1 => format!("only `{backend}` (also called `{backend}:0`)"),
        n => format!("`{backend}:0` to `{backend}:{}`", n - 1),
    }
}
