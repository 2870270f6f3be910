//! In-context learning of linear regression: what linear attention reaches in the limit of many
//! dimensions.
//!
//! After Lu, Letey, Zavatone-Veth, Maiti & Pehlevan 2025, "Asymptotic theory of in-context learning
//! by linear attention" (PNAS 122, e2502599122): `x ~ N(0, I/d)`, `|w|² = d`, and `d → ∞` at fixed
//! [`Ratios`]. Errors are mean squares of the answer *with* its label noise, for a label of
//! variance `1 + noise`. The estimators of [`regression`](crate::icl::baselines::regression) are
//! exact at any size and have `x ~ N(0, I)`; their errors are without the label noise and a
//! dimension's share.

use crate::error::{LawError, ensure};
use crate::icl::limits::{check_noise, check_positive};

/// The size of a pretraining set, in the units in which linear attention has a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratios {
    /// `α`: examples in a prompt, per dimension; positive.
    pub examples_per_dimension: f64,
    /// `κ`: distinct tasks in the pretraining set, per dimension; positive, and infinite when each
    /// prompt has a task of its own.
    pub tasks_per_dimension: f64,
    /// `τ`: prompts in the pretraining set, per square of the dimension; positive.
    pub prompts_per_square: f64,
    /// `ρ`: variance of the label noise; not negative.
    pub noise_variance: f64,
}

/// Mean squared errors of the prediction of a noisy answer: numbers, or summaries over runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors<T = f64> {
    /// On tasks that were not in the pretraining set: in-context learning, `e_ICL`.
    pub new_tasks: T,
    /// On tasks that were: in-distribution generalisation, `e_IDG`.
    pub pretraining_tasks: T,
}

impl Ratios {
    /// Refuses a ratio out of range.
    ///
    /// # Errors
    /// [`LawError`], naming the first ratio that is out of range.
    fn check(&self) -> Result<(), LawError> {
        check_positive("examples_per_dimension", self.examples_per_dimension)?;
        let tasks = self.tasks_per_dimension;
        ensure!(
            tasks > 0.0,
            "`tasks_per_dimension` must be positive (infinite is allowed), got {tasks}"
        );
        check_positive("prompts_per_square", self.prompts_per_square)?;
        check_noise(self.noise_variance)
    }

    /// `x* = (1 + ρ) / α`, the variance that a finite prompt adds to the features.
    fn prompt_variance(&self) -> f64 {
        (1.0 + self.noise_variance) / self.examples_per_dimension
    }
}

/// The errors of linear attention whose ridge penalty tends to zero: interpolating for `τ < 1`,
/// least squares for `τ > 1`, and infinite at `τ = 1`, where the parameters are as many as the
/// prompts.
///
/// **Source**: Lu et al. 2025, the ridgeless limits of their result on `e_ICL` and `e_IDG`.
///
/// # Errors
/// [`LawError`], naming the ratio that is out of range.
pub fn ridgeless_errors(ratios: Ratios) -> Result<Errors, LawError> {
    ratios.check()?;
    let (tau, rho) = (ratios.prompts_per_square, ratios.noise_variance);
    let (x, per_task) = (ratios.prompt_variance(), ratios.tasks_per_dimension.recip());
    if tau < 1.0 {
        let mu = x * task_resolvent(x, per_task * tau);
        let slack = 1.0 - tau;
        let bracket = 1.0 - tau * (1.0 - mu).powi(2) - mu * (x - rho) / x;
        let new_tasks = tau * (1.0 + x) / slack * bracket - 2.0 * tau * (1.0 - mu) + 1.0 + rho;
        let shift = slack * x / (tau * mu);
        let spread = (1.0 - per_task / (per_task + shift / slack).powi(2)).recip();
        let lost = rho + x - 2.0 * x * slack * (x / shift + 1.0);
        let fitted = lost / (slack - spread * slack * slack);
        let pretraining_tasks = tau * ((x + shift).powi(2) / shift + fitted);
        Ok(Errors { new_tasks, pretraining_tasks })
    } else if tau > 1.0 {
        let m = task_resolvent(x, per_task);
        let excess = (tau - 1.0).recip();
        let spread = (1.0 - per_task * (m / (1.0 + per_task * m)).powi(2)).recip();
        let new_tasks = (spread - excess) * (1.0 + x) * (x * m).powi(2)
            + (3.0 - 2.0 * tau) * excess * m * x * x
            + ((1.0 + rho) * m * excess + 1.0) * x
            + rho * m * excess
            + rho;
        let pretraining_tasks = tau * excess * (rho + x * m / (1.0 + per_task * m));
        Ok(Errors { new_tasks, pretraining_tasks })
    } else {
        Ok(Errors { new_tasks: f64::INFINITY, pretraining_tasks: f64::INFINITY })
    }
}

/// The errors of linear attention with a ridge `penalty` `λ`, which multiplies `n/d` times the
/// squared norm of the parameters, `n = τd²` being the prompts.
///
/// The equivalents of ridge regression on the features, whose covariance is `R/d` with
/// `R = W + x*`, and `W` the covariance of the pretraining tasks, a Wishart matrix with the
/// normalised resolvent `g`: an effective penalty `ν = λ + ν (1 − ν g(x* + ν)) / τ`, a mean
/// predictor `W (R + ν)⁻¹`, and a spread around it in proportion to the error on pretraining tasks.
/// It tends to [`ridgeless_errors`] as the penalty vanishes.
///
/// **Source**: the set-up of Lu et al. 2025; the equivalents as in Hastie, Montanari, Rosset &
/// Tibshirani 2022.
///
/// # Errors
/// [`LawError`], naming the value that is out of range.
pub fn ridge_errors(ratios: Ratios, penalty: f64) -> Result<Errors, LawError> {
    ratios.check()?;
    check_positive("penalty", penalty)?;
    let (tau, rho) = (ratios.prompts_per_square, ratios.noise_variance);
    let (x, per_task) = (ratios.prompt_variance(), ratios.tasks_per_dimension.recip());
    // Newton's steps on a convex function, from above its root: they fall until rounding ends them.
    let mut nu = penalty + (1.0 + x) / tau;
    let mut traces = Traces::new(x + nu, per_task);
    loop {
        let value = nu - nu * traces.freedom(x) / tau - penalty;
        let next = (nu - value / (1.0 - traces.squared_freedom(x) / tau)).max(penalty);
        // Not `>=`, which would go on for ever with a NaN.
        let falls = next < nu;
        if !falls {
            break;
        }
        nu = next;
        traces = Traces::new(x + nu, per_task);
    }
    let Traces { inverse_squared, shrunk, once, twice, .. } = traces;
    let of_mean = rho + (x + nu) * shrunk - nu * twice;
    let pretraining_tasks = of_mean / (1.0 - traces.squared_freedom(x) / tau);
    let spread = pretraining_tasks * (once + x * inverse_squared) / tau;
    let lost = rho + 1.0 - 2.0 * shrunk;
    Ok(Errors { new_tasks: lost + (1.0 + x) * (twice + spread), pretraining_tasks })
}

/// What new tasks cost more than pretraining tasks with unlimited prompts of unlimited length
/// (`τ, α → ∞`): `max(0, 1 − κ)`.
///
/// The sharp threshold of the model: with as many tasks as dimensions, all tasks are learnt.
pub fn task_gap_limit(tasks_per_dimension: f64) -> f64 {
    (1.0 - tasks_per_dimension).max(0.0)
}

/// `M_κ(x)`, the normalised trace of `(W + x)⁻¹` for the covariance `W` of random tasks of unit
/// variance, of which there are `1/per_task` a dimension.
fn task_resolvent(x: f64, per_task: f64) -> f64 {
    let b = x + 1.0 - per_task;
    let root = (b * b + 4.0 * x * per_task).sqrt();
    // The same number twice: each sum has terms of one sign.
    if b >= 0.0 { 2.0 / (b + root) } else { (root - b) / (2.0 * x * per_task) }
}

/// Normalised traces of functions of the covariance `W` of random tasks and of `V = (W + z)⁻¹`;
/// each is a sum of positive terms or nearly so, since differences such as `1 − z·tr V` lose all
/// digits at a large `z`.
struct Traces {
    /// `V`.
    inverse: f64,
    /// `V²`.
    inverse_squared: f64,
    /// `WV`.
    shrunk: f64,
    /// `WV²`.
    once: f64,
    /// `W²V²`.
    twice: f64,
}

impl Traces {
    /// From `z·g²/κ + (z + 1 − 1/κ)·g = 1` for `g = tr V`, and its derivative.
    fn new(z: f64, per_task: f64) -> Self {
        let inverse = task_resolvent(z, per_task);
        let b = z + 1.0 - per_task;
        let root = (b * b + 4.0 * z * per_task).sqrt();
        let saturation = 1.0 + per_task * inverse;
        let inverse_squared = inverse * saturation / root;
        let shrunk = inverse / saturation;
        let once = inverse_squared / (saturation * saturation);
        Self { inverse, inverse_squared, shrunk, once, twice: shrunk - z * once }
    }

    /// The degrees of freedom `tr R(R + ν)⁻¹` of features with `R = W + x` at the penalty
    /// `ν = z − x`.
    fn freedom(&self, x: f64) -> f64 {
        self.shrunk + x * self.inverse
    }

    /// `tr R²(R + ν)⁻²` of the same.
    fn squared_freedom(&self, x: f64) -> f64 {
        self.twice + 2.0 * x * self.once + x * x * self.inverse_squared
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `(α, κ, τ, ρ)`, `e_ICL` and `e_IDG` without a ridge, computed independently in double
    /// precision.
    const ERRORS: [([f64; 4], f64, f64); 42] = [
        ([1.0, 0.25, 1.5, 0.01], 1.577_944_484_650_562_1, 0.607_387_920_078_853_1),
        ([1.0, 0.5, 1.5, 0.1], 2.034_011_245_210_925_4, 1.233_764_356_856_788),
        ([1.0, 0.75, 1.5, 0.01], 1.659_029_406_126_326_2, 1.081_922_148_644_286_5),
        ([1.0, 1.5, 20.0, 0.1], 0.758_823_680_639_862_8, 0.568_421_052_631_578_9),
        ([1.0, 2.0, 3.0, 0.1], 1.009_994_214_792_403_7, 0.840_125_002_170_214_2),
        ([1.0, 10.0, 0.5, 0.01], 1.273_754_053_340_984_8, 1.245_875_858_707_211_6),
        ([1.0, 10.0, 0.85, 0.1], 4.234_321_399_122_82, 4.149_597_014_678_918),
        ([2.0, 0.25, 0.85, 0.1], 3.588_130_004_327_604_5, 1.505_997_929_757_907_4),
        ([2.0, 0.5, 20.0, 0.01], 0.719_935_788_003_138, 0.201_226_250_664_910_15),
        ([2.0, 0.75, 0.5, 0.01], 1.071_729_202_991_468_2, 0.699_940_074_312_751_8),
        ([2.0, 0.75, 20.0, 0.1], 0.718_941_761_015_729_9, 0.356_450_740_478_755_6),
        ([4.0, 0.25, 0.5, 0.1], 1.381_957_638_287_267_8, 0.430_309_949_358_477_44),
        ([4.0, 0.25, 20.0, 0.01], 0.829_557_523_430_713_5, 0.071_932_779_736_655_97),
        ([4.0, 0.5, 0.5, 0.1], 1.225_357_363_550_456_9, 0.641_714_903_473_890_6),
        ([4.0, 1.5, 0.5, 0.01], 0.860_779_566_642_783, 0.666_406_149_511_923_9),
        ([4.0, 1.5, 0.5, 0.1], 1.082_655_549_008_066_3, 0.886_048_289_773_409_9),
        ([4.0, 2.0, 20.0, 0.1], 0.382_534_670_938_938, 0.308_568_661_207_665_4),
        ([4.0, 10.0, 3.0, 0.1], 0.486_135_976_335_592_36, 0.467_807_439_040_826_6),
        ([4.0, 10.0, 20.0, 0.01], 0.227_318_428_474_285_3, 0.219_151_043_512_382_57),
        ([10.0, 0.25, 0.5, 0.01], 1.000_160_521_046_695_7, 0.099_635_709_265_588_22),
        ([10.0, 0.25, 0.5, 0.1], 1.586_192_514_007_959_4, 0.348_798_374_146_365_44),
        ([10.0, 0.5, 0.85, 0.01], 2.227_864_116_865_199_6, 0.426_528_444_152_404_6),
        ([10.0, 0.5, 3.0, 0.01], 0.724_963_694_410_232_1, 0.084_299_927_570_712_07),
        ([10.0, 0.75, 0.5, 0.1], 1.021_066_214_544_731_8, 0.624_698_007_916_826_5),
        ([10.0, 0.75, 0.85, 0.01], 1.819_158_960_034_789, 0.582_936_700_132_281_8),
        ([10.0, 1.0, 0.5, 0.01], 0.713_962_178_819_745_3, 0.433_334_667_968_728),
        ([10.0, 1.0, 0.85, 0.1], 2.853_711_658_123_655, 1.394_915_919_447_063),
        ([10.0, 1.0, 1.5, 0.01], 0.723_449_353_239_330_4, 0.250_798_449_266_958_8),
        ([10.0, 1.5, 3.0, 0.01], 0.231_796_898_354_140_5, 0.138_956_395_572_258_2),
        ([10.0, 10.0, 1.5, 0.01], 0.322_565_037_803_483_56, 0.302_729_677_072_154_26),
        ([100.0, 0.25, 0.85, 0.1], 38.695_574_204_160_22, 0.727_196_794_428_722_6),
        ([100.0, 0.25, 20.0, 0.01], 0.811_979_327_307_507_4, 0.013_175_302_224_453_39),
        ([100.0, 0.5, 0.5, 0.1], 1.614_743_105_695_815_5, 0.688_622_646_601_040_6),
        ([100.0, 0.5, 3.0, 0.1], 3.054_320_512_735_192_2, 0.158_161_183_158_743_67),
        ([100.0, 1.0, 0.85, 0.01], 0.723_786_349_235_699_7, 0.211_530_735_091_038_56),
        ([100.0, 1.5, 0.5, 0.1], 0.769_489_360_028_171_8, 0.599_808_750_001_792_8),
        ([100.0, 1.5, 1.5, 0.1], 0.726_792_947_258_158_1, 0.332_003_991_490_036_1),
        ([100.0, 2.0, 0.5, 0.01], 0.541_423_217_308_234_7, 0.414_777_863_071_812_64),
        ([100.0, 2.0, 0.85, 0.1], 1.328_134_266_984_333_2, 0.898_870_394_593_898_3),
        ([100.0, 2.0, 3.0, 0.01], 0.039_780_331_476_290_66, 0.029_855_635_655_926_013),
        ([100.0, 10.0, 0.5, 0.01], 0.536_023_172_123_647_8, 0.510_762_836_560_478_2),
        ([100.0, 10.0, 20.0, 0.01], 0.021_179_825_749_870_95, 0.021_040_052_380_227_516),
    ];

    /// `(α, τ, ρ)` and the error with a task of its own for each prompt.
    const UNLIMITED: [([f64; 3], f64); 12] = [
        ([1.0, 1.5, 0.1], 1.871_428_571_428_571_4),
        ([1.0, 20.0, 0.1], 0.656_641_604_010_025),
        ([2.0, 1.5, 0.01], 1.036_644_518_272_425_3),
        ([2.0, 20.0, 0.01], 0.363_734_918_692_079_1),
        ([4.0, 20.0, 0.01], 0.222_733_480_407_605_85),
        ([4.0, 20.0, 0.1], 0.332_301_341_589_267_33),
        ([10.0, 3.0, 0.01], 0.152_602_179_836_512_25),
        ([10.0, 3.0, 0.1], 0.298_648_648_648_648_7),
        ([10.0, 20.0, 0.1], 0.209_577_999_051_683_28),
        ([100.0, 1.5, 0.1], 0.332_640_949_554_896_15),
        ([100.0, 20.0, 0.01], 0.021_051_589_472_642_1),
        ([100.0, 20.0, 0.1], 0.116_716_122_650_840_75),
    ];

    /// The ratios α, κ, τ and the noise ρ.
    pub(in crate::icl::attention) fn ratios([alpha, kappa, tau, rho]: [f64; 4]) -> Ratios {
        Ratios {
            examples_per_dimension: alpha,
            tasks_per_dimension: kappa,
            prompts_per_square: tau,
            noise_variance: rho,
        }
    }

    fn ridgeless(given: [f64; 4]) -> Errors {
        ridgeless_errors(ratios(given)).unwrap()
    }

    /// Rounding differs between two orders of the same sums, by far less than this.
    fn agree(measured: f64, expected: f64) -> bool {
        (measured - expected).abs() <= 1e-10 * expected.abs()
    }

    #[test]
    fn linear_attention_has_its_known_errors() {
        for (given, new_tasks, pretraining_tasks) in ERRORS {
            let errors = ridgeless(given);
            assert!(agree(errors.new_tasks, new_tasks), "{given:?} {errors:?}");
            assert!(agree(errors.pretraining_tasks, pretraining_tasks), "{given:?} {errors:?}");
        }
        for ([alpha, tau, rho], error) in UNLIMITED {
            let errors = ridgeless([alpha, f64::INFINITY, tau, rho]);
            assert!(agree(errors.new_tasks, error), "{alpha} {tau} {rho} {errors:?}");
            assert!(agree(errors.pretraining_tasks, error), "{alpha} {tau} {rho} {errors:?}");
        }
    }

    #[test]
    fn a_vanishing_ridge_leaves_the_ridgeless_errors() {
        // A second road: other equations for the same errors. The error is linear in the penalty.
        for (given, _, _) in ERRORS {
            let (limit, ridge) = (ridgeless(given), ridge_errors(ratios(given), 1e-11).unwrap());
            let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-6;
            assert!(close(ridge.new_tasks, limit.new_tasks), "{given:?} {ridge:?} {limit:?}");
            assert!(
                close(ridge.pretraining_tasks, limit.pretraining_tasks),
                "{given:?} {ridge:?} {limit:?}"
            );
        }
    }

    #[test]
    fn an_infinite_ridge_predicts_nothing_and_a_good_one_takes_the_peak_away() {
        let at_peak = ratios([10.0, 0.5, 1.0, 0.01]);
        let nothing = ridge_errors(at_peak, 1e9).unwrap();
        assert!((nothing.new_tasks - 1.01).abs() < 1e-8);
        assert!((nothing.pretraining_tasks - 1.01).abs() < 1e-8);
        let (strong, weak) =
            (ridge_errors(at_peak, 0.1).unwrap(), ridge_errors(at_peak, 1e-6).unwrap());
        assert!(weak.new_tasks > 10.0 && strong.new_tasks < 1.0, "{weak:?} {strong:?}");
        assert!(ridgeless_errors(at_peak).unwrap().new_tasks.is_infinite());
    }

    #[test]
    fn unlimited_tasks_are_the_limit_of_many_on_both_sides_of_the_peak() {
        for (alpha, tau, rho) in
            [(10.0, 2.0, 0.01), (1.0, 20.0, 0.1), (4.0, 0.5, 0.1), (2.0, 0.9, 0.0)]
        {
            let infinite = ridgeless([alpha, f64::INFINITY, tau, rho]);
            assert!(agree(infinite.pretraining_tasks, infinite.new_tasks), "{infinite:?}");
            let many = ridgeless([alpha, 1e7, tau, rho]);
            assert!((many.new_tasks / infinite.new_tasks - 1.0).abs() < 1e-5, "{many:?}");
        }
        // To the digits of the limit worked out by hand.
        for (tau, expected) in [(2.0, 0.203_47), (5.0, 0.127_17), (20.0, 0.107_09)] {
            let limit = ridgeless([10.0, f64::INFINITY, tau, 0.01]).new_tasks;
            assert!((limit - expected).abs() < 6e-6);
        }
        assert!(ridgeless([1.0, f64::INFINITY, 1.0, 0.1]).new_tasks.is_infinite());
    }

    #[test]
    fn the_task_gap_vanishes_at_as_many_tasks_as_dimensions() {
        let gap = |errors: Errors| errors.new_tasks - errors.pretraining_tasks;
        for (kappa, expected) in [
            (0.25, 0.750_07),
            (0.5, 0.500_05),
            (0.75, 0.250_03),
            (0.9, 0.100_02),
            (1.0, 0.005_03),
            (1.1, 0.000_01),
            (2.0, 0.0),
        ] {
            let found = gap(ridgeless([1e4, kappa, 1e6, 0.01]));
            assert!((found - expected).abs() < 6e-6, "{kappa}: {found}");
            // At the threshold the limit is reached as slowly as √(1/α).
            let found = gap(ridgeless([1e8, kappa, 1e14, 0.01]));
            assert!((found - task_gap_limit(kappa)).abs() < 6e-5, "{kappa}: {found}");
        }
        assert!(task_gap_limit(f64::INFINITY) < f64::EPSILON);
    }

    #[test]
    fn errors_peak_where_prompts_are_as_many_as_parameters_and_long_prompts_can_hurt() {
        let peak = [0.2, 0.5, 0.85, 0.95, 1.05, 1.15, 1.5, 2.0];
        let expected = [0.864, 0.821, 2.228, 6.642, 7.207, 2.775, 1.224, 0.891];
        for (tau, expected) in peak.into_iter().zip(expected) {
            let error = ridgeless([10.0, 0.5, tau, 0.01]).new_tasks;
            assert!((error - expected).abs() < 6e-4, "{tau}: {error}");
        }
        let lengths = [1.0, 2.35, 5.5, 9.62, 22.7, 100.0, 1000.0];
        let expected = [0.938, 0.809, 0.725, 0.697, 0.697, 0.863, 3.01];
        for (alpha, expected) in lengths.into_iter().zip(expected) {
            let error = ridgeless([alpha, 0.5, 20.0, 0.1]).new_tasks;
            assert!((error / expected - 1.0).abs() < 2e-3, "{alpha}: {error}");
        }
    }

    #[test]
    fn the_resolvent_solves_its_equation_and_its_derivative_is_a_difference() {
        for (x, per_task) in [(0.01, 0.0), (1e-6, 4.0), (2.0, 0.1), (0.3, 1.0), (1e-4, 0.9)] {
            let traces = Traces::new(x, per_task);
            let g = traces.inverse;
            let equation = x * per_task * g * g + (x + 1.0 - per_task) * g;
            assert!((equation - 1.0).abs() < 1e-12 * g.max(1.0), "{x} {per_task}");
            let step = 1e-4 * x;
            let at = |x| task_resolvent(x, per_task);
            let difference = (at(x - step) - at(x + step)) / (2.0 * step);
            assert!((difference / traces.inverse_squared - 1.0).abs() < 1e-5, "{x} {per_task}");
            // W (W + x)⁻¹ + x (W + x)⁻¹ is the identity, and so is its square.
            assert!((traces.freedom(x) - 1.0).abs() < 1e-12);
            assert!((traces.squared_freedom(x) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_ratio_out_of_range_is_named() {
        let good = [1.0, 1.0, 2.0, 0.1];
        for (place, bad, name) in [
            (0, 0.0, "`examples_per_dimension` must be positive and finite, got 0"),
            (0, f64::NAN, "`examples_per_dimension`"),
            (1, f64::NAN, "`tasks_per_dimension` must be positive (infinite is allowed), got NaN"),
            (2, f64::INFINITY, "`prompts_per_square`"),
            (3, -0.1, "`noise_variance` must be finite and not negative, got -0.1"),
        ] {
            let mut given = good;
            given[place] = bad;
            for refused in [
                ridgeless_errors(ratios(given)).unwrap_err(),
                ridge_errors(ratios(given), 1.0).unwrap_err(),
            ] {
                assert!(refused.to_string().starts_with(name), "{refused}");
            }
        }
        let refused = ridge_errors(ratios(good), 0.0).unwrap_err().to_string();
        assert_eq!(refused, "`penalty` must be positive and finite, got 0");
    }
}
