//! `superpose devices`: what this build can train on, and which GPUs this machine has.

use serde_json::json;
use superpose_device::{BACKENDS, DeviceError, Gpu, Gpus};
use superpose_run::resources::Resources;

use crate::args::JsonOption;
use crate::console;

pub(crate) fn devices(options: &JsonOption) {
    let Gpus { found: gpus, unreached } = superpose_device::gpus();
    let Resources { cores, free_bytes } = Resources::here();
    if options.json {
        let backends: Vec<_> = BACKENDS
            .iter()
            .map(|b| json!({ "label": b.label, "description": b.description, "built": b.built }))
            .collect();
        let gpus: Vec<_> = gpus.iter().map(gpu_json).collect();
        console::say_json(&json!({
            "cores": cores, "free_memory_bytes": free_bytes,
            "devices": backends, "gpus": gpus, "unreached": unreached,
        }));
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
        "{cores} cores, {:.1} GB of memory free; `cpu` stands for the first device in this build\n",
        free_bytes / 1e9
    ));
    let header = ["GPU", "name", "driver", "memory", "largest array", "shared", "threads"];
    let (found, refused): (Vec<_>, Vec<_>) = gpus.into_iter().partition(Result::is_ok);
    let rows: Vec<Vec<String>> = found.into_iter().flatten().map(|gpu| gpu_row(&gpu)).collect();
    if !rows.is_empty() {
        console::say(&console::table(&header, &rows));
    }
    for error in refused.into_iter().filter_map(Result::err) {
        console::say(&error.to_string());
    }
    for why in unreached {
        console::say(&why);
    }
}

fn gpu_row(gpu: &Gpu) -> Vec<String> {
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    vec![
        gpu.label.clone(),
        gpu.name.clone(),
        gpu.driver.clone(),
        gpu.memory_bytes.map_or("unknown".to_owned(), gigabytes),
        gigabytes(gpu.largest_array_bytes),
        format!("{} KiB", gpu.shared_memory_bytes / 1024),
        gpu.threads_per_cube.to_string(),
    ]
}

fn gpu_json(gpu: &Result<Gpu, DeviceError>) -> serde_json::Value {
    match gpu {
        Ok(gpu) => json!({
            "label": gpu.label, "name": gpu.name, "driver": gpu.driver,
            "memory_bytes": gpu.memory_bytes, "largest_array_bytes": gpu.largest_array_bytes,
            "shared_memory_bytes": gpu.shared_memory_bytes,
            "threads_per_cube": gpu.threads_per_cube,
        }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}
