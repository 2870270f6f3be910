//! Whether a fitted law says more of its runs than a simpler one: where it does not, a search ends somewhere
//! all the same, and its exponents look like any others.

use statrs::distribution::{ContinuousCDF as _, FisherSnedecor};
use superpose_stats::bfgs::minimise;

use super::runs::TrainedModel;
use super::surface::{CentredRuns, LIMITS, STARTS, SurfaceFit, Terms, huber};
use crate::error::{LawError, ensure};
use crate::fits::{bisect, range};

/// What chance must have, at least, to do as well for a term to count as chance.
const CHANCE: f64 = 0.05;
/// The logarithm of a coefficient that is none.
const NONE: f64 = -700.0;
/// Twice the fall of a logarithmic likelihood that chance has in 5 % of cases.
const AS_GOOD: f64 = 3.84;
/// A sum of Huber's function that is rounding.
const ROUNDING: f64 = 1e-18;

/// Refuses an additive law that says no more than a simpler one, or one that is as good with its exponents
/// exchanged.
pub(super) fn check_fit(fit: &SurfaceFit, runs: &[TrainedModel]) -> Result<(), LawError> {
    let centred = CentredRuns::new(runs, Terms::Additive);
    let variables = centred.variables(&fit.parameters);
    let whole = Misfit::of(&centred, &variables);
    let n_left = runs.len() - variables.len();
    ensure!(
        Misfit::of_constant(runs).chance(&whole, 4, n_left) < CHANCE,
        "these losses are no better described by N and D than by a constant, and so have no exponents"
    );
    for (term, what, other, exponent) in [(0, "N", "D", "α"), (1, "D", "N", "β")] {
        let chance = Misfit::of(&centred, &without(&centred, term)).chance(&whole, 2, n_left);
        ensure!(
            chance < CHANCE,
            "these losses do not depend on {what} so that it could be told from chance, which has as much in {:.0} % of cases: \
             there is no {exponent}; `theory predict --x` fits a law of {other} alone",
            100.0 * chance
        );
    }
    let exchanged = [1, 0, 2, 4, 3].map(|k| variables[k]);
    let end = centred.minimise(&exchanged).point;
    let (ours, theirs) = (variables[3] - variables[4], end[3] - end[4]);
    let is_other = ours * theirs < 0.0;
    let as_good = Misfit::of(&centred, &end).is_as_good_as(&whole, runs.len());
    ensure!(
        !(is_other && as_good),
        "these runs are as well described with the exponents exchanged, α = {:.4} and β = {:.4} instead of {:.4} and {:.4}: \
         N and D do not vary apart from each other enough to tell",
        end[3],
        end[4],
        variables[3],
        variables[4]
    );
    Ok(())
}

/// The variables of the best law without the term of size (0) or of data (1).
fn without(centred: &CentredRuns, term: usize) -> Vec<f64> {
    let (coefficient, exponent) = (1 - term, 4 - term);
    let all = |v: &[f64]| {
        let mut all = vec![NONE, NONE, v[1], 0.0, 0.0];
        (all[coefficient], all[exponent]) = (v[0], v[2]);
        all
    };
    let held = |v: &[f64], gradient: &mut [f64]| {
        let mut slopes = [0.0; 5];
        let value = centred.objective(&all(v), &mut slopes);
        gradient.copy_from_slice(&[slopes[coefficient], slopes[2], slopes[exponent]]);
        value
    };
    let losses = || centred.runs.iter().map(|run| run.2.exp());
    let (least, _) = range(losses());
    let mean = losses().sum::<f64>() / centred.runs.len() as f64;
    let starts = STARTS.iter().flat_map(|part| STARTS.map(|exponent| (part * least, exponent)));
    let ends = starts.map(|(irreducible, exponent)| {
        minimise(&held, &[(mean - irreducible).ln(), irreducible.ln(), exponent], LIMITS)
    });
    let best = ends.min_by(|a, b| a.value.total_cmp(&b.value));
    best.map_or_else(Vec::new, |end| all(&end.point))
}

/// What a law leaves of the logarithms of the losses.
struct Misfit {
    /// The sum of squares.
    squares: f64,
    /// The sum of Huber's function, which a few wild runs do not rule.
    huber: f64,
}

impl Misfit {
    fn of(centred: &CentredRuns, variables: &[f64]) -> Self {
        let mut gradient = vec![0.0; variables.len()];
        let residual = |run: &(f64, f64, f64)| {
            centred.form.ln_loss(variables, run.0, run.1, &mut gradient) - run.2
        };
        Self::of_residuals(&centred.runs.iter().map(residual).collect::<Vec<f64>>())
    }

    /// Of the best constant by either.
    fn of_constant(runs: &[TrainedModel]) -> Self {
        let ln_losses: Vec<f64> = runs.iter().map(|run| run.loss.ln()).collect();
        let (low, high) = range(ln_losses.iter().copied());
        let is_above =
            |constant: f64| ln_losses.iter().map(|y| huber(constant - y).1).sum::<f64>() > 0.0;
        let middle = bisect(low, high, is_above);
        let mean = ln_losses.iter().sum::<f64>() / ln_losses.len() as f64;
        let residuals = |from: f64| ln_losses.iter().map(|y| from - y).collect::<Vec<f64>>();
        let away = |constant: f64| Self::of_residuals(&residuals(constant));
        Self { squares: away(mean).squares, huber: away(middle).huber }
    }

    fn of_residuals(residuals: &[f64]) -> Self {
        Self {
            squares: residuals.iter().map(|residual| residual * residual).sum(),
            huber: residuals.iter().map(|residual| huber(*residual).0).sum(),
        }
    }

    /// How likely chance alone is to let a law with `n_more` parameters leave so much less, `whole`, with
    /// `n_left` runs more than it has parameters: by Fisher's F, of either sum, the less likely.
    fn chance(&self, whole: &Self, n_more: usize, n_left: usize) -> f64 {
        let (more, left) = (n_more as f64, n_left as f64);
        let ratio = |ours: f64, whole: f64, least: f64| {
            let whole = whole.max(least);
            (ours - whole).max(0.0) / more / (whole / left)
        };
        let squares = ratio(self.squares, whole.squares, 2.0 * ROUNDING);
        let f = squares.max(ratio(self.huber, whole.huber, ROUNDING));
        FisherSnedecor::new(more, left).map_or(1.0, |law| law.sf(f))
    }

    /// Whether it is no more than chance behind another law with as many parameters, on `n` runs.
    fn is_as_good_as(&self, other: &Self, n: usize) -> bool {
        let behind = |ours: f64, other: f64, least: f64| {
            n as f64 * (ours.max(least) / other.max(least)).ln()
        };
        behind(self.squares, other.squares, 2.0 * ROUNDING) < AS_GOOD
            && behind(self.huber, other.huber, ROUNDING) < AS_GOOD
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chinchilla::fit::spread::{check_runs, scatter};
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution as _, StandardNormal};

    use crate::chinchilla::fit::surface::{HUBER, fit_surface};
    use crate::chinchilla::law::{BESIROGLU, LossSurface};

    /// Runs at these sizes and tokens with the losses of a law, so much noise in their logarithms.
    fn runs(places: &[(f64, f64)], law: LossSurface, noise: f64, seed: u64) -> Vec<TrainedModel> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let run = |(parameters, tokens): &(f64, f64)| {
            let normal: f64 = StandardNormal.sample(&mut rng);
            let loss = law.loss(*parameters, *tokens) * (noise * normal).exp();
            TrainedModel { parameters: *parameters, tokens: *tokens, loss }
        };
        places.iter().map(run).collect()
    }

    /// Four sizes by five numbers of tokens.
    fn grid() -> Vec<(f64, f64)> {
        let sizes = [1e8, 4e8, 1.6e9, 6.4e9];
        sizes.iter().flat_map(|n| [2e9, 8e9, 3e10, 1e11, 4e11].map(|d| (*n, d))).collect()
    }

    /// Why runs have no law; empty if they have one.
    fn said(runs: &[TrainedModel]) -> String {
        let fit = fit_surface(runs, Terms::Additive);
        let checked = fit.and_then(|fit| check_fit(&fit, runs));
        checked.err().map(|why| why.to_string()).unwrap_or_default()
    }

    #[test]
    fn runs_of_a_law_with_noise_are_fitted_be_they_few() {
        for seed in 0..5 {
            for noise in [0.0, 0.002, 0.02] {
                assert_eq!(said(&runs(&grid(), BESIROGLU, noise, seed)), "", "{noise} {seed}");
            }
            let few: Vec<(f64, f64)> = grid().into_iter().step_by(3).collect();
            assert_eq!((few.len(), &*said(&runs(&few, BESIROGLU, 0.002, seed))), (7, ""));
        }
        // One wild loss does not hide the rest.
        let mut wild = runs(&grid(), BESIROGLU, 0.002, 1);
        wild[7].loss *= 3.0;
        assert_eq!(said(&wild), "");
    }

    #[test]
    fn losses_that_do_not_fall_have_no_exponents() {
        let flat = LossSurface::of([0.0, 0.0, 3.0, 0.3, 0.3]);
        assert!(said(&runs(&grid(), flat, 0.0, 0)).contains("all losses are the same, 3:"));
        let mut refused = 0;
        for seed in 0..4 {
            let said = said(&runs(&grid(), flat, 1e-3, seed));
            refused +=
                u32::from(said.contains("than by a constant") || said.contains("told from chance"));
        }
        assert!(refused >= 3, "{refused} of 4");
        let mut refused = [0, 0];
        for seed in 0..3 {
            let by_size = LossSurface { data_coefficient: 0.0, ..BESIROGLU };
            let by_data = LossSurface { size_coefficient: 0.0, ..BESIROGLU };
            let of_size = said(&runs(&grid(), by_size, 0.01, seed));
            let of_data = said(&runs(&grid(), by_data, 0.01, seed));
            refused[0] += u32::from(of_size.contains("depend on D") && of_size.contains("no β"));
            refused[1] +=
                u32::from(of_data.contains("depend on N") && of_data.contains("of D alone"));
        }
        assert!(refused.iter().all(|n| *n >= 2), "{refused:?} of 3");
    }

    #[test]
    fn sizes_and_data_that_grow_together_or_not_at_all_are_refused() {
        let sizes = || (0..16).map(|k| 5e7 * 1.4_f64.powi(k));
        let at = |tokens: &dyn Fn(f64, f64) -> f64| -> Vec<(f64, f64)> {
            sizes().zip(0..).map(|(n, k)| (n, tokens(n, f64::from(k * 7 % 5) - 2.0))).collect()
        };
        for noise in [0.0, 0.003] {
            let of = |places: &[(f64, f64)]| said(&runs(places, BESIROGLU, noise, 2));
            let twenty = of(&at(&|n, _| 20.0 * n));
            assert!(
                twenty.contains("grow together") && twenty.contains("D/N from 20.0000 to 20.0000"),
                "{twenty}"
            );
            assert!(of(&at(&|n, k| 20.0 * n * (1.0 + 0.02 * k))).contains("grow together"));
            assert!(of(&at(&|n, _| 1e5 * n.powf(0.6))).contains("grow together"));
            // The smaller the steps of D, the nearer to one D.
            assert!(
                of(&at(&|_, k| 4.4e9 * (1.0 + 0.02 * k)))
                    .contains("D goes from 4224000000 to 4576000000")
            );
            assert!(of(&at(&|_, _| 4.4e9)).contains("have 1 different D"));
            let of_one_size: Vec<(f64, f64)> = sizes().map(|d| (1e9, 30.0 * d)).collect();
            assert!(of(&of_one_size).contains("have 1 different N"));
        }
        // D/N from 5 to 80 tells them apart; one compute has N and D against each other.
        let (along, scatter_there) =
            scatter(&runs(&at(&|n, k| 20.0 * n * 2_f64.powf(k)), BESIROGLU, 0.0, 0));
        assert!(along > 0.8 && scatter_there > 0.5, "{along} {scatter_there}");
        let one_compute = runs(&at(&|n, _| 1e20 / n), BESIROGLU, 0.0, 0);
        assert!(scatter(&one_compute).0 < -0.99 && check_runs(&one_compute).is_ok());
    }

    #[test]
    fn exponents_that_can_be_exchanged_are_refused() {
        // Where D follows N the law with its exponents exchanged is the same, which a scatter of D tells apart.
        let law = LossSurface::of([3.0, 400.0, 1.7, 0.1, 0.4]);
        let fit = |runs: &[TrainedModel]| {
            let parameters = law.parameters().to_vec();
            let fit = SurfaceFit {
                form: Terms::Additive,
                parameters,
                objective: 0.0,
                n_starts: 1,
                n_agreeing: 1,
            };
            check_fit(&fit, runs).err().map(|why| why.to_string()).unwrap_or_default()
        };
        let at = |factor: &dyn Fn(i32) -> f64| -> Vec<(f64, f64)> {
            (0..24).map(|k| (5e7 * 1.3_f64.powi(k), 1e9 * 1.3_f64.powi(k) * factor(k))).collect()
        };
        let said = fit(&runs(&at(&|_| 1.0), law, 0.0, 0));
        assert!(
            said.contains(
                "exponents exchanged, α = 0.4000 and β = 0.1000 instead of 0.1000 and 0.4000"
            ),
            "{said}"
        );
        assert_eq!(fit(&runs(&at(&|k| 2_f64.powi(k * 7 % 5)), law, 0.0, 0)), "");
    }

    #[test]
    fn chance_is_that_of_fishers_law() {
        let misfit = |squares: f64| Misfit { squares, huber: 0.0 };
        // F(2, 10) is above 4.1028 in 5 % of cases, F(4, 3) above 9.1172.
        let chance = misfit(1.0 + 0.2 * 4.102_821).chance(&misfit(1.0), 2, 10);
        assert!((chance - 0.05).abs() < 1e-5, "{chance}");
        let chance = misfit(1.0 + 4.0 / 3.0 * 9.117_182).chance(&misfit(1.0), 4, 3);
        assert!((chance - 0.05).abs() < 1e-5, "{chance}");
        let by_huber = Misfit { squares: 1.0, huber: 1.0 + 0.2 * 4.102_821 };
        let chance = by_huber.chance(&Misfit { squares: 1.0, huber: 1.0 }, 2, 10);
        assert!((chance - 0.05).abs() < 1e-5, "{chance}");
        assert!(
            misfit(1.1).is_as_good_as(&misfit(1.0), 40)
                && !misfit(1.11).is_as_good_as(&misfit(1.0), 40)
        );
    }

    #[test]
    fn a_constant_is_the_mean_and_the_middle() {
        let run = |loss: f64| TrainedModel { parameters: 1e9, tokens: 1e9, loss };
        let runs: Vec<TrainedModel> = [0.0, 0.1, 0.5].map(|y: f64| run(y.exp())).to_vec();
        let misfit = Misfit::of_constant(&runs);
        assert!((misfit.squares - 0.14).abs() < 1e-12, "{}", misfit.squares);
        // From the middle one, 0.1 and 0.4 away, within the width of the squares.
        let expected = HUBER * (0.5 - HUBER);
        assert!((misfit.huber / expected - 1.0).abs() < 0.01, "{} {expected}", misfit.huber);
    }
}
