//! `superpose devices`: what this build can train on.

use serde_json::json;
use superpose_device::BACKENDS;

use crate::args::JsonOption;
use crate::{console, resources};

pub(crate) fn devices(options: &JsonOption) {
    if options.json {
        let devices: Vec<_> = BACKENDS
            .iter()
            .map(|b| json!({ "label": b.label, "description": b.description, "built": b.built }))
            .collect();
        console::say(&format!(
            "{:#}",
            json!({
                "cores": resources::cores(), "free_memory_bytes": resources::free_memory_bytes(),
                "devices": devices,
            })
        ));
        return;
    }
    let rows: Vec<Vec<String>> = BACKENDS
        .iter()
        .map(|b| {
            let state = if b.built {
                "in this build".to_owned()
            } else {
                format!("absent; build with --features {}", b.label)
            };
            vec![b.label.to_owned(), state, b.description.to_owned()]
        })
        .collect();
    console::say(&console::table(&["device", "state", "what it is"], &rows));
    console::say(&format!(
        "{} cores, {:.1} GB of memory free; `cpu` stands for the first device in this build",
        resources::cores(),
        resources::free_memory_bytes() / 1e9
    ));
}
