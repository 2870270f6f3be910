//! GPUs, by wgpu.

use burn::tensor::{Device, DeviceKind};
use cubecl::client::Client;
use cubecl::device::WgpuDeviceKind;

use crate::{Backend, DeviceError, Gpu, NamedDevice, opened};

/// The GPU that is number `index` of those that `backend` reaches.
pub(crate) fn open(
    backend: Backend,
    label: &str,
    index: usize,
) -> Result<NamedDevice, DeviceError> {
    let found = reachable(backend.label);
    let Some(kind) = found.get(index) else {
        let none = format!("no GPU that {} reaches", backend.label);
        let found = opened::labels(backend.label, found.len(), none);
        let advice = "If it has a GPU, its driver for Vulkan (or Metal) is missing";
        return Err(DeviceError::Absent { label: label.to_owned(), found, advice });
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
        let driver = driver("wgpu", &client.properties().identity.name);
        Ok(opened::described(label, driver, &client))
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
    let advice = match backend {
        "vulkan" => "; `wgpu`, in a program built without `--features vulkan`, may work",
        _ => "; if this program was built with `--features vulkan`, one without it may work",
    };
    opened::client(label, || named(backend, kind), advice)
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
