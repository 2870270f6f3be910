//! Cells trained by the library, without a process.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use superpose_run::plan::Rest;
use superpose_run::{Event, Options, Trainer};
use superpose_store::store::{Manifest, Store};
use superpose_sweep::file::Sweep;
use superpose_toy::prepared::Prepared;
use superpose_toy::trained::Outcome;

/// Three cells whose frequencies are in the file `counts.txt` in `folder`.
fn cells(folder: &Path) -> Vec<Prepared> {
    std::fs::write(folder.join("counts.txt"), "9\n5\n3\n2\n1\n1\n").unwrap();
    let text = "schema = 1\nname = \"few\"\nmodel.n_features = 6\n\
                data.frequencies = { law = \"file\", path = \"counts.txt\" }\n\
                train = { weight_decay = -1.0, batch_size = 32, steps = 50, test_batches = 5 }\n\
                sweep = { \"model.d_hidden\" = [1, 2, 3] }";
    Sweep::parse(text, &folder.join("few.toml"), &[]).unwrap().cells
}

#[test]
fn the_frequency_file_of_a_run_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let cells = cells(folder.path());
    // Whoever reads it again fails from here on.
    std::fs::remove_file(folder.path().join("counts.txt")).unwrap();
    let trainer = Trainer::prepare(&Options::default(), &cells, "few.toml").unwrap();
    assert!(trainer.cell_bytes(&cells[0]) > 0.0);
    let manifest =
        Manifest { name: "few".to_owned(), cells: cells.iter().map(|c| c.cell.clone()).collect() };
    let store = Store::create(&folder.path().join("run"), &manifest).unwrap().0;
    let plan = || trainer.plan(&cells, &store, &|_| true).unwrap();
    let steps = AtomicUsize::new(0);
    let observer = |event: Event<'_>| {
        if matches!(event, Event::Stepped { .. }) {
            steps.fetch_add(1, Ordering::Relaxed);
        }
    };
    let never = AtomicBool::new(false);
    let rest = trainer.train_all(plan(), &store, &observer, &never).unwrap();
    assert_eq!(rest, Rest::default());
    assert_eq!(steps.into_inner(), 150);
    for cell in &cells {
        let record = store.record(&cell.id).unwrap();
        assert_eq!(record.outcome, Outcome::Completed);
        assert_eq!(store.probabilities(&cell.id).unwrap(), cell.probabilities.as_slice());
        // The same cell, trained alone.
        let alone = trainer.train_one(cell).unwrap();
        assert_eq!(alone.record.measured, record.measured);
        assert_eq!(alone.weights, store.weights(&cell.id).unwrap());
    }
    assert!(plan().todo.is_empty() && plan().n_finished == 3);
}

#[test]
fn an_engines_panic_is_the_cells_outcome_and_the_panic_hook_is_put_back() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {
        SEEN.fetch_add(1, Ordering::Relaxed);
    }));
    let folder = tempfile::tempdir().unwrap();
    let cells = cells(folder.path());
    // More probabilities than the model has features: no engine can work with that.
    let mut broken = cells[0].clone();
    broken.cell.model.n_features = 2;
    broken.probabilities = Arc::clone(&cells[1].probabilities);
    let options = Options { jobs: NonZeroUsize::new(1), ..Options::default() };
    let trainer = Trainer::prepare(&options, &cells, "few.toml").unwrap();
    for _ in 0..2 {
        let ended = trainer.train_one(&broken).unwrap();
        let Outcome::Failed { message } = ended.record.outcome else { panic!("it cannot be") };
        assert!(message.contains("out of") && message.contains(".rs:"), "{message}");
        assert_eq!((ended.record.measured, ended.weights), (None, None));
    }
    assert_eq!(SEEN.load(Ordering::Relaxed), 0);
    assert!(std::panic::catch_unwind(|| panic!("ours")).is_err());
    assert_eq!(SEEN.load(Ordering::Relaxed), 1, "the hook that was there is there again");
    std::panic::set_hook(usual);
}
