//! Queues of cells that are told what becomes of them.

use std::sync::Arc;

use super::*;
use superpose_store::record::Record;
use superpose_store::store::{Care, Found, Manifest};
use superpose_toy::checkpoint::{LossesSoFar, ModelState};
use superpose_toy::prepared::Preparer;
use superpose_toy::trained::Outcome;
use superpose_train::train::Next;

const GOLDEN: &str = include_str!("../../../store/tests/record-2.json");

fn golden() -> Record {
    serde_json::from_str(GOLDEN).unwrap()
}

/// Cells of these widths.
fn cells(widths: &[usize]) -> Vec<Prepared> {
    let of_width = |&width: &usize| {
        let mut cell = golden().cell;
        (cell.model.n_features, cell.model.d_hidden, cell.train.steps) = (4, width, 3);
        cell
    };
    Preparer::default().prepare_all(widths.iter().map(of_width)).unwrap()
}

fn labels(cells: &[Prepared]) -> Labels {
    Labels::of(&cells.iter().map(|cell| &cell.cell).collect::<Vec<_>>())
}

/// To be trained for the first time.
fn todo(cells: &[Prepared]) -> Vec<Todo> {
    cells.iter().map(|cell| Todo { cell: cell.clone(), instead_of: None }).collect()
}

/// Does as it is told, at once.
struct Told {
    /// Cells that fit together.
    at_most: usize,
    /// What becomes of a cell of a width.
    outcome: fn(usize) -> Outcome,
    /// Cells that turn out to fit on the device after all.
    fitting: usize,
    /// The widths that were trained, together and in order.
    trained: Mutex<Vec<Vec<usize>>>,
    /// The steps that they were trained from.
    from: Mutex<Vec<u64>>,
}

/// Is never set.
static NEVER: AtomicBool = AtomicBool::new(false);

/// To the end, and nothing is kept on the way.
fn course() -> Course<'static> {
    Course { stop: &NEVER, deadline: None, checkpoint_every: None }
}

/// What is trained is kept at once.
fn queue<'a>(
    labels: &'a Labels,
    work: &'a dyn Work,
    store: &'a Store,
    observer: &'a Observer<'a>,
    course: Course<'a>,
) -> Queue<'a> {
    let longest_wait = Duration::ZERO;
    Queue { longest_wait, ..Queue::new(labels, work, store, observer, course) }
}

impl Queue<'_> {
    /// Trains all cells on so many threads.
    fn train_all(&self, cells: &[Prepared], n_threads: usize) -> Result<Rest, RunError> {
        self.work_off(todo(cells), NonZeroUsize::new(n_threads).unwrap(), |_| 1.0, vec![])
    }
}

/// A cell after some steps.
fn checkpoint(cell: &Prepared, step: u64) -> Checkpoint {
    let weights = superpose_toy::init::start(&cell.cell);
    let losses = LossesSoFar { step, ..LossesSoFar::default() };
    Checkpoint { step, model: ModelState::at_start(weights), losses, snapshots: vec![] }
}

impl Told {
    fn new(at_most: usize) -> Self {
        let (outcome, fitting) = (|_| Outcome::Completed, usize::MAX);
        Self { at_most, outcome, fitting, trained: Mutex::default(), from: Mutex::default() }
    }
}

impl Work for Told {
    fn at_most(&self, _: &Prepared) -> Result<usize, RunError> {
        Ok(self.at_most)
    }

    /// Even widths, or odd ones.
    fn go_together(&self, a: &Prepared, b: &Prepared) -> bool {
        a.cell.model.d_hidden % 2 == b.cell.model.d_hidden % 2
    }

    fn origin(&self, _: &Prepared) -> Origin {
        let [engine, device, build] = ["told", "here", "now"].map(str::to_owned);
        Origin { engine, device, build }
    }

    fn train(
        &self,
        cells: &[Prepared],
        checkpoints: Option<Vec<Checkpoint>>,
        watch: &mut dyn Watch,
    ) -> Result<Option<Vec<Ending>>, RunError> {
        let widths: Vec<usize> = cells.iter().map(|c| c.cell.model.d_hidden).collect();
        if cells.len() > self.fitting {
            return Err(RunError::DeviceFailed { said: "full".into(), out_of_memory: true });
        }
        lock(&self.trained).push(widths);
        let from = checkpoints.map_or(0, |all| all[0].step);
        lock(&self.from).push(from);
        for step in from + 1..=cells[0].cell.train.steps {
            let next = watch.on_steps(step);
            if matches!(next, Next::Keep | Next::KeepAndStop) {
                watch.keep(cells.iter().map(|cell| checkpoint(cell, step)).collect());
            }
            if matches!(next, Next::Stop | Next::KeepAndStop) {
                return Ok(None);
            }
        }
        let ended = |cell: &Prepared| {
            let (cell_id, width) = (cell.id.clone(), cell.cell.model.d_hidden);
            let outcome = (self.outcome)(width);
            let record = Record { cell_id, outcome, cell: cell.cell.clone(), ..golden() };
            let ended = Ended { record, curve: Vec::new(), weights: None, snapshots: Vec::new() };
            Box::new(|| ended) as Ending
        };
        Ok(Some(cells.iter().map(ended).collect()))
    }
}

/// A store for `cells` in a folder of its own.
fn store(cells: &[Prepared]) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let cells = cells.iter().map(|c| c.cell.clone()).collect();
    let manifest = Manifest { name: "example".to_owned(), cells };
    let store = Store::create(folder.path(), &manifest).unwrap().0;
    (folder, store)
}

/// An event in a word or two.
fn word(event: Event<'_>) -> String {
    match event {
        Event::Begun { task, cells } => format!("{task} begins {}", cells.len()),
        Event::Resumed { task, steps, other } => {
            format!(
                "{task} goes on from {steps}{}",
                other.map(|o| format!(", {o}")).unwrap_or_default()
            )
        }
        Event::SetAside { problem, .. } => format!("set aside: {problem}"),
        Event::Kept { task, steps } => format!("{task} kept at {steps}"),
        Event::NotKept { error } => format!("not kept: {error}"),
        Event::Stepped { task, steps, .. } => format!("{task} steps {steps}"),
        Event::Over { task } => format!("{task} over"),
        Event::Finished { cell, record } => {
            let how = if record.is_some() { "ours" } else { "theirs" };
            format!("{} {how}", cell.cell.model.d_hidden)
        }
        Event::Waiting { holder } => format!("waiting for {holder}"),
        Event::Halved { n_cells, n_next } => format!("{n_cells} halved, {n_next}"),
    }
}

/// Works off the `cells` on one thread and returns what the observer was told; `also` is called
/// with each event.
fn work_off(
    cells: &[Prepared],
    told: &Told,
    store: &Store,
    on_loss: OnLoss,
    also: &Observer<'_>,
) -> (Result<(), String>, Vec<String>) {
    let events = Mutex::new(Vec::new());
    let observer = |event: Event<'_>| {
        lock(&events).push(word(event));
        also(event);
    };
    let labels = labels(cells);
    let patience = Duration::from_millis(1);
    let queue = Queue { on_loss, patience, ..queue(&labels, told, store, &observer, course()) };
    let ended = queue.train_all(cells, 1).map(|_| ()).map_err(|error| error.to_string());
    (ended, events.into_inner().unwrap())
}

#[test]
fn cells_are_trained_in_order_and_every_step_is_told() {
    let cells = cells(&[1, 2]);
    let (_folder, store) = store(&cells);
    let told = Told::new(1);
    let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &|_| ());
    assert_eq!(ended, Ok(()));
    let expected = "0 begins 1, 0 steps 1, 0 steps 2, 0 steps 3, 0 over, 1 ours, \
                    1 begins 1, 1 steps 1, 1 steps 2, 1 steps 3, 1 over, 2 ours";
    assert_eq!(events.join(", "), expected);
    assert!(cells.iter().all(|cell| store.is_finished(&cell.id)));
}

#[test]
fn cells_of_moments_are_kept_several_together_and_all_in_the_end() {
    let cells = cells(&(1..=70).collect::<Vec<_>>());
    let (_folder, store) = store(&cells);
    let (told, labels, events) = (Told::new(1), labels(&cells), Mutex::new(Vec::new()));
    let observer = |event: Event<'_>| {
        let kind = match event {
            Event::Begun { .. } => 'b',
            Event::Finished { .. } => 'f',
            _ => return,
        };
        lock(&events).push(kind);
    };
    let longest_wait = Duration::from_secs(3600);
    let queue = Queue { longest_wait, ..queue(&labels, &told, &store, &observer, course()) };
    assert_eq!(queue.train_all(&cells, 1).unwrap(), Rest::default());
    let [b, f] = ["b", "f"];
    let expected = [b.repeat(64), f.repeat(64), b.repeat(6), f.repeat(6)].concat();
    assert_eq!(lock(&events).iter().collect::<String>(), expected);
}

#[test]
fn threads_share_the_cells_and_train_each_once() {
    let cells = cells(&(1..=40).collect::<Vec<_>>());
    let (_folder, store) = store(&cells);
    let told = Told::new(1);
    let labels = labels(&cells);
    let rest = queue(&labels, &told, &store, &|_| (), course()).train_all(&cells, 4).unwrap();
    assert_eq!(rest, Rest::default());
    let mut trained = lock(&told.trained).concat();
    trained.sort_unstable();
    assert_eq!(trained, (1..=40).collect::<Vec<_>>());
}

#[test]
fn a_cell_claimed_elsewhere_goes_to_the_back_and_waiting_is_told_once() {
    let cells = cells(&[1, 2, 3]);
    let (_folder, store) = store(&cells);
    // A second handle of the same file, as another process has.
    let Some(Ownership::Ours(lease)) = store.claim(&cells[0].id).unwrap() else { panic!() };
    let lease = Mutex::new(Some(lease));
    let told = Told::new(1);
    let also = |event: Event<'_>| {
        if matches!(event, Event::Waiting { .. }) {
            let lease = lock(&lease).take();
            // The other process dies after a few times of asking.
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                drop(lease);
            });
        }
    };
    let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &also);
    assert_eq!(ended, Ok(()));
    assert_eq!(*lock(&told.trained), [[2], [3], [1]]);
    let waiting: Vec<_> = events.iter().filter(|e| e.starts_with("waiting")).collect();
    let expected = format!("waiting for process {} on ", std::process::id());
    assert!(waiting.len() == 1 && waiting[0].starts_with(&expected), "{waiting:?}");
}

#[test]
fn a_cell_that_another_process_has_finished_is_passed_over() {
    let cells = cells(&[1, 2]);
    let (_folder, store) = store(&cells);
    let (cell_id, cell) = (cells[0].id.clone(), cells[0].cell.clone());
    store.write(&Record { cell_id, cell, ..golden() }, &[], None).unwrap();
    let told = Told::new(2);
    let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &|_| ());
    assert_eq!(ended, Ok(()));
    assert_eq!((events[0].as_str(), &*lock(&told.trained)), ("1 theirs", &vec![vec![2]]));
}

#[test]
fn cells_that_go_together_are_trained_together_and_the_others_keep_their_order() {
    let cells = cells(&[1, 2, 4, 3, 5, 7, 6]);
    let (_folder, store) = store(&cells);
    let told = Told::new(3);
    let (ended, _) = work_off(&cells, &told, &store, OnLoss::GoOn, &|_| ());
    assert_eq!(ended, Ok(()));
    assert_eq!(*lock(&told.trained), [vec![1, 3, 5], vec![2, 4, 6], vec![7]]);
}

#[test]
fn cells_too_many_for_the_device_are_halved_until_they_fit() {
    let (cells, more) = (cells(&[1, 3, 5, 7, 9]), cells(&[11]));
    let (_folder, store) = store(&cells);
    let told = Told { fitting: 2, ..Told::new(9) };
    let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &|_| ());
    assert_eq!(ended, Ok(()));
    assert_eq!(*lock(&told.trained), [vec![1, 3], vec![5], vec![7, 9]]);
    assert_eq!(events[2], "5 halved, 3");
    let none = Told { fitting: 0, ..Told::new(9) };
    let (ended, _) = work_off(&more, &none, &store, OnLoss::GoOn, &|_| ());
    let said = ended.unwrap_err();
    assert_eq!(said, "what is finished is kept, and the same command goes on from there: full");
}

#[test]
fn a_lost_cell_stops_the_others_only_if_that_is_wanted() {
    let outcome = |width| match width {
        2 => Outcome::Diverged { step: 50, reason: None },
        _ => Outcome::Completed,
    };
    for (on_loss, trained) in [(OnLoss::GoOn, 3), (OnLoss::Stop, 2)] {
        let cells = cells(&[1, 2, 3]);
        let (_folder, store) = store(&cells);
        let told = Told { outcome, ..Told::new(1) };
        let (ended, _) = work_off(&cells, &told, &store, on_loss, &|_| ());
        assert_eq!(lock(&told.trained).len(), trained);
        assert!(store.is_finished(&cells[1].id), "what was lost is on record");
        let said = format!("cell {} (d_hidden=2) diverged by step 50", cells[1].id);
        assert_eq!(ended, if on_loss == OnLoss::Stop { Err(said) } else { Ok(()) });
    }
}

#[test]
fn an_error_stops_cells_in_training_and_leaves_no_record_of_them() {
    let cells = cells(&[1, 2]);
    let (folder, store) = store(&cells);
    let told = Told::new(1);
    // The folder of records vanishes under the first cell.
    let also = |event: Event<'_>| {
        if matches!(event, Event::Stepped { task: 0, steps: 3, .. }) {
            std::fs::remove_dir_all(folder.path().join("cells")).unwrap();
        }
    };
    let (ended, events) = work_off(&cells, &told, &store, OnLoss::GoOn, &also);
    assert!(ended.unwrap_err().contains("cannot"), "the store's sentence");
    assert_eq!(*lock(&told.trained), [[1]]);
    assert_eq!(events.last().unwrap(), "0 over");
}

/// Trains as it is told, or not at all the second time, and measures only once the second time has come.
struct Slow {
    told: Told,
    begun: Arc<AtomicUsize>,
    fails: bool,
}

impl Work for Slow {
    fn at_most(&self, cell: &Prepared) -> Result<usize, RunError> {
        self.told.at_most(cell)
    }

    fn go_together(&self, a: &Prepared, b: &Prepared) -> bool {
        self.told.go_together(a, b)
    }

    fn origin(&self, cell: &Prepared) -> Origin {
        self.told.origin(cell)
    }

    fn train(
        &self,
        cells: &[Prepared],
        checkpoints: Option<Vec<Checkpoint>>,
        watch: &mut dyn Watch,
    ) -> Result<Option<Vec<Ending>>, RunError> {
        let time = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        if time == 2 && self.fails {
            return Err(RunError::DeviceFailed { said: "lost".into(), out_of_memory: false });
        }
        let endings = self.told.train(cells, checkpoints, watch)?.unwrap();
        let slowly = |ending: Ending| {
            let begun = Arc::clone(&self.begun);
            Box::new(move || {
                while begun.load(Ordering::SeqCst) < 2 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                ending()
            }) as Ending
        };
        Ok(Some(endings.into_iter().map(slowly).collect()))
    }
}

#[test]
fn cells_are_kept_while_others_are_trained_and_all_of_them_however_that_ends() {
    // Cells of odd widths go together, and so do those of even ones.
    for (fails, kept) in [(false, 5), (true, 3)] {
        let cells = cells(&[1, 3, 5, 2, 4]);
        let (_folder, store) = store(&cells);
        let slow = Slow { told: Told::new(9), begun: Arc::default(), fails };
        let labels = labels(&cells);
        let keepers = Keepers::Beside(NonZeroUsize::new(2).unwrap());
        let queue = Queue { keepers, ..queue(&labels, &slow, &store, &|_| (), course()) };
        assert_eq!(queue.train_all(&cells, 1).is_err(), fails);
        assert_eq!(cells.iter().filter(|cell| store.is_finished(&cell.id)).count(), kept);
    }
}

#[test]
fn the_right_to_a_cell_is_kept_until_its_record_is_written() {
    let cells = cells(&[1, 2]);
    let (_folder, store) = store(&cells);
    let taken = Mutex::new(Vec::new());
    let observer = |event: Event<'_>| {
        // Another handle, as another process has, finds the cell taken or finished.
        let look = || match store.claim(&cells[0].id).unwrap() {
            Some(Ownership::Ours(_)) => "free",
            Some(Ownership::Theirs(_)) => "taken",
            None => "finished",
        };
        match event {
            Event::Begun { task: 0, .. } | Event::Over { task: 0 } => lock(&taken).push(look()),
            Event::Finished { cell, .. } if cell.id == cells[0].id => lock(&taken).push(look()),
            _ => (),
        }
    };
    let labels = labels(&cells);
    for keepers in [Keepers::Trainer, Keepers::Beside(NonZeroUsize::MIN)] {
        let told = Told::new(1);
        let queue = Queue { keepers, ..queue(&labels, &told, &store, &observer, course()) };
        queue.train_all(&cells, 1).unwrap();
    }
    // The second time it is there.
    assert_eq!(*lock(&taken), ["taken", "taken", "finished", "finished"]);
}

/// Works off the cells, all together, until `stop_after` steps were made, and says what is left and what was told.
fn until(
    cells: &[Prepared],
    told: &Told,
    store: &Store,
    checkpoint_every: Option<Duration>,
    stop_after: u64,
) -> (Rest, Vec<String>) {
    let (stop, events) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let observer = |event: Event<'_>| {
        lock(&events).push(word(event));
        if matches!(event, Event::Stepped { steps, .. } if steps == stop_after) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let labels = labels(cells);
    let course = Course { stop: &stop, deadline: None, checkpoint_every };
    let rest = queue(&labels, told, store, &observer, course).train_all(cells, 1).unwrap();
    (rest, events.into_inner().unwrap())
}

/// An hour: none but the last.
const HOUR: Option<Duration> = Some(Duration::from_secs(3600));

#[test]
fn who_is_stopped_keeps_where_cells_are_and_goes_on_from_there() {
    let cells = cells(&[1, 3]);
    let (folder, store) = store(&cells);
    let told = Told::new(2);
    let (rest, events) = until(&cells, &told, &store, HOUR, 2);
    assert_eq!(rest, Rest { n_left: 2, n_begun: 2 });
    assert_eq!(events.join(", "), "0 begins 2, 0 steps 1, 0 steps 2, 0 kept at 2, 0 over");
    assert!(matches!(store.claim(&cells[0].id).unwrap(), Some(Ownership::Ours(_))), "it is free");
    let (rest, events) = until(&cells, &told, &store, HOUR, u64::MAX);
    assert_eq!(rest, Rest::default());
    let expected = "0 begins 2, 0 goes on from 2, 0 steps 3, 0 over, 1 ours, 3 ours";
    assert_eq!(events.join(", "), expected);
    assert_eq!(*lock(&told.from), [0, 2]);
    for cell in &cells {
        // The golden record's time, and what it took before.
        let took = store.record(&cell.id).unwrap().wall_s - golden().wall_s;
        assert!(took > 0.0 && took < 60.0, "{took}");
        assert_eq!(store.begun(&cell.id), None);
    }
    let names = std::fs::read_dir(folder.path().join("cells")).unwrap();
    assert_eq!(names.count(), 2, "checkpoints go when there are records");
}

#[test]
fn what_another_process_trains_again_meanwhile_is_not_left() {
    let cells = cells(&[1]);
    let (_folder, store) = store(&cells);
    let (told, labels) = (Told::new(1), labels(&cells));
    let observer = |event: Event<'_>| {
        if matches!(event, Event::Finished { .. }) {
            let seen = match store.look(&cells[0].id, Care::Tables).unwrap() {
                Found::Kept(kept) => kept.seen,
                found => panic!("{found:?}"),
            };
            store.claim_anew(&cells[0].id, &seen).unwrap();
            assert!(!store.is_finished(&cells[0].id));
        }
    };
    let rest = queue(&labels, &told, &store, &observer, course()).train_all(&cells, 1);
    assert_eq!(rest.unwrap(), Rest::default());
}

#[test]
fn without_checkpoints_who_is_stopped_begins_anew() {
    let cells = cells(&[1]);
    let (_folder, store) = store(&cells);
    let told = Told::new(1);
    let (rest, _) = until(&cells, &told, &store, None, 2);
    assert_eq!(rest, Rest { n_left: 1, n_begun: 0 });
    until(&cells, &told, &store, HOUR, u64::MAX);
    assert_eq!(*lock(&told.from), [0, 0]);
}

#[test]
fn cells_at_other_steps_go_on_one_group_after_the_other() {
    let cells = cells(&[1, 3, 5, 7]);
    let (_folder, store) = store(&cells);
    let told = Told::new(9);
    let begun = |i: usize, step, device: &str| {
        let origin = Origin { device: device.to_owned(), ..told.origin(&cells[i]) };
        let cell_id = cells[i].id.clone();
        (Begun { cell_id, step, steps: 3, wall_s: 1.0, origin }, checkpoint(&cells[i], step))
    };
    store
        .keep_checkpoints(&[begun(1, 1, "here"), begun(2, 2, "there"), begun(3, 1, "here")])
        .unwrap();
    let (rest, events) = until(&cells, &told, &store, HOUR, u64::MAX);
    assert_eq!(
        (rest, &*lock(&told.trained)),
        (Rest::default(), &vec![vec![5], vec![3, 7], vec![1]])
    );
    assert!(events.contains(&"0 goes on from 2, device there".to_owned()), "{events:?}");
    assert!(events.contains(&"1 goes on from 1".to_owned()), "{events:?}");
}

#[test]
fn a_checkpoint_of_no_use_is_told_and_the_cell_begins_anew() {
    let cells = cells(&[1]);
    let (folder, store) = store(&cells);
    let told = Told::new(1);
    let path = folder.path().join(format!("cells/.{}.checkpoint", cells[0].id));
    std::fs::write(&path, "rubbish").unwrap();
    let (rest, events) = until(&cells, &told, &store, HOUR, u64::MAX);
    assert_eq!((rest, events[0].as_str()), (Rest::default(), "set aside: it is no checkpoint"));
    assert_eq!(*lock(&told.from), [0]);
}

#[test]
fn a_checkpoint_that_cannot_be_written_stops_nothing() {
    let cells = cells(&[1]);
    let (folder, store) = store(&cells);
    let told = Told::new(1);
    // A folder that is not empty is in its place.
    let work = folder.path().join(format!("cells/.{}.checkpoint.part/x", cells[0].id));
    std::fs::create_dir_all(work).unwrap();
    let (rest, events) = until(&cells, &told, &store, Some(Duration::ZERO), u64::MAX);
    assert_eq!(rest, Rest::default());
    assert!(events.iter().any(|e| e.starts_with("not kept: cannot write")), "{events:?}");
}

#[test]
fn after_the_deadline_nothing_is_begun() {
    let cells = cells(&[1, 2]);
    let (_folder, store) = store(&cells);
    let (told, labels) = (Told::new(1), labels(&cells));
    let course = Course { deadline: Some(Instant::now()), ..course() };
    let queue = queue(&labels, &told, &store, &|_| (), course);
    assert_eq!(queue.train_all(&cells, 2).unwrap(), Rest { n_left: 2, n_begun: 0 });
    assert!(lock(&told.trained).is_empty());
}

#[test]
fn a_cell_that_would_not_be_done_in_time_is_left() {
    let cells = cells(&[1, 9]);
    let (told, labels) = (Told::new(1), labels(&cells));
    for (wait_ms, n_left) in [(0, 0), (700, 1)] {
        let (_folder, store) = store(&cells);
        let observer = |event: Event<'_>| {
            if matches!(event, Event::Begun { task: 0, .. }) {
                std::thread::sleep(Duration::from_millis(wait_ms));
            }
        };
        let deadline = Some(Instant::now() + Duration::from_secs(2));
        let course = Course { deadline, ..course() };
        let queue = queue(&labels, &told, &store, &observer, course);
        // The wide one takes a second and a half.
        let known = vec![Known { cost: 9.0, seconds: 1.5 }];
        let cost: Cost = |cell| cell.model.d_hidden as f64;
        let rest = queue.work_off(todo(&cells), NonZeroUsize::MIN, cost, known).unwrap();
        assert_eq!(rest, Rest { n_left, n_begun: 0 });
        assert!(store.is_finished(&cells[0].id));
    }
}
