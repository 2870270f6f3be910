//! Trains one toy with each sign of weight decay, and looks at the rows of its matrix:
//! `cargo run --release -p superpose-gram --example train_a_toy`.

#![allow(clippy::print_stdout, reason = "an example shows what it has made")]

use superpose_geometry::{Rows, norms::fraction_above, norms::row_norms, overlap::mean_square};
use superpose_gram::engine::Gram;
use superpose_sweep::{error::ConfigError, file::Sweep};
use superpose_toy::overlap::welch_mean_square;
use superpose_toy::sampler::{Sampler, Stream};

const SWEEP: &str = r#"
    schema = 1
    name = "a-toy"
    model = { n_features = 50, d_hidden = 5 }
    data.frequencies = { law = "power", exponent = 1.0 }
    train = { batch_size = 256, steps = 2000 }
    sweep = { "train.weight_decay" = [-1.0, 1.0] }
"#;

fn main() -> Result<(), ConfigError> {
    println!("decay   loss  rows above 1/2  mean cos² (at least {:.3})", welch_mean_square(50, 5));
    for [decay, loss, represented, overlap] in trained()? {
        println!("{decay:>+5} {loss:>6.3} {represented:>15.2} {overlap:>10.3}");
    }
    Ok(())
}

/// Of each cell: decay, test loss, the share of rows longer than 1/2, and the mean cos² between rows.
fn trained() -> Result<Vec<[f64; 4]>, ConfigError> {
    let cells = Sweep::parse(SWEEP, "a-toy.toml".as_ref(), &[])?.cells.into_iter().map(|cell| {
        let (mut gram, mut sampler) = (Gram::new(&cell), Sampler::of(&cell));
        for step in 0..cell.cell.train.steps {
            gram.step(step + 1, &sampler.batch(Stream::Train, step));
        }
        let test: f64 = (0..20).map(|k| 50.0 * gram.mse(&sampler.batch(Stream::Test, k))).sum();
        let rows = Rows::new(&gram.weights().weights, 5);
        let overlap = mean_square(rows, 0.0).unwrap_or(0.0);
        [cell.cell.train.weight_decay, test / 20.0, fraction_above(&row_norms(rows), 0.5), overlap]
    });
    Ok(cells.collect())
}

#[cfg(test)]
#[test]
fn negative_decay_represents_more_features() {
    let cells = trained().unwrap();
    assert!(cells[0][2] > 0.9 && cells[1][2] < 0.5, "{cells:?}");
}
