//! The loss of language models as a function of size and data, fitted to runs.
//!
//! As Hoffmann et al. 2022 (approach 3): the sum over runs of Huber's function of the residual of
//! `ln L`, least over many starts. Besiroglu et al. 2024 found what goes wrong there: an *average*
//! instead of the sum falls below the optimiser's tolerance, which then stops early. Here variables
//! are taken about the runs' mean `ln N` and `ln D`, which takes the long valley between
//! coefficients and exponents away, and a gradient must vanish.

use superpose_stats::bfgs::{Limits, Minimum, minimise};

use super::runs::{TrainedModel, mean_ln};
use super::spread::check_runs;
use crate::chinchilla::law::LossSurface;
use crate::draws::{self, Progress, stream};
use crate::error::{LawError, ensure};
use crate::fits::{drawn, n_different, range, search};
use crate::prediction::bend::ln_bend;

/// Where Huber's function goes over from squares to absolute values, in `ln L`: Hoffmann et al.
/// 2022.
pub(super) const HUBER: f64 = 1e-3;
/// Starts along each of four directions.
pub(super) const STARTS: [f64; 3] = [0.2, 0.5, 0.8];
/// Exponents of a bend, and its widths as parts of the way from the first `ln D` to the last.
const BENDS: [(f64, f64); 6] =
    [(-0.2, 0.02), (-0.2, 0.1), (-0.2, 0.5), (0.2, 0.02), (0.2, 0.1), (0.2, 0.5)];
/// A gradient of the scaled objective that counts as none.
pub(super) const LIMITS: Limits = Limits { gradient: 1e-7, n_steps: 2000 };
/// An irreducible loss below this part of the least loss has ended at nothing.
const NOTHING: f64 = 0.01;
/// A scaled objective that is rounding: that of exact runs.
const EXACT: f64 = 1e-15;
/// The objective is small (`10⁻³` for 240 runs), so a gradient of it is measured in this unit.
const SCALE: f64 = 1e3;

/// The form of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// `E + A/N^α + B/D^β`: Hoffmann et al. 2022.
    Additive,
    /// `A/N^α + B/D^β`, without an irreducible loss.
    WithoutIrreducible,
    /// `[(N_c/N)^(α_N/α_D) + D_c/D]^α_D`: Kaplan et al. 2020.
    Joint,
    /// `E + A/N^α + B/D^β (1 + (D/D_1)^(1/f))^(-c f)`: additive, with a bend in its data (Caballero
    /// et al. 2023), beyond which the exponent is `β + c`.
    Broken,
}

/// A fitted law.
#[derive(Debug, Clone, PartialEq)]
pub struct SurfaceFit {
    /// Its form.
    pub form: Terms,
    /// Its parameters, as [`Terms::names`] lists them.
    pub parameters: Vec<f64>,
    /// The sum of Huber's function over all runs.
    pub objective: f64,
    /// Starts tried, and how many of them ended within a thousandth of the least objective.
    pub n_starts: usize,
    /// See [`Self::n_starts`].
    pub n_agreeing: usize,
}

impl Terms {
    /// All of them; the first needs the fewest runs, and is the one that all else is about.
    pub const ALL: [Self; 4] =
        [Self::Additive, Self::WithoutIrreducible, Self::Joint, Self::Broken];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::WithoutIrreducible => "without E",
            Self::Joint => "joint",
            Self::Broken => "broken",
        }
    }

    /// Whether resamples of the runs say how sure its parameters are. Those of a bend stand in for
    /// one another without end, so that resamples would say where the search was stopped.
    pub fn has_intervals(self) -> bool {
        self != Self::Broken
    }

    /// The names of its parameters, in the order of [`SurfaceFit::parameters`].
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Additive => &LossSurface::NAMES,
            Self::WithoutIrreducible => &["A", "B", "alpha", "beta"],
            Self::Joint => &["N_c", "D_c", "alpha_N", "alpha_D"],
            Self::Broken => &["A", "B", "E", "alpha", "beta", "c", "D_1", "f"],
        }
    }

    /// Where its two exponents stand among its variables, behind logarithms.
    fn exponents(self) -> usize {
        match self {
            Self::Additive | Self::Broken => 3,
            Self::WithoutIrreducible | Self::Joint => 2,
        }
    }

    /// `ln L` at centred `ln N` and `ln D`, and its gradient by the variables: logarithms of the
    /// coefficients at the centre (and of `E`), then the exponents.
    pub(super) fn ln_loss(self, v: &[f64], ln_n: f64, ln_d: f64, gradient: &mut [f64]) -> f64 {
        let at = self.exponents();
        let (alpha, beta) = (v[at], v[at + 1]);
        if self == Self::Joint {
            let (size, ratio) = (v[0] - ln_n, alpha / beta);
            let (sum, share) = ln_sum([ratio * size, v[1] - ln_d, f64::NEG_INFINITY]);
            (gradient[0], gradient[1]) = (share[0] * alpha, share[1] * beta);
            (gradient[2], gradient[3]) = (share[0] * size, sum - share[0] * ratio * size);
            return beta * sum;
        }
        let (bend, slopes) = ln_bend(&v[at + 2..], ln_d);
        let ln_irreducible = if at == 3 { v[2] } else { f64::NEG_INFINITY };
        let terms = [v[0] - alpha * ln_n, v[1] - beta * ln_d + bend, ln_irreducible];
        let (sum, share) = ln_sum(terms);
        gradient[..at].copy_from_slice(&share[..at]);
        (gradient[at], gradient[at + 1]) = (-share[0] * ln_n, -share[1] * ln_d);
        gradient[at + 2..].iter_mut().zip(slopes).for_each(|(g, slope)| *g = share[1] * slope);
        sum
    }

    /// The variables `v` about a centre of `ln N` and `ln D`, about one that lies `n` and `d` less.
    fn shift(self, v: &mut [f64], (n, d): (f64, f64)) {
        let at = self.exponents();
        // The coefficients of the joint form are places themselves.
        let (alpha, beta) = if self == Self::Joint { (1.0, 1.0) } else { (v[at], v[at + 1]) };
        v[0] += alpha * n;
        v[1] += beta * d;
        if let Some(ln_place) = v.get_mut(at + 3) {
            *ln_place += d;
        }
    }

    /// Applies `function` to the variables that are logarithms.
    fn change_scale(self, v: &mut [f64], function: fn(f64) -> f64) {
        let at = self.exponents();
        let logarithms = (0..at).chain(at + 3..v.len());
        logarithms.for_each(|index| v[index] = function(v[index]));
    }
}

/// `ln Σ e^term`, and the share of each term.
fn ln_sum(terms: [f64; 3]) -> (f64, [f64; 3]) {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers = terms.map(|term| (term - largest).exp());
    let sum: f64 = powers.iter().sum();
    (largest + sum.ln(), powers.map(|power| power / sum))
}

/// Huber's function, and its slope.
pub(super) fn huber(residual: f64) -> (f64, f64) {
    if residual.abs() <= HUBER {
        (0.5 * residual * residual, residual)
    } else {
        (HUBER * (residual.abs() - 0.5 * HUBER), HUBER * residual.signum())
    }
}

/// Runs about their mean.
pub(super) struct CentredRuns {
    pub(super) form: Terms,
    /// `ln N` and `ln D` from their means, and `ln L`.
    pub(super) runs: Vec<(f64, f64, f64)>,
    centre: (f64, f64),
}

impl CentredRuns {
    pub(super) fn new(runs: &[TrainedModel], form: Terms) -> Self {
        let centre = (mean_ln(runs, |run| run.parameters), mean_ln(runs, |run| run.tokens));
        let centred = |run: &TrainedModel| {
            (run.parameters.ln() - centre.0, run.tokens.ln() - centre.1, run.loss.ln())
        };
        Self { form, runs: runs.iter().map(centred).collect(), centre }
    }

    pub(super) fn objective(&self, variables: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let mut slopes = vec![0.0; variables.len()];
        let mut sum = 0.0;
        for (ln_n, ln_d, ln_loss) in &self.runs {
            let residual = self.form.ln_loss(variables, *ln_n, *ln_d, &mut slopes) - ln_loss;
            let (value, slope) = huber(residual);
            sum += value;
            gradient.iter_mut().zip(&slopes).for_each(|(g, s)| *g += SCALE * slope * s);
        }
        SCALE * sum
    }

    pub(super) fn minimise(&self, start: &[f64]) -> Minimum {
        // A bend that the runs do not show leads along a valley without an end.
        let limits = match self.form {
            Terms::Broken => Limits { n_steps: LIMITS.n_steps / 10, ..LIMITS },
            Terms::Additive | Terms::WithoutIrreducible | Terms::Joint => LIMITS,
        };
        minimise(&|variables, gradient| self.objective(variables, gradient), start, limits)
    }

    /// Where searches from all starts ended, the best first.
    fn search(&self) -> Vec<Minimum> {
        search(self.starts(), |start| self.minimise(start))
    }

    /// Starts all over where laws can lie: three values each for the irreducible part of the least
    /// loss, for the share of size in the rest, and for both exponents.
    fn starts(&self) -> Vec<Vec<f64>> {
        if self.form == Terms::Broken {
            return self.starts_with_a_bend();
        }
        let losses = || self.runs.iter().map(|run| run.2.exp());
        let (least, _) = range(losses());
        let mean = losses().sum::<f64>() / self.runs.len() as f64;
        let pairs = || STARTS.iter().flat_map(|a| STARTS.map(|b| (*a, b)));
        let start = |((part, share), (alpha, beta)): ((f64, f64), (f64, f64))| {
            let irreducible = if self.form == Terms::Additive { part * least } else { 0.0 };
            let reducible = mean - irreducible;
            let [size, data] = [share * reducible, (1.0 - share) * reducible].map(f64::ln);
            match self.form {
                Terms::Additive | Terms::Broken => {
                    vec![size, data, irreducible.ln(), alpha, beta]
                }
                Terms::WithoutIrreducible => vec![size, data, part * alpha, part * beta],
                // Its coefficients are to the power of an exponent.
                Terms::Joint => {
                    let (alpha, beta) = (0.5 * part * alpha, 0.5 * part * beta);
                    vec![size / alpha, data / beta, alpha, beta]
                }
            }
        };
        pairs().flat_map(|shape| pairs().map(move |exponents| start((shape, exponents)))).collect()
    }

    /// Where searches for the law of a resample start: at the law of all runs, given about this centre, and
    /// where the irreducible loss of that has ended at nothing, from which no search comes back, at laws
    /// with one too.
    fn starts_of_resample(&self, law: Vec<f64>) -> Vec<Vec<f64>> {
        let (least, _) = range(self.runs.iter().map(|run| run.2.exp()));
        let mut starts = vec![law];
        if self.form == Terms::Additive && starts[0][2].exp() < NOTHING * least {
            for part in STARTS {
                let mut start = starts[0].clone();
                start[2] = (part * least).ln();
                // The rest falls less, so as much faster.
                for (coefficient, exponent) in [(0, 3), (1, 4)] {
                    start[coefficient] += (1.0 - part).ln();
                    start[exponent] /= 1.0 - part;
                }
                starts.push(start);
            }
        }
        starts
    }

    /// The best law without a bend, and that with a bend either way at three places and of three
    /// widths.
    fn starts_with_a_bend(&self) -> Vec<Vec<f64>> {
        let straight = Self { form: Terms::Additive, runs: self.runs.clone(), ..*self };
        let best = straight.search().swap_remove(0).point;
        let (first, last) = range(self.runs.iter().map(|run| run.1));
        let length = last - first;
        // Without a bend, too: no worse than the law without one.
        let bends = STARTS.iter().flat_map(|place| BENDS.map(|bend| (*place, bend)));
        let bends = bends.chain([(0.5, (0.0, 0.5))]);
        let start = |(place, (exponent, width)): (f64, (f64, f64))| {
            let bend = [exponent, first + place * length, (width * length).ln()];
            [&best[..], &bend].concat()
        };
        bends.map(start).collect()
    }

    /// The law's parameters, from the variables about the centre.
    fn parameters(&self, variables: &[f64]) -> Vec<f64> {
        let mut parameters = variables.to_vec();
        self.form.shift(&mut parameters, self.centre);
        self.form.change_scale(&mut parameters, f64::exp);
        parameters
    }

    /// The variables of a law's parameters.
    pub(super) fn variables(&self, parameters: &[f64]) -> Vec<f64> {
        let mut variables = parameters.to_vec();
        self.form.change_scale(&mut variables, f64::ln);
        self.form.shift(&mut variables, (-self.centre.0, -self.centre.1));
        variables
    }
}

/// The sum of Huber's function that a law of this form leaves on `runs`.
pub fn objective(runs: &[TrainedModel], form: Terms, parameters: &[f64]) -> f64 {
    let centred = CentredRuns::new(runs, form);
    let mut gradient = vec![0.0; parameters.len()];
    centred.objective(&centred.variables(parameters), &mut gradient) / SCALE
}

/// Whether runs can be fitted at all.
fn check(runs: &[TrainedModel], form: Terms) -> Result<(), LawError> {
    for (index, TrainedModel { parameters, tokens, loss }) in runs.iter().enumerate() {
        ensure!(
            [parameters, tokens, loss].into_iter().all(|value| value.is_finite() && *value > 0.0),
            "run {index} has N = {parameters}, D = {tokens} and loss = {loss}; all must be positive"
        );
    }
    let (n_runs, n_parameters) = (runs.len(), form.names().len());
    ensure!(
        n_runs > n_parameters,
        "a law of {n_parameters} parameters needs more runs than that, got {n_runs}"
    );
    // A term has a coefficient and an exponent, and a bend three parameters more.
    let least_of_data = if form == Terms::Broken { 6 } else { 3 };
    for (what, n_places, least) in [
        ("N", n_different(runs.iter().map(|run| run.parameters)), 3),
        ("D", n_different(runs.iter().map(|run| run.tokens)), least_of_data),
    ] {
        ensure!(
            n_places >= least,
            "all runs together have {n_places} different {what}; this form of law needs at least {least}"
        );
    }
    check_runs(runs)
}

/// The law of this form that fits `runs` best, of 81 starts, or of 19 about the best of 81 for a
/// law with a bend.
///
/// # Errors
/// [`LawError`] when a number is not positive, when there are too few runs, sizes or numbers of tokens, or
/// sizes and tokens do not vary or only together, and when all losses are the same.
pub fn fit_surface(runs: &[TrainedModel], form: Terms) -> Result<SurfaceFit, LawError> {
    check(runs, form)?;
    let centred = CentredRuns::new(runs, form);
    let ends = centred.search();
    let best = &ends[0];
    Ok(SurfaceFit {
        form,
        parameters: centred.parameters(&best.point),
        objective: best.value / SCALE,
        n_starts: ends.len(),
        n_agreeing: ends.iter().filter(|end| end.value <= 1.001 * best.value + EXACT).count(),
    })
}

impl SurfaceFit {
    /// The law's loss for a model of `parameters` after `tokens`.
    pub fn loss(&self, parameters: f64, tokens: f64) -> f64 {
        let centred = CentredRuns { form: self.form, runs: Vec::new(), centre: (0.0, 0.0) };
        let mut gradient = vec![0.0; self.parameters.len()];
        let variables = centred.variables(&self.parameters);
        self.form.ln_loss(&variables, parameters.ln(), tokens.ln(), &mut gradient).exp()
    }

    /// The parameters fitted anew to `n_resamples` draws of the runs with replacement, from `seed`,
    /// each from this fit, and from others where its irreducible loss has ended at nothing. `progress` is called after each.
    pub fn bootstrap(
        &self,
        runs: &[TrainedModel],
        n_resamples: usize,
        seed: u64,
        progress: Progress<'_>,
    ) -> Vec<Vec<f64>> {
        draws::runs(n_resamples, progress, |k| {
            let centred = CentredRuns::new(&drawn(runs, &mut stream(seed, k as u64)), self.form);
            let starts = centred.starts_of_resample(centred.variables(&self.parameters));
            let ends = starts.iter().map(|start| centred.minimise(start));
            let best = ends.min_by(|a, b| a.value.total_cmp(&b.value));
            best.map_or_else(Vec::new, |end| centred.parameters(&end.point))
        })
    }

    /// The law with the least objective whose irreducible loss is `irreducible`, from this fit, and
    /// its objective.
    ///
    /// # Panics
    /// When the law is not additive, and so has no such loss.
    pub fn with_irreducible(&self, runs: &[TrainedModel], irreducible: f64) -> (LossSurface, f64) {
        assert_eq!(self.form, Terms::Additive, "an irreducible loss needs an additive law");
        let centred = CentredRuns::new(runs, self.form);
        let all = |v: &[f64]| vec![v[0], v[1], irreducible.ln(), v[2], v[3]];
        let held = |v: &[f64], gradient: &mut [f64]| {
            let mut slopes = [0.0; 5];
            let value = centred.objective(&all(v), &mut slopes);
            gradient.copy_from_slice(&[slopes[0], slopes[1], slopes[3], slopes[4]]);
            value
        };
        let v = centred.variables(&self.parameters);
        let end = minimise(&held, &[v[0], v[1], v[3], v[4]], LIMITS);
        (additive(&centred.parameters(&all(&end.point))), end.value / SCALE)
    }
}

/// How far off predicted losses of `runs` are: the mean absolute relative error, and the mean of
/// `predicted / measured − 1`.
pub(super) fn errors(runs: &[TrainedModel], loss: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    let errors = || runs.iter().map(|run| loss(run.parameters, run.tokens) / run.loss - 1.0);
    let n = runs.len() as f64;
    (errors().map(f64::abs).sum::<f64>() / n, errors().sum::<f64>() / n)
}

/// The law in closed form with these parameters of the additive form.
pub(super) fn additive(parameters: &[f64]) -> LossSurface {
    LossSurface::of(std::array::from_fn(|k| parameters[k]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finite_difference::assert_gradient;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution as _, StandardNormal};
    use superpose_stats::bootstrap::percentile_interval;

    const ADDITIVE: [f64; 5] = [482.01, 2085.43, 1.8172, 0.3478, 0.3658];

    /// 240 runs of a law, over three decades of size and of tokens, with so much noise in `ln L`.
    fn runs(form: Terms, parameters: &[f64], noise: f64, seed: u64) -> Vec<TrainedModel> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let law = SurfaceFit {
            form,
            parameters: parameters.to_vec(),
            objective: 0.0,
            n_starts: 0,
            n_agreeing: 0,
        };
        let mut runs = Vec::new();
        for i in 0..16 {
            for j in 0..15 {
                let n = 5e7 * 10_f64.powf(f64::from(i) / 6.0);
                let d = 1e9 * 10_f64.powf(f64::from(j) / 5.0);
                let normal: f64 = StandardNormal.sample(&mut rng);
                let loss = law.loss(n, d) * (noise * normal).exp();
                runs.push(TrainedModel { parameters: n, tokens: d, loss });
            }
        }
        runs
    }

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a / b - 1.0).abs() <= tolerance, "{a} {b}");
    }

    #[test]
    fn every_form_comes_back_from_its_own_runs() {
        for (form, truth) in [
            (Terms::Additive, &ADDITIVE[..]),
            (Terms::WithoutIrreducible, &[50.0, 60.0, 0.2, 0.15]),
            (Terms::Joint, &[6.4e13, 1.8e13, 0.076, 0.103]),
            (Terms::Broken, &[482.01, 2085.43, 1.8172, 0.3478, 0.3658, 0.5, 3e10, 0.3]),
        ] {
            let runs = runs(form, truth, 0.0, 0);
            let fit = fit_surface(&runs, form).unwrap();
            let n_starts = if form == Terms::Broken { 19 } else { 81 };
            assert!(fit.n_starts == n_starts && fit.n_agreeing > 0, "{fit:?}");
            for (ours, truth) in fit.parameters.iter().zip(truth) {
                close(*ours, *truth, 1e-4);
            }
            assert!(objective(&runs, form, truth) < 1e-20);
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_objective() {
        for (form, at) in [
            (Terms::Additive, &[0.3, 0.1, 0.5, 0.3, 0.4][..]),
            (Terms::WithoutIrreducible, &[0.8, 0.3, 0.2, 0.1]),
            (Terms::Joint, &[6.0, 4.0, 0.1, 0.15]),
            (Terms::Broken, &[0.3, 0.1, 0.5, 0.3, 0.4, 0.3, 0.5, -0.7]),
        ] {
            let centred = CentredRuns::new(&runs(Terms::Additive, &ADDITIVE, 0.01, 1), form);
            assert_gradient(&|v, gradient| centred.objective(v, gradient), at);
        }
    }

    #[test]
    fn noisy_runs_give_the_law_within_their_scatter_and_intervals_that_hold_it() {
        let (mut held, n) = (0, 12);
        for seed in 0..n {
            let runs = runs(Terms::Additive, &ADDITIVE, 0.005, seed);
            let fit = fit_surface(&runs, Terms::Additive).unwrap();
            // Of half a per cent of noise on so many runs.
            assert!((fit.parameters[3] - ADDITIVE[3]).abs() < 0.04, "{fit:?}");
            let resamples = fit.bootstrap(&runs, 100, seed, &|| ());
            let (low, high) =
                percentile_interval(resamples.iter().map(|p| p[4] / (p[3] + p[4])).collect(), 0.9)
                    .unwrap();
            let truth = ADDITIVE[4] / (ADDITIVE[3] + ADDITIVE[4]);
            held += u32::from(low <= truth && truth <= high);
        }
        // Nine in ten of twelve, within three standard deviations.
        assert!(held >= 8, "{held}");
    }

    #[test]
    fn another_irreducible_loss_fits_worse_the_farther_it_is() {
        let runs = runs(Terms::Additive, &ADDITIVE, 0.005, 3);
        let fit = fit_surface(&runs, Terms::Additive).unwrap();
        let best = fit.parameters[2];
        let with = |factor: f64| fit.with_irreducible(&runs, factor * best);
        let objective = |factor: f64| with(factor).1;
        assert!((objective(1.0) / fit.objective - 1.0).abs() < 1e-6);
        assert!(objective(0.8) > objective(0.9) && objective(0.9) > fit.objective);
        assert!(objective(1.05) > fit.objective);
        // Less irreducible, slower: the exponents make up for it.
        assert!(with(0.8).0.size_exponent < fit.parameters[3]);
    }

    #[test]
    fn a_law_is_right_about_runs_it_has_not_seen() {
        let all = runs(Terms::Additive, &ADDITIVE, 0.002, 5);
        let (small, large): (Vec<TrainedModel>, Vec<TrainedModel>) =
            all.iter().partition(|run| 6.0 * run.parameters * run.tokens < 1e21);
        let fit = fit_surface(&small, Terms::Additive).unwrap();
        let errors_of = |fit: &SurfaceFit| errors(&large, |n, d| fit.loss(n, d));
        let (absolute, bias) = errors_of(&fit);
        assert!(absolute < 0.01 && bias.abs() <= absolute, "{absolute} {bias}");
        // Without an irreducible loss the same runs predict too little.
        let wrong = fit_surface(&small, Terms::WithoutIrreducible).unwrap();
        assert!(wrong.objective > 2.0 * fit.objective);
        assert!(errors_of(&wrong).1 < -0.02);
    }

    #[test]
    fn the_same_seed_gives_the_same_resamples() {
        let runs = runs(Terms::Additive, &ADDITIVE, 0.005, 9);
        let fit = fit_surface(&runs, Terms::Additive).unwrap();
        assert_eq!(fit.bootstrap(&runs, 5, 1, &|| ()), fit.bootstrap(&runs, 5, 1, &|| ()));
        assert_ne!(fit.bootstrap(&runs, 5, 1, &|| ()), fit.bootstrap(&runs, 5, 2, &|| ()));
    }

    #[test]
    fn runs_that_say_nothing_are_refused() {
        let good = runs(Terms::Additive, &ADDITIVE, 0.0, 0);
        let said =
            |runs: &[TrainedModel]| fit_surface(runs, Terms::Additive).unwrap_err().to_string();
        assert!(said(&good[..5]).contains("5 parameters needs more runs"));
        let mut bad = good.clone();
        bad[3].loss = -1.0;
        assert!(said(&bad).contains("run 3 has"));
        bad[3].loss = f64::NAN;
        assert!(said(&bad).contains("loss = NaN"));
        let one: Vec<TrainedModel> =
            good.iter().map(|run| TrainedModel { parameters: 1e9, ..*run }).collect();
        assert!(said(&one).contains("all runs together have 1 different N"));
    }
}
