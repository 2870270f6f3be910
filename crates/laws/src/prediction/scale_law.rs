//! Laws of a loss by one scale, of several forms, so that what a form predicts beyond the points
//! can be compared.
//!
//! All are fitted alike: least squares of `ln (1 + y)`, which takes relative errors of large losses
//! and absolute errors of small ones, so that neither a loss near zero nor one of many nats rules
//! the fit. **Source**: of the metric and of the broken law, Caballero, Gupta, Rish & Krueger 2023
//! (arXiv 2210.14891).

use superpose_stats::bfgs::{Limits, Minimum, minimise};

use super::bend::ln_bend;
use crate::draws::{runs, stream};
use crate::error::{LawError, ensure};
use crate::fits::{drawn, n_different, range, search};

/// A gradient of the mean square, in units of the points' own variance, that counts as none.
const LIMITS: Limits = Limits { gradient: 1e-9, n_steps: 1000 };
/// The variance of rounding: equal losses have no other.
const ROUNDING: f64 = 1e-24;
/// Irreducible parts of the least loss that searches start from.
const PARTS: [f64; 3] = [0.05, 0.5, 0.9];
/// Exponents.
const EXPONENTS: [f64; 3] = [0.1, 0.4, 1.5];
/// An offset below this part of the least loss has ended at nothing: the loss hardly falls with its
/// logarithm any more, so that no search comes back from there.
const NOTHING: f64 = 0.01;
/// Places of a bend, as parts of the way from the first `ln x` to the last.
const PLACES: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
/// Its widths, as parts of that way.
const WIDTHS: [f64; 3] = [0.02, 0.1, 0.5];

/// The form of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `b x^-c`.
    Power,
    /// `a + b x^-c`.
    Offset,
    /// `a + b x^-c (1 + (x/d)^(1/f))^(-c₁ f)`.
    Broken,
}

/// A fitted law.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleLaw {
    /// Its form.
    pub form: Form,
    /// Its parameters, as [`Form::names`] lists them. A coefficient beyond double precision is
    /// infinite or zero; the law's values are not.
    pub parameters: Vec<f64>,
    /// Square root of the mean squared residual of `ln (1 + y)`.
    pub residual: f64,
    /// What [`Form::ln_value`] takes, and the mean `ln x` that it is about.
    variables: Vec<f64>,
    centre: f64,
}

impl Form {
    /// All forms, the simplest first.
    pub const ALL: [Self; 3] = [Self::Power, Self::Offset, Self::Broken];

    /// The names of its parameters, in the order of [`ScaleLaw::parameters`].
    pub fn names(self) -> &'static [&'static str] {
        &["b", "c", "a", "c1", "d", "f"][..self.n_parameters()]
    }

    /// How many they are.
    pub fn n_parameters(self) -> usize {
        match self {
            Self::Power => 2,
            Self::Offset => 3,
            Self::Broken => 6,
        }
    }

    /// `ln y` at `ln x` from the points' mean, and its gradient by the variables: `ln b` there,
    /// `c`, `ln a`, and a bend's.
    fn ln_value(self, v: &[f64], ln_x: f64, gradient: &mut [f64]) -> f64 {
        let mut falling = v[0] - v[1] * ln_x;
        (gradient[0], gradient[1]) = (1.0, -ln_x);
        if let Some(bend @ [_, ..]) = v.get(3..) {
            let (bend, slopes) = ln_bend(bend, ln_x);
            falling += bend;
            gradient[3..].copy_from_slice(&slopes);
        }
        if self == Self::Power {
            return falling;
        }
        let largest = falling.max(v[2]);
        let (power, offset) = ((falling - largest).exp(), (v[2] - largest).exp());
        let share = power / (power + offset);
        gradient.iter_mut().for_each(|slope| *slope *= share);
        gradient[2] = 1.0 - share;
        largest + (power + offset).ln()
    }
}

/// Points about their mean.
struct CentredPoints {
    form: Form,
    /// `ln x` from its mean, and `ln (1 + y)`.
    points: Vec<(f64, f64)>,
    centre: f64,
    /// The variance of `ln (1 + y)`, which objectives are in units of.
    variance: f64,
}

impl CentredPoints {
    fn new(points: &[(f64, f64)], form: Form) -> Self {
        let n = points.len() as f64;
        let centre = points.iter().map(|point| point.0.ln()).sum::<f64>() / n;
        let mean = points.iter().map(|point| point.1.ln_1p()).sum::<f64>() / n;
        let squares = points.iter().map(|point| (point.1.ln_1p() - mean).powi(2)).sum::<f64>();
        let points = points.iter().map(|(x, y)| (x.ln() - centre, y.ln_1p())).collect();
        Self { form, points, centre, variance: (squares / n).max(ROUNDING) }
    }

    /// The mean square over the variance.
    fn objective(&self, v: &[f64], gradient: &mut [f64]) -> f64 {
        let mut slopes = vec![0.0; v.len()];
        gradient.fill(0.0);
        let mut sum = 0.0;
        let unit = 1.0 / (self.variance * self.points.len() as f64);
        for (ln_x, ln_y) in &self.points {
            let value = self.form.ln_value(v, *ln_x, &mut slopes).exp();
            let residual = value.ln_1p() - ln_y;
            sum += residual * residual;
            let weight = 2.0 * unit * residual * value / (1.0 + value);
            gradient.iter_mut().zip(&slopes).for_each(|(g, slope)| *g += weight * slope);
        }
        sum * unit
    }

    fn minimise(&self, start: &[f64]) -> Minimum {
        minimise(&|v, gradient| self.objective(v, gradient), start, LIMITS)
    }

    /// The best law, of searches from all starts.
    fn search(&self) -> Minimum {
        search(self.starts(), |start| self.minimise(start)).swap_remove(0)
    }

    /// The best law of the next simpler form, and starts all over where laws can lie.
    fn starts(&self) -> Vec<Vec<f64>> {
        let (first, last) = range(self.points.iter().map(|point| point.0));
        let (low, high) = range(self.points.iter().map(|point| point.1.exp_m1()));
        let length = last - first;
        let simpler = |form| Self { form, points: self.points.clone(), ..*self }.search().point;
        match self.form {
            Form::Power => EXPONENTS.map(|c| vec![(low * high).sqrt().ln(), c]).into(),
            Form::Offset => {
                let power = [simpler(Form::Power), vec![(PARTS[0] * low).ln()]].concat();
                std::iter::once(power).chain(self.with_offsets()).collect()
            }
            Form::Broken => {
                let bend = vec![0.0, f64::midpoint(first, last), (WIDTHS[2] * length).ln()];
                let mut starts = vec![[simpler(Form::Offset), bend].concat()];
                for straight in self.with_offsets() {
                    for (place, width) in PLACES.iter().flat_map(|p| WIDTHS.map(|w| (p, w))) {
                        let bend = [straight[1], first + place * length, (width * length).ln()];
                        starts.push([&straight[..], &bend].concat());
                    }
                }
                starts
            }
        }
    }

    /// Starts with an offset: three parts of the least loss, each with three exponents.
    fn with_offsets(&self) -> impl Iterator<Item = Vec<f64>> {
        let (low, high) = range(self.points.iter().map(|point| point.1.exp_m1()));
        let starts = EXPONENTS.into_iter().flat_map(|c| PARTS.map(|part| (c, part)));
        starts.map(move |(c, part)| {
            vec![((low * high).sqrt() - part * low).ln(), c, (part * low).ln()]
        })
    }

    /// Where searches for the law of a resample start: at the law of all points, given about this
    /// centre, and where the offset of that has ended at nothing, at laws with an offset too.
    fn starts_of_resample(&self, law: Vec<f64>) -> Vec<Vec<f64>> {
        let (low, _) = range(self.points.iter().map(|point| point.1.exp_m1()));
        let mut starts = vec![law];
        let law = &starts[0];
        if law.get(2).is_some_and(|ln_offset| ln_offset.exp() < NOTHING * low) {
            let bend = law[3..].to_vec();
            let with_offsets =
                self.with_offsets().map(|straight| [straight, bend.clone()].concat());
            starts.extend(with_offsets.collect::<Vec<_>>());
        }
        starts
    }

    /// The law that a search ended at.
    fn law(&self, end: Minimum) -> ScaleLaw {
        let mut parameters = end.point.clone();
        shift(&mut parameters, self.centre);
        change_scale(&mut parameters, f64::exp);
        ScaleLaw {
            form: self.form,
            parameters,
            residual: (end.value * self.variance).sqrt(),
            variables: end.point,
            centre: self.centre,
        }
    }
}

/// Variables about a centre, about one that lies `by` less.
fn shift(variables: &mut [f64], by: f64) {
    variables[0] += variables[1] * by;
    if let Some(ln_place) = variables.get_mut(4) {
        *ln_place += by;
    }
}

/// Applies `function` to the variables that are logarithms: all but exponents.
fn change_scale(variables: &mut [f64], function: fn(f64) -> f64) {
    for index in [0, 2, 4, 5] {
        variables.get_mut(index).into_iter().for_each(|value| *value = function(*value));
    }
}

/// The law of this form through `points` with the least squares of `ln (1 + y)`, of many starts.
///
/// # Errors
/// [`LawError`] when a number is not positive, or there are no more places than parameters.
pub fn fit_scale_law(points: &[(f64, f64)], form: Form) -> Result<ScaleLaw, LawError> {
    for (index, (x, y)) in points.iter().enumerate() {
        let fits = [x, y].into_iter().all(|value| value.is_finite() && *value > 0.0);
        ensure!(fits, "point {index} is ({x}, {y}); both must be finite and positive");
    }
    let (n_places, n) = (n_different(points.iter().map(|point| point.0)), form.n_parameters());
    ensure!(n_places > n, "{n} parameters need points at more than {n} scales, got {n_places}");
    let centred = CentredPoints::new(points, form);
    Ok(centred.law(centred.search()))
}

impl ScaleLaw {
    /// The law's loss at a scale.
    pub fn at(&self, x: f64) -> f64 {
        let mut gradient = vec![0.0; self.variables.len()];
        self.form.ln_value(&self.variables, x.ln() - self.centre, &mut gradient).exp()
    }

    /// The laws of `n_resamples` draws of the points with replacement, from `seed`, each fitted
    /// from this one, and from others where this one's offset has ended at nothing. Draws that have no more scales than the form has parameters have no law and
    /// are passed over.
    pub fn resampled(&self, points: &[(f64, f64)], n_resamples: usize, seed: u64) -> Vec<Self> {
        let resample = |k: usize| {
            let drawn = drawn(points, &mut stream(seed, k as u64));
            if n_different(drawn.iter().map(|point| point.0)) <= self.form.n_parameters() {
                return None;
            }
            let centred = CentredPoints::new(&drawn, self.form);
            let mut start = self.variables.clone();
            shift(&mut start, self.centre - centred.centre);
            let ends = centred.starts_of_resample(start).into_iter().map(|s| centred.minimise(&s));
            let best = ends.min_by(|a, b| a.value.total_cmp(&b.value))?;
            Some(centred.law(best))
        };
        runs(n_resamples, &|| (), resample).into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finite_difference::assert_gradient;
    use crate::prediction::HOLD;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution as _, StandardNormal};
    use superpose_stats::bootstrap::percentile_interval;

    /// The law with these parameters, as [`Form::names`] lists them.
    fn law_of(form: Form, parameters: &[f64]) -> ScaleLaw {
        let mut variables = parameters.to_vec();
        change_scale(&mut variables, f64::ln);
        let parameters = parameters.to_vec();
        ScaleLaw { form, parameters, residual: f64::NAN, variables, centre: 0.0 }
    }

    const LAWS: [(Form, &[f64]); 3] = [
        (Form::Power, &[50.0, 0.2]),
        (Form::Offset, &[300.0, 0.3, 1.5]),
        (Form::Broken, &[3.0, 0.05, 0.4, 3.0, 600.0, 0.1]),
    ];

    /// Points of a law from 100 to 1000, or of an offset one further, with so much of a ripple in
    /// `ln (1 + y)`.
    fn points(form: Form, parameters: &[f64], ripple: f64) -> Vec<(f64, f64)> {
        let law = law_of(form, parameters);
        let decades = if form == Form::Offset { 6.0 } else { 1.0 };
        let point = |k: u32| {
            let x = 100.0 * 10_f64.powf(decades * f64::from(k) / 20.0);
            let shift = ripple * f64::from(k * 7 % 5).mul_add(0.5, -1.0);
            (x, (law.at(x).ln_1p() + shift).exp_m1())
        };
        (0..=20).map(point).collect()
    }

    #[test]
    fn every_form_comes_back_from_its_own_points() {
        for (form, truth) in LAWS {
            let law = fit_scale_law(&points(form, truth, 0.0), form).unwrap();
            assert!(law.residual < 1e-7, "{law:?}");
            for (ours, truth) in law.parameters.iter().zip(truth) {
                assert!((ours / truth - 1.0).abs() < 1e-3, "{law:?} {truth}");
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_objective() {
        let at = [0.3, 0.4, -0.5, 1.5, 0.2, -1.0];
        for form in Form::ALL {
            let centred = CentredPoints::new(&points(Form::Broken, LAWS[2].1, 0.01), form);
            let at = &at[..form.n_parameters()];
            assert_gradient(&|v, gradient| centred.objective(v, gradient), at);
        }
    }

    #[test]
    fn only_a_form_that_can_bend_predicts_beyond_a_bend() {
        let all = points(Form::Broken, LAWS[2].1, 1e-4);
        let (known, beyond) = all.split_at(18);
        let worst = |form| {
            let law = fit_scale_law(known, form).unwrap();
            beyond.iter().map(|(x, y)| (law.at(*x) / y - 1.0).abs()).fold(0.0, f64::max)
        };
        assert!(worst(Form::Broken) < 0.03, "{}", worst(Form::Broken));
        assert!(worst(Form::Offset) > 0.3 && worst(Form::Power) > 0.3);
    }

    #[test]
    fn intervals_over_resamples_hold_the_truth_as_often_as_they_say() {
        // Of 100 draws of noisy points, 90 % intervals of a loss beyond them hold the truth in nine
        // of ten; resamples of some tens of points are known to be a little narrow.
        for (form, truth) in &LAWS[..2] {
            let far = 2.0 * points(*form, truth, 0.0)[20].0;
            let expected = law_of(*form, truth).at(far);
            let mut held = 0;
            for seed in 0..100 {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let mut noisy = points(*form, truth, 0.0);
                for point in &mut noisy {
                    let noise: f64 = StandardNormal.sample(&mut rng);
                    point.1 = (point.1.ln_1p() + 1e-3 * noise).exp_m1();
                }
                let law = fit_scale_law(&noisy, *form).unwrap();
                let laws = law.resampled(&noisy, 100, seed);
                let values = laws.iter().map(|law| law.at(far)).collect();
                let (low, high) = percentile_interval(values, 0.9).unwrap();
                held += u32::from(low <= expected && expected <= high);
            }
            assert!((75..=98).contains(&held), "{form:?}: {held}");
        }
    }

    #[test]
    fn resamples_find_an_offset_that_all_points_together_do_not_have() {
        // Of noisy points of a law without an offset the fit has none either, for some seeds.
        let noisy = |seed: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut points = points(Form::Power, &[50.0, 0.2], 0.0);
            for point in &mut points {
                let normal: f64 = StandardNormal.sample(&mut rng);
                point.1 *= (0.02 * normal).exp();
            }
            let law = fit_scale_law(&points, Form::Offset).unwrap();
            (law.parameters[2] < 1e-3 * law.at(1e3)).then_some((points, law))
        };
        let (points, law) = (0..20).find_map(noisy).expect("a seed without an offset");
        let laws = law.resampled(&points, 40, 1);
        let with_offset = laws.iter().filter(|law| law.parameters[2] > 0.1).count();
        assert!((5..40).contains(&with_offset), "{with_offset}");
        // Each is as good as searches from everywhere make it.
        for (k, law) in laws.iter().enumerate() {
            let drawn = drawn(&points, &mut stream(1, k as u64));
            let whole = fit_scale_law(&drawn, Form::Offset).unwrap();
            assert!(law.residual <= whole.residual * 1.0001, "{} {}", law.residual, whole.residual);
        }
    }

    /// How often 95 % intervals of a loss at twice, and at a hundred times the largest scale hold the truth:
    /// of `n_sets` sets of `n_points` losses with so much noise in `ln (1 + loss)`.
    fn coverage(form: Form, truth: &[f64], n_points: u32, noise: f64, n_sets: u64) -> [f64; 2] {
        let law = law_of(form, truth);
        let mut held = [0.0; 2];
        for seed in 0..n_sets {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let point = |k: u32| {
                let x = 100.0 * 10_f64.powf(4.0 * f64::from(k) / f64::from(n_points - 1));
                let normal: f64 = StandardNormal.sample(&mut rng);
                (x, (law.at(x).ln_1p() + noise * normal).exp_m1())
            };
            let points: Vec<(f64, f64)> = (0..n_points).map(point).collect();
            let fitted = fit_scale_law(&points, form).unwrap();
            let laws = fitted.resampled(&points, 400, seed);
            for (held, factor) in held.iter_mut().zip([2.0, 100.0]) {
                let far = factor * points.last().unwrap().0;
                let values = laws.iter().map(|law| law.at(far)).collect();
                let (low, high) = percentile_interval(values, 0.95).unwrap();
                *held += f64::from(low <= law.at(far) && law.at(far) <= high) / n_sets as f64;
            }
        }
        held
    }

    #[test]
    #[ignore = "a quarter of an hour: the figures that the words of `theory predict` state"]
    fn how_often_intervals_hold_the_truth() {
        let mut told = Vec::new();
        // Noise is but a scale where the law is far from its offset, or has none.
        for (form, truth, noise) in [
            (Form::Power, &[50.0, 0.2][..], 2e-2),
            (Form::Offset, &[300.0, 0.3, 1.5], 2e-2),
            (Form::Offset, &[300.0, 0.3, 0.05], 1e-3),
            (Form::Offset, &[300.0, 0.3, 0.05], 2e-2),
        ] {
            for n_points in [8, 12, 24] {
                let held = coverage(form, truth, n_points, noise, 500);
                told.push((form, truth, n_points, noise, held));
            }
        }
        // A test may not print: the figures are the message when one is beyond what is stated.
        let all: Vec<f64> = told.iter().flat_map(|row| row.4).collect();
        let (least, most) = range(all.iter().copied());
        let (stated_least, stated_most) = HOLD;
        let percent = |share: f64| (100.0 * share).round();
        assert!(
            percent(least) >= f64::from(stated_least) && percent(most) <= f64::from(stated_most),
            "{told:#.3?}"
        );
    }

    #[test]
    fn resamples_are_the_same_again_and_have_enough_scales() {
        let points = points(Form::Broken, LAWS[2].1, 1e-3);
        let law = fit_scale_law(&points[12..], Form::Broken).unwrap();
        let laws = law.resampled(&points[12..], 50, 7);
        assert_eq!(laws, law.resampled(&points[12..], 50, 7));
        // Nine points drawn nine times rarely are seven different ones.
        assert!(!laws.is_empty() && laws.len() < 25, "{}", laws.len());
        assert!(laws.iter().all(|law| law.at(2e3).is_finite()));
    }

    #[test]
    fn equal_losses_are_a_constant_and_steep_ones_do_not_overflow() {
        let constant: Vec<(f64, f64)> = (1..10).map(|x| (f64::from(x) * 1e9, 2.0)).collect();
        for form in Form::ALL {
            let law = fit_scale_law(&constant, form).unwrap();
            assert!((law.at(1e12) - 2.0).abs() < 1e-5, "{law:?}");
        }
        // A coefficient of 10³⁵⁰ is no number, the losses are.
        let steep = |k: i32| (1e10 * 1.01_f64.powi(k), 3.0 * 1.01_f64.powi(-35 * k));
        let points: Vec<(f64, f64)> = (0..8).map(steep).collect();
        let law = fit_scale_law(&points, Form::Power).unwrap();
        assert!(law.parameters[0].is_infinite() && (law.at(1e10) - 3.0).abs() < 1e-6, "{law:?}");
        assert!((law.resampled(&points, 3, 0)[0].at(1e10) - 3.0).abs() < 1e-6);
    }

    #[test]
    fn points_without_a_law_are_refused() {
        let said =
            |points: &[(f64, f64)]| fit_scale_law(points, Form::Offset).unwrap_err().to_string();
        assert!(said(&[(1.0, 2.0), (2.0, 0.0)]).contains("point 1 is (2, 0)"));
        assert!(said(&[(1.0, 2.0), (f64::NAN, 1.0)]).contains("point 1"));
        let few = [(1.0, 3.0), (2.0, 2.0), (2.0, 2.1), (3.0, 1.0)];
        assert!(said(&few).contains("more than 3 scales, got 3"), "{}", said(&few));
    }
}
