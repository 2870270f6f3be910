//! `superpose status`: how far a run is.

use std::collections::BTreeMap;

use serde_json::json;
use superpose_store::store::Store;

use crate::args::FolderOptions;
use crate::console;

pub(crate) fn status(options: &FolderOptions) -> anyhow::Result<()> {
    let store = Store::open(&options.folder)?;
    let manifest = store.manifest()?;
    let words = ["completed", "diverged", "failed", "running", "missing"];
    let mut counts: BTreeMap<&str, usize> = words.iter().map(|w| (*w, 0)).collect();
    let mut running = Vec::new();
    let mut wall_s = 0.0;
    for cell in &manifest.cells {
        let id = cell.id();
        let word = if store.is_finished(&id) {
            let record = store.record(&id)?;
            wall_s += record.wall_s;
            record.outcome.word()
        } else if let Some(holder) = store.holder(&id) {
            running.push((id, holder));
            "running"
        } else {
            "missing"
        };
        *counts.entry(word).or_default() += 1;
    }
    if options.json {
        let running: Vec<_> =
            running.iter().map(|(id, who)| json!({ "cell_id": id, "holder": who })).collect();
        console::say_json(&json!({
            "name": manifest.name, "n_cells": manifest.cells.len(), "counts": counts,
            "running": running, "wall_s": wall_s,
        }));
        return Ok(());
    }
    console::say(&format!("`{}`: {} cells", manifest.name, manifest.cells.len()));
    for word in words {
        console::say(&format!("{:>8} {word}", counts[word]));
    }
    for (id, holder) in running {
        console::say(&format!("cell {id} is being trained by {holder}"));
    }
    console::say(&format!("finished cells took {} of training", console::duration(wall_s)));
    console::say(&match counts["missing"] {
        0 => format!("next: superpose analyze {}", options.folder.display()),
        _ => "next: superpose run with the sweep file trains what is missing".to_owned(),
    });
    Ok(())
}
