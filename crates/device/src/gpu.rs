//! GPUs, by wgpu.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, DeviceKind};
use cubecl::client::Client;
use cubecl::device::WgpuDeviceKind;

use crate::probe;
use crate::{Backend, DeviceError, Gpu, NamedDevice};

// What the kernels of the `gram` engine need. This crate does not import them; a test of `train`
// compares these numbers with `ensemble::plan`'s.
/// Threads of a cube.
pub const THREADS: u32 = 256;
/// Bytes of memory that the threads of a cube share.
pub const SHARED_BYTES: usize = 16 * 1024;
/// Arrays of one kernel, with the one for its plain numbers.
pub const ARRAYS: u32 = 8;

/// The GPU that is number `index` of those that `backend` reaches.
pub(crate) fn open(
    backend: Backend,
    label: &str,
    index: usize,
) -> Result<NamedDevice, DeviceError> {
    let found = reachable(backend.label);
    let Some(kind) = found.get(index) else {
        let found = match found.len() {
            0 => format!("no GPU that {} reaches", backend.label),
            1 => format!("only `{0}` (also called `{0}:0`)", backend.label),
            n => format!("`{0}:0` to `{0}:{1}`", backend.label, n - 1),
        };
        return Err(DeviceError::Absent { label: label.to_owned(), found });
    };
    let client = client(backend.label, label, kind)?;
    let name = client.properties().identity.name.clone();
    let name = match driver(backend.label, &name).as_str() {
        "" => name,
        driver => format!("{name} ({driver})"),
    };
    let software = *kind == WgpuDeviceKind::Cpu;
    let kind = match *kind {
        WgpuDeviceKind::DiscreteGpu(i) => DeviceKind::DiscreteGpu(i),
        WgpuDeviceKind::IntegratedGpu(i) => DeviceKind::IntegratedGpu(i),
        WgpuDeviceKind::VirtualGpu(i) => DeviceKind::VirtualGpu(i),
        _ => DeviceKind::Cpu,
    };
    let device = match backend.label {
        #[cfg(feature = "vulkan")]
        "vulkan" => Device::vulkan(kind),
        #[cfg(feature = "metal")]
        "metal" => Device::metal(kind),
        _ => Device::wgpu(kind),
    };
    Ok(NamedDevice { backend, name, device, client: Some(client), software })
}

/// All GPUs, by the API that suits the machine.
pub(crate) fn all() -> Vec<Result<Gpu, DeviceError>> {
    let describe = |(index, kind): (usize, &WgpuDeviceKind)| {
        let label = format!("wgpu:{index}");
        let client = client("wgpu", &label, kind)?;
        let properties = client.properties();
        Ok(Gpu {
            label,
            name: properties.identity.name.clone(),
            driver: driver("wgpu", &properties.identity.name),
            memory_bytes: properties.memory.max_memory(),
            largest_array_bytes: properties.memory.max_page_size,
            shared_memory_bytes: properties.hardware.max_shared_memory_size,
            threads_per_cube: properties.hardware.max_units_per_cube,
        })
    };
    reachable("wgpu").iter().enumerate().map(describe).collect()
}

/// The device of this kind that a backend reaches, if there is one.
fn named(backend: &str, kind: &WgpuDeviceKind) -> Option<cubecl::Device> {
    let named = match backend {
        "vulkan" => cubecl::Device::vulkan(kind.clone()),
        "metal" => cubecl::Device::metal_msl(kind.clone()),
        _ => cubecl::Device::wgpu(kind.clone()),
    };
    named.ok()
}

/// What a backend reaches, GPUs of their own first and processors that act as one last.
fn reachable(backend: &str) -> Vec<WgpuDeviceKind> {
    let there = |kind: &WgpuDeviceKind| named(backend, kind).is_some();
    let kinds: [fn(usize) -> WgpuDeviceKind; 3] =
        [WgpuDeviceKind::DiscreteGpu, WgpuDeviceKind::IntegratedGpu, WgpuDeviceKind::VirtualGpu];
    let gpus = kinds.into_iter().flat_map(|kind| (0..).map(kind).take_while(there));
    gpus.chain(Some(WgpuDeviceKind::Cpu).filter(there)).collect()
}

/// Opens a device and looks whether it has what is needed.
fn client(backend: &str, label: &str, kind: &WgpuDeviceKind) -> Result<Client, DeviceError> {
    let unusable = |name: &str, why: String| DeviceError::Unusable {
        label: label.to_owned(),
        name: name.to_owned(),
        why,
    };
    // The runtime below has no other way of saying that a driver refuses.
    let opened = catch_unwind(AssertUnwindSafe(|| named(backend, kind).map(|d| d.client())));
    let client = opened.map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&s| s.to_owned()));
        unusable("unopened", said.unwrap_or_else(|| String::from("its driver does not say why")))
    })?;
    let client = client.ok_or_else(|| unusable("unopened", String::from("it has just gone")))?;
    let properties = client.properties();
    let hardware = &properties.hardware;
    let short = |what: &str, has: usize, needed: usize| {
        (has < needed).then(|| format!("it has {has} {what}, and {needed} are needed"))
    };
    let lacks = short("threads in a cube", hardware.max_units_per_cube as usize, THREADS as usize)
        .or_else(|| short("bytes of shared memory", hardware.max_shared_memory_size, SHARED_BYTES))
        .or_else(|| short("arrays in a kernel", hardware.max_bindings as usize, ARRAYS as usize));
    match lacks.or_else(|| probe::fault(&client)) {
        Some(why) => Err(unusable(&properties.identity.name, why)),
        None => Ok(client),
    }
}

/// The driver of the adapter of this name, as the graphics API tells it.
fn driver(backend: &str, name: &str) -> String {
    let backends = match backend {
        "vulkan" => wgpu::Backends::VULKAN,
        "metal" => wgpu::Backends::METAL,
        _ => wgpu::Backends::all(),
    };
    let mut wanted = wgpu::InstanceDescriptor::new_without_display_handle();
    wanted.backends = backends;
    let adapters = wgpu::Instance::new(wanted).enumerate_adapters(backends);
    let adapters = cubecl::future::block_on(adapters);
    let infos = adapters.iter().map(wgpu::Adapter::get_info);
    let driver = infos.filter(|info| info.name == name).find(|info| !info.driver.is_empty());
    driver.map_or(String::new(), |info| {
        let version = info.driver_info.trim();
        let driver = [info.driver.trim(), version].join(" ");
        format!("{}, {}", driver.trim(), info.backend)
    })
}
