//! What this machine has: cores and memory.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, System};

/// Cores and memory that cells may be trained with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resources {
    /// Cores that this process may use: real ones, each once, however many threads it runs side by side. Two cells
    /// on one core would share its arithmetic and halve its caches.
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
    // Threads that may run at once, within affinity and the quota of the control group.
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    fewer(threads, allowed_cores().or_else(all_cores))
}

/// The number of cores, if it is known, but no more than threads may run at once.
fn fewer(threads: NonZeroUsize, cores: Option<NonZeroUsize>) -> NonZeroUsize {
    cores.map_or(threads, |cores| cores.min(threads))
}

/// Cores of the machine.
fn all_cores() -> Option<NonZeroUsize> {
    NonZeroUsize::new(System::physical_core_count().ok()?)
}

/// Cores that have a thread which this process may run on, where the system says so (Linux).
fn allowed_cores() -> Option<NonZeroUsize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    cores_of(allowed, &|cpu| {
        let topology = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
        let read = |name: &str| std::fs::read_to_string(format!("{topology}/{name}")).ok();
        // The second is what the first was called before Linux 5.3.
        read("core_cpus_list").or_else(|| read("thread_siblings_list"))
    })
}

/// Cores of the listed processors (`0-3,8`), each of which has `siblings` on its core; none if not all is known.
fn cores_of(list: &str, siblings: &dyn Fn(usize) -> Option<String>) -> Option<NonZeroUsize> {
    let mut cores = BTreeSet::new();
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        for cpu in first.parse().ok()?..=last.parse().ok()? {
            cores.insert(siblings(cpu)?.trim().to_owned());
        }
    }
    NonZeroUsize::new(cores.len())
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

/// A duration for people: `41 s`, `12 min`, `3.4 h`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four cores of two threads: 0 and 4, 1 and 5, and so on.
    fn siblings(cpu: usize) -> Option<String> {
        (cpu < 8).then(|| format!("{},{}\n", cpu % 4, cpu % 4 + 4))
    }

    #[test]
    fn a_core_counts_once_however_many_of_its_threads_are_allowed() {
        let cases = [("0-7", 4), ("\t0-3\n", 4), ("0,4", 1), ("0-1,4", 2), ("2", 1), ("1,5-6", 2)];
        for (allowed, cores) in cases {
            assert_eq!(
                cores_of(allowed, &siblings).map(NonZeroUsize::get),
                Some(cores),
                "{allowed}"
            );
        }
    }

    #[test]
    fn what_is_not_known_of_one_processor_is_not_guessed() {
        for allowed in ["0-8", "", "a", "0-", "3-1"] {
            assert_eq!(cores_of(allowed, &siblings), None, "{allowed}");
        }
    }

    #[test]
    fn a_quota_of_fewer_threads_than_cores_holds() {
        let some = |count| NonZeroUsize::new(count).unwrap();
        assert_eq!(fewer(some(2), Some(some(4))), some(2));
        assert_eq!(fewer(some(8), Some(some(4))), some(4));
        assert_eq!(fewer(some(8), None), some(8));
    }

    #[test]
    fn this_machine_has_a_core_and_no_more_than_it_runs_threads() {
        let cores = Resources::here().cores;
        assert!(cores <= std::thread::available_parallelism().unwrap());
    }

    #[test]
    fn durations_are_in_units_of_people() {
        let shown = [41.2, 99.6, 720.0, 12_240.0].map(duration);
        assert_eq!(shown, ["41 s", "100 s", "12 min", "3.4 h"]);
    }
}
