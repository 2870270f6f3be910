//! The least value of a smooth function of a few variables, by its gradient (BFGS).
//!
//! **Source**: Nocedal & Wright 2006, "Numerical Optimization", chapter 6; the step is halved until the function
//! falls enough, and the curvature is only learnt from steps that show some.

/// Where a search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The place.
    pub point: Vec<f64>,
    /// The function there.
    pub value: f64,
    /// The largest component of the gradient there.
    pub gradient: f64,
    /// Steps that were made.
    pub n_steps: usize,
    /// Whether the gradient is as small as was asked.
    pub has_converged: bool,
}

/// When a search ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The largest component of a gradient that counts as none, in units of the function's.
    pub gradient: f64,
    /// The most steps.
    pub n_steps: usize,
}

/// Halvings of a step before the direction is given up.
const HALVINGS: usize = 50;
/// The part of the promised fall that a step must bring (Armijo).
const ENOUGH: f64 = 1e-4;
/// What a sum of some hundred terms is rounded by, at most.
const ROUNDING: f64 = 1e-13;
/// How much flatter a step must leave the function that is no longer seen to fall.
const FLATTER: f64 = 0.9;

/// A minimum of `function`, which writes its gradient into its second argument, from `start`. A value that is not
/// finite is a wall.
pub fn minimise(
    function: &dyn Fn(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    limits: Limits,
) -> Minimum {
    let n = start.len();
    let (mut point, mut gradient) = (start.to_vec(), vec![0.0; n]);
    let mut value = function(&point, &mut gradient);
    // The inverse of the Hessian, as learnt so far.
    let mut inverse = identity(n);
    let mut is_fresh = true;
    let mut n_steps = 0;
    while largest(&gradient) > limits.gradient && n_steps < limits.n_steps {
        let mut direction: Vec<f64> = inverse.iter().map(|row| -dot(row, &gradient)).collect();
        let mut fall = dot(&direction, &gradient);
        if fall >= 0.0 || !fall.is_finite() {
            inverse = identity(n);
            is_fresh = true;
            direction = gradient.iter().map(|g| -g).collect();
            fall = dot(&direction, &gradient);
        }
        // Without any knowledge of the curvature a step is one unit long at most.
        let mut length = if is_fresh { 1.0 / largest(&direction).max(1.0) } else { 1.0 };
        let mut next = None;
        for _ in 0..HALVINGS {
            let tried: Vec<f64> =
                point.iter().zip(&direction).map(|(p, d)| p + length * d).collect();
            let mut slope = vec![0.0; n];
            let found = function(&tried, &mut slope);
            // Near the end the fall drowns in rounding, and what tells is that the slope flattens.
            let is_level = (found - value).abs() <= ROUNDING * value.abs();
            let is_flatter = dot(&slope, &direction).abs() <= FLATTER * fall.abs();
            if found.is_finite()
                && (found <= value + ENOUGH * length * fall || (is_level && is_flatter))
            {
                next = Some((tried, found, slope));
                break;
            }
            length *= 0.5;
        }
        let Some((tried, found, slope)) = next else {
            if is_fresh {
                break;
            }
            inverse = identity(n);
            is_fresh = true;
            continue;
        };
        let step: Vec<f64> = tried.iter().zip(&point).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = slope.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        learn(&mut inverse, &step, &change, is_fresh);
        is_fresh = false;
        (point, value, gradient) = (tried, found, slope);
        n_steps += 1;
    }
    let gradient = largest(&gradient);
    Minimum { point, value, gradient, n_steps, has_converged: gradient <= limits.gradient }
}

/// Updates the inverse Hessian so that it maps `change` to `step`.
fn learn(inverse: &mut Vec<Vec<f64>>, step: &[f64], change: &[f64], is_first: bool) {
    let curvature = dot(step, change);
    if curvature <= 1e-14 * (dot(step, step) * dot(change, change)).sqrt() {
        return;
    }
    let n = step.len();
    if is_first {
        let scale = curvature / dot(change, change);
        *inverse = identity(n);
        inverse.iter_mut().enumerate().for_each(|(i, row)| row[i] = scale);
    }
    let image: Vec<f64> = inverse.iter().map(|row| dot(row, change)).collect();
    let weight = (1.0 + dot(change, &image) / curvature) / curvature;
    for i in 0..n {
        for j in 0..n {
            inverse[i][j] +=
                weight * step[i] * step[j] - (image[i] * step[j] + step[i] * image[j]) / curvature;
        }
    }
}

fn identity(n: usize) -> Vec<Vec<f64>> {
    (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect()
}

/// `Σ a_i b_i`.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(values: &[f64]) -> f64 {
    // `max` alone would forget what is not a number.
    values
        .iter()
        .fold(0.0, |most: f64, v| if most.is_nan() { most } else { v.abs().max(most) + 0.0 * v })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { gradient: 1e-9, n_steps: 500 };

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        // Rosenbrock 1960.
        let valley = |p: &[f64], g: &mut [f64]| {
            let (x, y) = (p[0], p[1]);
            g[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
            g[1] = 200.0 * (y - x * x);
            (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
        };
        for start in [[-1.2, 1.0], [0.0, 0.0], [10.0, -7.0]] {
            let minimum = minimise(&valley, &start, LIMITS);
            assert!(minimum.has_converged && minimum.n_steps < 300, "{minimum:?}");
            assert!(minimum.point.iter().all(|x| (x - 1.0).abs() < 1e-8));
        }
    }

    #[test]
    fn a_wall_is_not_crossed_and_a_bowl_takes_few_steps() {
        let bowl = |p: &[f64], g: &mut [f64]| {
            g.iter_mut().zip(p).zip(1_u8..).for_each(|((g, x), k)| *g = f64::from(k) * (x - 2.0));
            let squares = p.iter().zip(1_u8..).map(|(x, k)| 0.5 * f64::from(k) * (x - 2.0).powi(2));
            if p.iter().any(|x| *x > 100.0) { f64::NAN } else { squares.sum::<f64>() }
        };
        let minimum = minimise(&bowl, &[99.0; 6], LIMITS);
        assert!(minimum.has_converged && minimum.n_steps < 40, "{minimum:?}");
        assert!(minimum.value < 1e-16);
        let ended = minimise(&bowl, &[99.0; 6], Limits { n_steps: 2, ..LIMITS });
        assert!(!ended.has_converged && ended.n_steps == 2);
    }

    /// `½ Σ a_i x_i²` with the `curvatures` `a`.
    fn bowl(curvatures: &[f64]) -> impl Fn(&[f64], &mut [f64]) -> f64 {
        move |p: &[f64], g: &mut [f64]| {
            let terms = g.iter_mut().zip(p.iter().zip(curvatures));
            terms
                .map(|(g, (x, a))| {
                    *g = a * x;
                    0.5 * a * x * x
                })
                .sum()
        }
    }

    fn after(
        n_steps: usize,
        function: &dyn Fn(&[f64], &mut [f64]) -> f64,
        start: &[f64],
    ) -> Minimum {
        minimise(function, start, Limits { n_steps, ..LIMITS })
    }

    fn assert_close(got: &[f64], expected: &[f64]) {
        let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs().max(1.0);
        assert!(got.iter().zip(expected).all(is_close), "{got:?} is not {expected:?}");
    }

    #[test]
    fn the_first_steps_are_those_on_paper() {
        let bowl = bowl(&[1.0, 4.0]);
        // The gradient is (3, 4): as it is larger than one, the first step is as long as its largest number.
        let start = [3.0, 1.0];
        let first = after(1, &bowl, &start);
        assert_close(&first.point, &[2.25, 0.0]);
        assert_close(&[first.value, first.gradient], &[0.5 * 2.25 * 2.25, 2.25]);
        // s = (−¾, −1) and y = (−¾, −4): H = (I − s yᵀ/sᵀy) (sᵀy/yᵀy) (I − y sᵀ/sᵀy) + s sᵀ/sᵀy.
        let (s, y) = ([-0.75, -1.0], [-0.75, -4.0]);
        let (sy, yy) = (0.5625 + 4.0, 0.5625 + 16.0);
        let left = |i: usize, j: usize| f64::from(u8::from(i == j)) - s[i] * y[j] / sy;
        let h = |i: usize, j: usize| {
            (0..2).map(|k| left(i, k) * sy / yy * left(j, k)).sum::<f64>() + s[i] * s[j] / sy
        };
        let second = after(2, &bowl, &start);
        assert_close(&second.point, &[2.25 - h(0, 0) * 2.25, -h(1, 0) * 2.25]);
    }

    #[test]
    fn a_small_first_gradient_is_gone_down_as_it_is() {
        // One step of the whole gradient ends at the minimum of a bowl of curvature one.
        let minimum = after(1, &bowl(&[1.0]), &[0.25]);
        assert_close(&minimum.point, &[0.0]);
        assert!(minimum.has_converged && minimum.n_steps == 1);
        let started_there = after(9, &bowl(&[1.0]), &[0.0]);
        assert!(started_there.has_converged && started_there.n_steps == 0);
    }

    #[test]
    fn a_step_that_does_not_fall_enough_is_halved() {
        // From 1 the gradient of x⁴ is 4, the step one long, to the minimum itself. With a wall there it
        // is halved until it ends beside the wall.
        let quartic = |wall: f64| {
            move |p: &[f64], g: &mut [f64]| {
                g[0] = 4.0 * p[0].powi(3);
                if p[0] < wall { f64::INFINITY } else { p[0].powi(4) }
            }
        };
        for (wall, expected) in [(-1.0, 0.0), (0.1, 0.5), (0.6, 0.75), (0.8, 0.875)] {
            assert_close(&after(1, &quartic(wall), &[1.0]).point, &[expected]);
        }
        // |x| to a power just above one, steep on the other side: no fall there, so half as far.
        let valley = |p: &[f64], g: &mut [f64]| {
            let slope = if p[0] < 0.0 { -3.0 } else { 1.0 };
            g[0] = slope;
            slope * p[0]
        };
        assert_close(&after(1, &valley, &[0.6]).point, &[0.1]);
    }

    #[test]
    fn where_no_step_falls_the_search_ends_and_says_so() {
        // The gradient points up.
        let liar = |p: &[f64], g: &mut [f64]| {
            g[0] = -1.0;
            p[0]
        };
        let minimum = after(50, &liar, &[2.0]);
        assert!(!minimum.has_converged && minimum.n_steps == 0, "{minimum:?}");
        assert_close(&[minimum.point[0], minimum.value, minimum.gradient], &[2.0, 2.0, 1.0]);
    }

    #[test]
    fn a_gradient_that_is_no_number_has_not_converged() {
        let nowhere = |_: &[f64], g: &mut [f64]| {
            g.copy_from_slice(&[f64::NAN, 1.0]);
            0.0
        };
        let minimum = after(50, &nowhere, &[1.0, 1.0]);
        assert!(minimum.gradient.is_nan() && !minimum.has_converged);
        assert!(largest(&[1.0, f64::NAN]).is_nan() && largest(&[f64::NAN, 1.0]).is_nan());
        assert_close(&[largest(&[1.0, -3.0, 2.0])], &[3.0]);
    }

    #[test]
    fn the_inverse_maps_a_change_to_its_step_and_learns_nothing_from_what_curves_down() {
        let (step, change) = ([1.0, -2.0, 0.5], [2.0, -1.0, 0.25]);
        for is_first in [true, false] {
            let mut inverse = identity(3);
            inverse[0][0] = 2.0;
            learn(&mut inverse, &step, &change, is_first);
            let image: Vec<f64> = inverse.iter().map(|row| dot(row, &change)).collect();
            assert_close(&image, &step);
            for (i, row) in inverse.iter().enumerate() {
                (0..3).for_each(|j| assert_close(&[row[j]], &[inverse[j][i]]));
            }
            let before = inverse.clone();
            learn(&mut inverse, &step, &change.map(|c| -c), is_first);
            learn(&mut inverse, &[1.0, 0.0, 0.0], &[1e-15, 1.0, 0.0], is_first);
            assert_eq!(inverse, before);
        }
        // Curvature is some from 1e-14 of what it could be.
        for (part, is_some) in [(1e-13, true), (1e-15, false)] {
            let mut inverse = identity(2);
            learn(&mut inverse, &[100.0, 0.0], &[100.0 * part, 100.0], false);
            assert_eq!(inverse != identity(2), is_some, "{inverse:?}");
        }
    }

    #[test]
    fn a_function_that_no_longer_falls_in_its_digits_is_still_followed_by_its_slope() {
        // Far above zero the fall of the last steps is less than rounding.
        let high = |p: &[f64], g: &mut [f64]| 1e9 + bowl(&[1.0, 30.0])(p, g);
        for start in [[1.0, 1.0], [-0.3, 0.7], [2.0, -0.1]] {
            let minimum = after(100, &high, &start);
            assert!(minimum.has_converged, "{minimum:?}");
            assert!(minimum.point.iter().all(|x| x.abs() < 1e-8));
        }
    }

    #[test]
    fn a_rise_within_rounding_is_a_step_if_the_slope_flattens_and_none_otherwise() {
        // About a value of 1e9 rounding is 1e-4. The slope at the second place is a part of that at the first.
        let (noise, slope) = (std::cell::Cell::new(5e-5), std::cell::Cell::new(0.0));
        let level = |p: &[f64], g: &mut [f64]| {
            let is_start = p[0].to_bits() == 0.25_f64.to_bits();
            g[0] = if is_start { 0.25 } else { slope.get() };
            if is_start { 1e9 } else { 1e9 + noise.get() }
        };
        for (rise, then, n_steps) in
            [(5e-5, 0.0, 1), (5e-5, 0.22, 1), (5e-5, 0.23, 0), (2e-4, 0.0, 0), (5e-5, -0.23, 0)]
        {
            noise.set(rise);
            slope.set(then);
            let minimum = after(1, &level, &[0.25]);
            assert_eq!(minimum.n_steps, n_steps, "{rise} {then} {minimum:?}");
            assert_close(&minimum.point, &[if n_steps == 1 { 0.0 } else { 0.25 }]);
        }
    }
}
