//! How cells are trained: on which device, with which engine, how many at a time.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use superpose_device::NamedDevice;
use superpose_store::record::{Provenance, Record};
use superpose_store::store::{Care, Found, Presence, Store};
use superpose_toy::cell::Cell;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::Outcome;
use superpose_train::engine::supports;
use superpose_train::memory::{dense_flop, host_bytes};
use superpose_train::together::Processor;

use crate::error::{CellSize, RunError};
use crate::event::Observer;
use crate::label::Labels;
use crate::plan::{Plan, Rest, Todo};
use crate::queue::{Course, Ended, Keepers, Known, OnLoss, Queue, Work};
use crate::resources::{Resources, size};
use crate::work::{Alone, Engine, Engines, Together, tiny_together};

/// How cells should be trained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Label of the device: `cpu`, or one that [`superpose_device::open`] knows.
    pub device: String,
    /// What makes the steps; none for the fastest that can train each cell.
    pub engine: Option<Engine>,
    /// Cells trained at the same time; none for as many as there are cores and memory for.
    pub jobs: Option<NonZeroUsize>,
    /// Whether cells that diverged or failed are trained again.
    pub retry_failed: bool,
    /// Whether the first cell that diverges or fails stops the others.
    pub fail_fast: bool,
    /// Most cells to train; none for all.
    pub limit: Option<usize>,
    /// How often it is written where a cell is in its training, so that it goes on from there should it be stopped;
    /// never, not even when it is stopped, without.
    pub checkpoint_every: Option<Duration>,
    /// When training ends at the latest. No cell is begun that would not be done by then, by what others took, and
    /// those in training at that moment end with a checkpoint.
    pub deadline: Option<Instant>,
}

/// How often it is written where a cell is in its training, unless another time is given.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(300);

impl Default for Options {
    /// All cells on all cores, with the fast engine.
    fn default() -> Self {
        Self {
            device: "cpu".to_owned(),
            engine: None,
            jobs: None,
            retry_failed: false,
            fail_fast: false,
            limit: None,
            checkpoint_every: Some(CHECKPOINT_EVERY),
            deadline: None,
        }
    }
}

/// A way to train cells that is known to be there and to have room for them.
#[derive(Debug)]
pub struct Trainer {
    options: Options,
    engines: Engines,
    device: NamedDevice,
    /// If cells are trained together, on a GPU.
    together: Option<Together>,
    cores: NonZeroUsize,
    n_at_once: NonZeroUsize,
    labels: Labels,
    remarks: Vec<String>,
}

impl Trainer {
    /// The way that `options` ask for, with room for the largest of `cells`, which `asked_by`, such as
    /// a sweep file, asks for.
    ///
    /// # Errors
    /// [`RunError`] when there is no such device, no room for a cell, or an engine cannot train it.
    pub fn prepare(
        options: &Options,
        cells: &[Prepared],
        asked_by: &str,
    ) -> Result<Self, RunError> {
        let resources = Resources::here();
        let device = superpose_device::open(&options.device)?;
        let engines = Engines::of(cells, options.engine, &device)?;
        let together = Together::on(&device, engines, options.jobs, resources.cores);
        let n_at_once = match &together {
            Some(together) => {
                let flop = |c: &Prepared| dense_flop(&c.cell);
                let largest = cells.iter().max_by(|a, b| flop(a).total_cmp(&flop(b)));
                largest.map_or(Ok(1), |cell| together.at_most(cell))?
            }
            None => jobs_on(resources, engines, options.jobs, cells, asked_by)?.get(),
        };
        let remarks = match (options.jobs, &together) {
            (Some(jobs), None) => remarks(resources, engines, jobs, cells),
            _ => Vec::new(),
        };
        Ok(Self {
            labels: Labels::of(&cells.iter().map(|cell| &cell.cell).collect::<Vec<_>>()),
            remarks,
            options: options.clone(),
            engines,
            device,
            together,
            cores: resources.cores,
            n_at_once: NonZeroUsize::new(n_at_once).unwrap_or(NonZeroUsize::MIN),
        })
    }

    /// The engine that makes the steps of a cell.
    pub fn engine(&self, cell: &Cell) -> Engine {
        self.engines.engine(cell)
    }

    /// How many cells are trained at a time, at most.
    pub fn n_at_once(&self) -> NonZeroUsize {
        self.n_at_once
    }

    /// The name of the device on which cells are trained together; none if they are not.
    pub fn together_on(&self) -> Option<&str> {
        self.together.as_ref().map(|_| self.device.name.as_str())
    }

    /// What a cell needs in training, in bytes.
    pub fn cell_bytes(&self, cell: &Prepared) -> f64 {
        match &self.together {
            Some(together) => together.cell_bytes(cell),
            None => host_bytes(self.engine(&cell.cell), &cell.cell),
        }
    }

    /// What tells the cells apart that it was made for.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// What may not be meant with the number of jobs that was given, in words.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// What there is to train of the `cells`, the costliest first so that the last ones to end are short.
    /// Cells whose files are damaged are trained anew, and so are completed ones without weights that
    /// `needs_weights`.
    ///
    /// # Errors
    /// [`RunError::Store`] when a record cannot be read that may be whole, so that no work is done before
    /// it is known.
    pub fn plan(
        &self,
        cells: &[Prepared],
        store: &Store,
        needs_weights: &dyn Fn(&Prepared) -> bool,
    ) -> Result<Plan, RunError> {
        let mut plan = Plan::default();
        for cell in cells {
            let instead_of = match store.look(&cell.id, Care::Everything)? {
                Found::Nothing => None,
                Found::Damaged(damage) => {
                    plan.damaged.push(damage.clone());
                    Some(damage.seen)
                }
                Found::Kept(kept) => {
                    let again = match kept.record.outcome {
                        Outcome::Completed => {
                            kept.weights != Presence::There && needs_weights(cell)
                        }
                        Outcome::Diverged { .. } | Outcome::Failed { .. } => {
                            self.options.retry_failed
                        }
                    };
                    if !again {
                        plan.n_finished += 1;
                        plan.known.extend(self.known(&kept.record));
                        continue;
                    }
                    Some(kept.seen)
                }
            };
            plan.todo.push(Todo { cell: cell.clone(), instead_of });
        }
        self.order(&mut plan);
        Ok(plan)
    }

    /// What there is to train of `cells` where nothing has been trained yet.
    pub fn plan_anew(&self, cells: &[Prepared]) -> Plan {
        let of_cell = |cell: &Prepared| Todo { cell: cell.clone(), instead_of: None };
        let mut plan = Plan { todo: cells.iter().map(of_cell).collect(), ..Plan::default() };
        self.order(&mut plan);
        plan
    }

    /// Leaves what is over the limit for another time, and puts the costliest first.
    fn order(&self, plan: &mut Plan) {
        let n_all = plan.todo.len();
        plan.todo.truncate(self.options.limit.unwrap_or(usize::MAX));
        plan.n_left = n_all - plan.todo.len();
        plan.todo.sort_by(|a, b| cost(&b.cell.cell).total_cmp(&cost(&a.cell.cell)));
    }

    /// What a cell cost, if it was trained as its like would be now.
    fn known(&self, record: &Record) -> Option<Known> {
        let Provenance { engine, device, .. } = &record.provenance;
        let is_alike = *engine == self.engine(&record.cell).name()
            && (*device == self.device.name || (self.together.is_none() && *device == "cpu"));
        (is_alike && record.outcome == Outcome::Completed && record.wall_s > 0.0)
            .then(|| Known { cost: cost(&record.cell), seconds: record.wall_s })
    }

    /// Trains the cells of a `plan` and writes their records to `store`. Cells that another process is
    /// training are waited for, and taken over should it die. Cells go on from where they were when they were
    /// stopped. Once `stop` is set no cell is begun, and those in training end with a checkpoint. Says what is left.
    ///
    /// # Errors
    /// The first [`RunError`]; what is finished by then is kept.
    pub fn train_all(
        &self,
        plan: Plan,
        store: &Store,
        observer: &Observer<'_>,
        stop: &AtomicBool,
    ) -> Result<Rest, RunError> {
        let Plan { todo, known, .. } = plan;
        let Some(n_cells) = NonZeroUsize::new(todo.len()) else { return Ok(Rest::default()) };
        let n_at_once = self.n_at_once.min(n_cells);
        let alone = self.alone(n_at_once, tiny_together(n_cells.get(), n_at_once));
        let (work, n_threads, keepers): (&dyn Work, _, _) = match &self.together {
            Some(together) => (together, NonZeroUsize::MIN, Keepers::Beside(self.cores)),
            None => (&alone, n_at_once, Keepers::Trainer),
        };
        let Options { checkpoint_every, deadline, fail_fast, .. } = self.options;
        let course = Course { stop, deadline, checkpoint_every };
        let on_loss = if fail_fast { OnLoss::Stop } else { OnLoss::GoOn };
        let queue = Queue::new(&self.labels, work, store, observer, course);
        Queue { on_loss, keepers, ..queue }.work_off(todo, n_threads, cost, known)
    }

    /// Trains a single cell, and writes nothing.
    ///
    /// # Errors
    /// [`RunError`] when a GPU has no room for it, or fails.
    ///
    /// # Panics
    /// Never: nothing stops the training.
    pub fn train_one(&self, cell: &Prepared) -> Result<Ended, RunError> {
        let alone = self.alone(NonZeroUsize::MIN, NonZeroUsize::MIN);
        let work: &dyn Work = self.together.as_ref().map_or(&alone, |together| together);
        work.at_most(cell)?;
        let ended = work.train(std::slice::from_ref(cell), None, &mut |_: u64| true)?;
        let ending = ended.and_then(|mut ended| ended.pop());
        Ok(ending.expect("nothing stops the training")())
    }

    /// Trains a cell for as long as `watch` says, as one of many, and throws away what comes of it.
    pub(crate) fn try_out(
        &self,
        cell: &Prepared,
        mut watch: impl FnMut(u64) -> bool,
    ) -> Result<(), RunError> {
        let alone = self.alone(self.n_at_once, NonZeroUsize::MIN);
        alone.train(std::slice::from_ref(cell), None, &mut watch).map(|_| ())
    }

    /// To train `n_at_once` cells at once on the CPU, each by itself, or so many tiny ones in the place of one.
    fn alone(&self, n_at_once: NonZeroUsize, tiny_together: NonZeroUsize) -> Alone<'_> {
        let n_threads = threads_each(self.cores, self.options.jobs, n_at_once);
        Alone { engines: self.engines, device: &self.device, n_threads, tiny_together }
    }
}

impl Engines {
    /// The engine that is asked for, or else the fastest for each cell, on this device.
    ///
    /// # Errors
    /// [`RunError::Unsupported`] when the engine that is asked for cannot train one of the `cells`.
    fn of(
        cells: &[Prepared],
        asked_for: Option<Engine>,
        device: &NamedDevice,
    ) -> Result<Self, RunError> {
        let processor = if device.client.is_some() { Processor::Gpu } else { Processor::Cpu };
        let engines = Self { asked_for, processor };
        let check = |p: &Prepared| supports(engines.engine(&p.cell), processor, &p.cell);
        cells.iter().try_for_each(check)?;
        Ok(engines)
    }
}

/// Threads for each of so many cells at once. Cores are left over when cells are few; a number of jobs
/// that was given leaves them free.
fn threads_each(
    cores: NonZeroUsize,
    jobs: Option<NonZeroUsize>,
    n_at_once: NonZeroUsize,
) -> NonZeroUsize {
    let shared = NonZeroUsize::new(cores.get() / n_at_once).unwrap_or(NonZeroUsize::MIN);
    if jobs.is_some() { NonZeroUsize::MIN } else { shared }
}

/// The number of cells to train at once on the CPU: what was asked for, or as many as there are cores
/// and room for. A cell that does not fit in memory at all is refused.
fn jobs_on(
    resources: Resources,
    engines: Engines,
    asked_for: Option<NonZeroUsize>,
    cells: &[Prepared],
    asked_by: &str,
) -> Result<NonZeroUsize, RunError> {
    let bytes = |cell: &Cell| host_bytes(engines.engine(cell), cell);
    let largest = cells.iter().map(|c| &c.cell).max_by(|a, b| bytes(a).total_cmp(&bytes(b)));
    let Some(cell) = largest else { return Ok(NonZeroUsize::MIN) };
    let (needed_bytes, free_bytes) = (bytes(cell), resources.free_bytes);
    if needed_bytes > free_bytes {
        let (asked_by, cell) = (asked_by.to_owned(), CellSize::from(cell));
        return Err(RunError::OutOfMemory { asked_by, cell, needed_bytes, free_bytes });
    }
    if let Some(jobs) = asked_for {
        return Ok(jobs);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least one")]
    let room = (free_bytes / needed_bytes) as usize;
    Ok(NonZeroUsize::new(room).map_or(NonZeroUsize::MIN, |room| room.min(resources.cores)))
}

/// What may not be meant with so many `jobs`.
fn remarks(
    resources: Resources,
    engines: Engines,
    jobs: NonZeroUsize,
    cells: &[Prepared],
) -> Vec<String> {
    let mut remarks = Vec::new();
    let Resources { cores, free_bytes } = resources;
    if jobs > cores {
        let cores = match cores.get() {
            1 => "the one core".to_owned(),
            n => format!("the {n} cores"),
        };
        remarks.push(format!("`--jobs` is {jobs}, more than {cores} that cells are trained on"));
    }
    let bytes = |p: &Prepared| host_bytes(engines.engine(&p.cell), &p.cell);
    let largest = cells.iter().map(bytes).fold(0.0, f64::max);
    let needed = largest * jobs.get().min(cells.len()) as f64;
    if needed > free_bytes {
        let (needed, free) = (size(needed), size(free_bytes));
        remarks.push(format!(
            "`--jobs` is {jobs}; so many cells may need {needed}, and {free} is free on this machine"
        ));
    }
    remarks
}

/// Cost of a cell, in arbitrary units: the passes over numbers of each sample weigh about as much
/// as matrix products of width 40 do (measured at n = 1000, B = 2048); only their order counts.
pub fn cost(cell: &Cell) -> f64 {
    dense_flop(cell) * (1.0 + 40.0 / cell.model.d_hidden as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use superpose_store::store::Manifest;
    use superpose_toy::cell::Importance;

    fn record() -> Record {
        serde_json::from_str(include_str!("../../store/tests/record-2.json")).unwrap()
    }

    /// Cells of these widths.
    fn cells(widths: &[usize]) -> Vec<Prepared> {
        let of_width = |&width: &usize| {
            let mut cell = record().cell;
            cell.model.d_hidden = width;
            Prepared::new(cell).unwrap()
        };
        widths.iter().map(of_width).collect()
    }

    fn only(engine: Engine) -> Engines {
        Engines { asked_for: Some(engine), processor: Processor::Cpu }
    }

    fn n(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn jobs_are_limited_by_cores_by_memory_and_by_what_is_asked_for() {
        let cells = cells(&[10, 400]);
        let largest = host_bytes(Engine::Gram, &cells[1].cell);
        let jobs = |cores, free_bytes, jobs| {
            let resources = Resources { cores: n(cores), free_bytes };
            jobs_on(resources, only(Engine::Gram), jobs, &cells, "a.toml").unwrap().get()
        };
        assert_eq!(jobs(8, f64::INFINITY, None), 8);
        assert_eq!(jobs(8, 3.5 * largest, None), 3);
        assert_eq!(jobs(8, 1.5 * largest, None), 1);
        // Who gives a number knows better.
        assert_eq!(jobs(2, 3.5 * largest, Some(n(5))), 5);
        let none = Resources { cores: n(8), free_bytes: 0.0 };
        assert_eq!(jobs_on(none, only(Engine::Gram), None, &[], "a.toml").unwrap().get(), 1);
    }

    #[test]
    fn cores_that_are_left_over_are_shared_out() {
        assert_eq!(threads_each(n(8), None, n(3)).get(), 2);
        assert_eq!(threads_each(n(8), None, n(8)).get(), 1);
        assert_eq!(threads_each(n(2), None, n(5)).get(), 1);
        assert_eq!(threads_each(n(8), Some(n(3)), n(3)).get(), 1);
    }

    #[test]
    fn a_cell_that_does_not_fit_in_memory_is_refused_with_its_size() {
        let cells = cells(&[10, 400]);
        for (engine, needed) in [(Engine::Gram, "35 MB"), (Engine::Reference, "89 MB")] {
            let resources = Resources { cores: n(8), free_bytes: 7e6 };
            let said = jobs_on(resources, only(engine), Some(n(1)), &cells, "a.toml").unwrap_err();
            let expected = format!(
                "a.toml: a cell with `model.n_features` = 1000, `model.d_hidden` = 400 and \
                 `train.batch_size` = 2048 needs about {needed}; at most 7 MB is free on this machine"
            );
            assert_eq!(said.to_string(), expected);
        }
    }

    #[test]
    fn tiny_cells_with_the_same_batches_go_together_and_come_out_as_alone() {
        let of = |seed: u64, weight: f64, density: f64| {
            let mut cell = record().cell;
            (cell.model.n_features, cell.model.d_hidden) = (2, 1);
            (cell.data.activation_density, cell.data.importance) =
                (density, Importance::Last { weight });
            (cell.train.batch_size, cell.train.steps, cell.train.test_batches) = (64, 50, 3);
            (cell.train.seed, cell.train.warmup_steps) = (seed, 0);
            Prepared::new(cell).unwrap()
        };
        let cells = [of(0, 2.0, 0.5), of(1, 2.0, 0.5), of(0, 0.5, 0.5), of(0, 2.0, 0.25)];
        let trainer = Trainer::prepare(&Options::default(), &cells, "a.toml").unwrap();
        let alone = trainer.alone(n(1), n(9));
        assert_eq!(alone.at_most(&cells[0]).unwrap(), 9);
        assert_eq!(alone.at_most(&self::cells(&[10])[0]).unwrap(), 1);
        // Other starts and other importance are of no moment, other data are.
        let together: Vec<bool> =
            cells.iter().map(|cell| alone.go_together(&cells[0], cell)).collect();
        assert_eq!(together, [true, true, true, false]);
        let train = |cells: &[Prepared]| -> Vec<Ended> {
            let trained = alone.train(cells, None, &mut |_: u64| true).unwrap().unwrap();
            trained.into_iter().map(|ending| ending()).collect()
        };
        for (cell, ended) in cells.iter().zip(train(&cells[..3])) {
            let by_itself = train(std::slice::from_ref(cell)).remove(0);
            assert_eq!((&ended.weights, &ended.curve), (&by_itself.weights, &by_itself.curve));
            assert_eq!(ended.record.measured, by_itself.record.measured);
        }
        for (n_cells, n_threads, expected) in [(5760, 2, 64), (100, 2, 12), (7, 2, 1), (0, 3, 1)] {
            assert_eq!(tiny_together(n_cells, n(n_threads)).get(), expected);
        }
    }

    /// A folder for the `cells`.
    fn store(cells: &[Prepared]) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest {
            name: "example".to_owned(),
            cells: cells.iter().map(|c| c.cell.clone()).collect(),
        };
        let store = Store::create(folder.path(), &manifest).unwrap().0;
        (folder, store)
    }

    /// The widths to train, how many are finished and how many are left.
    fn plan(
        options: &Options,
        cells: &[Prepared],
        store: &Store,
        needs_weights: bool,
    ) -> (Vec<usize>, usize, usize) {
        let trainer = Trainer::prepare(options, cells, "a.toml").unwrap();
        let plan = trainer.plan(cells, store, &|_| needs_weights).unwrap();
        let widths = plan.todo.iter().map(|todo| todo.cell.cell.model.d_hidden).collect();
        (widths, plan.n_finished, plan.n_left)
    }

    #[test]
    fn what_is_left_to_train_is_what_has_no_record_and_the_costliest_comes_first() {
        let cells = cells(&[10, 20, 30, 40]);
        let (_folder, store) = store(&cells);
        for (cell, outcome) in [
            (&cells[1], Outcome::Diverged { step: 7, reason: None }),
            (&cells[3], Outcome::Completed),
        ] {
            let (cell_id, cell) = (cell.id.clone(), cell.cell.clone());
            let measured = record().measured.filter(|_| outcome == Outcome::Completed);
            store
                .write(&Record { cell_id, cell, outcome, measured, ..record() }, &[], None)
                .unwrap();
        }
        let usual = Options::default;
        assert_eq!(plan(&usual(), &cells, &store, false), (vec![30, 10], 2, 0));
        let limited = |limit| Options { limit: Some(limit), ..usual() };
        assert_eq!(plan(&limited(1), &cells, &store, false), (vec![10], 2, 1));
        assert_eq!(plan(&limited(0), &cells, &store, false), (vec![], 2, 2));
        let retry = || Options { retry_failed: true, ..usual() };
        assert_eq!(plan(&retry(), &cells, &store, false), (vec![30, 20, 10], 1, 0));
        // A cell that diverged has no weights, however often it is trained.
        assert_eq!(plan(&usual(), &cells, &store, true), (vec![40, 30, 10], 1, 0));
        assert!(cells[1..].iter().step_by(2).all(|cell| store.is_finished(&cell.id)));
    }

    #[test]
    fn a_damaged_cell_is_to_be_trained_anew_and_named() {
        let cells = cells(&[10, 20, 30]);
        let (folder, store) = store(&cells);
        for cell in &cells {
            let (cell_id, cell) = (cell.id.clone(), cell.cell.clone());
            store.write(&Record { cell_id, cell, ..record() }, &[], None).unwrap();
        }
        let path = folder.path().join(format!("cells/{}/record.json", cells[1].id));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("1.185", "1.186")).unwrap();
        let trainer = Trainer::prepare(&Options::default(), &cells, "a.toml").unwrap();
        let plan = trainer.plan(&cells, &store, &|_| false).unwrap();
        assert_eq!((plan.n_finished, plan.todo.len(), plan.damaged.len()), (2, 1, 1));
        assert_eq!(plan.damaged[0].cell_id, cells[1].id);
        assert!(plan.todo[0].instead_of.is_some());
        assert!(plan.damaged[0].to_string().contains("record.json` is damaged"));
        assert!(store.is_finished(&cells[1].id), "it stays until it is replaced");
    }

    #[test]
    fn jobs_that_may_not_be_meant_are_remarked() {
        let cells = cells(&[10, 400]);
        let largest = host_bytes(Engine::Gram, &cells[1].cell);
        let said = |cores, free_bytes, jobs| {
            let resources = Resources { cores: n(cores), free_bytes };
            remarks(resources, only(Engine::Gram), n(jobs), &cells).join("; ")
        };
        assert_eq!(said(2, f64::INFINITY, 2), "");
        let expected = "`--jobs` is 100, more than the 2 cores that cells are trained on";
        assert_eq!(said(2, 2.0 * largest, 100), expected);
        assert!(said(1, f64::INFINITY, 2).contains("the one core"));
        let short = said(8, 1.5 * largest, 3);
        assert!(short.contains("may need 71 MB, and 53 MB is free"), "{short}");
        assert_eq!(said(8, 1.5 * largest, 1), "");
    }

    #[test]
    fn an_unknown_device_is_refused() {
        let options = Options { device: "tpu".to_owned(), ..Options::default() };
        let said = Trainer::prepare(&options, &[], "a.toml").unwrap_err().to_string();
        assert!(said.contains("`--device`") && said.contains("`tpu`"), "{said}");
    }
}
