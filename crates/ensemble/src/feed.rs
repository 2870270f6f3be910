//! Batches drawn ahead of the device, on threads of the host.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use superpose_toy::sampler::Stream;

use crate::batches::{Batches, Drawer};
use crate::units::Units;

/// Chunks that a thread is ahead at most.
const AHEAD: usize = 2;

/// Steps that are drawn, sent and run together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// What the batches are for.
    pub stream: Stream,
    /// The steps, from 0.
    pub steps: Range<u64>,
}

/// Threads that draw the batches of all streams, chunk by chunk, and one that packs them.
#[derive(Debug)]
pub struct Feed {
    /// None only while the feed ends.
    packed: Option<Receiver<Batches>>,
    threads: Vec<JoinHandle<()>>,
    /// Time that the taker of chunks has waited for them.
    pub waited: Duration,
}

impl Feed {
    /// Begins to draw `chunks` from `drawers`, one per stream, on at most `n_threads`. `of_cells`
    /// has each cell's stream.
    pub fn start(
        drawers: Vec<Drawer>,
        of_cells: Vec<u32>,
        chunks: &(impl Iterator<Item = Chunk> + Clone + Send + 'static),
        n_threads: usize,
    ) -> Self {
        let per_thread = drawers.len().div_ceil(n_threads.max(1)).max(1);
        let mut drawers = drawers.into_iter();
        let (mut drawn, mut threads) = (Vec::new(), Vec::new());
        loop {
            let own: Vec<Drawer> = drawers.by_ref().take(per_thread).collect();
            if own.is_empty() {
                break;
            }
            let (sender, receiver) = sync_channel(AHEAD);
            let chunks = chunks.clone();
            threads.push(std::thread::spawn(move || draw(own, chunks, &sender)));
            drawn.push(receiver);
        }
        let (sender, receiver) = sync_channel(AHEAD);
        threads.push(std::thread::spawn(move || pack(&drawn, &of_cells, &sender)));
        Self { packed: Some(receiver), threads, waited: Duration::ZERO }
    }

    /// The next chunk; none when all have been taken.
    pub fn take(&mut self) -> Option<Batches> {
        let begun = Instant::now();
        let batches = self.packed.as_ref()?.recv().ok();
        self.waited += begun.elapsed();
        batches
    }
}

impl Drop for Feed {
    /// Lets the threads end: they stop once nobody takes what they make.
    fn drop(&mut self) {
        self.packed = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has already left its chunk out, which the taker has seen.
            let _ = thread.join();
        }
    }
}

/// Packs chunk after chunk until all are packed or nobody takes them.
fn pack(drawn: &[Receiver<Vec<Vec<Units>>>], of_cells: &[u32], sender: &SyncSender<Batches>) {
    loop {
        let mut streams = Vec::new();
        for receiver in drawn {
            let Ok(units) = receiver.recv() else { return };
            streams.extend(units);
        }
        if sender.send(Batches::pack(&streams, of_cells)).is_err() {
            return;
        }
    }
}

/// Draws chunk after chunk until all are drawn or nobody takes them.
fn draw(
    mut drawers: Vec<Drawer>,
    chunks: impl Iterator<Item = Chunk>,
    sender: &SyncSender<Vec<Vec<Units>>>,
) {
    for Chunk { stream, steps } in chunks {
        let units = |drawer: &mut Drawer| steps.clone().map(|s| drawer.units(stream, s)).collect();
        if sender.send(drawers.iter_mut().map(units).collect()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use superpose_toy::frequency::FeatureProbabilities;
    use superpose_toy::sampler::Sampler;
    use superpose_toy::values::ValueDistribution;

    use super::*;

    fn drawer(seed: u64) -> Drawer {
        let p = FeatureProbabilities::scaled(&[3.0, 2.0, 1.0], 1.0).unwrap();
        Drawer::new(Sampler::new(&p, ValueDistribution::Uniform, seed, 16), 16, 3)
    }

    #[test]
    fn chunks_come_in_order_and_the_same_on_any_number_of_threads() {
        let chunk = |stream, steps| Chunk { stream, steps };
        let chunks =
            [chunk(Stream::Train, 0..3), chunk(Stream::Train, 3..4), chunk(Stream::Test, 0..2)];
        let mut expected = Vec::new();
        let mut alone = [drawer(1), drawer(2), drawer(3)];
        for Chunk { stream, steps } in &chunks {
            let units = |d: &mut Drawer| steps.clone().map(|s| d.units(*stream, s)).collect();
            expected.push(Batches::pack(&alone.iter_mut().map(units).collect::<Vec<_>>(), &[2, 0]));
        }
        for n_threads in [1, 2, 8] {
            let drawers = vec![drawer(1), drawer(2), drawer(3)];
            let mut feed = Feed::start(drawers, vec![2, 0], &chunks.clone().into_iter(), n_threads);
            let taken: Vec<Batches> = std::iter::from_fn(|| feed.take()).collect();
            assert_eq!(taken, expected);
        }
    }

    #[test]
    fn a_feed_that_is_given_up_ends_its_threads() {
        let chunks = vec![Chunk { stream: Stream::Train, steps: 0..50 }; 1000].into_iter();
        let mut feed = Feed::start(vec![drawer(1)], vec![0], &chunks, 1);
        assert!(feed.take().is_some());
        drop(feed);
    }
}
