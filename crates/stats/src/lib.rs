//! Estimators: parameters with their uncertainty, from plain numbers.
//!
//! Nothing here reads a file or a clock, and nothing draws a random number without a seed.
//!
//! A power law through exact points, and through points that scatter:
//!
//! ```
//! use rand::SeedableRng;
//! use rand_distr::{Distribution, StandardNormal};
//! use superpose_stats::power_law::fit_power_law;
//!
//! let widths = [10.0_f64, 15.0, 25.0, 39.0, 63.0, 100.0];
//! let exact = widths.map(|d| 12.0 * d.powf(-0.8));
//! let fit = fit_power_law(&widths, &exact)?;
//! assert!((fit.exponent - 0.8).abs() < 1e-12 && fit.exponent_se < 1e-12);
//!
//! let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
//! let noisy = exact.map(|loss| {
//!     let normal: f64 = StandardNormal.sample(&mut random);
//!     loss * (0.05 * normal).exp()
//! });
//! let (low, high) = fit_power_law(&widths, &noisy)?.exponent_interval(0.95);
//! assert!(low < 0.8 && 0.8 < high, "{low} to {high}");
//! assert!(high - low < 0.3, "{low} to {high}");
//!
//! assert!(fit_power_law(&widths[..2], &exact[..2]).is_err(), "two points say nothing of their error");
//! # Ok::<(), superpose_stats::power_law::PowerLawError>(())
//! ```

pub mod bfgs;
pub mod bootstrap;
pub mod exponent;
pub mod groups;
pub mod power_law;
pub mod scatter;
pub mod summary;
pub mod trend;
