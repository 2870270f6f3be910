//! Published numbers, each of one training, beside ours over seeds: do they differ by more than seeds scatter?
//!
//! Each is asked by `z`, the difference over what it would scatter by. Over many settings the mean of `z²` is about
//! 1 if nothing else differs, but how far about 1 depends on how few seeds there are and on what a seed does
//! to many settings at once; [`null`] simulates it.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::bootstrap::percentile_interval;
use crate::summary::{mean_square, summarise};

/// Logarithms at one place, such as a width.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Which. At one place a seed may do something to all settings at once.
    pub at: usize,
    /// What the logarithm there counts in the setting's number.
    pub weight: f64,
    /// The logarithm of each seed: 0, 1, … are the same seeds in all settings.
    pub by_seed: Vec<f64>,
}

/// A number that is a sum of logarithms, ours and the published one.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Settings of one group scatter alike.
    pub group: usize,
    /// Ours, which has several seeds at every place.
    pub places: Vec<Place>,
    /// The published number, of one training at each place.
    pub published: f64,
    /// The least that the variance of a training's number can be.
    pub least_variance: f64,
}

impl Compared {
    /// The number, a mean over seeds.
    pub fn ours(&self) -> f64 {
        self.places.iter().map(|p| p.weight * summarise(&p.by_seed).mean).sum()
    }

    /// The least number of seeds at a place.
    fn seeds(&self) -> usize {
        self.places.iter().map(|p| p.by_seed.len()).min().unwrap_or(0)
    }

    /// The variance of the number of a training of another seed at each place.
    fn variance(&self) -> f64 {
        let of = |p: &Place| (p.weight * summarise(&p.by_seed).standard_deviation).powi(2);
        self.places.iter().map(of).sum()
    }
}

/// The standard deviation of one training's number in each of `all`, pooled over those of its group, each
/// weighed by its seeds less one.
pub fn deviations(all: &[Compared]) -> Vec<f64> {
    let pooled = |of: &Compared| {
        let alike = || all.iter().filter(|other| other.group == of.group && other.seeds() > 1);
        let degrees = |c: &Compared| (c.seeds() - 1) as f64;
        let squares: f64 = alike().map(|c| degrees(c) * c.variance()).sum();
        let variance = squares / alike().map(degrees).sum::<f64>();
        alike().map(|c| c.least_variance).fold(variance, f64::max).sqrt()
    };
    all.iter().map(pooled).collect()
}

/// How far each published number is from ours, over what the difference of one training and a mean over our
/// seeds scatters by; not a number where no setting of its group has two seeds.
pub fn z(all: &[Compared]) -> Vec<f64> {
    let of = |(c, deviation): (&Compared, f64)| {
        (c.published - c.ours()) / (deviation * (1.0 + 1.0 / c.seeds() as f64).sqrt())
    };
    all.iter().zip(deviations(all)).map(of).collect()
}

/// What the logarithms of a seed at one place have in common in different settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shared {
    /// The correlation between settings of one group.
    pub in_group: f64,
    /// That between settings of different groups; at most as much.
    pub between: f64,
}

/// The most that is taken to be shared: with all of it, our seeds would not scatter among settings.
const MOST_SHARED: f64 = 0.95;

impl Shared {
    /// The mean correlation of the seeds' deviations from their mean, over all pairs of settings that have the
    /// same seeds at a place.
    pub fn of(all: &[Compared]) -> Self {
        let deviation = |p: &Place| -> Option<Vec<f64>> {
            let summary = summarise(&p.by_seed);
            let norm = summary.standard_deviation * ((summary.n as f64) - 1.0).sqrt();
            let of = |v: &f64| (v - summary.mean) / norm;
            (norm > 0.0).then(|| p.by_seed.iter().map(of).collect())
        };
        let places: Vec<(usize, usize, Vec<f64>)> = all
            .iter()
            .flat_map(|c| c.places.iter().map(move |p| (c.group, p)))
            .filter_map(|(group, p)| Some((group, p.at, deviation(p)?)))
            .collect();
        let (mut in_group, mut between) = (Vec::new(), Vec::new());
        for (n, (group, at, one)) in places.iter().enumerate() {
            for (other_group, other_at, other) in &places[..n] {
                if at == other_at && one.len() == other.len() {
                    let product = one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
                    let of = if group == other_group { &mut in_group } else { &mut between };
                    of.push(product);
                }
            }
        }
        let mean = |products: &[f64]| match products {
            [] => 0.0,
            _ => summarise(products).mean.clamp(0.0, MOST_SHARED),
        };
        let in_group = mean(&in_group);
        Self { in_group, between: mean(&between).min(in_group) }
    }
}

/// How many times a null is drawn.
const DRAWS: usize = 2000;

/// The interval that holds the mean of `z²` with `confidence` if published trainings and ours differ by
/// nothing but their seeds: drawn anew with the settings, places and numbers of seeds of `all`, where what ours
/// have in common in different settings is `shared`, and each published training has a seed of its own. At each
/// place the logarithms of a group scatter as they do in `all`. The same `seed` gives the same interval.
pub fn null(all: &[Compared], shared: Shared, confidence: f64, seed: u64) -> Option<(f64, f64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let count = |of: &dyn Fn(&Compared) -> usize| all.iter().map(of).max().unwrap_or(0) + 1;
    let groups = count(&|c| c.group);
    let places = count(&|c| c.places.iter().map(|p| p.at).max().unwrap_or(0));
    let seeds = count(&|c| c.places.iter().map(|p| p.by_seed.len()).max().unwrap_or(0));
    let parts = [shared.between, shared.in_group - shared.between, 1.0 - shared.in_group];
    let [of_all, of_group, own] = parts.map(f64::sqrt);
    // The deviation at each place of each group; where none is known, as elsewhere.
    let mut at_places = vec![Vec::new(); groups * places];
    for (c, p) in all.iter().flat_map(|c| c.places.iter().map(move |p| (c, p))) {
        let variance = summarise(&p.by_seed).standard_deviation.powi(2);
        at_places[c.group * places + p.at].extend(Some(variance).filter(|v| v.is_finite()));
    }
    let deviation = |variances: &Vec<f64>| match summarise(variances).mean {
        variance if variance > 0.0 => variance.sqrt(),
        _ => 1.0,
    };
    let at_places: Vec<f64> = at_places.iter().map(deviation).collect();
    let draws = (0..DRAWS).map(|_| {
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let common: Vec<f64> = (0..places * seeds).map(|_| normal()).collect();
        let in_group: Vec<f64> = (0..groups * places * seeds).map(|_| normal()).collect();
        let drawn: Vec<Compared> = all
            .iter()
            .map(|c| {
                let mut published = 0.0;
                let mut place = |p: &Place| {
                    let deviation = at_places[c.group * places + p.at];
                    published += p.weight * deviation * normal();
                    let mut value = |s: usize| {
                        let at = p.at * seeds + s;
                        let in_group = in_group[c.group * places * seeds + at];
                        deviation * (of_all * common[at] + of_group * in_group + own * normal())
                    };
                    let by_seed = (0..p.by_seed.len()).map(&mut value).collect();
                    Place { by_seed, ..*p }
                };
                let places = c.places.iter().map(&mut place).collect();
                Compared { group: c.group, places, published, least_variance: 0.0 }
            })
            .collect();
        let z: Vec<f64> = z(&drawn).into_iter().filter(|z| z.is_finite()).collect();
        mean_square(&z)
    });
    let draws: Vec<f64> = draws.collect();
    percentile_interval(draws, confidence).filter(|(low, high)| low.is_finite() && high.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Shared = Shared { in_group: 0.0, between: 0.0 };

    fn one(group: usize, by_seed: &[f64], published: f64) -> Compared {
        let place = Place { at: 0, weight: 1.0, by_seed: by_seed.to_vec() };
        Compared { group, places: vec![place], published, least_variance: 0.0 }
    }

    #[test]
    fn a_published_number_is_as_far_off_as_trainings_of_its_group_scatter() {
        // Variances 2 with one degree of freedom and 1 with two: pooled 4/3.
        let all = [one(0, &[-1.0, 1.0], 2.0), one(0, &[1.0, 2.0, 3.0], 2.0), one(1, &[5.0], 1.0)];
        let found = z(&all);
        let deviation = (4.0_f64 / 3.0).sqrt();
        assert!((deviations(&all)[0] - deviation).abs() < 1e-12);
        assert!((found[0] - 2.0 / (deviation * 1.5_f64.sqrt())).abs() < 1e-12);
        assert!(found[1].abs() < 1e-12 && found[2].is_nan());
    }

    #[test]
    fn a_place_counts_by_its_weight_and_no_variance_is_less_than_the_least() {
        let place = |weight, by_seed: [f64; 2]| Place { at: 0, weight, by_seed: by_seed.to_vec() };
        let places = vec![place(2.0, [0.0, 2.0]), place(-1.0, [3.0, 5.0])];
        let mut compared = Compared { group: 0, places, published: 4.0, least_variance: 0.0 };
        assert!((compared.ours() + 2.0).abs() < 1e-12);
        // 4 · 2 + 1 · 2, times 3/2 for a mean of two.
        assert!((z(&[compared.clone()])[0] - 6.0 / 15.0_f64.sqrt()).abs() < 1e-12);
        compared.least_variance = 40.0;
        assert!((z(&[compared])[0] - 6.0 / 60.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_seeds_share_is_found_within_groups_and_between() {
        let up = [-1.0, 0.0, 1.0];
        let down = [1.0, 0.0, -1.0];
        let apart = [1.0, -2.0, 1.0];
        let shared = Shared::of(&[one(0, &up, 0.0), one(0, &up, 0.0), one(1, &apart, 0.0)]);
        assert!((shared.in_group - MOST_SHARED).abs() < 1e-12 && shared.between.abs() < 1e-12);
        let shared = Shared::of(&[one(0, &up, 0.0), one(1, &down, 0.0)]);
        assert_eq!(shared, NOTHING, "what is opposite is not shared");
        let other_place = Place { at: 1, weight: 1.0, by_seed: up.to_vec() };
        let elsewhere = Compared { places: vec![other_place], ..one(0, &up, 0.0) };
        assert_eq!(Shared::of(&[one(0, &up, 0.0), elsewhere]), NOTHING);
    }

    #[test]
    fn the_null_is_about_one_and_wide_with_few_seeds_and_wider_with_what_they_share() {
        let many: Vec<Compared> = (0..60).map(|at| one(at / 5, &[0.0; 3], 0.0)).collect();
        let (low, high) = null(&many, NOTHING, 0.95, 1).unwrap();
        assert!(low > 0.6 && low < 1.0 && high > 1.2 && high < 2.0, "{low} {high}");
        let shared = Shared { in_group: 0.7, between: 0.0 };
        let (wider_low, wider_high) = null(&many, shared, 0.95, 1).unwrap();
        assert!(wider_high - wider_low > high - low + 0.2, "{wider_low} {wider_high}");
        assert_eq!(null(&many, shared, 0.95, 1), Some((wider_low, wider_high)));
        // With many seeds the scatter is known, and z² of 60 is chi-squared over 60.
        let seeds: Vec<Compared> = (0..60).map(|_| one(0, &[0.0; 40], 0.0)).collect();
        let (low, high) = null(&seeds, NOTHING, 0.95, 1).unwrap();
        assert!((low - 0.675).abs() < 0.03 && (high - 1.39).abs() < 0.04, "{low} {high}");
    }

    #[test]
    fn the_place_that_scatters_most_decides_the_null() {
        // One of five places has all the scatter: as wide as one place alone, wider than five alike.
        let at =
            |spread: f64, at: usize| Place { at, weight: 1.0, by_seed: vec![-spread, 0.0, spread] };
        let of = |spreads: [f64; 5]| -> Vec<Compared> {
            let places: Vec<Place> = spreads.iter().enumerate().map(|(n, s)| at(*s, n)).collect();
            let one = Compared { group: 0, places, published: 0.0, least_variance: 0.0 };
            (0..30).map(|group| Compared { group, ..one.clone() }).collect()
        };
        let width = |spreads| {
            let (low, high) = null(&of(spreads), NOTHING, 0.95, 1).unwrap();
            high - low
        };
        assert!(width([1e-3, 1e-3, 1e-3, 1e-3, 1.0]) > 2.0 * width([1.0; 5]));
    }

    #[test]
    fn without_two_seeds_anywhere_there_is_no_null() {
        assert_eq!(null(&[one(0, &[1.0], 1.0)], NOTHING, 0.95, 1), None);
        assert_eq!(null(&[], NOTHING, 0.95, 1), None);
    }
}
