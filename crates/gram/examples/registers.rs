//! What a step costs by kind of vector register: short whole trainings of the paper's small toy (n = 1000, batches of
//! 2048, α = 1), of all kinds side by side in turns of a hundred steps.
//!
//! ```text
//! cargo run --release -p superpose-gram --example registers
//! ```
//!
//! A processor with AVX-512 so says what one without it would gain, or lose; the matrix products choose registers of
//! their own, which nothing here changes. Plain code is left out: it takes minutes.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use superpose_gram::engine::{Gram, Registers};
use superpose_sweep::file::Sweep;
use superpose_toy::sampler::{Sampler, Stream};

/// Steps of a training, a tenth of which warm up.
const STEPS: u64 = 2000;
/// Steps of a turn.
const TURN: u64 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let text = format!(
        "schema = 1\nname = \"registers\"\ndata = {{ frequencies = {{ law = \"power\", exponent = 1.0 }} }}\n\
         train = {{ preset = \"liu2025-small\", steps = {STEPS} }}\n\
         [sweep]\n\"model.d_hidden\" = [10, 39, 100]\n\"train.weight_decay\" = [-1.0, 1.0]"
    );
    let sweep = Sweep::parse(&text, Path::new("registers.toml"), &[])?;
    let mut said = std::io::stdout();
    writeln!(said, "    d  decay  registers  ms a step  products")?;
    for prepared in &sweep.cells {
        let kinds = Registers::here().into_iter().filter(|kind| *kind != Registers::Plain);
        let mut runs: Vec<(Registers, Gram, f64)> =
            kinds.map(|kind| (kind, Gram::new(prepared).with_registers(kind), 0.0)).collect();
        let mut sampler = Sampler::of(prepared);
        for from in (0..STEPS).step_by(usize::try_from(TURN)?) {
            let batches: Vec<_> =
                (from..from + TURN).map(|step| sampler.batch(Stream::Train, step)).collect();
            for (_, gram, seconds) in &mut runs {
                let begun = Instant::now();
                for (step, batch) in (from + 1..).zip(&batches) {
                    gram.step(step, batch);
                }
                *seconds += begun.elapsed().as_secs_f64();
            }
        }
        let (d, decay) = (prepared.cell.model.d_hidden, prepared.cell.train.weight_decay);
        for (kind, gram, seconds) in &runs {
            let kind = format!("{kind:?}");
            let [step, products] =
                [*seconds, gram.products().seconds].map(|seconds| 1e3 * seconds / STEPS as f64);
            writeln!(said, "{d:>5}  {decay:>+5}  {kind:<9}  {step:>9.3}  {products:>8.3}")?;
        }
    }
    Ok(())
}
