//! Fits a power law to losses that scatter by 5 %, and counts how often its interval holds the truth:
//! `cargo run --release -p superpose-stats --example power_law`.

#![allow(clippy::print_stdout, reason = "an example shows what it has made")]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use superpose_stats::power_law::{PowerLaw, PowerLawError, fit_power_law};

const WIDTHS: [f64; 6] = [10.0, 15.0, 25.0, 39.0, 63.0, 100.0];
const EXPONENT: f64 = 0.8;
const FITS: u64 = 400;

fn main() -> Result<(), PowerLawError> {
    let fit = fit(1)?;
    let (low, high) = fit.exponent_interval(0.95);
    println!("true law      loss = 12 / d^{EXPONENT}");
    println!("fitted        loss = {:.2} / d^{:.3}", fit.coefficient, fit.exponent);
    println!("95 % interval of the exponent: {low:.3} to {high:.3}");
    println!("loss expected at d = 1000: {:.4}", fit.at(1000.0));
    println!("of {FITS} such fits {} have an interval that holds {EXPONENT}", n_holding()?);
    Ok(())
}

/// The fit to losses whose logarithms scatter by 0.05, drawn from `seed`.
fn fit(seed: u64) -> Result<PowerLaw, PowerLawError> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
    let losses = WIDTHS.map(|d| 12.0 * d.powf(-EXPONENT) * (0.05 * normal()).exp());
    fit_power_law(&WIDTHS, &losses)
}

/// How many fits have an interval that holds the truth.
fn n_holding() -> Result<usize, PowerLawError> {
    let intervals = (0..FITS).map(|seed| Ok(fit(seed)?.exponent_interval(0.95)));
    let intervals: Vec<(f64, f64)> = intervals.collect::<Result<_, PowerLawError>>()?;
    Ok(intervals.iter().filter(|(low, high)| (*low..*high).contains(&EXPONENT)).count())
}

#[cfg(test)]
#[test]
fn the_interval_holds_the_truth_as_often_as_it_says() {
    // 380 of 400 are expected, with a standard deviation of 4.4.
    assert!((362..=398).contains(&n_holding().unwrap()));
}
