//! Batches drawn ahead of the device, on threads of the host.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use superpose_toy::sampler::Stream;

use crate::batches::{Batches, Drawer, Piece};

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

/// Threads that draw the batches of all streams, each some steps of every chunk, and one that puts
/// them together.
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
        drawers: &[Drawer],
        of_cells: Vec<u32>,
        chunks: &(impl Iterator<Item = Chunk> + Clone + Send + 'static),
        n_threads: usize,
    ) -> Self {
        let (n_streams, n_threads) = (drawers.len(), n_threads.max(1));
        let (mut drawn, mut threads) = (Vec::new(), Vec::new());
        for thread in 0..n_threads {
            let (sender, receiver) = sync_channel(AHEAD);
            let streams =
                thread * n_streams / n_threads..((thread + 1) * n_streams).div_ceil(n_threads);
            let own = Own {
                first_stream: streams.start,
                drawers: drawers[streams].to_vec(),
                n_streams,
                part: [thread, n_threads],
            };
            let chunks = chunks.clone();
            threads.push(std::thread::spawn(move || own.draw(chunks, &sender)));
            drawn.push(receiver);
        }
        let (sender, receiver) = sync_channel(AHEAD);
        threads.push(std::thread::spawn(move || pack(&drawn, n_streams, &of_cells, &sender)));
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

/// Puts chunk after chunk together until all are packed or nobody takes them.
fn pack(
    drawn: &[Receiver<Piece>],
    n_streams: usize,
    of_cells: &[u32],
    sender: &SyncSender<Batches>,
) {
    loop {
        let pieces: Result<Vec<Piece>, _> = drawn.iter().map(Receiver::recv).collect();
        let Ok(pieces) = pieces else { return };
        if sender.send(Batches::pack(&pieces, n_streams, of_cells)).is_err() {
            return;
        }
    }
}

/// What a thread draws: an equal part of the batches of every chunk, which are counted stream by stream
/// and in each step by step. So it needs few streams, and none waits for another.
struct Own {
    first_stream: usize,
    /// Of the streams from the first on.
    drawers: Vec<Drawer>,
    n_streams: usize,
    /// Which part, and of how many.
    part: [usize; 2],
}

impl Own {
    /// Draws chunk after chunk until all are drawn or nobody takes them.
    fn draw(mut self, chunks: impl Iterator<Item = Chunk>, sender: &SyncSender<Piece>) {
        let [part, parts] = self.part;
        for Chunk { stream, steps } in chunks {
            let n_steps = usize::try_from(steps.end - steps.start).expect("a chunk is short");
            let [first, end] = [part, part + 1].map(|part| part * self.n_streams * n_steps / parts);
            let mut piece = Piece::from(first);
            for batch in first..end {
                let drawer = &mut self.drawers[batch / n_steps - self.first_stream];
                piece.push(&drawer.units(stream, steps.start + (batch % n_steps) as u64));
            }
            if sender.send(piece).is_err() {
                return;
            }
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
            let mut piece = Piece::from(0);
            for drawer in &mut alone {
                steps.clone().for_each(|step| piece.push(&drawer.units(*stream, step)));
            }
            expected.push(Batches::pack(&[piece], 3, &[2, 0]));
        }
        for n_threads in [1, 2, 8] {
            let drawers = vec![drawer(1), drawer(2), drawer(3)];
            let mut feed =
                Feed::start(&drawers, vec![2, 0], &chunks.clone().into_iter(), n_threads);
            let taken: Vec<Batches> = std::iter::from_fn(|| feed.take()).collect();
            assert_eq!(taken, expected);
        }
    }

    #[test]
    fn a_feed_that_is_given_up_ends_its_threads() {
        let chunks = vec![Chunk { stream: Stream::Train, steps: 0..50 }; 1000].into_iter();
        let mut feed = Feed::start(&[drawer(1)], vec![0], &chunks, 1);
        assert!(feed.take().is_some());
        drop(feed);
    }
}
