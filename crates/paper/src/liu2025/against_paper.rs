//! Whether the paper's numbers scatter about ours as seeds do.

use std::collections::BTreeMap;

use superpose_analysis::run::Finished;
use superpose_stats::exponent::CONFIDENCE;
use superpose_stats::scatter::{self, Compared, Shared};
use superpose_stats::summary::mean_square;

use crate::claim::{Between, Claim, says};

/// The number of each kind, in order of appearance.
#[derive(Debug)]
pub(super) struct Kinds<K>(Vec<K>);

impl<K> Default for Kinds<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Kinds<K> {
    pub(super) fn number(&mut self, kind: K) -> usize {
        self.0.iter().position(|known| *known == kind).unwrap_or_else(|| {
            self.0.push(kind);
            self.0.len() - 1
        })
    }
}

/// The logarithms of the losses of cells that differ in nothing but the seeds, in the order of these.
pub(super) fn logarithms(group: &[&Finished]) -> Vec<f64> {
    let loss = |f: &&Finished| Some((f.record.cell.train.seed, f.measured()?.loss_test.ln()));
    let by_seed: BTreeMap<u64, f64> = group.iter().filter_map(loss).collect();
    by_seed.into_values().collect()
}

/// The seed of the simulated null.
const NULL: u64 = 0;

/// Whether published numbers scatter about ours as our seeds do: the mean of z², beside what it is where nothing
/// but seeds differs, simulated with these settings, seeds and what a seed does to many settings at once.
pub(super) fn scatter_claim(name: &str, compared: &[Compared]) -> Claim {
    let z: Vec<f64> = scatter::z(compared).into_iter().filter(|z| z.is_finite()).collect();
    let [beyond_2, beyond_3] = [2.0, 3.0].map(|limit| z.iter().filter(|z| z.abs() > limit).count());
    let shared = Shared::of(compared);
    let null = scatter::null(compared, shared, CONFIDENCE, NULL);
    let rounded = |end: f64| (end * 100.0).round() / 100.0;
    let (low, high) = null.map_or((1.0, 1.0), |(low, high)| (rounded(low), rounded(high)));
    let paper = "1, and as under \"agreement\" in 95 % of simulations in which only seeds differ";
    says(name, paper).holds(Between(low, high)).measured(
        mean_square(&z),
        format!(
            "{} with several seeds, {beyond_2} of them beyond 2, {beyond_3} beyond 3; the deviations of a seed in \
             two of them are correlated by {:.2} where they are alike, else by {:.2}",
            z.len(),
            shared.in_group,
            shared.between
        ),
    )
}
