//! One power law over groups that each have an offset of their own: `y = A · x^-α + B_g`.
//!
//! For a given exponent the law is linear in `A` and all `B_g`, which the fit solves exactly
//! (variable projection), so that of any number of parameters one is left to search, over its whole
//! range: there is no starting point to get wrong. **Source** of the law: Liu, Liu & Gore 2025
//! (arXiv 2505.10465), figure 6b, with 16 groups; of the method: Golub & Pereyra 1973.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use superpose_files::table::Field;
use superpose_stats::power_law::student_t;

use crate::error::{LawError, ensure};
use crate::fits::{bisect, drawn, interval, n_different};

/// The exponents that are searched.
const EXPONENTS: (f64, f64) = (0.01, 5.0);
/// Exponents on the grid that the search begins with: neighbours differ by 2.5 %.
const GRID: usize = 250;
/// Steps of a search: more than double precision can tell apart.
const STEPS: usize = 60;

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// What the law falls with, such as the width; positive.
    pub x: f64,
    /// What was measured.
    pub y: f64,
    /// The index of its group.
    pub group: usize,
}

/// A fitted law.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupOffsets {
    /// `A`.
    pub coefficient: f64,
    /// `α`.
    pub exponent: f64,
    /// `B_g` of each group.
    pub offsets: Vec<f64>,
    /// Sum of squared residuals.
    pub squares: f64,
    /// Number of observations.
    pub n_points: usize,
}

/// A parameter of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// `A`.
    Coefficient,
    /// `α`.
    Exponent,
    /// `B_g` of the group with this index.
    Offset(usize),
}

/// The least-squares law through `observations`, whose groups are `0..n_groups`.
///
/// # Errors
/// [`LawError`] when a value is not finite or an `x` not positive, when there are no more observations
/// than parameters or fewer than three places, and when the squares fall up to the end of the range
/// of exponents.
pub fn fit_group_offsets(
    observations: &[Observation],
    n_groups: usize,
) -> Result<GroupOffsets, LawError> {
    for (index, Observation { x, y, .. }) in observations.iter().enumerate() {
        ensure!(
            x.is_finite() && *x > 0.0 && y.is_finite(),
            "point {index} is ({x}, {y}); both must be finite, and the first positive"
        );
    }
    let (n_points, n) = (observations.len(), n_groups + 2);
    ensure!(n_points > n, "{n} parameters need more than {n} points, got {n_points}");
    let n_places = n_different(observations.iter().map(|o| o.x));
    ensure!(
        n_places >= 3,
        "an exponent needs points at three or more places within groups, got {n_places}"
    );
    let projection = Projection::new(observations, n_groups);
    let (exponent, inside) = projection.best_exponent(None);
    let (low, high) = EXPONENTS;
    ensure!(
        inside,
        "the best exponent lies beyond {low} to {high}: the points do not follow such a law"
    );
    Ok(projection.law(exponent, None))
}

impl GroupOffsets {
    /// The law's value at `x` without an offset: `A · x^-α`.
    pub fn without_offset(&self, x: f64) -> f64 {
        self.coefficient * x.powf(-self.exponent)
    }

    /// The law's value at `x` in a group.
    pub fn at(&self, x: f64, group: usize) -> f64 {
        self.without_offset(x) + self.offsets[group]
    }

    /// Degrees of freedom that the parameters leave.
    fn degrees(&self) -> f64 {
        (self.n_points - self.offsets.len() - 2) as f64
    }

    /// The standard deviation of the observations around the law.
    pub fn residual_deviation(&self) -> f64 {
        (self.squares / self.degrees()).sqrt()
    }

    /// The value of a parameter.
    pub fn value(&self, parameter: Parameter) -> f64 {
        match parameter {
            Parameter::Coefficient => self.coefficient,
            Parameter::Exponent => self.exponent,
            Parameter::Offset(group) => self.offsets[group],
        }
    }

    /// The profile-likelihood interval of a parameter at the given `confidence`: where the squares,
    /// with all other parameters fitted anew, stay below `(1 + t²/ν)` times their least, `t` being
    /// Student's for the `ν` degrees of freedom left. An end that the data do not bound is
    /// infinite.
    ///
    /// `observations` are those that were fitted.
    ///
    /// # Panics
    /// When `confidence` is not between 0 and 1.
    pub fn profile_interval(
        &self,
        observations: &[Observation],
        parameter: Parameter,
        confidence: f64,
    ) -> (f64, f64) {
        let t = student_t(confidence, self.degrees());
        // An exact law has no squares; rounding then bounds the parameters.
        let floor = f64::EPSILON.powi(2) * observations.iter().map(|o| o.y * o.y).sum::<f64>();
        let most = self.squares.max(floor) * (1.0 + t * t / self.degrees());
        let projection = Projection::new(observations, self.offsets.len());
        let beyond = |value: f64| projection.squares_with(parameter, value) > most;
        let centre = self.value(parameter);
        (end(centre, -1.0, parameter, &beyond), end(centre, 1.0, parameter, &beyond))
    }
}

/// Where, from `centre` in the direction of `sign`, a parameter is first found beyond its interval.
fn end(centre: f64, sign: f64, parameter: Parameter, beyond: &dyn Fn(f64) -> bool) -> f64 {
    const DOUBLINGS: usize = 60;
    let (low, high) = match parameter {
        Parameter::Exponent => EXPONENTS,
        Parameter::Coefficient | Parameter::Offset(_) => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let mut step = 1e-6 * centre.abs().max(1e-6);
    let mut inside = centre;
    for _ in 0..DOUBLINGS {
        let tried = (centre + sign * step).clamp(low, high);
        if beyond(tried) {
            return bisect(inside, tried, beyond);
        }
        if tried <= low || tried >= high {
            break;
        }
        inside = tried;
        step *= 2.0;
    }
    sign * f64::INFINITY
}

/// The percentile intervals of `parameters` over the laws of `n_resamples` draws of the observations
/// of each group, with replacement, from `seed`. Draws without a law are passed over; missing when
/// they are more than half.
pub fn bootstrap_intervals(
    observations: &[Observation],
    n_groups: usize,
    parameters: &[Parameter],
    n_resamples: usize,
    seed: u64,
) -> Vec<[Field; 2]> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let groups: Vec<Vec<Observation>> = (0..n_groups)
        .map(|group| observations.iter().copied().filter(|o| o.group == group).collect())
        .collect();
    let resample = |_| {
        let resampled: Vec<Observation> =
            groups.iter().flat_map(|group| drawn(group, &mut rng)).collect();
        fit_group_offsets(&resampled, n_groups).ok()
    };
    let mut laws: Vec<GroupOffsets> = (0..n_resamples).filter_map(resample).collect();
    if 2 * laws.len() < n_resamples {
        laws.clear();
    }
    parameters.iter().map(|p| interval(laws.iter().map(|law| law.value(*p)))).collect()
}

/// The observations, onto which a law of any exponent is projected.
struct Projection<'a> {
    observations: &'a [Observation],
    /// `ln(x / scale)`.
    ln_x: Vec<f64>,
    n_groups: usize,
    /// The geometric mean of `x`, about which powers are taken, so that none is large.
    scale: f64,
}

/// A parameter that is held at a value.
type Held = (Parameter, f64);

impl<'a> Projection<'a> {
    fn new(observations: &'a [Observation], n_groups: usize) -> Self {
        let mean = observations.iter().map(|o| o.x.ln()).sum::<f64>() / observations.len() as f64;
        let ln_x = observations.iter().map(|o| o.x.ln() - mean).collect();
        Self { observations, ln_x, n_groups, scale: mean.exp() }
    }

    /// The best law with this exponent.
    fn law(&self, exponent: f64, held: Option<Held>) -> GroupOffsets {
        let powers: Vec<f64> = self.ln_x.iter().map(|ln_x| (-exponent * ln_x).exp()).collect();
        // Per group: number, sum of powers, sum of y.
        let mut sums = vec![(0.0, 0.0, 0.0); self.n_groups];
        for (power, Observation { y, group, .. }) in powers.iter().zip(self.observations) {
            let sum = &mut sums[*group];
            *sum = (sum.0 + 1.0, sum.1 + power, sum.2 + y);
        }
        let mut means: Vec<(f64, f64)> =
            sums.into_iter().map(|(n, power, y)| (power / n, y / n)).collect();
        if let Some((Parameter::Offset(group), offset)) = held {
            means[group] = (0.0, offset);
        }
        let away = || {
            powers.iter().zip(self.observations).map(|(power, Observation { y, group, .. })| {
                (power - means[*group].0, y - means[*group].1)
            })
        };
        // At `scale`.
        let coefficient = match held {
            Some((Parameter::Coefficient, held)) => held / self.scale.powf(exponent),
            _ => {
                let (cross, square) = away()
                    .fold((0.0, 0.0), |(cross, square), (p, y)| (cross + p * y, square + p * p));
                if square > 0.0 { cross / square } else { 0.0 }
            }
        };
        GroupOffsets {
            coefficient: coefficient * self.scale.powf(exponent),
            exponent,
            offsets: means.iter().map(|(power, y)| y - coefficient * power).collect(),
            squares: away().map(|(power, y)| (y - coefficient * power).powi(2)).sum(),
            n_points: self.observations.len(),
        }
    }

    /// The exponent with the least squares, and whether it is inside the range.
    fn best_exponent(&self, held: Option<Held>) -> (f64, bool) {
        let ratio = (EXPONENTS.1 / EXPONENTS.0).powf(1.0 / (GRID - 1) as f64);
        let exponent = |k: usize| EXPONENTS.0 * ratio.powf(k as f64);
        let squares = |exponent| self.law(exponent, held).squares;
        let on_grid: Vec<f64> = (0..GRID).map(|k| squares(exponent(k))).collect();
        let best = (0..GRID).min_by(|a, b| on_grid[*a].total_cmp(&on_grid[*b])).unwrap_or(0);
        let (mut low, mut high) =
            (exponent(best.saturating_sub(1)), exponent((best + 1).min(GRID - 1)));
        // Golden sections.
        let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
        let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
        let (mut at_left, mut at_right) = (squares(left), squares(right));
        for _ in 0..STEPS {
            if at_left < at_right {
                (high, right, at_right) = (right, left, at_left);
                left = high - golden * (high - low);
                at_left = squares(left);
            } else {
                (low, left, at_left) = (left, right, at_right);
                right = low + golden * (high - low);
                at_right = squares(right);
            }
        }
        (f64::midpoint(low, high), best > 0 && best < GRID - 1)
    }

    /// The least squares when a parameter is held at `value`.
    fn squares_with(&self, parameter: Parameter, value: f64) -> f64 {
        let held = Some((parameter, value));
        let exponent = match parameter {
            Parameter::Exponent => value,
            Parameter::Coefficient | Parameter::Offset(_) => self.best_exponent(held).0,
        };
        self.law(exponent, held).squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution as _, StandardNormal};

    /// Offsets of the 16 pairs of model family and data set, and the law, of Liu, Liu & Gore 2025,
    /// figure 6b.
    const PUBLISHED: [f64; 16] = [
        2.2074, 2.2745, 1.7193, 2.1845, 1.6079, 2.1009, 1.489, 1.9348, 2.3018, 2.3546, 1.9413,
        2.2961, 2.1407, 2.2998, 1.5203, 2.2415,
    ];
    const LAW: (f64, f64) = (476.0763, 0.9098);
    /// Of the residuals there.
    const MEAN_SQUARE: f64 = 0.005_197_7;

    /// Observations of that law at the widths of the four families, 108 altogether.
    fn published(deviation: f64, seed: u64) -> Vec<Observation> {
        let widths: [&[f64]; 4] = [
            &[768.0, 1024.0, 2048.0, 2560.0, 4096.0, 5120.0, 7168.0, 9216.0],
            &[896.0, 1536.0, 2048.0, 3584.0, 5120.0, 5120.0, 8192.0],
            &[768.0, 1024.0, 1280.0, 1600.0],
            &[512.0, 768.0, 1024.0, 2048.0, 2048.0, 2560.0, 4096.0, 5120.0],
        ];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut observations = Vec::new();
        for (group, offset) in PUBLISHED.iter().enumerate() {
            for x in widths[group / 4] {
                let noise: f64 = StandardNormal.sample(&mut rng);
                let y = LAW.0 * x.powf(-LAW.1) + offset + deviation * noise;
                observations.push(Observation { x: *x, y, group });
            }
        }
        observations
    }

    #[test]
    fn the_published_law_comes_back_from_its_own_points() {
        let observations = published(0.0, 0);
        assert_eq!(observations.len(), 108);
        let law = fit_group_offsets(&observations, 16).unwrap();
        assert!(
            (law.exponent - LAW.1).abs() < 1e-6 && (law.coefficient / LAW.0 - 1.0).abs() < 1e-5
        );
        assert!(law.offsets.iter().zip(PUBLISHED).all(|(ours, truth)| (ours - truth).abs() < 1e-6));
        assert!((law.at(2048.0, 3) - LAW.0 * 2048_f64.powf(-LAW.1) - PUBLISHED[3]).abs() < 1e-6);
        let (low, high) = law.profile_interval(&observations, Parameter::Exponent, 0.95);
        assert!(low <= law.exponent && law.exponent <= high && high - low < 1e-3, "{low} {high}");
    }

    #[test]
    fn intervals_cover_the_truth_as_often_as_they_say() {
        let (mut in_profile, mut in_bootstrap, mut in_offset, n) = (0, 0, 0, 100);
        let holds = |(low, high): (f64, f64), truth: f64| u32::from(low <= truth && truth <= high);
        for seed in 0..n {
            let observations = published(MEAN_SQUARE.sqrt(), seed);
            let law = fit_group_offsets(&observations, 16).unwrap();
            let profile = |parameter| law.profile_interval(&observations, parameter, 0.9);
            in_profile += holds(profile(Parameter::Exponent), LAW.1);
            in_offset += holds(profile(Parameter::Offset(5)), PUBLISHED[5]);
            if seed % 4 == 0 {
                let exponent = [Parameter::Exponent];
                let intervals = bootstrap_intervals(&observations, 16, &exponent, 200, seed);
                let [low, high] = intervals[0].clone().map(|end| end.number().unwrap());
                in_bootstrap += holds((low, high), LAW.1);
            }
        }
        // Nine in ten: within 2.7 standard deviations of a binomial for the profiles. Percentiles
        // of few points a group are known to be too narrow.
        assert!((82..=98).contains(&in_profile), "{in_profile}");
        assert!((82..=98).contains(&in_offset), "{in_offset}");
        assert!((15..=25).contains(&in_bootstrap), "{in_bootstrap}");
    }

    #[test]
    fn a_parameter_held_elsewhere_costs_squares() {
        let observations = published(0.05, 3);
        let law = fit_group_offsets(&observations, 16).unwrap();
        let projection = Projection::new(&observations, 16);
        for parameter in [Parameter::Coefficient, Parameter::Exponent, Parameter::Offset(2)] {
            let value = law.value(parameter);
            let best = projection.squares_with(parameter, value);
            assert!((best / law.squares - 1.0).abs() < 1e-9, "{parameter:?}");
            for factor in [0.8, 1.25] {
                assert!(projection.squares_with(parameter, factor * value) > best, "{parameter:?}");
            }
            let (low, high) = law.profile_interval(&observations, parameter, 0.95);
            assert!(low < value && value < high, "{parameter:?}: {low} {value} {high}");
        }
    }

    #[test]
    fn one_group_agrees_with_a_search_over_both_parameters() {
        let points = [(1.0, 3.1), (2.0, 2.4), (4.0, 1.9), (8.0, 1.8), (16.0, 1.6)];
        let observations = points.map(|(x, y)| Observation { x, y, group: 0 });
        let law = fit_group_offsets(&observations, 1).unwrap();
        let squares = |a: f64, alpha: f64, b: f64| -> f64 {
            points.iter().map(|(x, y)| (y - a * x.powf(-alpha) - b).powi(2)).sum()
        };
        let (a, alpha, b) = (law.coefficient, law.exponent, law.offsets[0]);
        let least = squares(a, alpha, b);
        assert!((least - law.squares).abs() < 1e-12);
        for (da, dalpha, db) in
            [(1e-3, 0.0, 0.0), (0.0, 1e-3, 0.0), (0.0, 0.0, 1e-3), (1e-3, -1e-3, 1e-3)]
        {
            assert!(squares(a + da, alpha + dalpha, b + db) > least);
            assert!(squares(a - da, alpha - dalpha, b - db) > least);
        }
    }

    #[test]
    fn what_has_no_law_is_refused() {
        let of = |points: &[(f64, f64)]| {
            let observations: Vec<Observation> =
                points.iter().map(|(x, y)| Observation { x: *x, y: *y, group: 0 }).collect();
            fit_group_offsets(&observations, 1).unwrap_err().to_string()
        };
        assert!(of(&[(1.0, 1.0), (2.0, 0.5), (3.0, 0.4)]).contains("more than 3 points, got 3"));
        assert!(of(&[(1.0, 1.0), (2.0, f64::NAN)]).contains("point 1"));
        assert!(of(&[(0.0, 1.0)]).contains("the first positive"));
        assert!(
            of(&[(1.0, 1.0), (2.0, 0.5), (1.0, 1.1), (2.0, 0.4)]).contains("three or more places")
        );
        // Steeper and flatter than any exponent that is searched.
        let law = |alpha: f64| -> Vec<(f64, f64)> {
            (1..7).map(f64::from).map(|x: f64| (x, 2.0 * x.powf(-alpha))).collect()
        };
        for beyond in [law(9.0), law(0.001)] {
            assert!(of(&beyond).contains("beyond 0.01 to 5"), "{beyond:?}");
        }
        // A parabola that opens downwards falls faster than any power.
        assert!(of(&[(1.0, 4.0), (2.0, 3.9), (3.0, 3.0), (4.0, 1.0)]).contains("beyond 0.01 to 5"));
    }
}
