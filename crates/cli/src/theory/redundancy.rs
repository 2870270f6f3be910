//! `superpose theory redundancy`: exponents from data spectra.

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context as _, bail};
use superpose_laws::redundancy::dimension::known_sets::KnownSet;
use superpose_laws::redundancy::dimension::neighbours::PointCloud;
use superpose_laws::redundancy::features::Features;
use superpose_laws::redundancy::spectrum::{Part, Spectrum};
use superpose_laws::redundancy::text::entropies::text_redundancy;
use superpose_laws::redundancy::text::usual_lags;
use superpose_laws::redundancy::{dimension as dimensions, matrix as matrices, text as texts};

use super::{ascending, check_simulated};
use crate::args::theory::{
    RedundancyDimensionOptions, RedundancyFeaturesOptions, RedundancyMatrixOptions,
    RedundancySpectrumOptions, RedundancyTextOptions,
};
use crate::progress;
use crate::study::{present, read_given};

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
    let study = spectrum.study(&|| bar.inc(1))?;
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
    let study = features.study(&|| bar.inc(1))?;
    bar.finish_and_clear();
    present(&study, "theory redundancy features", &options.output)
}

pub(super) fn text(options: &RedundancyTextOptions) -> anyhow::Result<()> {
    let path = &options.file;
    let content =
        std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let found = text_redundancy(&content, options.contexts, options.seed)
        .with_context(|| format!("`{}`", path.display()))?;
    let lags = options.lags.as_deref().map_or_else(|| usual_lags(content.len()), ascending);
    let study = texts::study(&content, &found, &lags, options.seed)
        .with_context(|| format!("`{}`: --lags", path.display()))?;
    present(&study, "theory redundancy text", &options.output)
}

pub(super) fn dimension(options: &RedundancyDimensionOptions) -> anyhow::Result<()> {
    let (cloud, known) = cloud(options)?;
    let study = dimensions::study(&cloud, options.neighbours, known);
    present(&study, "theory redundancy dimension", &options.output)
}

/// The points of the file or the known set, and which set that is.
fn cloud(options: &RedundancyDimensionOptions) -> anyhow::Result<(PointCloud, Option<KnownSet>)> {
    if let Some(file) = &options.file {
        let (rows, width) = points(file)?;
        let cloud = PointCloud::new(&rows, width);
        return Ok((cloud.with_context(|| format!("`{}`", file.display()))?, None));
    }
    let name = options.known.as_deref().unwrap_or_default();
    let Some(set) = KnownSet::named(name) else {
        bail!(
            "--known must be cube:D, gaussian:D or sphere:D with a number of dimensions, cantor, sierpinski, henon or \
             lorenz; got `{name}`"
        );
    };
    Ok((set.points(options.points, options.seed)?, Some(set)))
}

/// The rows of a table of numbers, one after the other, and their width; no number may be missing.
fn points(path: &Path) -> anyhow::Result<(Vec<f64>, usize)> {
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
    let mut columns = Vec::new();
    for column in &table.columns {
        let values = table.numbers(&column.name)?;
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            let (path, name) = (path.display(), &column.name);
            bail!("`{path}`: row {} must have a number in `{name}`, got nothing", row + 1);
        }
        columns.push(values);
    }
    let row = |row: usize| columns.iter().map(move |column| column[row]);
    Ok(((0..table.rows.len()).flat_map(row).collect(), columns.len()))
}

pub(super) fn matrix(options: &RedundancyMatrixOptions) -> anyhow::Result<()> {
    let (rows, width) = points(&options.file)?;
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
    let study = matrices::study(&rows, width, last_rank);
    present(&study, "theory redundancy matrix", &options.output)
}
