//! The trained models of a run, feature by feature, and what they were on the way.

use superpose_store::measured::{ByFeature, by_feature};
use superpose_store::store::{Model, Store, StoreError};
use superpose_toy::trained::Snapshot;

use crate::run::{Finished, Run};

/// Most features that tables hold a row for; the cells beyond are left out of them.
pub const MOST_FEATURES: usize = 100_000;

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<'a> {
    /// Its cell.
    pub finished: &'a Finished,
    /// Its bias `b`: `[n_features]`.
    pub bias: Vec<f32>,
    /// What is known of each feature.
    pub features: ByFeature,
    /// The weights of the features in the loss, where they are not all one.
    pub importance: Option<Vec<f64>>,
    /// The same at the moments at which the model was kept, in order.
    pub life: Vec<Moment>,
}

/// A model at a moment of its training.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Steps that had been made.
    pub step: u64,
    /// Its bias.
    pub bias: Vec<f32>,
    /// What is known of each feature.
    pub features: ByFeature,
}

/// The models of a run that were looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Models<'a> {
    /// In the order of the sweep.
    pub seen: Vec<Seen<'a>>,
    /// Sentences on those that were not.
    pub left_out: Vec<String>,
}

impl<'a> Models<'a> {
    /// Those of `run` whose weights are in `store`, up to `most` features in all. A file that is damaged costs its
    /// cell a row, not the run its tables.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when a file cannot be read that may be whole.
    pub fn read(run: &'a Run, store: &Store, most: usize) -> Result<Self, StoreError> {
        let (mut models, mut n_features, mut n_beyond) = (Self::default(), 0, 0);
        for finished in run.finished.iter().filter(|f| f.measured().is_some()) {
            let cell = &finished.record.cell;
            if n_features + cell.model.n_features > most {
                n_beyond += 1;
                continue;
            }
            match Self::look(finished, store) {
                Ok(None) => {}
                Ok(Some(seen)) => {
                    n_features += cell.model.n_features;
                    models.seen.push(seen);
                }
                Err(StoreError::Content { path, problem, .. }) => {
                    models.left_out.push(format!("`{}` {problem}", path.display()));
                }
                Err(error) => return Err(error),
            }
        }
        if n_beyond > 0 {
            models.left_out.push(format!(
                "features.csv holds {n_features} features of {} cells; {n_beyond} more cells are left out \
                 (superpose portrait shows any of them)",
                models.seen.len()
            ));
        }
        Ok(models)
    }

    fn look(finished: &'a Finished, store: &Store) -> Result<Option<Seen<'a>>, StoreError> {
        let (cell, id) = (&finished.record.cell, &finished.record.cell_id);
        let Some(model) = store.model(id)? else { return Ok(None) };
        let moment = |Snapshot { step, weights }: Snapshot| Moment {
            step,
            features: by_feature(cell, model.features(), &weights),
            bias: weights.bias,
        };
        let life = store.snapshots(id)?.into_iter().map(moment).collect();
        let features = by_feature(cell, model.features(), &model.weights);
        let Model { weights, importance, .. } = model;
        Ok(Some(Seen { finished, bias: weights.bias, features, importance, life }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Models of three features, an antipodal pair and a dead one of norm zero, kept at three moments.
    pub(crate) fn planted(run: &Run) -> Models<'_> {
        let features = |scale: f64| ByFeature {
            norms: vec![scale, scale, 0.0],
            dimensionality: vec![0.5, 0.5, 0.0],
            dead: vec![false, false, true],
            loss_dead_part: 0.25,
            overlap_mean_square: 1.0,
        };
        let moment = |(step, scale)| Moment { step, bias: vec![0.0; 3], features: features(scale) };
        let seen = |finished| Seen {
            finished,
            bias: vec![-0.1, -0.1, 0.0],
            features: features(1.0),
            importance: None,
            life: [(0, 0.1), (1, 0.25), (100, 1.0)].map(moment).to_vec(),
        };
        Models { seen: run.finished.iter().map(seen).collect(), left_out: Vec::new() }
    }
}
