//! `superpose theory`: other laws of scaling, fitted, computed and simulated.

mod as_published;
mod chinchilla;
mod icl;
mod mechanisms;
mod predict;
mod redundancy;

use superpose_laws::error::LawError;

use crate::args::theory::{ChinchillaVerb, IclVerb, RedundancyVerb, TheoryVerb};

/// Answers a verb under `theory`.
pub(crate) fn theory(verb: &TheoryVerb) -> anyhow::Result<()> {
    match verb {
        TheoryVerb::Chinchilla(ChinchillaVerb::Fit(options)) => chinchilla::fit(options),
        TheoryVerb::Chinchilla(ChinchillaVerb::Allocate(options)) => chinchilla::allocate(options),
        TheoryVerb::AsPublished(options) => as_published::as_published(options),
        TheoryVerb::Redundancy(RedundancyVerb::Matrix(options)) => redundancy::matrix(options),
        TheoryVerb::Chinchilla(ChinchillaVerb::Loss(options)) => chinchilla::loss(options),
        TheoryVerb::Chinchilla(ChinchillaVerb::Repeat(options)) => chinchilla::repeat(options),
        TheoryVerb::Predict(options) => predict::predict(options),
        TheoryVerb::Mechanisms(options) => mechanisms::mechanisms(options),
        TheoryVerb::Redundancy(RedundancyVerb::Text(options)) => redundancy::text(options),
        TheoryVerb::Redundancy(RedundancyVerb::Dimension(options)) => {
            redundancy::dimension(options)
        }
        TheoryVerb::Redundancy(RedundancyVerb::Spectrum(options)) => redundancy::spectrum(options),
        TheoryVerb::Redundancy(RedundancyVerb::Features(options)) => redundancy::features(options),
        TheoryVerb::Icl(IclVerb::Attention(options)) => icl::attention(options),
        TheoryVerb::Icl(IclVerb::Diversity(options)) => icl::diversity(options),
        TheoryVerb::Icl(IclVerb::Metric(options)) => icl::metric(options),
        TheoryVerb::Icl(IclVerb::Baselines(options)) => icl::baselines(options),
    }
}

/// The refusal of a law, which calls its arguments by the names of its fields, by the names of options.
fn by_options<'a>(names: &'a [(&str, &str)]) -> impl Fn(LawError) -> anyhow::Error + 'a {
    move |refused| {
        let replaced = |said: String, (field, option): &(&str, &str)| {
            said.replace(&format!("`{field}`"), option)
        };
        anyhow::Error::msg(names.iter().fold(refused.to_string(), replaced))
    }
}

/// A standard error takes two.
fn check_simulated(n: usize) -> anyhow::Result<()> {
    anyhow::ensure!(n != 1, "--simulate must be 0 for none, or at least 2, got 1");
    Ok(())
}

/// Sizes in order, each once.
fn ascending(sizes: &[usize]) -> Vec<usize> {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}
