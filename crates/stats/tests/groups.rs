//! Errors by groups, and what published numbers differ by if nothing but seeds differs.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use superpose_stats::groups::jackknife;
use superpose_stats::scatter::{Compared, Place, Shared, null};

const NOTHING: Shared = Shared { in_group: 0.0, between: 0.0 };

/// A setting of a group whose logarithms scatter by these at its places, over so many seeds.
fn setting(group: usize, n_seeds: usize, weight: f64, spreads: &[f64]) -> Compared {
    let by_seed = |spread: f64| {
        let sign = |s: usize| if s.is_multiple_of(2) { 1.0 } else { -1.0 };
        (0..n_seeds)
            .map(move |s| if s + 1 == n_seeds && s % 2 == 0 { 0.0 } else { spread * sign(s) })
    };
    let place =
        |(at, spread): (usize, &f64)| Place { at, weight, by_seed: by_seed(*spread).collect() };
    let places = spreads.iter().enumerate().map(place).collect();
    Compared { group, places, published: 0.0, least_variance: 0.0 }
}

fn width(all: &[Compared], shared: Shared) -> f64 {
    let (low, high) = null(all, shared, 0.95, 1).unwrap();
    high - low
}

#[test]
fn two_groups_have_an_error() {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let found = jackknife(&[vec![1.0], vec![3.0]], mean).unwrap();
    // Half the difference, as of a mean of two.
    assert!((found.value - 2.0).abs() < 1e-12 && (found.standard_error - 1.0).abs() < 1e-12);
    // No number once a group is left out: no error.
    let of_two = |values: &[f64]| if values.len() < 2 { f64::NAN } else { 1.0 };
    assert_eq!(jackknife(&[vec![1.0], vec![3.0]], of_two), None);
}

#[test]
fn what_is_shared_is_the_correlation_about_the_means() {
    let one = |group, by_seed: &[f64]| Compared {
        group,
        places: vec![Place { at: 0, weight: 1.0, by_seed: by_seed.to_vec() }],
        published: 0.0,
        least_variance: 0.0,
    };
    // Deviations −1, 0, 1 and −1, −1, 2; seeds that are all alike say nothing.
    let all = [one(0, &[1.0, 2.0, 3.0]), one(0, &[11.0, 11.0, 14.0]), one(0, &[5.0; 3])];
    let shared = Shared::of(&all);
    assert!((shared.in_group - 3.0 / 12.0_f64.sqrt()).abs() < 1e-12, "{shared:?}");
    assert!(shared.between.abs() < 1e-12);
}

#[test]
fn with_many_seeds_the_null_is_that_of_known_scatter_whatever_is_shared_and_however_it_counts() {
    // z² of 60 settings is chi-squared over 60; a mean over 40 seeds is nearly exact.
    for (weight, spread) in [(1.0, 1.0), (2.0, 3.0)] {
        let all: Vec<Compared> = (0..60).map(|k| setting(k / 5, 40, weight, &[spread])).collect();
        for (in_group, between) in [(0.0, 0.0), (0.8, 0.5), (0.9, 0.9)] {
            let (low, high) = null(&all, Shared { in_group, between }, 0.95, 1).unwrap();
            // Where seeds are shared, what a group scatters by is known from 40 alone.
            let bounds = (0.55..0.75, 1.3..1.9);
            assert!(bounds.0.contains(&low) && bounds.1.contains(&high), "{low} {high}");
        }
    }
}

#[test]
fn a_group_scatters_at_its_places_as_it_does_and_not_as_others_do() {
    // Two groups scatter alike at all five places, the others at one alone.
    let of = |group: usize| {
        setting(group, 3, 1.0, if group < 2 { &[1.0; 5] } else { &[1e-3, 1e-3, 1e-3, 1e-3, 1.0] })
    };
    let mixed: Vec<Compared> = (0..30).map(of).collect();
    let alike: Vec<Compared> = (0..30).map(|group| setting(group, 3, 1.0, &[1.0; 5])).collect();
    let (mixed, alike) = (width(&mixed, NOTHING), width(&alike, NOTHING));
    assert!(mixed > 1.7 * alike, "{mixed} {alike}");
}

#[test]
fn what_a_group_shares_does_not_matter_where_each_has_one_setting() {
    let all: Vec<Compared> = (0..30).map(|group| setting(group, 3, 1.0, &[1.0; 5])).collect();
    let (apart, shared) =
        (width(&all, NOTHING), width(&all, Shared { in_group: 0.95, between: 0.0 }));
    assert!((shared / apart - 1.0).abs() < 0.12, "{shared} {apart}");
    assert!(width(&all, Shared { in_group: 0.95, between: 0.95 }) > 1.5 * apart);
}

#[test]
fn a_seed_does_to_one_place_nothing_that_it_does_to_another() {
    // Else means over three seeds would scatter by more than the places say.
    let all: Vec<Compared> = (0..30).map(|_| setting(0, 3, 1.0, &[1.0; 5])).collect();
    let (low, high) = null(&all, Shared { in_group: 0.95, between: 0.95 }, 0.02, 1).unwrap();
    assert!(low > 0.8 && high < 1.25, "{low} {high}");
}
