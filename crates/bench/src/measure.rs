//! Times the cases of a definition: every device, engine, number of jobs and threads on every cell.
//!
//! The cases of a cell take turns, a round of steps each, so that whatever else the machine does
//! falls on all of them alike.

use std::num::NonZeroUsize;
use std::time::Instant;

use superpose_device::{BACKENDS, BURN_VERSION};
use superpose_gram::product::peak_flop_per_s;
use superpose_stats::summary::median_and_deviation;
use superpose_sweep::bench::Bench;
use superpose_toy::cell::Cell;
use superpose_toy::engine::EngineKind;
use superpose_toy::prepared::Prepared;
use superpose_train::engine::{DeviceFailure, Effort, supports};
use superpose_train::together::{Place, Processor};
use superpose_train::train::{KernelTimes, Rounds, gpu_peak_flop_per_s, watched};

use crate::record::{Row, Status};

/// What every row of a table says alike.
#[derive(Debug, Clone)]
pub struct About {
    /// Name of the definition.
    pub definition: String,
    /// Day, as year-month-day.
    pub date: String,
    /// Version of superpose.
    pub version: String,
    /// Git revision of superpose.
    pub revision: String,
    /// Processor and number of cores.
    pub machine: String,
    /// Number of cores, which 0 jobs or threads stand for.
    pub n_cores: NonZeroUsize,
    /// Label of the GPU that ensembles are measured on.
    pub gpu: String,
}

/// A device and an engine on it, some cells at once, and threads for each.
#[derive(Debug, PartialEq)]
struct Case<'a> {
    device: &'a str,
    engine: EngineKind,
    jobs: usize,
    threads: NonZeroUsize,
    /// Whether the cells are trained as one ensemble.
    together: bool,
}

/// A case at work.
struct Running<'a> {
    case: &'a Case<'a>,
    seat: &'a Seat,
    work: Work<'a>,
    /// Steps and seconds of every round that counts.
    rounds: Vec<(u64, f64)>,
    loss: f64,
    /// What the engine had noted of its work after the rounds that count.
    effort: Effort,
    /// Steps of the round whose kernels were timed, and what they took.
    kernels: Option<(u64, KernelTimes)>,
}

/// Cells that make steps at the same time: one on each of some threads, or all as one ensemble.
#[derive(Debug)]
pub(crate) struct Work<'p>(Vec<Rounds<'p>>);

impl<'p> Work<'p> {
    /// Cells like this one, `jobs` of them, the first with its own seeds and each other with the
    /// next ones. On a GPU all are one ensemble, [`SHARING`] of them at a time with the same
    /// batches. None when the engine cannot train the cell or the device is out of memory.
    pub(crate) fn new(
        prepared: &Prepared,
        place: &'p Place,
        jobs: usize,
        steps_a_round: u64,
    ) -> Option<Self> {
        let processor = place.processor();
        supports(place.engine, processor, &prepared.cell).ok()?;
        let (sharing, together) = match processor {
            Processor::Cpu => (1, 1),
            Processor::Gpu => (SHARING, jobs),
        };
        let like = |i: u64| {
            let mut cell = prepared.cell.clone();
            cell.train.seed = cell.train.seed.wrapping_add(i);
            cell.data.seed = cell.data.seed.wrapping_add(i / sharing);
            Prepared { id: cell.id(), cell, ..prepared.clone() }
        };
        let cells: Vec<Prepared> = (0..jobs as u64).map(like).collect();
        let rounds = |cells: &[Prepared]| Rounds::new(cells, place, steps_a_round).ok();
        cells.chunks(together).map(rounds).collect::<Option<_>>().map(Self)
    }

    /// Every cell makes the steps of its next round: the first one's mean loss. None when a device
    /// has failed or all rounds are made.
    pub(crate) fn round(&mut self) -> Option<f64> {
        self.each(Rounds::round)
    }

    /// The same, but a GPU is given the round after it, too.
    fn round_ahead(&mut self) -> Option<f64> {
        self.each(Rounds::round_ahead)
    }

    fn each(
        &mut self,
        round: fn(&mut Rounds<'p>) -> Result<Option<f64>, DeviceFailure>,
    ) -> Option<f64> {
        let (first, others) = self.0.split_first_mut().expect("there is a job");
        std::thread::scope(|scope| {
            let others: Vec<_> =
                others.iter_mut().map(|other| scope.spawn(move || round(other))).collect();
            let loss = round(first);
            let others = others.into_iter().map(|other| other.join().expect("no engine panics"));
            // The first one's comes last.
            others.chain([loss]).try_fold(None, |_, loss| loss.ok())?
        })
    }

    /// What all have noted of their work: that of products added up, and else the first one's.
    fn effort(&self) -> Effort {
        let efforts: Vec<Effort> = self.0.iter().map(Rounds::effort).collect();
        let sum = |of: fn(&Effort) -> Option<f64>| efforts.iter().map(of).sum();
        let (product_flop, product_s) = (sum(|e| e.product_flop), sum(|e| e.product_s));
        Effort { product_flop, product_s, ..efforts[0] }
    }
}

/// Cells of an ensemble that share their batches, as the weight decays of a sweep do.
const SHARING: u64 = 10;

/// Measures a cell as `bench` says, of which the last round's loss should be `expected`; `say` is
/// called with what is being measured.
pub fn measure(
    prepared: &Prepared,
    expected: Option<f64>,
    bench: &Bench,
    about: &About,
    say: &mut dyn FnMut(&str),
) -> Vec<Row> {
    let (cell, cases) = (&prepared.cell, cases(bench, about));
    let (n, d, size) = (cell.model.n_features, cell.model.d_hidden, cell.train.batch_size);
    say(&format!("n = {n}, d = {d}, batches of {size}: {} steps each", cell.train.steps));
    let seats: Vec<Result<Seat, String>> = cases.iter().map(Seat::of).collect();
    let mut running: Vec<Result<Running<'_>, String>> = cases
        .iter()
        .zip(&seats)
        .map(|(case, seat)| {
            Running::new(case, prepared, seat.as_ref().map_err(Clone::clone)?, bench)
        })
        .collect();
    let mut left = cell.train.steps;
    while left > 0 {
        let n_steps = left.min(bench.steps_a_round);
        left -= n_steps;
        let rounds_left = left.div_ceil(bench.steps_a_round);
        for running in &mut running {
            // A device that fails has nothing to show.
            let made = running.as_mut().ok().map(|running| running.round(n_steps, rounds_left));
            if made == Some(None) {
                *running = Err("the device failed".to_owned());
            }
        }
    }
    let row = |(case, running): (&Case<'_>, Result<Running<'_>, String>)| {
        let mut row = empty_row(case, cell, about);
        match running {
            Ok(running) => running.fill_in(&mut row, bench, expected),
            Err(why) => row.why_absent = why,
        }
        row
    };
    cases.iter().zip(running).map(row).collect()
}

/// Where a case is measured.
struct Seat {
    place: Place,
    /// Operations a second that the device makes at best, on one core of it where it has cores.
    peak: f64,
    /// What a GPU calls itself.
    gpu: Option<String>,
}

impl Seat {
    /// That of a case, or why it cannot be measured.
    fn of(case: &Case<'_>) -> Result<Self, String> {
        let device = superpose_device::open(case.device).map_err(|error| error.to_string())?;
        if device.software && !case.together {
            // Nobody means it when all devices are measured, and it takes minutes.
            return Err(format!("{} is a GPU made of software, which is not timed", device.name));
        }
        let gpu = device.client.as_ref().map(|_| device.name.clone());
        let client = device.client.filter(|_| case.together);
        let peak = match &client {
            Some(client) => gpu_peak_flop_per_s(client).map_err(|failure| failure.to_string())?,
            None => peak_flop_per_s(),
        };
        let (engine, n_threads) = (case.engine, case.threads);
        let place = Place { engine, device: device.device, client, n_threads };
        Ok(Self { place, peak, gpu })
    }
}

fn cases<'a>(bench: &Bench, about: &'a About) -> Vec<Case<'a>> {
    let n_cores = about.n_cores;
    let or_cores = |count: usize| NonZeroUsize::new(count).unwrap_or(n_cores);
    let mut cases: Vec<Case<'a>> = Vec::new();
    for &engine in &bench.engines {
        let (devices, threads) = match engine {
            EngineKind::Gram => (vec!["cpu"], bench.threads.as_slice()),
            EngineKind::Reference => {
                let built = BACKENDS.iter().filter(|b| b.built).map(|b| b.label);
                (built.collect(), &[1][..])
            }
        };
        for device in devices {
            for &threads in threads {
                for &jobs in &bench.jobs {
                    let (jobs, threads) = (or_cores(jobs).get(), or_cores(threads));
                    let together = false;
                    cases.push(Case { device, engine, jobs, threads, together });
                }
            }
        }
    }
    for &jobs in &bench.ensembles {
        let (engine, threads) = (EngineKind::Gram, n_cores);
        cases.push(Case { device: &about.gpu, engine, jobs, threads, together: true });
    }
    // On a machine of one core, 0 and 1 are the same.
    cases.dedup();
    cases
}

impl<'a> Running<'a> {
    fn new(
        case: &'a Case<'a>,
        prepared: &Prepared,
        seat: &'a Seat,
        bench: &Bench,
    ) -> Result<Self, String> {
        let work = Work::new(prepared, &seat.place, case.jobs, bench.steps_a_round);
        let cannot = "the engine cannot train the cell, or memory is short";
        let work = work.ok_or_else(|| cannot.to_owned())?;
        let (rounds, loss, effort, kernels) = (Vec::new(), f64::NAN, Effort::default(), None);
        Ok(Self { case, seat, work, rounds, loss, effort, kernels })
    }

    /// Every job makes `n_steps`, a round, after which some are left. The first one's loss counts: it has the
    /// cell's own seed. None when the device has failed.
    ///
    /// A GPU has its next round before it is waited for, as in training; but the last one, if there are several, is
    /// made alone, and what it takes is told by the GPU's own clock, not by ours.
    fn round(&mut self, n_steps: u64, rounds_left: u64) -> Option<()> {
        if self.case.together && rounds_left == 0 && !self.rounds.is_empty() {
            let (loss, kernels) = watched(|| self.work.round());
            (self.loss, self.kernels) = (loss?, kernels.map(|kernels| (n_steps, kernels)));
            return Some(());
        }
        let begun = Instant::now();
        let is_ahead = self.case.together && rounds_left > 1;
        self.loss = if is_ahead { self.work.round_ahead()? } else { self.work.round()? };
        self.rounds.push((n_steps, begun.elapsed().as_secs_f64()));
        self.effort = self.work.effort();
        Some(())
    }

    fn fill_in(&self, row: &mut Row, bench: &Bench, expected: Option<f64>) {
        let by_step: Vec<f64> = self.rounds.iter().map(|(steps, s)| s / *steps as f64).collect();
        let (median, deviation) = median_and_deviation(&by_step);
        let steps: u64 = self.rounds.iter().map(|(steps, _)| steps).sum();
        let wall: f64 = self.rounds.iter().map(|(_, s)| s).sum();
        let rate = self.case.jobs as f64 * steps as f64 / wall;
        if let Some(gpu) = &self.seat.gpu {
            row.machine = format!("{}, {gpu}", row.machine);
        }
        row.step_ms = Some(median * 1e3);
        row.step_ms_mad = Some(deviation * 1e3);
        row.steps_per_s = Some(rate);
        row.samples_per_s = Some(rate * row.batch_size as f64);
        let effort = self.effort;
        if let Some(flop) = effort.product_flop {
            let cores = self.case.jobs * self.case.threads.get();
            row.product_time_fraction = effort.product_s.map(|s| s / (wall * cores as f64));
            // A GPU does not say how much of the time its products took.
            let flop_per_s = flop / effort.product_s.unwrap_or(wall);
            row.product_gflop_per_s = Some(flop_per_s / 1e9);
            row.peak_gflop_per_s = Some(self.seat.peak / 1e9);
            row.share_of_peak = Some(flop_per_s / self.seat.peak);
        }
        row.working_mb = effort.working_bytes.map(|bytes| bytes as f64 / 1e6);
        row.host_wait_fraction = effort.waited.map(|waited| waited.as_secs_f64() / wall);
        if let Some((n_steps, kernels)) = &self.kernels {
            let kernels_s = kernels.total_s() / *n_steps as f64;
            row.kernels_ms = Some(kernels_s * 1e3);
            row.gpu_idle_fraction = Some(1.0 - kernels_s / median);
            row.kernel_times = kernels.by_step(*n_steps);
        }
        row.loss = Some(self.loss);
        row.expected_loss = expected;
        let near = |expected: f64| (self.loss / expected - 1.0).abs() <= bench.loss_tolerance;
        row.status = if expected.is_none_or(near) { Status::Ok } else { Status::WrongLoss };
    }
}

fn empty_row(case: &Case<'_>, cell: &Cell, about: &About) -> Row {
    let frequencies = serde_json::to_string(&cell.data.frequencies);
    Row {
        date: about.date.clone(),
        version: about.version.clone(),
        revision: about.revision.clone(),
        burn_version: BURN_VERSION.to_owned(),
        machine: about.machine.clone(),
        definition: about.definition.clone(),
        device: case.device.to_owned(),
        engine: case.engine.name().to_owned(),
        jobs: case.jobs,
        threads: case.threads.get(),
        n_features: cell.model.n_features,
        d_hidden: cell.model.d_hidden,
        batch_size: cell.train.batch_size,
        frequencies: frequencies.expect("a law is text and numbers"),
        activation_density: cell.data.activation_density,
        weight_decay: cell.train.weight_decay,
        steps: cell.train.steps,
        ..Row::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use superpose_sweep::file::Sweep;

    const TINY: &str = r#"
        schema = 1
        name = "tiny"
        [model]
        n_features = 30
        [data]
        frequencies = { law = "power", exponent = 1.0 }
        [train]
        batch_size = 20
        steps = 25
        weight_decay = -1.0
        [sweep]
        "model.d_hidden" = [3, 4]
        [bench]
        steps_a_round = 10
        jobs = [1, 2]
    "#;

    fn measured(change: &str) -> Vec<Row> {
        let text = format!("{TINY}{change}");
        let sweep = Sweep::parse(&text, Path::new("tiny.toml"), &[]).unwrap();
        let about = About {
            definition: sweep.name.clone(),
            date: String::new(),
            version: String::new(),
            revision: String::new(),
            machine: String::new(),
            n_cores: NonZeroUsize::MIN,
            gpu: "wgpu".to_owned(),
        };
        let bench = sweep.bench.as_ref().unwrap();
        let measured = |(at, cell)| {
            let expected = bench.expected_loss.get(at).copied();
            measure(cell, expected, bench, &about, &mut |_| ())
        };
        sweep.cells.iter().enumerate().flat_map(measured).collect()
    }

    /// Whether a row is of a device that may not be here.
    fn of_a_gpu(row: &Row) -> bool {
        BACKENDS.iter().any(|b| b.label == row.device && b.indexed)
    }

    #[test]
    fn every_engine_and_device_is_measured_and_they_agree_on_the_loss() {
        let rows = measured("");
        // Two cells, one or two jobs, the reference engine on each device and the fast one; perhaps there is no
        // GPU.
        assert_eq!(rows.len(), 4 * (1 + BACKENDS.iter().filter(|b| b.built).count()));
        for row in rows.iter().filter(|row| !of_a_gpu(row)) {
            assert_eq!(row.status, Status::Ok);
            let (ms, rate) = (row.step_ms.unwrap(), row.steps_per_s.unwrap());
            // A median is not a mean, but both are of the same three rounds.
            let steps = rate * ms / 1e3 / row.jobs as f64;
            assert!(ms > 0.0 && steps > 0.05 && steps < 20.0, "{ms} {rate}");
            assert_eq!(row.share_of_peak.is_some(), row.engine == "gram");
            let first = rows.iter().find(|other| other.d_hidden == row.d_hidden).unwrap();
            assert!((row.loss.unwrap() / first.loss.unwrap() - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn a_loss_that_is_not_the_expected_one_is_no_result() {
        let on_cpu = |rows: Vec<Row>| -> Vec<Row> {
            rows.into_iter().filter(|row| !of_a_gpu(row)).collect()
        };
        let loss: Vec<f64> = on_cpu(measured("")).iter().map(|row| row.loss.unwrap()).collect();
        let expect = |first: f64, second: f64| {
            let rows = on_cpu(measured(&format!("expected_loss = [{first:e}, {second:e}]")));
            rows.iter().map(|row| row.status).collect::<Vec<_>>()
        };
        assert_eq!(expect(loss[0], loss[6]), [Status::Ok; 12]);
        let said = expect(loss[0], 1.1 * loss[6]);
        assert_eq!(
            (said[..6].to_vec(), said[6..].to_vec()),
            (vec![Status::Ok; 6], vec![Status::WrongLoss; 6])
        );
    }
}
