//! How long a GPU's kernels take, by its own clock.
//!
//! Every launch is given a measurement of its own, which is read when all is over, so that kernels follow upon
//! one another as they do otherwise. Launching takes the host longer meanwhile: the wall time of what is
//! watched says nothing.

use std::collections::BTreeMap;

/// Seconds of each kernel, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KernelTimes(BTreeMap<String, f64>);

impl KernelTimes {
    /// Seconds of all.
    pub fn total_s(&self) -> f64 {
        self.0.values().sum()
    }

    /// Name and milliseconds of a step of each of `n_steps`, the longest first.
    pub fn by_step(&self, n_steps: u64) -> String {
        let mut sorted: Vec<(&String, &f64)> = self.0.iter().collect();
        sorted.sort_by(|a, b| b.1.total_cmp(a.1));
        let said = |(name, s): (&String, &f64)| format!("{name} {:.4}", s * 1e3 / n_steps as f64);
        sorted.into_iter().map(said).collect::<Vec<_>>().join("; ")
    }
}

/// What `work` returns, and the times of all kernels that were launched meanwhile; none where a GPU has no clock.
#[cfg(not(feature = "gpu"))]
pub fn watched<T>(work: impl FnOnce() -> T) -> (T, Option<KernelTimes>) {
    (work(), None)
}

#[cfg(feature = "gpu")]
pub use observed::watched;

#[cfg(feature = "gpu")]
mod observed {
    use std::sync::{Arc, Mutex, PoisonError};

    use cubecl::future::block_on;
    use cubecl::logging::{
        LaunchObservation, LaunchObserver, ProfileDuration, TimingMethod, TimingRequest,
    };

    use super::{KernelTimes, short};

    #[derive(Default)]
    struct Watch(Mutex<Vec<(&'static str, ProfileDuration)>>);

    impl Watch {
        fn taken(&self) -> Vec<(&'static str, ProfileDuration)> {
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }

    impl LaunchObserver for Watch {
        fn launched(&self, _: &'static str) {}

        fn timing(&self) -> TimingRequest {
            TimingRequest::Deferred
        }

        fn profiled(&self, kernel: &'static str, profile: ProfileDuration) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push((kernel, profile));
        }
    }

    /// What `work` returns, and the times of all kernels that were launched meanwhile; none where a GPU has no clock.
    pub fn watched<T>(work: impl FnOnce() -> T) -> (T, Option<KernelTimes>) {
        let watch = Arc::new(Watch::default());
        let observation = LaunchObservation::new(watch.clone());
        let done = work();
        drop(observation);
        let launched = watch.taken();
        let mut times = KernelTimes::default();
        for (kernel, profile) in launched {
            // By the host's clock it would be the time of a launch.
            let is_of_device = profile.timing_method() == TimingMethod::Device;
            let Some(ticks) = is_of_device.then(|| block_on(profile.resolve())).flatten() else {
                return (done, None);
            };
            *times.0.entry(short(kernel)).or_default() += ticks.duration().as_secs_f64();
        }
        (done, Some(times).filter(|times| !times.0.is_empty()))
    }
}

/// A kernel's name without where it is defined and for what: `respond` of `a::kernels::respond::Respond<f32>`.
fn short(kernel: &str) -> String {
    let path = kernel.split('<').next().unwrap_or(kernel);
    let name = path.rsplit("::").next().unwrap_or(path);
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_the_longest_comes_first() {
        let name = "superpose_ensemble::kernels::back::BackToHidden<f32, u32>";
        assert_eq!(short(name), "back_to_hidden");
        let times = [("gather".to_owned(), 0.002), ("respond".to_owned(), 0.5)];
        let times = KernelTimes(times.into_iter().collect());
        assert_eq!(times.by_step(100), "respond 5.0000; gather 0.0200");
        assert!((times.total_s() - 0.502).abs() < 1e-12);
    }

    #[test]
    fn where_nothing_is_launched_there_is_no_time() {
        let (done, times) = watched(|| 3);
        assert_eq!((done, times), (3, None));
    }
}
