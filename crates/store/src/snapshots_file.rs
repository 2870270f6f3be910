//! A model at moments of its training, as SafeTensors: `snapshots.safetensors`.

use std::io;

use safetensors::tensor::Dtype;
use superpose_toy::cell::{Cell, CellId};
use superpose_toy::trained::{Snapshot, Weights};

use crate::weights_file::{Tensors, bytes_of, damaged, has_decoder, serialised, view};

/// `step` (`[n_moments]`, U64), `W` (`[n_moments, n_features, d_hidden]`, F32), `b` (`[n_moments, n_features]`,
/// F32), and like `W` the `V` of a model that is not tied, with the cell as JSON in the metadata.
pub(crate) fn bytes(cell: &Cell, snapshots: &[Snapshot]) -> Vec<u8> {
    let (n, d) = (cell.model.n_features, cell.model.d_hidden);
    let n_moments = snapshots.len();
    let steps: Vec<u8> = snapshots.iter().flat_map(|s| s.step.to_le_bytes()).collect();
    let matrices = bytes_of(snapshots.iter().flat_map(|s| &s.weights.weights));
    let biases = bytes_of(snapshots.iter().flat_map(|s| &s.weights.bias));
    let decoders = bytes_of(snapshots.iter().filter_map(|s| s.weights.decoder.as_ref()).flatten());
    let mut tensors = vec![
        ("step", view(Dtype::U64, vec![n_moments], &steps)),
        ("W", view(Dtype::F32, vec![n_moments, n, d], &matrices)),
        ("b", view(Dtype::F32, vec![n_moments, n], &biases)),
    ];
    if has_decoder(cell) {
        tensors.push(("V", view(Dtype::F32, vec![n_moments, n, d], &decoders)));
    }
    serialised(cell, tensors)
}

/// The moments of the cell `id` in the content of a file, in order.
///
/// # Errors
/// Of the kind `InvalidData` when the content is not what [`bytes`] makes, or is another cell's.
pub(crate) fn snapshots(content: &[u8], id: &CellId) -> io::Result<Vec<Snapshot>> {
    let tensors = Tensors::of(content, id)?;
    let (n, d) = (tensors.cell.model.n_features, tensors.cell.model.d_hidden);
    let steps = tensors.counts("step")?;
    let last = tensors.cell.train.steps;
    if !steps.is_sorted_by(|a, b| a < b) || steps.last().is_some_and(|step| *step > last) {
        return Err(damaged(format!("its `step` must rise and end by step {last}, got {steps:?}")));
    }
    let matrices = tensors.numbers("W", &[steps.len(), n, d])?;
    let biases = tensors.numbers("b", &[steps.len(), n])?;
    let decoders = match has_decoder(&tensors.cell) {
        true => Some(tensors.numbers("V", &[steps.len(), n, d])?),
        false => None,
    };
    let part = |numbers: &[f32], i: usize, size: usize| numbers[i * size..(i + 1) * size].to_vec();
    let snapshot = |(i, step): (usize, u64)| Snapshot {
        step,
        weights: Weights {
            n_features: n,
            d_hidden: d,
            weights: part(&matrices, i, n * d),
            bias: part(&biases, i, n),
            decoder: decoders.as_ref().map(|decoders| part(decoders, i, n * d)),
        },
    };
    Ok(steps.into_iter().enumerate().map(snapshot).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use superpose_toy::cell::Decoder;

    use super::*;
    use crate::planted::small;

    /// A cell of two features in one dimension, tied or not.
    fn cell(decoder: Decoder) -> Cell {
        let mut cell = small(0).cell;
        cell.model.decoder = decoder;
        (cell.train.snapshots, cell.train.steps) = (3, 100);
        cell
    }

    fn moments(decoder: Option<&[f32]>) -> Vec<Snapshot> {
        let at = |(i, step): (u8, u64)| {
            let (weights, bias) = (vec![f32::from(i), 0.5], vec![-0.25, f32::from(i)]);
            let decoder = decoder.map(<[f32]>::to_vec);
            Snapshot {
                step,
                weights: Weights { n_features: 2, d_hidden: 1, weights, bias, decoder },
            }
        };
        [(1, 0), (2, 1), (3, 100)].map(at).to_vec()
    }

    fn said(content: &[u8], id: &CellId) -> String {
        let error = snapshots(content, id).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        error.to_string()
    }

    #[test]
    fn what_is_written_is_read_whether_it_is_tied_or_not() {
        for (kind, decoder) in [(Decoder::Tied, None), (Decoder::Untied, Some(&[7.0, 8.0][..]))] {
            let (cell, kept) = (cell(kind), moments(decoder));
            assert_eq!(snapshots(&bytes(&cell, &kept), &cell.id()).unwrap(), kept);
        }
    }

    #[test]
    fn moments_out_of_order_and_other_cells_are_refused() {
        let cell = cell(Decoder::Tied);
        let mut kept = moments(None);
        kept.swap(0, 1);
        let message = "its `step` must rise and end by step 100, got [1, 0, 100]";
        assert_eq!(said(&bytes(&cell, &kept), &cell.id()), message);
        kept.swap(0, 1);
        kept[2].step = 101;
        assert!(said(&bytes(&cell, &kept), &cell.id()).contains("got [0, 1, 101]"));
        let whole = bytes(&cell, &moments(None));
        assert!(said(&whole, &small(1).cell_id).contains("it is of the cell"));
        let untied = self::cell(Decoder::Untied);
        assert!(
            said(&bytes(&untied, &moments(None)[..0]), &cell.id()).contains("it is of the cell")
        );
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic(at in 0..600_usize, byte: u8, end in 0..=600_usize) {
            let cell = cell(Decoder::Tied);
            let mut content = bytes(&cell, &moments(None));
            if let Some(changed) = content.get_mut(at) {
                *changed = byte;
            }
            content.truncate(end);
            let _ = snapshots(&content, &cell.id());
        }
    }
}
