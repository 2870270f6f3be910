//! What is known of a cell by name: a column of `results.csv`, and of any table with one row a cell.

use superpose_store::record::{Geometry, Measured, Record};

use superpose_files::table::Field;

/// One thing that is known of a finished cell.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    /// Its name: that of its column.
    pub name: &'static str,
    /// What it is, with the unit or the convention.
    pub meaning: &'static str,
    of: fn(&Record) -> Field,
}

impl Quantity {
    /// The quantity called `name`, if there is one.
    pub fn named(name: &str) -> Option<&'static Self> {
        QUANTITIES.iter().find(|q| q.name == name)
    }

    /// Its value in `record`.
    pub fn field(&self, record: &Record) -> Field {
        (self.of)(record)
    }

    /// Its value in `record`, where it is a number.
    pub fn number(&self, record: &Record) -> Option<f64> {
        match self.field(record) {
            Field::Number(value) => Some(value),
            Field::Text(_) | Field::Missing => None,
        }
    }
}

const fn quantity(name: &'static str, meaning: &'static str, of: fn(&Record) -> Field) -> Quantity {
    Quantity { name, meaning, of }
}

fn measured<T: Into<Field>>(record: &Record, of: impl Fn(&Measured) -> T) -> Field {
    record.measured.as_ref().map(of).into()
}

fn geometry<T: Into<Field>>(record: &Record, of: impl Fn(&Geometry) -> T) -> Field {
    record.measured.as_ref().and_then(|m| m.geometry.as_ref()).map(of).into()
}

/// All of them, in the order of `results.csv`.
pub const QUANTITIES: &[Quantity] = &[
    quantity("cell_id", "identity of the cell; its folder is `cells/<cell_id>`", |r| {
        r.cell_id.as_str().into()
    }),
    quantity("outcome", "completed, diverged or failed", |r| r.outcome.word().into()),
    quantity(
        "loss.test",
        "mean loss on fresh batches (sum over features, mean over samples)",
        |r| measured(r, |m| m.loss_test),
    ),
    quantity(
        "loss.test_se",
        "standard error of `loss.test`, from the scatter of the batches",
        |r| measured(r, |m| m.loss_test_se),
    ),
    quantity("loss.train_last100", "mean training loss of the last 100 steps", |r| {
        measured(r, |m| m.loss_train_last100)
    }),
    quantity("phi_half", "fraction of the rows of W with norm above 1/2", |r| {
        measured(r, |m| m.phi_half)
    }),
    quantity("phi_one", "fraction of the rows of W with norm above 1", |r| {
        measured(r, |m| m.phi_one)
    }),
    quantity(
        "dead_outputs",
        "number of outputs with v‖W_i‖² + b_i ≤ 0 at the largest value v",
        |r| measured(r, |m| m.dead_outputs),
    ),
    quantity(
        "loss.dead_part",
        "loss that the dead outputs cost: ⟨v²⟩ Σ p_i over them",
        |r| measured(r, |m| m.loss_dead_part),
    ),
    quantity("loss.alive_part", "`loss.test` without `loss.dead_part`", |r| {
        measured(r, Measured::loss_alive_part)
    }),
    quantity(
        "overlap.mean_square",
        "mean cos² between rows of W, over all that are not zero",
        |r| measured(r, |m| m.overlap_mean_square),
    ),
    quantity("overlap.variance", "variance of cos² over the same pairs", |r| {
        geometry(r, |g| g.overlap_variance)
    }),
    quantity("overlap.max", "largest cos² of these pairs", |r| geometry(r, |g| g.overlap_max)),
    quantity("overlap.mean_square_strong", "mean cos² between rows with norm above 1", |r| {
        measured(r, |m| m.overlap_mean_square_strong)
    }),
    quantity("overlap.variance_strong", "variance of cos² over the same pairs", |r| {
        geometry(r, |g| g.overlap_variance_strong)
    }),
    quantity("overlap.max_strong", "largest cos² of these pairs", |r| {
        geometry(r, |g| g.overlap_max_strong)
    }),
    quantity(
        "overlap.welch",
        "least mean cos² of n unit vectors in d dimensions: (n−d)/(d(n−1))",
        |r| measured(r, |m| m.overlap_welch),
    ),
    quantity("spectral_distance", "spectral norm of W Wᵀ − diag(I_d, 0)", |r| {
        geometry(r, |g| g.spectral_distance)
    }),
    quantity("frame_potential", "Σ_ij (W_i·W_j)²", |r| geometry(r, |g| g.frame_potential)),
    quantity("spectrum.largest", "largest eigenvalue of WᵀW", |r| {
        geometry(r, |g| g.spectrum_largest)
    }),
    quantity("spectrum.smallest", "smallest eigenvalue of WᵀW", |r| {
        geometry(r, |g| g.spectrum_smallest)
    }),
    quantity("participation_ratio", "(Σλ)²/Σλ² of the eigenvalues λ of WᵀW", |r| {
        geometry(r, |g| g.participation_ratio)
    }),
    quantity(
        "dimensionality.mean",
        "mean of D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)² over features",
        |r| geometry(r, |g| g.dimensionality_mean),
    ),
    quantity("interference.mean", "mean of Σ_(j≠i) (Ŵ_i·W_j)² over features", |r| {
        geometry(r, |g| g.interference_mean)
    }),
    quantity("bias.mean", "mean of b", |r| geometry(r, |g| g.bias_mean)),
    quantity("norm.mean", "mean row norm of W", |r| geometry(r, |g| g.norm_mean)),
    quantity("norm.min", "smallest row norm", |r| geometry(r, |g| g.norm_min)),
    quantity("norm.max", "largest row norm", |r| geometry(r, |g| g.norm_max)),
    quantity(
        "norm.counts",
        "rows of W by norm: 60 bins of 0.04 from 0, the last with all that is longer",
        |r| geometry(r, |g| g.norm_counts.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")),
    ),
    quantity("wall_s", "wall time of training and test, in seconds", |r| r.wall_s.into()),
    quantity("engine", "engine that made the steps", |r| r.provenance.engine.as_str().into()),
    quantity("device", "device that it worked on", |r| r.provenance.device.as_str().into()),
    quantity("dtype", "precision of the arithmetic", |r| r.provenance.dtype.as_str().into()),
    quantity("superpose_version", "version of this program", |r| {
        r.provenance.superpose_version.as_str().into()
    }),
    quantity("revision", "git revision that it was built from", |r| {
        r.provenance.revision.as_str().into()
    }),
    quantity("burn_version", "version of burn", |r| r.provenance.burn_version.as_str().into()),
    quantity("finished_unix_s", "when the record was written, in seconds since 1970", |r| {
        r.provenance.finished_unix_s.into()
    }),
];
