//! How the figures are drawn: which columns of their tables are what on the page.

use superpose_figures::axis::Axis;
use superpose_figures::chart::Mark;
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::{HeatMaps, heat_maps};
use superpose_figures::histograms::{Histograms, histograms};
use superpose_figures::lines::{ErrorBars, Guide, Lines, lines};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_files::table::{Table, TableError};

type Drawn = Result<Vec<Sheet>, TableError>;

/// One of a figure's own tables.
fn named<'a>(tables: &'a [Table], name: &str) -> &'a Table {
    let table = tables.iter().find(|t| t.name == name);
    table.expect("a figure is drawn from its own tables")
}

fn width_axis() -> Axis {
    Axis::logarithmic("hidden width d")
}

fn loss_axis() -> Axis {
    Axis::logarithmic("test loss L (sum over features)")
}

/// Lines of `y` against `x` in groups, without any of the other extras.
fn plain<'a>(x: (&'a str, Axis), y: (&'a str, Axis), group: (&'a str, &'a str)) -> Lines<'a> {
    Lines { group: Some(group.0), group_label: group.1, ..Lines::plain(x, y) }
}

fn sheet(title: &str, columns: usize, panels: Vec<Panel>, axes: Axes, caption: &str) -> Vec<Sheet> {
    let (title, caption) = (title.to_owned(), caption.to_owned());
    vec![Sheet { title, columns: columns.max(1), panels, axes, caption }]
}

fn norm_histograms<'a>(row: Option<&'a str>, row_label: &'a str) -> Histograms<'a> {
    Histograms {
        low: "norm_low",
        high: "norm_high",
        height: "density",
        panel_row: row,
        row_label,
        panel_column: Some("d_hidden"),
        column_label: "d",
        colour: None,
        x_label: "row norm",
        y_label: "density",
        guides: &[1.0],
    }
}

/// Figure 3a.
pub(super) fn norms_and_rows(tables: &[Table], title: &str) -> Drawn {
    let of = Histograms {
        panel_row: None,
        panel_column: Some("weight_decay"),
        column_label: "γ",
        ..norm_histograms(None, "")
    };
    let grid = histograms(named(tables, "norms"), &of)?;
    let scale = ColourScale::linear("row norm");
    let mut panels = grid.panels;
    panels.extend(frequency_panels(named(tables, "rows"), ("norm", scale))?);
    let caption = "Above: rows of W by norm. Below: frequency of each feature against its rank, in the \
                   colour of its row's norm. Tables: norms.csv, rows.csv.";
    Ok(sheet(title, grid.columns, panels, Axes::Own, caption))
}

fn frequency_panels(rows: &Table, colour: (&str, ColourScale)) -> Result<Vec<Panel>, TableError> {
    let (x, y) = (Axis::logarithmic("rank of the feature"), Axis::logarithmic("frequency p"));
    let of = Lines {
        group: None,
        group_label: "",
        panel: Some("weight_decay"),
        panel_label: "γ",
        colour: Some(colour),
        mark: Mark::Dots,
        ..plain(("feature", x), ("frequency", y), ("", ""))
    };
    lines(rows, &of)
}

/// Figure 5a.
pub(super) fn norms(tables: &[Table], title: &str) -> Drawn {
    let grid = histograms(named(tables, "norms"), &norm_histograms(None, ""))?;
    let caption = "Rows of W by norm. Table: norms.csv.";
    Ok(sheet(title, 1, grid.panels, Axes::Own, caption))
}

/// Figure 5b.
pub(super) fn rows(tables: &[Table]) -> Drawn {
    let scale = ColourScale::linear("norm above 1").from_to(0.0, 1.0);
    let mut panels = frequency_panels(named(tables, "rows"), ("above_one", scale))?;
    let dead = ColourScale::linear("dead output").from_to(0.0, 1.0);
    panels.extend(frequency_panels(named(tables, "rows"), ("dead", dead))?);
    let caption = "Frequency of each feature against its rank. Left: whether its row's norm is above 1, as the \
                   paper shows it. Right: whether its output is dead. Table: rows.csv.";
    Ok(sheet(
        "Which features have long rows: α = 0.5, γ = −0.78, d = 15",
        2,
        panels,
        Axes::Own,
        caption,
    ))
}

/// Figures 11 and 12.
pub(super) fn norm_grid(tables: &[Table], title: &str) -> Drawn {
    let of = norm_histograms(Some("data_exponent"), "α");
    let grid = histograms(named(tables, "norms"), &of)?;
    let caption = "Rows of W by norm; heights are to be compared within a panel. Table: norms.csv.";
    Ok(sheet(title, grid.columns, grid.panels, Axes::SharedX, caption))
}

/// Figure 7.
pub(super) fn norms_by_law(tables: &[Table], title: &str) -> Drawn {
    let grid = histograms(named(tables, "norms"), &norm_histograms(Some("kind"), ""))?;
    let caption = "Rows of W by norm; heights are to be compared within a panel. Table: norms.csv.";
    Ok(sheet(title, grid.columns, grid.panels, Axes::SharedX, caption))
}

/// Figure 3b.
pub(super) fn phi_by_decay(tables: &[Table]) -> Drawn {
    let y = Axis::linear("φ½: rows of W with norm above ½");
    let guides = [Guide { column: "weak_phi", label: "d/n", mark: Mark::Dotted }];
    let of = Lines {
        error_bars: ErrorBars::Ends("phi_half_low", "phi_half_high"),
        guides: &guides,
        published: Some("published"),
        ..plain(
            ("weight_decay", Axis::linear("weight decay γ")),
            ("phi_half", y),
            ("d_hidden", "d"),
        )
    };
    let caption = "Dots: means over seeds, with one standard deviation where there are several. Rings: the \
                   paper's. Table: phi_means.csv.";
    let panels = lines(named(tables, "phi_means"), &of)?;
    Ok(sheet("Features represented against weight decay, α = 1", 1, panels, Axes::Own, caption))
}

/// Figure 13.
pub(super) fn phi_maps(tables: &[Table]) -> Drawn {
    let of = HeatMaps {
        x: "weight_decay",
        y: "data_exponent",
        value: "phi_half",
        panel: Some("d_hidden"),
        panel_label: "d",
        x_label: "weight decay γ",
        y_label: "data exponent α",
        colours: ColourScale::linear("φ½").from_to(0.0, 1.0),
    };
    let panels = heat_maps(named(tables, "phi"), &of)?;
    let caption = "Crossed out: not trained. Table: phi.csv.";
    let title = "Fraction of features represented, by width";
    Ok(sheet(title, 3, panels, Axes::Shared, caption))
}

/// The grid around zero.
pub(super) fn transition(tables: &[Table]) -> Drawn {
    let table = named(tables, "cells");
    let of = |y: &'static str, axis| Lines {
        panel: Some("data_exponent"),
        panel_label: "α",
        ..plain(("weight_decay", Axis::linear("weight decay γ")), (y, axis), ("d_hidden", "d"))
    };
    let mut panels = lines(table, &of("phi_half", Axis::linear("φ½")))?;
    let columns = panels.len();
    panels.extend(lines(table, &of("loss.test", loss_axis()))?);
    panels
        .extend(lines(table, &of("loss.dead_share", Axis::linear("share of dead outputs in L")))?);
    let caption = "One training a cell. Table: cells.csv.";
    Ok(sheet("Around γ = 0", columns, panels, Axes::SharedX, caption))
}

/// Figure 4a.
pub(super) fn loss_by_represented(tables: &[Table]) -> Drawn {
    let guides = [Guide { column: "equation_14", label: "equation 14 × 4/3", mark: Mark::Dotted }];
    let of = Lines {
        guides: &guides,
        mark: Mark::Dots,
        ..plain(
            ("represented", Axis::logarithmic("features represented, φ½ n")),
            ("loss.test", loss_axis()),
            ("data_exponent", "α"),
        )
    };
    let panels = lines(named(tables, "cells"), &of)?;
    let caption = "One dot a training with γ > 0. Dotted: the paper's theory. Table: cells.csv.";
    let title = "Loss against the number of features represented, weak regime";
    Ok(sheet(title, 1, panels, Axes::Own, caption))
}

fn exponent_lines<'a>(guides: &'a [Guide<'a>]) -> Lines<'a> {
    Lines {
        error_bars: ErrorBars::Deviation("model_exponent_se"),
        guides,
        mark: Mark::Dots,
        ..plain(
            ("data_exponent", Axis::linear("data exponent α")),
            ("model_exponent", Axis::linear("model exponent")),
            ("weight_decay", "γ"),
        )
    }
}

/// Figure 4b.
pub(super) fn weak_exponents(tables: &[Table]) -> Drawn {
    let guides = [Guide { column: "weak_exponent", label: "α − 1", mark: Mark::Line }];
    let of =
        Lines { panel: Some("group"), published: Some("published"), ..exponent_lines(&guides) };
    let panels = lines(named(tables, "nine"), &of)?;
    let caption = "Left: the paper's nine settings. Right: the nine whose W is closest here to representing d \
                   features and no more. Bars: standard error of the line. Rings: the paper's. Table: nine.csv.";
    Ok(sheet("Model exponent closest to no superposition", 2, panels, Axes::Own, caption))
}

/// Figures 5e and 18.
pub(super) fn exponent_by_data(tables: &[Table]) -> Drawn {
    let table = named(tables, "exponents");
    let has = |name: &str| table.columns.iter().any(|c| c.name == name);
    let mut guides = vec![
        Guide { column: "one", label: "1", mark: Mark::Line },
        Guide { column: "twice", label: "2(α − 1)", mark: Mark::Dotted },
    ];
    if has("weak_exponent") {
        guides.push(Guide { column: "weak_exponent", label: "α − 1", mark: Mark::Dotted });
    }
    let of = Lines {
        panel: Some("group"),
        published: has("published").then_some("published"),
        ..exponent_lines(&guides)
    };
    let panels = lines(table, &of)?;
    let rings = if has("published") { " Rings: the paper's." } else { "" };
    let caption = format!("Bars: standard error of the line.{rings} Table: exponents.csv.");
    Ok(sheet("Model exponent against data exponent", 2, panels, Axes::Own, &caption))
}

/// Dots against width, in the colour of the data exponent.
fn dots_by_width<'a>(y: (&'a str, Axis), guides: &'a [Guide<'a>]) -> Lines<'a> {
    Lines {
        guides,
        mark: Mark::Dots,
        ..plain(("d_hidden", width_axis()), y, ("data_exponent", "α"))
    }
}

/// Figure 5c.
pub(super) fn variance_ratios(tables: &[Table]) -> Drawn {
    let y = Axis::linear("variance of cos² over that of random vectors");
    let panels = lines(named(tables, "cells"), &dots_by_width(("variance_ratio", y), &[]))?;
    let caption =
        "Over pairs of rows with norm above 1, γ = −0.56; one dot a training. Table: cells.csv.";
    Ok(sheet("Evenness of the squared overlaps", 1, panels, Axes::Own, caption))
}

/// Figure 5d.
pub(super) fn strong_overlaps(tables: &[Table]) -> Drawn {
    let guides = [Guide { column: "random", label: "1/d", mark: Mark::Line }];
    let y = Axis::logarithmic("mean cos², rows with norm above 1");
    let of = Lines {
        panel: Some("weight_decay"),
        panel_label: "γ",
        ..dots_by_width(("overlap.mean_square_strong", y), &guides)
    };
    let panels = lines(named(tables, "cells"), &of)?;
    let caption = "One dot a training. Table: cells.csv.";
    Ok(sheet("Squared overlaps of represented features", 2, panels, Axes::Shared, caption))
}

/// Figure 16.
pub(super) fn phi_one(tables: &[Table]) -> Drawn {
    let guides = [
        Guide { column: "lower", label: "d/n", mark: Mark::Dotted },
        Guide { column: "upper", label: "min(1, d²/2n)", mark: Mark::Line },
    ];
    let y = ("phi_one", Axis::logarithmic("φ1: rows of W with norm above 1"));
    let panels = lines(named(tables, "cells"), &dots_by_width(y, &guides))?;
    let caption = "γ = −1; one dot a training. Table: cells.csv.";
    Ok(sheet("Strongly represented features", 1, panels, Axes::Own, caption))
}

/// Figure 17.
pub(super) fn all_overlaps(tables: &[Table]) -> Drawn {
    let guides = [
        Guide { column: "random", label: "1/d", mark: Mark::Line },
        Guide { column: "overlap.welch", label: "tight frame", mark: Mark::Dotted },
    ];
    let y = ("overlap.mean_square", Axis::logarithmic("mean cos², all rows"));
    let panels = lines(named(tables, "cells"), &dots_by_width(y, &guides))?;
    let caption = "γ = −1; one dot a training. Table: cells.csv.";
    Ok(sheet("Squared overlaps of all rows", 1, panels, Axes::Own, caption))
}

/// Figures 9b and 10.
pub(super) fn exponent_maps(tables: &[Table], value: &str) -> Drawn {
    let table = named(tables, "exponents");
    let of = |value, colours: ColourScale| HeatMaps {
        x: "weight_decay",
        y: "data_exponent",
        value,
        panel: None,
        panel_label: "",
        x_label: "weight decay γ",
        y_label: "data exponent α",
        colours,
    };
    let scale = |label: &str| ColourScale::linear(label).from_to(0.0, 2.5);
    let (title, panels) = if value == "r_squared" {
        let scale = ColourScale::linear("R²").from_to(0.0, 1.0);
        ("R² of the fitted power laws", heat_maps(table, &of(value, scale))?)
    } else {
        let mut panels = heat_maps(table, &of(value, scale("model exponent")))?;
        panels.extend(heat_maps(table, &of("published", scale("published")))?);
        let difference = ColourScale::linear("ours less published").from_to(-0.4, 0.4);
        panels.extend(heat_maps(table, &of("difference", difference))?);
        ("Model exponents: ours, the paper's, and ours less the paper's", panels)
    };
    let columns = panels.len();
    let caption = "Crossed out: not all six widths are trained. Table: exponents.csv.";
    Ok(sheet(title, columns, panels, Axes::Own, caption))
}

/// Figure 14.
pub(super) fn density(tables: &[Table]) -> Drawn {
    let of = plain(
        ("activation_density", Axis::linear("activation density E")),
        ("loss.test", Axis::linear("test loss L (sum over features)")),
        ("weight_decay", "γ"),
    );
    let mut panels = lines(named(tables, "by_density"), &of)?;
    let of =
        plain(("d_hidden", width_axis()), ("loss.test", loss_axis()), ("activation_density", "E"));
    panels.extend(lines(named(tables, "by_width"), &of)?);
    let caption =
        "Left: d = 63. Right: γ = −0.56. One dot a training. Tables: by_density.csv, by_width.csv.";
    Ok(sheet("Loss and activation density, α = 1", 2, panels, Axes::Own, caption))
}

/// Figure 15.
pub(super) fn exponent_by_density(tables: &[Table]) -> Drawn {
    let of = Lines {
        error_bars: ErrorBars::Deviation("model_exponent_se"),
        ..plain(
            ("activation_density", Axis::linear("activation density E")),
            ("model_exponent", Axis::linear("model exponent")),
            ("weight_decay", "γ"),
        )
    };
    let panels = lines(named(tables, "exponents"), &of)?;
    let caption = "Bars: standard error of the line. Table: exponents.csv.";
    Ok(sheet("Model exponent against activation density, α = 1", 1, panels, Axes::Own, caption))
}

/// Figures 1b and 1d.
pub(super) fn loss_by_law(tables: &[Table], title: &str) -> Drawn {
    let of = Lines {
        published: Some("published"),
        ..plain(("d_hidden", width_axis()), ("loss.test", loss_axis()), ("law", ""))
    };
    let losses = named(tables, "losses");
    let panels = lines(losses, &of)?;
    let has_published = losses.numbers("published")?.iter().any(|loss| loss.is_finite());
    let rings = if has_published { " Rings: the paper's, at its own setting." } else { "" };
    let caption = format!("One dot a training.{rings} Table: losses.csv.");
    Ok(sheet(title, 1, panels, Axes::Own, &caption))
}

/// Figure 8.
pub(super) fn large_panels(tables: &[Table], title: &str) -> Drawn {
    let table = named(tables, "cells");
    let phi = [Guide { column: "d_over_n", label: "d/n", mark: Mark::Dotted }];
    let phi_one = [
        Guide { column: "d_over_n", label: "d/n", mark: Mark::Dotted },
        Guide { column: "phi_one_upper", label: "min(1, d²/2n)", mark: Mark::Line },
    ];
    let (ignored, welch) = (
        [Guide { column: "ignored_loss", label: "equal", mark: Mark::Line }],
        [Guide { column: "welch", label: "equal", mark: Mark::Line }],
    );
    let mut panels = Vec::new();
    let by = |x: (&'static str, Axis), y: (&'static str, Axis)| Lines {
        panel: Some("regime"),
        mark: Mark::Dots,
        ..plain(x, y, ("law", ""))
    };
    panels.extend(lines(
        table,
        &Lines {
            guides: &phi,
            ..by(("d_hidden", width_axis()), ("phi_half", Axis::logarithmic("φ½")))
        },
    )?);
    panels.extend(lines(
        table,
        &Lines {
            guides: &phi_one,
            ..by(("d_hidden", width_axis()), ("phi_one", Axis::logarithmic("φ1")))
        },
    )?);
    let axis = Axis::logarithmic("loss of the ignored features");
    panels.extend(lines(
        table,
        &Lines {
            guides: &ignored,
            panel: None,
            ..by(("ignored_loss", axis), ("loss.test", loss_axis()))
        },
    )?);
    let (x, y) = (Axis::logarithmic("κ²"), Axis::logarithmic("mean cos², norm above 1"));
    panels.extend(lines(
        table,
        &Lines {
            guides: &welch,
            panel: None,
            ..by(("welch", x), ("overlap.mean_square_strong", y))
        },
    )?);
    let caption = "Above: φ½ and φ1 in both regimes. Then: the weak regime's loss against what its ignored \
                   features cost, and squared overlaps against κ². Table: cells.csv.";
    Ok(sheet(title, 2, panels, Axes::Own, caption))
}

/// Figure 9a.
pub(super) fn r_squared_bars(tables: &[Table], title: &str) -> Drawn {
    let of = Lines {
        mark: Mark::Bars,
        ..plain(
            ("law", Axis::linear("frequency law")),
            ("r_squared", Axis::linear("R² of the power law")),
            ("regime", ""),
        )
    };
    let panels = lines(named(tables, "exponents"), &of)?;
    Ok(sheet(title, 1, panels, Axes::Own, "Table: exponents.csv."))
}

/// The sixty losses.
pub(super) fn sixty_losses(tables: &[Table]) -> Drawn {
    let of = Lines {
        error_bars: ErrorBars::Ends("loss.low", "loss.high"),
        published: Some("published"),
        ..plain(("d_hidden", width_axis()), ("loss.test", loss_axis()), ("weight_decay", "γ"))
    };
    let panels = lines(named(tables, "losses"), &of)?;
    let caption = "Dots: means over seeds, with one standard deviation. Rings: the paper's. Table: losses.csv.";
    Ok(sheet("The sixty losses at α = 0", 1, panels, Axes::Own, caption))
}

/// The experiment on dead outputs.
pub(super) fn dead_outputs(tables: &[Table]) -> Drawn {
    let table = named(tables, "by_bias_init");
    let of = |y: &'static str, axis| Lines {
        panel: Some("setting"),
        ..plain(("d_hidden", width_axis()), (y, axis), ("bias_init_std", "σ(b)"))
    };
    let mut panels = lines(table, &of("loss.test", loss_axis()))?;
    let columns = panels.len();
    let alive = Axis::logarithmic("L without dead outputs");
    panels.extend(lines(table, &of("loss.alive_part", alive))?);
    panels.extend(lines(table, &of("dead_outputs", Axis::linear("dead outputs")))?);
    let caption = "σ(b): standard deviation of the initial biases; the paper's code has 1. Means over seeds. \
                   Table: by_bias_init.csv.";
    let title = "Loss, its live part, and dead outputs";
    let mut sheets = sheet(title, columns, panels, Axes::SharedX, caption);
    sheets.extend(where_they_come_from(tables)?);
    Ok(sheets)
}

fn where_they_come_from(tables: &[Table]) -> Drawn {
    let by_start = |x: (&'static str, Axis), group: (&'static str, &'static str)| Lines {
        panel: Some("bias_init_std"),
        panel_label: "σ(b)",
        ..plain(x, ("dead_fraction", Axis::linear("dead outputs over n")), group)
    };
    let n = ("n_features", Axis::logarithmic("features n"));
    let mut panels = lines(named(tables, "size"), &by_start(n, ("features_per_dimension", "n/d")))?;
    let rate = ("learning_rate_bias", Axis::logarithmic("peak learning rate of b"));
    let by_rate = by_start(rate, ("warmup_steps", "warm-up"));
    panels.extend(lines(named(tables, "rate"), &by_rate)?);
    let start = ("bias_middle", Axis::linear("initial bias"));
    let share = ("dead_share", Axis::linear("share that dies"));
    panels.extend(lines(named(tables, "fate"), &plain(start, share, ("d_hidden", "d")))?);
    let caption = "α = 0, γ = −1. By the number of features; by rate and warm-up at n = 1000, d = 39; by an \
                   output's own initial bias at n = 1000, σ(b) = 1. Tables: size.csv, rate.csv, fate.csv.";
    Ok(sheet("Where dead outputs come from", 2, panels, Axes::Own, caption))
}
