//! What this machine has: cores and memory.

use std::num::NonZeroUsize;

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, System};

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Memory that is free for this process, in bytes, within the limits of its control group;
/// infinite where the system does not say.
pub(crate) fn free_memory_bytes() -> f64 {
    let Ok(mut system) = System::new() else { return f64::INFINITY };
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    system.available_memory().min(limit) as f64
}

/// The processor's name; `unknown processor` where the system does not say.
pub(crate) fn processor() -> String {
    let unknown = || "unknown processor".to_owned();
    let Ok(mut system) = System::new() else { return unknown() };
    system.refresh_cpu_specifics(CpuRefreshKind::nothing());
    let brand = system.cpus().first().map(|cpu| cpu.brand().trim().to_owned());
    brand.filter(|brand| !brand.is_empty()).unwrap_or_else(unknown)
}
