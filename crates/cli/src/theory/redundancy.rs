//! `superpose theory redundancy`: exponents from data spectra.

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context as _, bail};
use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Table, TableError};
use superpose_laws::redundancy::dimension::PointCloud;
use superpose_laws::redundancy::dimension_tables::dimension as dimension_table;
use superpose_laws::redundancy::features_tables::FeatureStudy;
use superpose_laws::redundancy::known_sets::KnownSet;
use superpose_laws::redundancy::matrix_tables::matrix as matrix_tables;
use superpose_laws::redundancy::spectrum_tables::{Part, SpectrumStudy};
use superpose_laws::redundancy::text::text_redundancy;
use superpose_laws::redundancy::text_tables::{
    lags as lag_tables, text as text_tables, usual_lags,
};

use super::{Made, ascending, check_simulated, present, present_as, print_all, print_first};
use crate::args::theory::{
    RedundancyDimensionOptions, RedundancyFeaturesOptions, RedundancyMatrixOptions,
    RedundancySpectrumOptions, RedundancyTextOptions,
};
use crate::{console, progress, tables};

pub(super) fn spectrum(options: &RedundancySpectrumOptions) -> anyhow::Result<()> {
    check_simulated(options.simulate)?;
    let n_samples = ascending(&options.samples);
    let study = SpectrumStudy {
        parts: parts(options)?,
        noise_variance: options.noise,
        n_directions: options.directions,
        n_replicates: options.simulate,
        seed: options.seed,
        n_samples,
    };
    let bar = progress::count("replicates", (study.n_samples.len() * options.simulate) as u64);
    let tables = study.tables(&|_| bar.inc(1))?;
    bar.finish_and_clear();
    let made = Made { verb: "redundancy spectrum", tables: &tables, sheet: &sheet };
    present_as(&made, &options.output, &|| {
        print_first(&tables[0]);
        console::say(
            "The exponent is that of kernel ridge regression under source and capacity conditions (Caponnetto & De \
             Vito 2007). The paper that calls 1/β a redundancy index (Bi & Calhoun, arXiv 2509.20721) was withdrawn; \
             1/β is large where learning is slow, and is not Shannon's redundancy.",
        );
    })
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
    let study = FeatureStudy {
        spectral_exponent: options.spectral_exponent,
        target_exponent: options.target_exponent,
        n_directions: options.directions,
        n_features: ascending(&options.features),
        n_replicates: options.simulate,
        seed: options.seed,
    };
    let bar = progress::count("draws", (study.n_features.len() * options.simulate) as u64);
    let tables = study.tables(&|| bar.inc(1))?;
    bar.finish_and_clear();
    let made = Made { verb: "redundancy features", tables: &tables, sheet: &feature_sheet };
    present_as(&made, &options.output, &|| {
        print_first(&tables[0]);
        print_all(
            &tables[1],
            &["limited by", "predicted exponent", "local exponent", "from", "to"],
        );
    })
}

fn feature_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let x = || ("n_features", Axis::logarithmic("features N"));
    let guides = [
        Guide { column: "error", label: "one draw, equivalent", mark: Mark::Line },
        Guide { column: "squared_bias", label: "mean over draws", mark: Mark::Dotted },
    ];
    let error = Lines {
        guides: &guides,
        error_bars: ErrorBars::Deviation("simulated_se"),
        group_label: "simulated",
        mark: Mark::Dots,
        ..Lines::plain(x(), ("simulated", Axis::logarithmic("squared error")))
    };
    let mut panels = lines(&tables[0], &error)?;
    let guides = [
        Guide { column: "predicted_exponent", label: "min(a − 1, b)", mark: Mark::Line },
        Guide { column: "bias_predicted_exponent", label: "min(a − 1, 2b)", mark: Mark::Dotted },
    ];
    let local = Lines {
        guides: &guides,
        group_label: "local, one draw",
        ..Lines::plain(x(), ("local_exponent", Axis::linear("exponent")))
    };
    panels.extend(lines(&tables[0], &local)?);
    Ok(Sheet {
        title: "Regression on random features, data without limit".to_owned(),
        columns: 2,
        panels,
        axes: Axes::Own,
        caption: "Bars: standard error over draws. Tables: redundancy_features.csv, redundancy_resources.csv."
            .to_owned(),
    })
}

pub(super) fn text(options: &RedundancyTextOptions) -> anyhow::Result<()> {
    let path = &options.file;
    let content =
        std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let found = text_redundancy(&content, options.contexts, options.seed)
        .with_context(|| format!("`{}`", path.display()))?;
    let lags = options.lags.as_deref().map_or_else(|| usual_lags(content.len()), ascending);
    let of_lags = lag_tables(&content, &found, &lags, options.seed)
        .with_context(|| format!("`{}`: --lags", path.display()))?;
    let tables: Vec<Table> = text_tables(&found).into_iter().chain(of_lags).collect();
    let made = Made { verb: "redundancy text", tables: &tables, sheet: &text_sheet };
    present_as(&made, &options.output, &|| {
        print_first(&tables[0]);
        print_all(&tables[1], &["way", "bits a symbol", "redundancy"]);
        print_all(
            &tables[3],
            &["loss by data (experimental)", "value", "se", "R²", "residual", "points"],
        );
    })
}

fn text_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let guides = [Guide { column: "shuffled_bits", label: "in random order", mark: Mark::Dotted }];
    let columns = Lines {
        guides: &guides,
        group: Some("trusted"),
        group_label: "enough text",
        ..Lines::plain(
            ("context_length", Axis::linear("symbols before that are known, k")),
            ("conditional_bits", Axis::linear("entropy given them, bits a symbol")),
        )
    };
    let mut panels = lines(&tables[0], &columns)?;
    let rates = Lines {
        mark: Mark::Bars,
        ..Lines::plain(("way", Axis::linear("")), ("bits", Axis::linear("bits a symbol")))
    };
    panels.extend(lines(&tables[1], &rates)?);
    let guides = [Guide { column: "shuffled_norm", label: "in random order", mark: Mark::Dotted }];
    let by_lag = Lines {
        guides: &guides,
        group: Some("stands_out"),
        group_label: "stands out",
        ..Lines::plain(
            ("lag", Axis::logarithmic("places between two symbols")),
            ("norm", Axis::logarithmic("norm of their covariance")),
        )
    };
    if !tables[2].rows.is_empty() {
        panels.extend(lines(&tables[2], &by_lag)?);
    }
    Ok(Sheet {
        title: "Redundancy of a text".to_owned(),
        columns: panels.len(),
        panels,
        axes: Axes::Own,
        caption: "Where there is not enough text, counting finds redundancy in noise, too: see the dotted line. \
                  Tables: redundancy_text.csv, redundancy_rates.csv, redundancy_lags.csv, redundancy_by_data.csv."
            .to_owned(),
    })
}

pub(super) fn dimension(options: &RedundancyDimensionOptions) -> anyhow::Result<()> {
    let (cloud, known) = cloud(options)?;
    let table = dimension_table(&cloud, options.neighbours, known);
    let made = Made { verb: "redundancy dimension", tables: &[table], sheet: &dimension_sheet };
    present(&made, &options.output)
}

/// The points that are asked for, and their set if it is a known one.
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
    let table = tables::read(path)?;
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
    let made = matrix_tables(&rows, width, last_rank);
    present(
        &Made { verb: "redundancy matrix", tables: &made, sheet: &matrix_sheet },
        &options.output,
    )
}

fn matrix_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let guides = [Guide { column: "fitted", label: "power law", mark: Mark::Line }];
    let columns = Lines {
        guides: &guides,
        mark: Mark::Dots,
        ..Lines::plain(
            ("rank", Axis::logarithmic("rank")),
            ("variance", Axis::logarithmic("variance")),
        )
    };
    Ok(Sheet {
        title: "Spectrum of the data's covariance".to_owned(),
        columns: 1,
        panels: lines(&tables[1], &columns)?,
        axes: Axes::Own,
        caption: "Tables: redundancy_matrix.csv, redundancy_matrix_spectrum.csv.".to_owned(),
    })
}

fn dimension_sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let guides = [Guide { column: "known", label: "known", mark: Mark::Line }];
    let columns = Lines {
        guides: &guides,
        error_bars: ErrorBars::Deviation("standard_error"),
        mark: Mark::Bars,
        ..Lines::plain(("estimator", Axis::linear("")), ("dimension", Axis::linear("dimension")))
    };
    Ok(Sheet {
        title: "Dimension of a set of points".to_owned(),
        columns: 1,
        panels: lines(&tables[0], &columns)?,
        axes: Axes::Own,
        caption: "Bars: standard error. Table: redundancy_dimension.csv.".to_owned(),
    })
}

/// The picture of `redundancy spectrum`; with several parts, what is left of each.
fn sheet(tables: &[Table]) -> Result<Sheet, TableError> {
    let x = || ("n_samples", Axis::logarithmic("samples n"));
    let guides = [Guide { column: "excess_risk", label: "equivalent", mark: Mark::Line }];
    let risk = Lines {
        guides: &guides,
        error_bars: ErrorBars::Deviation("simulated_se"),
        group_label: "simulated",
        mark: Mark::Dots,
        ..Lines::plain(x(), ("simulated", Axis::logarithmic("excess risk at the best ridge")))
    };
    let mut panels = lines(&tables[0], &risk)?;
    let guides = [Guide { column: "predicted_exponent", label: "asymptotic", mark: Mark::Dotted }];
    let local = Lines {
        guides: &guides,
        group_label: "local exponent",
        ..Lines::plain(x(), ("local_exponent", Axis::linear("exponent")))
    };
    panels.extend(lines(&tables[0], &local)?);
    let parts = Lines {
        group: Some("part"),
        group_label: "part",
        ..Lines::plain(x(), ("unlearned", Axis::logarithmic("target not learned yet")))
    };
    if tables[1].rows.len() > 1 {
        panels.extend(lines(&tables[2], &parts)?);
    }
    Ok(Sheet {
        title: "Ridge regression on a power-law spectrum".to_owned(),
        columns: panels.len(),
        panels,
        axes: Axes::Own,
        caption: "Bars: standard error over data sets. Tables: redundancy_spectrum.csv, redundancy_parts.csv."
            .to_owned(),
    })
}
