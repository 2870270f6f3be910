//! The loss of a small tied ReLU autoencoder on all of its data, not on a batch of them: exact to rounding.
//!
//! Features are independent, active with probability `p_i`, and then uniform on `[0, 1]`. Given which are active,
//! an output is `ReLU(a·x + c)` on a cube, and its squared error is a polynomial on either side of a plane.
//! Integrated over one variable it is a polynomial between the places where that plane passes a corner of the cube, of
//! a degree higher by one, so that Gauss's rule on each piece is exact: no grid, no sampling. The number of
//! active sets is `2ⁿ`, so models are to be small.

use std::f64::consts::FRAC_1_SQRT_2;

/// The most features that such a model may have: four points are enough then (see `RULES`).
pub const MOST_FEATURES: usize = 6;

/// A small tied autoencoder `y = ReLU(x W Wᵀ + b)` and what it is trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    probabilities: Vec<f64>,
    importance: Vec<f64>,
    d_hidden: usize,
}

/// Data of which the population loss cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PopulationError {
    /// Too many features, or none.
    #[error("the number of features must be 1 to {MOST_FEATURES}, got {0}")]
    Features(usize),
    /// Not a weight for each feature.
    #[error("there must be an importance for each of the {features} features, got {weights}")]
    Importance {
        /// Number of features.
        features: usize,
        /// Number of weights.
        weights: usize,
    },
    /// A width of zero.
    #[error("the hidden width must be at least 1, got 0")]
    Width,
}

impl Population {
    /// Data with these probabilities `p_i` and importances `I_i`, and models of width `d_hidden`.
    ///
    /// # Errors
    /// [`PopulationError`].
    pub fn new(
        probabilities: &[f64],
        importance: &[f64],
        d_hidden: usize,
    ) -> Result<Self, PopulationError> {
        let (features, weights) = (probabilities.len(), importance.len());
        if !(1..=MOST_FEATURES).contains(&features) {
            return Err(PopulationError::Features(features));
        }
        if features != weights {
            return Err(PopulationError::Importance { features, weights });
        }
        if d_hidden == 0 {
            return Err(PopulationError::Width);
        }
        let (probabilities, importance) = (probabilities.to_vec(), importance.to_vec());
        Ok(Self { probabilities, importance, d_hidden })
    }

    /// Numbers in a model: `W` by rows, `[n, d]`, then `b`, `[n]`.
    pub fn n_parameters(&self) -> usize {
        self.probabilities.len() * (self.d_hidden + 1)
    }

    /// The loss `Σ_i I_i ⟨(x_i − y_i)²⟩` of the model with these `parameters` (see
    /// [`n_parameters`](Self::n_parameters)); its gradient is written into `gradient`, which is as long.
    ///
    /// # Panics
    /// When there are not as many numbers.
    pub fn loss(&self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let (n, d) = (self.probabilities.len(), self.d_hidden);
        assert!(
            parameters.len() == n * (d + 1) && gradient.len() == n * (d + 1),
            "n (d + 1) numbers"
        );
        let (weights, bias) = parameters.split_at(n * d);
        let row = |i: usize| &weights[i * d..(i + 1) * d];
        gradient.fill(0.0);
        let mut loss = 0.0;
        for set in 0..1_usize << n {
            let is_active = |i: usize| set >> i & 1 == 1;
            let probability: f64 =
                (0..n)
                    .map(|i| {
                        if is_active(i) {
                            self.probabilities[i]
                        } else {
                            1.0 - self.probabilities[i]
                        }
                    })
                    .product();
            if probability <= 0.0 {
                continue;
            }
            let active: Vec<usize> = (0..n).filter(|i| is_active(*i)).collect();
            for (c, &constant) in bias.iter().enumerate() {
                let slopes: Vec<f64> = active.iter().map(|i| dot(row(c), row(*i))).collect();
                let own = active.iter().position(|i| *i == c);
                let mut of =
                    Output { own, squares: 0.0, error: 0.0, moments: vec![0.0; active.len()] };
                let mut x = vec![0.0; active.len()];
                integrate(&slopes, constant, 1.0, &mut x, &mut of);
                let weight = probability * self.importance[c];
                loss += weight * of.squares;
                // z = b_c + Σ_i W_c·W_i x_i.
                gradient[n * d + c] += 2.0 * weight * of.error;
                for (i, moment) in active.iter().zip(&of.moments) {
                    for k in 0..d {
                        gradient[c * d + k] += 2.0 * weight * moment * weights[i * d + k];
                        gradient[i * d + k] += 2.0 * weight * moment * weights[c * d + k];
                    }
                }
            }
        }
        loss
    }
}

/// What is summed up of an output.
struct Output {
    /// The place of the output's own feature among the active ones, if it is one.
    own: Option<usize>,
    /// `⟨(ReLU(z) − x)²⟩`.
    squares: f64,
    /// `⟨(ReLU(z) − x) · 1[z > 0]⟩`.
    error: f64,
    /// The same times each active feature.
    moments: Vec<f64>,
}

impl Output {
    fn add(&mut self, z: f64, x: &[f64], weight: f64) {
        let target = self.own.map_or(0.0, |own| x[own]);
        let error = z.max(0.0) - target;
        self.squares += weight * error * error;
        if z > 0.0 {
            self.error += weight * error;
            self.moments.iter_mut().zip(x).for_each(|(m, x)| *m += weight * error * x);
        }
    }
}

/// Gauss's rules on `[−1, 1]` with two, three and four points: places and weights. With `k` points a polynomial of
/// degree `2k − 1` is exact.
const RULES: [&[(f64, f64)]; 3] = [
    &[(-0.577_350_269_189_625_8, 1.0), (0.577_350_269_189_625_8, 1.0)],
    &[
        (-0.774_596_669_241_483_4, 5.0 / 9.0),
        (0.0, 8.0 / 9.0),
        (0.774_596_669_241_483_4, 5.0 / 9.0),
    ],
    &[
        (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
        (-0.339_981_043_584_856_26, 0.652_145_154_862_546_2),
        (0.339_981_043_584_856_26, 0.652_145_154_862_546_2),
        (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    ],
];

/// Adds the integral over the first `slopes.len()` variables, from 0 to 1 each, of what `of` sums up at
/// `z = slopes·x + constant`; the last of them is the outermost. Variables beyond them are set in `x`.
fn integrate(slopes: &[f64], constant: f64, weight: f64, x: &mut [f64], of: &mut Output) {
    let Some((&slope, inner)) = slopes.split_last() else {
        of.add(constant, x, weight);
        return;
    };
    // The integral over the inner variables is of degree 2 + (their number) in this one, between the places where
    // the plane z = 0 passes a corner of their cube.
    let rule = RULES[inner.len() / 2];
    let mut ends = vec![0.0, 1.0];
    for corner in 0..1_usize << inner.len() {
        let at_corner: f64 =
            (0..inner.len()).filter(|k| corner >> k & 1 == 1).map(|k| inner[k]).sum();
        let place = -(constant + at_corner) / slope;
        if place > 0.0 && place < 1.0 {
            ends.push(place);
        }
    }
    ends.sort_by(f64::total_cmp);
    for piece in ends.windows(2) {
        let (middle, half) = (0.5 * (piece[0] + piece[1]), 0.5 * (piece[1] - piece[0]));
        for &(place, share) in rule {
            let value = middle + half * place;
            x[inner.len()] = value;
            integrate(inner, constant + slope * value, half * share * weight, x, of);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Models of `n_features` features in `d_hidden` dimensions that a search for the least loss may begin at: `d` features
/// on axes of their own, for every choice of `d` of the `n`, and, on top of it, one more feature against one of
/// them. `W` by rows and then `b`, which starts at zero.
pub fn starts(n_features: usize, d_hidden: usize) -> Vec<Vec<f64>> {
    let n = n_features.min(MOST_FEATURES);
    let mut starts = Vec::new();
    for set in 0..1_usize << n {
        if set.count_ones() as usize != d_hidden.min(n) {
            continue;
        }
        let chosen: Vec<usize> = (0..n).filter(|i| set >> i & 1 == 1).collect();
        let mut alone = vec![0.0; n * (d_hidden + 1)];
        for (k, i) in chosen.iter().enumerate() {
            alone[i * d_hidden + k] = 1.0;
        }
        for other in (0..n).filter(|i| !chosen.contains(i)) {
            for k in 0..chosen.len() {
                let mut pair = alone.clone();
                pair[other * d_hidden + k] = -1.0;
                starts.push(pair);
            }
            // Not just against one of them: between two.
            if d_hidden >= 2 {
                let mut between = alone.clone();
                between[other * d_hidden] = -FRAC_1_SQRT_2;
                between[other * d_hidden + 1] = -FRAC_1_SQRT_2;
                starts.push(between);
            }
        }
        starts.push(alone);
    }
    starts
}

#[cfg(test)]
#[allow(clippy::needless_range_loop, reason = "written with indices, as on paper")]
mod tests {
    use super::*;
    use crate::philox::philox4x32;

    /// Numbers from 0 to 1 without any pattern.
    fn numbers(seed: u32, count: u32) -> Vec<f64> {
        (0..count).map(|k| f64::from(philox4x32([k, seed, 0, 0], 5)[0]) / 2_f64.powi(32)).collect()
    }

    fn models(n: usize, d: usize) -> impl Iterator<Item = Vec<f64>> {
        let count = u32::try_from(n * (d + 1)).unwrap();
        (0..6).map(move |seed| numbers(seed, count).iter().map(|v| 2.4 * v - 1.2).collect())
    }

    /// The loss by the midpoint rule with `steps` points a variable.
    fn by_midpoints(of: &Population, parameters: &[f64], steps: usize) -> f64 {
        let (n, d) = (of.probabilities.len(), of.d_hidden);
        let (weights, bias) = parameters.split_at(n * d);
        let mut loss = 0.0;
        for set in 0..1_usize << n {
            let active: Vec<usize> = (0..n).filter(|i| set >> i & 1 == 1).collect();
            let p: f64 = (0..n)
                .map(|i| {
                    if set >> i & 1 == 1 { of.probabilities[i] } else { 1.0 - of.probabilities[i] }
                })
                .product();
            let points = steps.pow(u32::try_from(active.len()).unwrap());
            for point in 0..points {
                let mut x = vec![0.0; n];
                let mut rest = point;
                for &i in &active {
                    x[i] = ((rest % steps) as f64 + 0.5) / steps as f64;
                    rest /= steps;
                }
                let hidden: Vec<f64> =
                    (0..d).map(|k| (0..n).map(|i| x[i] * weights[i * d + k]).sum()).collect();
                for c in 0..n {
                    let y = (dot(&hidden, &weights[c * d..(c + 1) * d]) + bias[c]).max(0.0);
                    loss += p / points as f64 * of.importance[c] * (x[c] - y).powi(2);
                }
            }
        }
        loss
    }

    #[test]
    fn the_loss_is_that_of_a_fine_sum() {
        // The midpoint rule with h = 1/400 is off by some h² (a kink costs no more): 1e-5 of numbers of order one.
        let two = Population::new(&[0.3, 0.8], &[1.0, 2.5], 1).unwrap();
        for model in models(2, 1) {
            let (exact, sum) = (two.loss(&model, &mut [0.0; 4]), by_midpoints(&two, &model, 400));
            assert!((exact / sum - 1.0).abs() < 1e-5, "{exact} {sum}");
        }
        let three = Population::new(&[0.4, 0.9, 0.2], &[1.0, 1.0, 0.5], 2).unwrap();
        for model in models(3, 2) {
            let (exact, sum) =
                (three.loss(&model, &mut [0.0; 9]), by_midpoints(&three, &model, 80));
            assert!((exact / sum - 1.0).abs() < 2e-4, "{exact} {sum}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let three = Population::new(&[0.4, 0.9, 0.2], &[1.0, 1.0, 0.5], 2).unwrap();
        for model in models(3, 2) {
            let mut gradient = vec![0.0; model.len()];
            three.loss(&model, &mut gradient);
            for k in 0..model.len() {
                let at = |step: f64| {
                    let mut moved = model.clone();
                    moved[k] += step;
                    three.loss(&moved, &mut vec![0.0; model.len()])
                };
                let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((difference - gradient[k]).abs() < 1e-7, "{difference} {}", gradient[k]);
            }
        }
    }

    #[test]
    fn losses_that_can_be_had_on_paper() {
        // One feature with a dimension of its own, x' = x: nothing is lost of it. Of the other, answered by b, its
        // variance: p/3 − p²/4 at b = p/2.
        let (p, importance) = (0.3, 2.0);
        let data = Population::new(&[p, p], &[1.0, importance], 1).unwrap();
        let loss = data.loss(&[1.0, 0.0, 0.0, 0.5 * p], &mut [0.0; 4]);
        assert!((loss - importance * (p / 3.0 - p * p / 4.0)).abs() < 1e-14);
        // Both, against each other, without biases: only where both are active is anything lost. Then the larger
        // is answered by the difference d to the smaller m: m² twice, ⟨m²⟩ = 1/6.
        let loss = data.loss(&[1.0, -1.0, 0.0, 0.0], &mut [0.0; 4]);
        // Of each output: m² whichever is larger, as x' is d there and 0 elsewhere.
        assert!((loss - p * p * (1.0 + importance) / 6.0).abs() < 1e-14, "{loss}");
        // Six features, all active, one represented: the others are answered by zero, and ⟨x²⟩ = 1/3 each.
        let many = Population::new(&[1.0; 6], &[1.0; 6], 1).unwrap();
        let mut model = vec![0.0; 12];
        model[0] = 1.0;
        assert!((many.loss(&model, &mut [0.0; 12]) - 5.0 / 3.0).abs() < 1e-12);
        // All represented by one number: every output is S = Σ x, ⟨(S − x)²⟩ = 5/12 + 25/4.
        let model = [&[1.0; 6][..], &[0.0; 6]].concat();
        assert!((many.loss(&model, &mut [0.0; 12]) - 6.0 * (5.0 / 12.0 + 6.25)).abs() < 1e-10);
        // And less a threshold of 3 in each output, by symmetry about S = 3: ⟨(S − 3)²; S > 3⟩ = ½ · 6/12, and the
        // rest by ⟨x (S − 3); S > 3⟩ = (⟨S (S − 3); S > 3⟩) / 6.
        let model = [&[1.0; 6][..], &[-3.0; 6]].concat();
        let loss = many.loss(&model, &mut [0.0; 12]);
        let above = mean_above_three();
        let expected = 6.0 * (0.25 + 1.0 / 3.0) - 2.0 * (0.25 + 3.0 * above);
        assert!((loss - expected).abs() < 1e-10, "{loss} {expected}");
    }

    /// `⟨S − 3; S > 3⟩` of the sum `S` of six numbers uniform on `[0, 1]`: the density of Irwin and Hall, integrated.
    fn mean_above_three() -> f64 {
        // By ⟨(S − 3)₊⟩ = Σ_k (−1)^k C(6, k) (3 − k)₊⁷ / 7!, as S − 3 is symmetric.
        (3_f64.powi(7) - 6.0 * 2_f64.powi(7) + 15.0) / 5040.0
    }

    #[test]
    fn what_cannot_be_computed_is_refused() {
        let said = |p: &[f64], importance: &[f64], d| {
            Population::new(p, importance, d).unwrap_err().to_string()
        };
        assert_eq!(said(&[], &[], 1), "the number of features must be 1 to 6, got 0");
        assert!(said(&[0.1; 7], &[1.0; 7], 1).contains("got 7"));
        assert!(said(&[0.1; 2], &[1.0; 3], 1).contains("each of the 2 features, got 3"));
        assert!(said(&[0.1; 2], &[1.0; 2], 0).contains("at least 1"));
    }

    #[test]
    fn searches_begin_at_every_arrangement_of_axes_and_pairs() {
        let two: Vec<Vec<f64>> = starts(2, 1).iter().map(|start| start[..2].to_vec()).collect();
        assert_eq!(two, [[1.0, -1.0], [1.0, 0.0], [-1.0, 1.0], [0.0, 1.0]]);
        // Three choices of two axes; each alone, with the third against either, and between them.
        assert_eq!(starts(3, 2).len(), 12);
    }
}
