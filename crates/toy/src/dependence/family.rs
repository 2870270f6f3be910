//! Features that are only active where a parent is: pairs and trees.

use std::ops::Range;

use super::{Draw, first_unit, word};
use crate::data_error::DataError;
use crate::sampler::SparseBatch;

/// The purpose of the random numbers.
const CHILDREN: u32 = 1;

/// Features, some of which have a parent before them. A child with probability `q` of a parent with
/// probability `p` is active in a share `q / p` of the parent's samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// For every feature, if it is a child.
    children: Vec<Option<Child>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Child {
    parent: u32,
    /// It is active where a number from 0 to 1 lies in this part.
    part: Range<f64>,
    /// Whether that number is its own; children that exclude each other share their parent's.
    own: bool,
}

impl Family {
    /// Features 0 and 1, 2 and 3, …: the second of each is a child of the first. The last of an odd
    /// number of features has no partner.
    pub(super) fn pairs(p: &[f64]) -> Self {
        let child = |feature: usize| {
            let parent = feature.checked_sub(1).filter(|_| feature % 2 == 1)?;
            Some(Child { parent: word(parent), part: 0.0..share(p, feature, parent), own: true })
        };
        Self { children: (0..p.len()).map(child).collect() }
    }

    /// Trees of `branching` children a parent and `depth` levels below the root. First come all roots,
    /// then all their children in the order of their parents, and so on.
    pub(super) fn trees(
        p: &[f64],
        branching: usize,
        depth: usize,
        exclusive: bool,
    ) -> Result<Self, DataError> {
        let n = p.len();
        let mut nodes = 1_usize;
        let mut of_level = 1_usize;
        for _ in 0..depth {
            // A tree that is larger than all numbers is larger than `n`.
            of_level = of_level.saturating_mul(branching);
            nodes = nodes.saturating_add(of_level);
            if nodes > n {
                break;
            }
        }
        if nodes > n || !n.is_multiple_of(nodes) {
            let size = if nodes > n { "more than that".to_owned() } else { nodes.to_string() };
            let allowed = format!(
                "a multiple of the number of nodes in a tree, which is {size} for `data.dependence` with \
                 branching = {branching} and depth = {depth}"
            );
            return Err(DataError::field("model.n_features", n, allowed));
        }
        let n_roots = n / nodes;
        let mut children: Vec<Option<Child>> = vec![None; n_roots];
        while children.len() < n {
            let at = children.len() - n_roots;
            let parent = at / branching;
            let first = children.len();
            let mut taken = 0.0;
            for feature in first..first + branching {
                let share = share(p, feature, parent);
                let part = if exclusive { taken..taken + share } else { 0.0..share };
                taken += share;
                children.push(Some(Child { parent: word(parent), part, own: !exclusive }));
            }
            if exclusive && taken > 1.0 + 1e-9 {
                let of_children: f64 = p[first..first + branching].iter().sum();
                let allowed = format!(
                    "false here: the {branching} children of feature {parent}, together with probability \
                     {of_children}, cannot exclude one another where it is active with probability {}",
                    p[parent]
                );
                return Err(DataError::field("data.dependence.exclusive", true, allowed));
            }
        }
        Ok(Self { children })
    }

    pub(super) fn independent(&self, p: &[f64]) -> Vec<f64> {
        let of = |(p, child): (&f64, &Option<Child>)| if child.is_some() { 0.0 } else { *p };
        p.iter().zip(&self.children).map(of).collect()
    }

    pub(super) fn batch(&self, independent: &SparseBatch, draw: &Draw) -> SparseBatch {
        let mut roots = independent.active.iter().peekable();
        let mut active = Vec::with_capacity(2 * independent.active.len());
        let mut places: Vec<Range<usize>> = Vec::with_capacity(self.children.len());
        for (feature, child) in (0_u32..).zip(&self.children) {
            let start = active.len();
            match child {
                None => {
                    while let Some(root) = roots.next_if(|a| a.feature == feature) {
                        active.push(*root);
                    }
                }
                Some(Child { parent, part, own }) => {
                    let index = if *own { feature } else { *parent };
                    for at in places[*parent as usize].clone() {
                        let sample = active[at].sample;
                        let words = draw.words(CHILDREN, sample, index);
                        let number = first_unit(words);
                        if part.start < number && number <= part.end {
                            active.push(draw.active(sample, feature, words[2]));
                        }
                    }
                }
            }
            places.push(start..active.len());
        }
        SparseBatch { active }
    }
}

/// The share of a parent's samples that a child has. Frequencies fall with rank, so it is at most one but
/// for rounding.
fn share(p: &[f64], child: usize, parent: usize) -> f64 {
    if p[parent] > 0.0 { (p[child] / p[parent]).min(1.0) } else { 0.0 }
}
