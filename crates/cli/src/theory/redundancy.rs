//! `superpose theory redundancy`: exponents from data spectra.

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use superpose_figures::study::Note;
use superpose_files::table::Table;
use superpose_laws::redundancy::dimension::known_sets::KnownSet;
use superpose_laws::redundancy::dimension::neighbours::PointCloud;
use superpose_laws::redundancy::features::Features;
use superpose_laws::redundancy::spectrum::{Part, Spectrum};
use superpose_laws::redundancy::text::entropies::text_redundancy;
use superpose_laws::redundancy::text::{BYTES_A_SYMBOL, usual_lags};
use superpose_laws::redundancy::{dimension as dimensions, matrix as matrices, text as texts};

use superpose_run::resources::Resources;
use superpose_toy::input;

use super::{ascending, by_options, check_simulated};
use crate::args::theory::{
    RedundancyDimensionOptions, RedundancyFeaturesOptions, RedundancyMatrixOptions,
    RedundancySpectrumOptions, RedundancyTextOptions,
};
use crate::study::{present, read_given};
use crate::{console, progress};

pub(super) fn spectrum(options: &RedundancySpectrumOptions) -> anyhow::Result<()> {
    check_simulated(options.simulate)?;
    let spectrum = Spectrum {
        parts: parts(options)?,
        noise_variance: options.noise,
        n_directions: options.directions,
        n_replicates: options.simulate,
        seed: options.seed,
        n_samples: ascending(&options.samples),
    };
    let n_replicates = spectrum.n_samples.len() * options.simulate;
    let bar = progress::count("replicates", n_replicates as u64);
    let names = [
        ("n_samples", "--samples"),
        ("noise_variance", "--noise"),
        ("n_directions", "--directions"),
        ("n_replicates", "--simulate"),
        ("spectral_exponent", "--spectral-exponent"),
        ("source_exponent", "--source-exponent"),
    ];
    let study = spectrum.study(&|| bar.inc(1)).map_err(by_options(&names))?;
    bar.finish_and_clear();
    present(&study, "theory redundancy spectrum", &options.output)
}

/// The parts of the spectrum: as many as the longest list has.
fn parts(options: &RedundancySpectrumOptions) -> anyhow::Result<Vec<Part>> {
    let lists = [&options.spectral_exponent, &options.source_exponent, &options.weight];
    let n_parts = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    for (name, list) in ["--spectral-exponent", "--source-exponent", "--weight"].iter().zip(lists) {
        if list.len() != 1 && list.len() != n_parts {
            bail!(
                "{name} must have one value, or one for each of {n_parts} parts; got {}",
                list.len()
            );
        }
    }
    if let Some(wrong) = options.weight.iter().find(|weight| !weight.is_finite() || **weight <= 0.0)
    {
        bail!("--weight must be positive and finite, got {wrong}");
    }
    let of = |list: &[f64], part: usize| list[part.min(list.len() - 1)];
    let part = |part| Part {
        spectral_exponent: of(&options.spectral_exponent, part),
        source_exponent: of(&options.source_exponent, part),
        weight: of(&options.weight, part),
    };
    Ok((0..n_parts).map(part).collect())
}

pub(super) fn features(options: &RedundancyFeaturesOptions) -> anyhow::Result<()> {
    check_simulated(options.simulate)?;
    let features = Features {
        spectral_exponent: options.spectral_exponent,
        target_exponent: options.target_exponent,
        n_directions: options.directions,
        n_features: ascending(&options.features),
        n_replicates: options.simulate,
        seed: options.seed,
    };
    let bar = progress::count("draws", (features.n_features.len() * options.simulate) as u64);
    let names = [
        ("n_features", "--features"),
        ("target_exponent", "--target-exponent"),
        ("n_directions", "--directions"),
        ("n_replicates", "--simulate"),
        ("spectral_exponent", "--spectral-exponent"),
    ];
    let study = features.study(&|| bar.inc(1)).map_err(by_options(&names))?;
    bar.finish_and_clear();
    present(&study, "theory redundancy features", &options.output)
}

pub(super) fn text(options: &RedundancyTextOptions) -> anyhow::Result<()> {
    let path = &options.file;
    check_memory(path)?;
    let content = input::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    if let Some(what) = input::foreign(&content) {
        console::complain(&format!(
            "note: `{}` is {what}; its bytes are taken as they are",
            path.display()
        ));
    }
    let found = text_redundancy(&content, options.contexts, options.seed)
        .map_err(by_options(&[("longest_context", "--contexts")]))
        .with_context(|| format!("`{}`", path.display()))?;
    let lags = options.lags.as_deref().map_or_else(|| usual_lags(content.len()), ascending);
    let study = texts::study(&content, &found, &lags, options.seed)
        .with_context(|| format!("`{}`: --lags", path.display()))?;
    present(&study, "theory redundancy text", &options.output)
}

/// That there is memory for what the file at `path` takes, before it is taken: whoever runs out of it later
/// is ended without a word.
fn check_memory(path: &Path) -> anyhow::Result<()> {
    const GIB: f64 = 1_073_741_824.0;
    // What cannot be asked for its size is refused where it is read.
    let n_symbols = std::fs::metadata(path).map_or(0, |about| about.len());
    let (needed, free) = (BYTES_A_SYMBOL * n_symbols as f64, Resources::here().free_bytes);
    ensure!(
        needed <= free,
        "`{}` has {n_symbols} symbols and may need {:.1} GiB of memory; {:.1} GiB are free on this machine; a part of it says \
         as much",
        path.display(),
        needed / GIB,
        free / GIB
    );
    Ok(())
}

pub(super) fn dimension(options: &RedundancyDimensionOptions) -> anyhow::Result<()> {
    ensure!(options.neighbours >= 2, "--neighbours must be at least 2, got {}", options.neighbours);
    let (cloud, known, said) = cloud(options)?;
    let mut study = dimensions::study(&cloud, options.neighbours, known);
    study.notes.extend(said.map(Note::Line));
    present(&study, "theory redundancy dimension", &options.output)
}

/// The points of the file or the known set, which set that is, and what should be known of the file.
fn cloud(
    options: &RedundancyDimensionOptions,
) -> anyhow::Result<(PointCloud, Option<KnownSet>, Option<String>)> {
    if let Some(file) = &options.file {
        let Points { rows, width, said } = points(file)?;
        let cloud = PointCloud::new(&rows, width);
        return Ok((cloud.with_context(|| format!("`{}`", file.display()))?, None, said));
    }
    let name = options.known.as_deref().unwrap_or_default();
    let Some(set) = KnownSet::named(name) else {
        bail!(
            "--known must be cube:D, gaussian:D or sphere:D with a number of dimensions, cantor, sierpinski, henon or \
             lorenz; got `{name}`"
        );
    };
    let names = [("n_dimensions", "the number of dimensions of --known")];
    let points = set.points(options.points, options.seed).map_err(by_options(&names))?;
    Ok((points, Some(set), None))
}

/// The points in a file.
struct Points {
    /// Their coordinates, one point after the other.
    rows: Vec<f64>,
    /// How many coordinates each has.
    width: usize,
    /// Which columns are left out, if any.
    said: Option<String>,
}

/// The rows of a table of numbers; no number may be missing. A column that numbers the rows is no coordinate.
fn points(path: &Path) -> anyhow::Result<Points> {
    let table = read_given(path)?;
    let names: Vec<&str> = table.columns.iter().map(|c| &*c.name).collect();
    // Numbers are a first point, unless they count the columns.
    let are_numbers = names.iter().all(|name| name.parse::<f64>().is_ok());
    let are_counted = names.iter().enumerate().all(|(index, name)| *name == index.to_string());
    if names.is_empty() || (are_numbers && !are_counted) {
        bail!(
            "`{}` must begin with the names of its columns, got `{}`",
            path.display(),
            names.join(",")
        );
    }
    let (mut columns, mut left_out) = (Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        if is_index(&table, at) {
            left_out.push(if name.is_empty() {
                "a column without a name".to_owned()
            } else {
                format!("`{name}`")
            });
            continue;
        }
        ensure!(
            names.iter().filter(|other| *other == name).count() == 1,
            "`{}` has more than one column `{name}`; rename all but one",
            path.display()
        );
        let values = table.numbers_at(at)?;
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            let path = path.display();
            bail!("`{path}`: row {} must have a number in `{name}`, got nothing", row + 1);
        }
        columns.push(values);
    }
    ensure!(!columns.is_empty(), "`{}` has no column but numbers of rows", path.display());
    let row = |row: usize| columns.iter().map(move |column| column[row]);
    let said = (!left_out.is_empty()).then(|| {
        format!("left out, as what numbers the rows is no coordinate: {}", left_out.join(", "))
    });
    let rows = (0..table.rows.len()).flat_map(row).collect();
    Ok(Points { rows, width: columns.len(), said })
}

/// Whether the column at a place numbers the rows: it has no name, or pandas' name for none, or it is called
/// so and counts.
fn is_index(table: &Table, at: usize) -> bool {
    const NAMES: [&str; 8] = ["index", "idx", "id", "row", "row_id", "rowid", "rn", "#"];
    let name = table.columns[at].name.to_lowercase();
    let counts = || {
        let values = table.numbers_at(at).unwrap_or_default();
        let first = values.first().copied().unwrap_or(f64::NAN);
        !values.is_empty()
            && (0..values.len()).all(|row| (values[row] - first - row as f64).abs() < f64::EPSILON)
    };
    name.is_empty() || name.starts_with("unnamed:") || (NAMES.contains(&&*name) && counts())
}

pub(super) fn matrix(options: &RedundancyMatrixOptions) -> anyhow::Result<()> {
    let Points { rows, width, said } = points(&options.file)?;
    if options.last_rank.is_some_and(|rank| !(3..=width).contains(&rank.get())) {
        bail!(
            "--last-rank must be from 3 to the number of columns, {width}, got {}",
            options.last_rank.map_or(0, NonZeroUsize::get)
        );
    }
    if rows.len() < 2 * width {
        bail!(
            "`{}` must have at least two rows, got {}",
            options.file.display(),
            rows.len() / width
        );
    }
    let last_rank = options.last_rank.map_or(width, NonZeroUsize::get);
    let mut study = matrices::study(&rows, width, last_rank);
    study.notes.extend(said.map(Note::Line));
    present(&study, "theory redundancy matrix", &options.output)
}
