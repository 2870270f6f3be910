//! What the training loop needs of an engine, and the engines there are.

use std::time::Duration;

use burn::tensor::{DType, Tensor};
pub use superpose_ensemble::PendingLosses;
use superpose_ensemble::batches::Drawer;
use superpose_ensemble::ensemble::Ensemble;
pub use superpose_ensemble::failure::DeviceFailure;
use superpose_ensemble::feed::{Chunk, Feed};
pub use superpose_gram::engine::is_tiny;
use superpose_gram::engine::{self as gram, Arranged, Gram};
use superpose_toy::cell::Cell;
use superpose_toy::checkpoint::ModelState;
pub use superpose_toy::engine::{EngineKind, Unsupported};
use superpose_toy::init::start;
use superpose_toy::prepared::Prepared;
use superpose_toy::sampler::{Sampler, SparseBatch, Stream};
use superpose_toy::trained::Weights;

use crate::reference::{self, Reference};
use crate::together::{Common, Place, Processor, streams};

/// Cells in training together, on a device that lives as long as `'c`. A single cell is an ensemble of one.
pub trait Engine<'c>: Send {
    /// Whether the engine can train `cell`. No device is needed to tell.
    ///
    /// # Errors
    /// [`Unsupported`], which names the field, its value and the values that the engine can train.
    fn supports(cell: &Cell) -> Result<(), Unsupported>
    where
        Self: Sized;

    /// Begins the next chunk: a step on each of its training batches, or only the losses on each of
    /// its test batches. Losses of a step are those before it.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    fn begin(&mut self, chunk: &Chunk) -> Result<PendingLosses<'c>, DeviceFailure>;

    /// Every cell's weights after all steps so far.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    fn weights(&self) -> Result<Vec<Weights>, DeviceFailure>;

    /// Every cell as it is after all steps so far.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed.
    fn states(&self) -> Result<Vec<ModelState>, DeviceFailure>;

    /// What the engine has noted of its own work.
    fn effort(&self) -> Effort {
        Effort::default()
    }
}

/// What an engine notes of its own work, for benchmarks; each is absent where the engine does not
/// know.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Effort {
    /// Operations in matrix products so far.
    pub product_flop: Option<f64>,
    /// Time in matrix products so far, in seconds, added up over cores.
    pub product_s: Option<f64>,
    /// Time spent on waiting for batches so far.
    pub waited: Option<Duration>,
    /// Memory beyond the parameters and Adam's memory of them, in bytes.
    pub working_bytes: Option<usize>,
}

/// Whether `engine` can train `cell` on such a `processor`. No device is needed to tell.
///
/// # Errors
/// [`Unsupported`], which names the field, its value and the values that the engine can train.
pub fn supports(engine: EngineKind, processor: Processor, cell: &Cell) -> Result<(), Unsupported> {
    match (engine, processor) {
        (EngineKind::Gram, Processor::Cpu) => GramOnCpu::supports(cell),
        (EngineKind::Gram, Processor::Gpu) => GramOnGpu::supports(cell),
        (EngineKind::Reference, _) => Dense::supports(cell),
    }
}

/// Active features a sample beyond which batches are dense on the CPU: the reference engine's work does not grow with
/// them, that of gram does (LOG.md has the crossings).
const MANY_ACTIVE: f64 = 32.0;

/// Whether so many features are active in a sample that dense products are cheaper on the CPU: more than
/// [`MANY_ACTIVE`], and more than hidden dimensions.
fn is_dense(cell: &Cell) -> bool {
    cell.data.activation_density > MANY_ACTIVE.max(cell.model.d_hidden as f64)
}

/// The fastest engine that can train `cell` on such a `processor`: gram where it supports the cell, unless its batches
/// are dense on the CPU, and else the reference engine.
pub fn fastest(cell: &Cell, processor: Processor) -> EngineKind {
    match processor {
        Processor::Cpu if is_dense(cell) => EngineKind::Reference,
        Processor::Cpu => gram_or_reference::<GramOnCpu>(cell),
        Processor::Gpu => gram_or_reference::<GramOnGpu<'_>>(cell),
    }
}

fn gram_or_reference<Fast: Engine<'static>>(cell: &Cell) -> EngineKind {
    Fast::supports(cell).map_or(EngineKind::Reference, |()| EngineKind::Gram)
}

impl Place {
    /// `prepared` cells, which have [`Common`] in common, as they are in `states`, or before their first step
    /// without any; they are going to be given `chunks`.
    ///
    /// # Errors
    /// [`DeviceFailure`] when the device has failed or is out of memory.
    pub(crate) fn start(
        &self,
        prepared: &[Prepared],
        states: Option<Vec<ModelState>>,
        chunks: &(impl Iterator<Item = Chunk> + Clone + Send + 'static),
    ) -> Result<Box<dyn Engine<'_> + '_>, DeviceFailure> {
        let at_start = |p: &Prepared| ModelState::at_start(start(&p.cell));
        let states = states.unwrap_or_else(|| prepared.iter().map(at_start).collect());
        Ok(match (self.engine, &self.client) {
            (EngineKind::Gram, None) => Box::new(GramOnCpu::start(prepared, states, self)),
            (EngineKind::Gram, Some(client)) => {
                let (shape, n_threads) =
                    (Common::of(&prepared[0].cell).shape, self.n_threads.get());
                let drawer = |sampler| Drawer::new(sampler, shape.batch_size, shape.n_features);
                let (samplers, streams) = samplers(prepared);
                let drawers: Vec<Drawer> = samplers.map(drawer).collect();
                Box::new(GramOnGpu {
                    ensemble: Ensemble::new(client, shape, prepared, &states)?,
                    feed: Feed::start(&drawers, streams, chunks, n_threads),
                    parameters: shape.n_features * shape.d_hidden,
                    flop: 0.0,
                })
            }
            (EngineKind::Reference, _) => {
                let (samplers, streams) = samplers(prepared);
                let models = Reference::from_states(prepared, &states, &self.device, DType::F32);
                Box::new(Dense { models, samplers: samplers.collect(), streams })
            }
        })
    }
}

/// What draws the batches of each stream, and each cell's stream.
fn samplers(prepared: &[Prepared]) -> (impl Iterator<Item = Sampler>, Vec<u32>) {
    let (first_cells, streams) = streams(prepared.iter().map(|p| &p.cell));
    (first_cells.into_iter().map(|i| Sampler::of(&prepared[i])), streams)
}

/// The gram engine on the CPU: one cell after the other, usually a single one. Cells with the same data share
/// their batches.
struct GramOnCpu {
    streams: Vec<(Sampler, Arranged)>,
    /// The models, and each one's stream.
    models: Vec<(usize, Gram)>,
}

impl GramOnCpu {
    fn start(prepared: &[Prepared], states: Vec<ModelState>, place: &Place) -> Self {
        let (samplers, of_cells) = samplers(prepared);
        let arranged = |sampler| (sampler, Arranged::for_models_of(&prepared[0].cell));
        let gram = |p, state| Gram::from_state(p, state).on_threads(place.n_threads);
        let models = prepared.iter().zip(states).zip(of_cells);
        let models = models.map(|((p, state), stream)| (stream as usize, gram(p, state)));
        Self { streams: samplers.map(arranged).collect(), models: models.collect() }
    }
}

impl<'c> Engine<'c> for GramOnCpu {
    fn supports(cell: &Cell) -> Result<(), Unsupported> {
        gram::supports(cell)
    }

    fn begin(&mut self, chunk: &Chunk) -> Result<PendingLosses<'c>, DeviceFailure> {
        let Self { streams, models } = self;
        let mut of_step = |step: u64| -> Vec<f64> {
            for (sampler, arranged) in streams.iter_mut() {
                arranged.arrange(&sampler.batch(chunk.stream, step));
            }
            let mse = |(stream, gram): &mut (usize, Gram)| {
                let batch = &streams[*stream].1;
                match chunk.stream {
                    Stream::Train => gram.step_on(step + 1, batch),
                    Stream::Test => gram.mse_on(batch),
                }
            };
            models.iter_mut().map(mse).collect()
        };
        let mses = chunk.steps.clone().map(&mut of_step).collect();
        Ok(Box::new(move || Ok(mses)))
    }

    fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
        Ok(self.models.iter().map(|(_, gram)| gram.weights().clone()).collect())
    }

    fn states(&self) -> Result<Vec<ModelState>, DeviceFailure> {
        Ok(self.models.iter().map(|(_, gram)| gram.state()).collect())
    }

    fn effort(&self) -> Effort {
        let products = || self.models.iter().map(|(_, gram)| gram.products());
        let of_models = self.models.iter().map(|(_, gram)| gram.working_bytes());
        let of_streams = self.streams.iter().map(|(_, arranged)| arranged.bytes());
        Effort {
            product_flop: Some(products().map(|p| p.flop).sum()),
            product_s: Some(products().map(|p| p.seconds).sum()),
            waited: None,
            working_bytes: Some(of_models.chain(of_streams).sum()),
        }
    }
}

/// The gram engine on a GPU: all cells in one batch of kernels, on batches drawn ahead.
struct GramOnGpu<'c> {
    ensemble: Ensemble<'c>,
    feed: Feed,
    /// Numbers in `W` of one cell.
    parameters: usize,
    flop: f64,
}

impl<'c> Engine<'c> for GramOnGpu<'c> {
    fn supports(cell: &Cell) -> Result<(), Unsupported> {
        superpose_ensemble::supports(cell)
    }

    fn begin(&mut self, chunk: &Chunk) -> Result<PendingLosses<'c>, DeviceFailure> {
        let batches = self.feed.take().expect("a feed has all the chunks that it was started with");
        // Every unit meets every number of `W` forward, in two operations. Back there are two such products more at
        // steps that go the dense way, of which only the device knows.
        self.flop += 2.0 * (batches.all_units * self.parameters) as f64;
        match chunk.stream {
            Stream::Train => self.ensemble.steps(chunk.steps.start + 1, batches),
            Stream::Test => self.ensemble.mses(batches),
        }
    }

    fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
        self.ensemble.weights()
    }

    fn states(&self) -> Result<Vec<ModelState>, DeviceFailure> {
        self.ensemble.states()
    }

    fn effort(&self) -> Effort {
        let (product_flop, waited) = (Some(self.flop), Some(self.feed.waited));
        Effort { product_flop, waited, ..Effort::default() }
    }
}

/// The reference engine, on any device.
struct Dense {
    models: Reference,
    samplers: Vec<Sampler>,
    /// Each cell's sampler.
    streams: Vec<u32>,
}

impl<'c> Engine<'c> for Dense {
    fn supports(cell: &Cell) -> Result<(), Unsupported> {
        reference::supports(cell)
    }

    fn begin(&mut self, chunk: &Chunk) -> Result<PendingLosses<'c>, DeviceFailure> {
        let Self { models, samplers, streams } = self;
        let of_step = |step: u64| {
            let draw = |sampler: &mut Sampler| sampler.batch(chunk.stream, step);
            let batches: Vec<SparseBatch> = samplers.iter_mut().map(draw).collect();
            let of_cells: Vec<&SparseBatch> =
                streams.iter().map(|&stream| &batches[stream as usize]).collect();
            match chunk.stream {
                Stream::Train => models.step(step + 1, &of_cells),
                Stream::Test => models.mses(&of_cells),
            }
        };
        let mses: Vec<Tensor<1>> = chunk.steps.clone().map(of_step).collect();
        let n_cells = streams.len();
        Ok(Box::new(move || {
            let all = Tensor::stack::<2>(mses, 0).into_data_as::<f64>();
            let all = all.try_to_vec::<f64>().expect("has just been made f64");
            Ok(all.chunks(n_cells).map(<[f64]>::to_vec).collect())
        }))
    }

    fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
        Ok(self.models.weights())
    }

    fn states(&self) -> Result<Vec<ModelState>, DeviceFailure> {
        Ok(self.models.states())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::tests::cell;

    /// An engine that refuses wide cells.
    struct Narrow;

    impl Engine<'static> for Narrow {
        fn supports(cell: &Cell) -> Result<(), Unsupported> {
            let d = cell.model.d_hidden;
            let (engine, field, allowed) = (EngineKind::Gram, "model.d_hidden", "1 to 8");
            if d <= 8 {
                return Ok(());
            }
            Err(Unsupported { engine, field, value: d.to_string(), allowed })
        }

        fn begin(&mut self, _: &Chunk) -> Result<PendingLosses<'static>, DeviceFailure> {
            unreachable!("it is only asked what it supports")
        }

        fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
            unreachable!("it is only asked what it supports")
        }

        fn states(&self) -> Result<Vec<ModelState>, DeviceFailure> {
            unreachable!("it is only asked what it supports")
        }
    }

    #[test]
    fn an_engine_that_refuses_a_cell_leaves_it_to_the_reference() {
        let mut cell = cell();
        assert_eq!(gram_or_reference::<Narrow>(&cell), EngineKind::Gram);
        cell.model.d_hidden = 9;
        assert_eq!(gram_or_reference::<Narrow>(&cell), EngineKind::Reference);
        assert_eq!(
            Narrow::supports(&cell).unwrap_err().to_string(),
            "the engine `gram` cannot train `model.d_hidden` = 9; it can train 1 to 8"
        );
    }

    #[test]
    fn the_fast_engines_know_the_papers_model_and_the_reference_all() {
        use superpose_toy::cell::{Activation, Bias, Decoder, Dependence, Importance, Loss, Rows};
        type Change = fn(&mut Cell);
        let fast: [Change; 5] = [
            |_| (),
            |c| c.model.bias = Bias::None,
            |c| c.model.rows = Rows::Unit,
            |c| c.data.importance = Importance::Geometric { ratio: 0.5 },
            |c| c.data.dependence = Dependence::Correlated,
        ];
        let slow: [(Change, &str); 4] = [
            (
                |c| c.model.activation = Activation::Gelu,
                "the engine `gram` cannot train `model.activation` = gelu; it can train relu",
            ),
            (
                |c| c.model.decoder = Decoder::Untied,
                "the engine `gram` cannot train `model.decoder` = untied; it can train tied",
            ),
            (
                |c| c.train.loss = Loss::Power { power: 4 },
                "the engine `gram` cannot train `train.loss.power` = 4; it can train squared",
            ),
            (
                |c| c.train.loss = Loss::CrossEntropy,
                "the engine `gram` cannot train `train.loss` = cross_entropy; it can train squared",
            ),
        ];
        let changed = |change: Change| {
            let mut cell = cell();
            change(&mut cell);
            cell
        };
        for processor in [Processor::Cpu, Processor::Gpu] {
            for change in fast {
                assert_eq!(fastest(&changed(change), processor), EngineKind::Gram);
            }
            for (change, said) in slow {
                let cell = changed(change);
                assert_eq!(fastest(&cell, processor), EngineKind::Reference);
                let refused = supports(EngineKind::Gram, processor, &cell).unwrap_err();
                assert_eq!(refused.to_string(), said);
                assert_eq!(supports(EngineKind::Reference, processor, &cell), Ok(()));
            }
        }
    }

    #[test]
    fn dense_batches_are_the_reference_engines_on_the_cpu() {
        let mut cell = cell();
        (cell.model.n_features, cell.model.d_hidden) = (400, 30);
        for (density, d_hidden, engine) in [
            (1.0, 30, EngineKind::Gram),
            (32.0, 30, EngineKind::Gram),
            (33.0, 30, EngineKind::Reference),
            (33.0, 64, EngineKind::Gram),
            (400.0, 64, EngineKind::Reference),
        ] {
            cell.data.activation_density = density;
            cell.model.d_hidden = d_hidden;
            assert_eq!(fastest(&cell, Processor::Cpu), engine, "{density} {d_hidden}");
            assert_eq!(fastest(&cell, Processor::Gpu), EngineKind::Gram);
        }
    }
}
