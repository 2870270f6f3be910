//! What this machine has: cores and memory.

use std::num::NonZeroUsize;

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, System};

/// Cores and memory that cells may be trained with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resources {
    /// Cores that this process may use.
    pub cores: NonZeroUsize,
    /// Memory that is free for this process, in bytes, within the limits of its control group and of
    /// its address space; infinite where the system does not say.
    pub free_bytes: f64,
}

impl Resources {
    /// Those of this machine, at this moment.
    pub fn here() -> Self {
        Self { cores: cores(), free_bytes: free_bytes() }
    }
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn free_bytes() -> f64 {
    let Ok(mut system) = System::new() else { return f64::INFINITY };
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    (system.available_memory().min(limit) as f64).min(free_addresses().unwrap_or(f64::INFINITY))
}

/// Bytes that this process may still address, where that is limited (`ulimit -v`) and the system
/// says so.
fn free_addresses() -> Option<f64> {
    let number = |text: &str| text.parse::<f64>().ok();
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit = number(line.split_whitespace().next()?)?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let taken = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let taken = number(taken.split_whitespace().next()?)? * 1024.0;
    Some((limit - taken).max(0.0))
}

/// The processor's name; `unknown processor` where the system does not say.
pub fn processor() -> String {
    let unknown = || "unknown processor".to_owned();
    let Ok(mut system) = System::new() else { return unknown() };
    system.refresh_cpu_specifics(CpuRefreshKind::nothing());
    let brand = system.cpus().first().map(|cpu| cpu.brand().trim().to_owned());
    brand.filter(|brand| !brand.is_empty()).unwrap_or_else(unknown)
}

/// A number of bytes for people: `12 MB`, `3.4 GB`.
pub fn size(bytes: f64) -> String {
    if bytes < 1e9 { format!("{:.0} MB", bytes / 1e6) } else { format!("{:.1} GB", bytes / 1e9) }
}
