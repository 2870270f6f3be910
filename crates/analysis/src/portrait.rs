//! Portraits: what the weight matrix of a model looks like, and of several side by side.
//!
//! Rows of `W` in two or three dimensions are arrows; in any number of dimensions `W Wᵀ` is a map, and norms are bars
//! coloured by how much each feature shares its direction.

use superpose_figures::axis::Axis;
use superpose_figures::chart::{Chart, Mark, Point, Series};
use superpose_figures::colour_bar::ColourScale;
use superpose_figures::heat_maps::HeatMap;
use superpose_figures::palette::{GREY, VERMILION};
use superpose_figures::panel::Panel;
use superpose_figures::sheet::{Axes, Sheet};
use superpose_figures::study::Picture;
use superpose_files::table::{Field, Table, TableError, Tables};
use superpose_store::measured::{ByFeature, by_feature};
use superpose_store::store::{Model, Store, StoreError};
use superpose_toy::trained::Weights;

use crate::models::Models;
use crate::pictures::symbols;
use crate::run::{Finished, Run};
use crate::settings::{label, setting_fields, values};

/// Portraits that stand side by side at most.
pub const MOST_SIDE_BY_SIDE: usize = 20;
/// Features that a map shows unless it is asked for more.
pub const FEATURES: usize = 24;
/// Dimensions that can be seen as they are, or along a diagonal.
const MOST_SEEN: usize = 3;
/// Features beyond which `W` as arrows is a tangle, and its polygon is not drawn.
const MOST_JOINED: usize = 8;
/// Dots and bars of a portrait at most; of more features the first are shown.
const MOST_BARS: usize = 400;

/// Portraits of a few cells: tables with what they show.
#[derive(Debug, Clone, PartialEq)]
pub struct Portraits {
    /// One row a feature of a cell, at each moment: norm, bias, dimensionality, and its place where it can be seen.
    pub features: Table,
    /// One row an entry of `W Wᵀ` between the first features of a cell, at each moment.
    pub products: Table,
    /// Sentences on what could not be read.
    pub left_out: Vec<String>,
}

const FEATURE_COLUMNS: [(&str, &str); 12] = [
    ("portrait", "the cell's width, setting and seed in one line"),
    ("cell_id", "identity of the cell"),
    ("step", "steps that had been made; the last is that of the trained model"),
    ("d_hidden", "hidden width d"),
    ("feature", "number of the feature, from 1"),
    ("probability", "probability p_i that it is active, times its weight in the loss"),
    ("norm", "norm of its row of W, in entries of W"),
    ("bias", "its bias b_i, in values of a feature"),
    ("dimensionality", "D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)²; zero for a row of zeros"),
    ("is_dead", "1 if its output cannot fire, else 0"),
    ("x", "first coordinate of its row of W for d = 1 and 2; for d = 3 as seen along (1, 1, 1)"),
    ("y", "second coordinate; zero for d = 1"),
];

const PRODUCT_COLUMNS: [(&str, &str); 7] = [
    ("portrait", "the cell's width, setting and seed in one line"),
    ("cell_id", "identity of the cell"),
    ("step", "steps that had been made"),
    ("feature", "number of a feature, from 1"),
    ("other", "number of another, or of the same"),
    (
        "product",
        "what the output `feature` gets of `other`: W_i·W_j, or V_i·W_j where the decoder is not tied",
    ),
    ("decoder", "tied or untied"),
];

impl Default for Portraits {
    fn default() -> Self {
        Self {
            features: Table::new("portrait", "What does W look like?", &FEATURE_COLUMNS),
            products: Table::new("products", "Which features share directions?", &PRODUCT_COLUMNS),
            left_out: Vec::new(),
        }
    }
}

impl Portraits {
    /// Those of `cells` with `n_shown` features in their maps, and with every moment that was kept if `with_life`. A
    /// cell whose weights are not there has none.
    ///
    /// # Errors
    /// [`StoreError`] when a file cannot be read, or is damaged.
    pub fn read(
        run: &Run,
        cells: &[&Finished],
        store: &Store,
        (n_shown, with_life): (usize, bool),
    ) -> Result<Self, StoreError> {
        let mut portraits = Self::default();
        for (finished, name) in cells.iter().zip(names(run, cells)) {
            let id = &finished.record.cell_id;
            let Some(model) = store.model(id)? else { continue };
            let last = finished.record.cell.train.steps;
            if with_life {
                let moments = match store.snapshots(id) {
                    Err(StoreError::Content { path, problem, .. }) => {
                        portraits.left_out.push(format!("`{}` {problem}", path.display()));
                        Vec::new()
                    }
                    moments => moments?,
                };
                for snapshot in moments.iter().filter(|s| s.step != last) {
                    let at = (snapshot.step, &snapshot.weights);
                    portraits.add(finished, &name, &model, at, n_shown);
                }
            }
            portraits.add(finished, &name, &model, (last, &model.weights), n_shown);
        }
        Ok(portraits)
    }

    fn add(
        &mut self,
        finished: &Finished,
        name: &str,
        model: &Model,
        (step, weights): (u64, &Weights),
        n_shown: usize,
    ) {
        let (cell, id) = (&finished.record.cell, finished.record.cell_id.as_str());
        let d = weights.d_hidden;
        let ByFeature { norms, dimensionality, dead, .. } =
            by_feature(cell, model.features(), weights);
        let row_of = |matrix: &[f32], i: usize| -> Vec<f64> {
            matrix[i * d..(i + 1) * d].iter().map(|w| f64::from(*w)).collect()
        };
        for (i, norm) in norms.iter().enumerate() {
            let place = place(&row_of(&weights.weights, i));
            let weight = model.importance.as_ref().map_or(1.0, |importance| importance[i]);
            self.features.push(vec![
                name.into(),
                id.into(),
                step.into(),
                d.into(),
                (i + 1).into(),
                (model.probabilities[i] * weight).into(),
                (*norm).into(),
                f64::from(weights.bias[i]).into(),
                dimensionality[i].into(),
                usize::from(dead[i]).into(),
                place.map(|p| p.0).into(),
                place.map(|p| p.1).into(),
            ]);
        }
        let decoder = weights.decoder.as_deref().unwrap_or(&weights.weights);
        let n_shown = n_shown.min(norms.len());
        for i in 0..n_shown {
            let row = row_of(decoder, i);
            for j in 0..n_shown {
                let other = row_of(&weights.weights, j);
                let product: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                self.products.push(vec![
                    name.into(),
                    id.into(),
                    step.into(),
                    (i + 1).into(),
                    (j + 1).into(),
                    product.into(),
                    if weights.decoder.is_some() { "untied" } else { "tied" }.into(),
                ]);
            }
        }
    }

    /// The tables.
    pub fn tables(self) -> Tables {
        [self.features, self.products].into_iter().collect()
    }
}

/// Where a row of `W` is seen, if it can be.
fn place(row: &[f64]) -> Option<(f64, f64)> {
    match row {
        [x] => Some((*x, 0.0)),
        [x, y] => Some((*x, *y)),
        // Along (1, 1, 1): the three axes a third of a turn apart.
        [x, y, z] => Some(((x - y) / 2_f64.sqrt(), (x + y - 2.0 * z) / 6_f64.sqrt())),
        _ => None,
    }
}

/// What each of `cells` is called: by what tells them apart.
fn names(run: &Run, cells: &[&Finished]) -> Vec<String> {
    let fields = setting_fields(run);
    let apart = |of: fn(&Finished) -> String| {
        let all: Vec<String> = cells.iter().map(|f| of(f)).collect();
        all.windows(2).any(|pair| pair[0] != pair[1])
    };
    let by_width = apart(|f| f.record.cell.model.d_hidden.to_string());
    let by_seed = apart(|f| format!("{} {}", f.record.cell.train.seed, f.record.cell.data.seed));
    let name = |finished: &&Finished| {
        let cell = &finished.record.cell;
        let mut parts = Vec::new();
        if by_width || fields.is_empty() {
            parts.push(format!("d = {}", cell.model.d_hidden));
        }
        if !fields.is_empty() {
            parts.push(symbols(&label(&values(&fields, finished))));
        }
        if by_seed {
            parts.push(format!("seed = {}", cell.train.seed));
        }
        parts.join(", ")
    };
    cells.iter().map(name).collect()
}

/// The trained cells of a run that are shown side by side if none are asked for: of each setting and width the first
/// seed that `is_there`, and of too many some, evenly.
pub fn chosen<'r>(run: &'r Run, is_there: &dyn Fn(&Finished) -> bool) -> Vec<&'r Finished> {
    let fields = setting_fields(run);
    let mut seen: Vec<(usize, String)> = Vec::new();
    let mut first: Vec<&'r Finished> = Vec::new();
    for finished in run.finished.iter().filter(|f| f.measured().is_some() && is_there(f)) {
        let key = (finished.record.cell.model.d_hidden, label(&values(&fields, finished)));
        if !seen.contains(&key) {
            seen.push(key);
            first.push(finished);
        }
    }
    let n = first.len();
    if n <= MOST_SIDE_BY_SIDE {
        return first;
    }
    (0..MOST_SIDE_BY_SIDE).map(|k| first[k * (n - 1) / (MOST_SIDE_BY_SIDE - 1)]).collect()
}

/// One row a feature of the cells that are shown side by side in every run: the table of the picture `gallery`. Their
/// rows of `W` are not known here, so that it has norms and what is shared alone.
pub fn gallery(run: &Run, models: &Models<'_>) -> Table {
    let is_seen =
        |f: &Finished| models.seen.iter().any(|s| s.finished.record.cell_id == f.record.cell_id);
    let chosen = chosen(run, &is_seen);
    let seen: Vec<_> = models
        .seen
        .iter()
        .filter(|s| chosen.iter().any(|c| c.record.cell_id == s.finished.record.cell_id))
        .collect();
    let cells: Vec<&Finished> = seen.iter().map(|s| s.finished).collect();
    let columns: Vec<(&str, &str)> =
        FEATURE_COLUMNS.iter().filter(|c| !["x", "y", "step"].contains(&c.0)).copied().collect();
    let mut table = Table::new("gallery", "What do the models look like, side by side?", &columns);
    for (seen, name) in seen.iter().zip(names(run, &cells)) {
        let (finished, features) = (seen.finished, &seen.features);
        for i in 0..seen.bias.len().min(MOST_BARS) {
            let weight = seen.importance.as_ref().map_or(1.0, |importance| importance[i]);
            let probability = finished.probabilities.get(i).map(|p| p * weight);
            table.push(vec![
                name.as_str().into(),
                finished.record.cell_id.as_str().into(),
                finished.record.cell.model.d_hidden.into(),
                (i + 1).into(),
                probability.into(),
                features.norms[i].into(),
                f64::from(seen.bias[i]).into(),
                features.dimensionality[i].into(),
                usize::from(features.dead[i]).into(),
            ]);
        }
    }
    table
}

/// The norms of the features of several models side by side.
///
/// # Errors
/// [`TableError`] when there is no table `gallery` or it lacks a column.
pub fn draw_gallery(tables: &Tables) -> Result<Picture, TableError> {
    let table = tables.get("gallery")?;
    let panels = of_each(table, |name, rows| norms_panel(name, table, rows))?;
    let sheet = Sheet {
        title: "The features of the models".to_owned(),
        columns: panels.len().clamp(1, 4),
        panels,
        axes: Axes::Shared,
        caption: "A bar a feature in its order, as long as its row of W, coloured by how much of its direction others \
                  take (1 − D_i). Orange: outputs that cannot fire. The first seed of each setting and width; of more than 20 \
                  some, evenly. Table: gallery.csv."
            .to_owned(),
    };
    Ok(Picture { name: "gallery".to_owned(), sheet })
}

/// A panel for each portrait of a table, from its rows.
fn of_each(
    table: &Table,
    panel: impl Fn(&str, &[&Vec<Field>]) -> Result<Panel, TableError>,
) -> Result<Vec<Panel>, TableError> {
    let id = table.column("cell_id")?;
    let name = table.column("portrait")?;
    let groups: Vec<Vec<&Vec<Field>>> = table
        .rows
        .iter()
        .collect::<Vec<_>>()
        .chunk_by(|a, b| a[id] == b[id])
        .map(<[_]>::to_vec)
        .collect();
    groups.iter().map(|rows| panel(&rows[0][name].to_string(), rows)).collect()
}

/// Some columns of a row, as numbers.
fn numbers<const K: usize>(
    table: &Table,
    names: [&str; K],
    row: &[Field],
) -> Result<[f64; K], TableError> {
    let mut all = [f64::NAN; K];
    for (value, name) in all.iter_mut().zip(names) {
        *value = row[table.column(name)?].number().unwrap_or(f64::NAN);
    }
    Ok(all)
}

/// Norms as bars, by what each shares; dead outputs marked.
fn norms_panel(name: &str, table: &Table, rows: &[&Vec<Field>]) -> Result<Panel, TableError> {
    let (mut bars, mut dead) = (Vec::new(), Vec::new());
    for row in rows.iter().take(MOST_BARS) {
        let columns = ["feature", "norm", "dimensionality", "is_dead"];
        let [feature, norm, dimensionality, is_dead] = numbers(table, columns, row)?;
        let shared = if norm > 0.0 { 1.0 - dimensionality } else { 0.0 };
        bars.push(Point { value: Some(shared), ..Point::at(feature, norm) });
        if is_dead > 0.5 {
            dead.push(Point::at(feature, 0.0));
        }
    }
    let bars_end = bars.iter().map(|p| p.x).fold(1.0, f64::max) + 0.6;
    let series = vec![
        Series::of("", GREY, Mark::Bars, bars),
        Series::of("cannot fire", VERMILION, Mark::Dots, dead),
    ];
    Ok(Panel::Chart(Chart {
        series,
        colours: Some(ColourScale::linear("shared: 1 − D_i").from_to(0.0, 1.0)),
        ..Chart::empty(
            name,
            Axis::linear("feature").from_to(0.4, bars_end),
            Axis::linear("‖W_i‖").from_to(0.0, top(table)?),
        )
    }))
}

/// Somewhat more than the longest row of all, so that portraits can be compared.
fn top(table: &Table) -> Result<f64, TableError> {
    let longest = table.numbers("norm")?.into_iter().filter(|n| n.is_finite()).fold(0.0, f64::max);
    Ok(if longest > 0.0 { 1.08 * longest } else { 1.0 })
}

/// Rows of `W` as arrows, coloured by how frequent the features are, their tips joined in the order of their angles if
/// they are few.
fn arrows_panel(name: &str, table: &Table, rows: &[&Vec<Field>]) -> Result<Panel, TableError> {
    let (mut arrows, mut most) = (Vec::new(), 0.0_f64);
    for row in rows {
        let [feature, probability, x, y] =
            numbers(table, ["feature", "probability", "x", "y"], row)?;
        let of = Some(format!("feature {feature}").into());
        arrows.push(Point { value: Some(probability), of, ..Point::at(x, y) });
        most = most.max(probability);
    }
    // Models whose features are rare are told apart as those of others are.
    for arrow in &mut arrows {
        arrow.value = arrow.value.map(|probability| probability / most);
    }
    let longest = arrows.iter().map(|p| p.x.hypot(p.y)).fold(0.0, f64::max);
    let mut tips: Vec<Point> =
        arrows.iter().filter(|p| p.x.hypot(p.y) > longest / 2.0).cloned().collect();
    tips.sort_by(|a, b| a.y.atan2(a.x).total_cmp(&b.y.atan2(b.x)));
    if tips.len() > MOST_JOINED || tips.len() < 3 {
        tips.clear();
    }
    tips.extend(tips.first().cloned());
    let names = match arrows.len() {
        n if n <= MOST_JOINED => (1..=n).map(|i| i.to_string()).collect(),
        _ => Vec::new(),
    };
    let reach = 1.15
        * [table.numbers("x")?, table.numbers("y")?]
            .concat()
            .into_iter()
            .filter(|v| v.is_finite())
            .fold(0.3, |reach: f64, v| reach.max(v.abs()));
    let axis = |label: &str| Axis::linear(label).from_to(-reach, reach);
    let colours = ColourScale::linear("p_i · I_i, of the largest").from_to(0.0, 1.0);
    let [d] = numbers(table, ["d_hidden"], rows[0])?;
    let (across, up) = match index(d) + 1 {
        1 => ("W_i1", ""),
        2 => ("W_i1", "W_i2"),
        _ => ("(W_i1 − W_i2) / √2", "(W_i1 + W_i2 − 2 W_i3) / √6"),
    };
    Ok(Panel::Chart(Chart {
        series: vec![
            Series::line(GREY, tips),
            Series { names, ..Series::of("", GREY, Mark::Arrows, arrows) },
        ],
        colours: Some(colours),
        is_square: true,
        ..Chart::empty(name, axis(across), axis(up))
    }))
}

/// `W Wᵀ` between the first features, the biases beside it.
fn products_panel(
    (name, product): (&str, &str),
    (products, features): (&Table, &Table),
    rows: &[&Vec<Field>],
    biases: &[&Vec<Field>],
) -> Result<Panel, TableError> {
    let mut n = 0;
    for row in rows {
        let [feature] = numbers(products, ["feature"], row)?;
        n = n.max(index(feature) + 1);
    }
    // A gap, then the biases.
    let mut values = vec![vec![f64::NAN; n + 1]; n];
    for row in rows {
        let [i, j, product] = numbers(products, ["feature", "other", "product"], row)?;
        values[n - 1 - index(i)][index(j)] = product;
    }
    for (i, row) in biases.iter().take(n).enumerate() {
        let [bias] = numbers(features, ["bias"], row)?;
        values[n - 1 - i][n] = bias;
    }
    let names = |of: &dyn Fn(usize) -> usize| (0..n).map(|i| of(i).to_string()).collect::<Vec<_>>();
    let mut across = names(&|i| i + 1);
    across.push("b".to_owned());
    // Biases may be far larger: they have the colour of the end then.
    let all = products.numbers("product")?;
    Ok(Panel::HeatMap(HeatMap {
        title: name.to_owned(),
        x: Axis::named("feature j", across),
        y: Axis::named("feature i", names(&|i| n - i)),
        values,
        colours: ColourScale::signed(product).spanning(&all),
    }))
}

/// The index of the feature of this number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
fn index(feature: f64) -> usize {
    (feature as usize).saturating_sub(1)
}

/// A quantity of the features by rank of their norms.
fn ranked_panel(
    (name, title): (&str, &str),
    column: &str,
    table: &Table,
    rows: &[&Vec<Field>],
) -> Result<Panel, TableError> {
    let mut points = Vec::new();
    for row in rows {
        let [norm, value, feature] = numbers(table, ["norm", column, "feature"], row)?;
        points.push((norm, value, feature));
    }
    points.sort_by(|a, b| b.0.total_cmp(&a.0));
    let point = |(rank, (_, value, feature)): (usize, (f64, f64, f64))| Point {
        of: Some(format!("feature {feature}").into()),
        ..Point::at((rank + 1) as f64, value)
    };
    let points: Vec<Point> = points.into_iter().enumerate().map(point).collect();
    let ends = table.numbers(column)?.into_iter().filter(|v| v.is_finite());
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    let air = if high > low { 0.06 * (high - low) } else { 0.5 };
    let series = vec![Series::of("", superpose_figures::palette::colour(0, 1), Mark::Dots, points)];
    let y = Axis::linear(title).from_to(low - air, high + air);
    let x = Axis::linear("rank by norm");
    Ok(Panel::Chart(Chart { series, ..Chart::empty(name, x, y) }))
}

/// The rows of a table at a step; all if it has no steps.
fn at_step(table: &Table, step: u64) -> Result<Table, TableError> {
    let at = table.column("step")?;
    let rows = table.rows.iter().filter(|row| row[at].number() == Some(step as f64));
    Ok(Table { rows: rows.cloned().collect(), ..table.clone() })
}

/// The steps that a table has rows of, in order.
fn steps(table: &Table) -> Result<Vec<u64>, TableError> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of steps")]
    let mut steps: Vec<u64> = table.numbers("step")?.into_iter().map(|s| s as u64).collect();
    steps.sort_unstable();
    steps.dedup();
    Ok(steps)
}

/// The picture of portraits: all that is known of one cell, or one panel a cell of several.
///
/// # Errors
/// [`TableError`] when a table `portrait` or `products` is not there or lacks a column.
pub fn draw(tables: &Tables) -> Result<Vec<Picture>, TableError> {
    let (features, products) = (tables.get("portrait")?, tables.get("products")?);
    let Some(&last) = steps(features)?.last() else { return Ok(Vec::new()) };
    let sheet = sheet_at(features, products, last)?;
    Ok(vec![Picture { name: "portrait".to_owned(), sheet }])
}

/// A sheet for each moment, with axes and colours that stay, to be animated; none where only the end is known.
///
/// # Errors
/// As for [`draw`].
pub fn frames(tables: &Tables) -> Result<Vec<Sheet>, TableError> {
    let (features, products) = (tables.get("portrait")?, tables.get("products")?);
    let steps = steps(features)?;
    if steps.len() < 2 {
        return Ok(Vec::new());
    }
    steps
        .into_iter()
        .map(|step| {
            let mut sheet = sheet_at(features, products, step)?;
            sheet.title = format!("{}, step {step}", sheet.title);
            Ok(sheet)
        })
        .collect()
}

fn sheet_at(features: &Table, products: &Table, step: u64) -> Result<Sheet, TableError> {
    let (of_step, of_map) = (at_step(features, step)?, at_step(products, step)?);
    let id = features.column("cell_id")?;
    let n_cells = of_step.rows.iter().collect::<Vec<_>>().chunk_by(|a, b| a[id] == b[id]).count();
    let d = features.numbers("d_hidden")?.into_iter().fold(0.0, f64::max);
    let is_seen = d <= MOST_SEEN as f64;
    let mut panels = Vec::new();
    let one = n_cells == 1;
    let is_untied = of_map.words("decoder")?.iter().any(|decoder| decoder == "untied");
    let product = if is_untied { "V_i·W_j" } else { "W_i·W_j" };
    let name_or = |name: &str, title: &str| if one { title.to_owned() } else { name.to_owned() };
    if is_seen {
        // The scales are those of all moments.
        let arrows = |name: &str, rows: &[&Vec<Field>]| {
            arrows_panel(&name_or(name, "rows of W"), features, rows)
        };
        panels.extend(of_each(&of_step, arrows)?);
    }
    if one || !is_seen {
        let maps = |name: &str, rows: &[&Vec<Field>]| {
            let own = of_step.rows.iter().filter(|row| row[id] == rows[0][1]);
            let name = name_or(
                name,
                if is_untied { "V Wᵀ, biases beside" } else { "W Wᵀ, biases beside" },
            );
            products_panel((&name, product), (products, features), rows, &own.collect::<Vec<_>>())
        };
        panels.extend(of_each(&of_map, maps)?);
    }
    if one {
        let all: Vec<&Vec<Field>> = of_step.rows.iter().collect();
        panels.push(norms_panel("norms, by what is shared", features, &all)?);
        let ranked = |title, column, axis| ranked_panel((title, axis), column, features, &all);
        panels.push(ranked("norm by rank", "norm", "‖W_i‖")?);
        panels.push(ranked("bias by rank", "bias", "b_i")?);
        panels.push(ranked("dimensionality by rank", "dimensionality", "D_i")?);
    }
    let name = of_step.words("portrait")?.into_iter().next().unwrap_or_default();
    let (title, columns) = match one {
        true => (format!("Portrait of {name}"), 3),
        false => (format!("Portraits of {n_cells} models"), n_cells.clamp(1, 5)),
    };
    let projected =
        if (d - 3.0).abs() < 0.5 { " Three dimensions are seen along (1, 1, 1)." } else { "" };
    let mut caption = String::new();
    if is_seen {
        caption += "Arrows: rows of W, coloured by the probability of their features times their weight in the loss, over \
                    the largest of the model.";
        caption += projected;
    }
    if one || !is_seen {
        caption += &format!(
            " Map: {product} between the first features, with their biases in the last column."
        );
    }
    if one {
        caption += " Bars: norms, coloured by how much of a feature's direction others take; orange: outputs that cannot \
                    fire.";
    }
    let caption = format!("{} Tables: portrait.csv, products.csv.", caption.trim_start());
    Ok(Sheet { title, columns, panels, axes: Axes::Own, caption })
}

#[cfg(test)]
mod tests {
    use superpose_toy::cell::Cell;

    use super::*;
    use crate::models::tests::planted;

    /// A square's corners in two dimensions, at two steps.
    fn pentagon(d: usize) -> Tables {
        let mut run = Run::planted(&[|_: &mut Cell| ()], |_| 1.0);
        let finished = &mut run.finished[0];
        let cell = &mut finished.record.cell;
        (cell.model.n_features, cell.model.d_hidden, cell.train.steps) = (5, d, 100);
        let turn = |i: usize| std::f64::consts::TAU * i as f64 / 5.0;
        #[expect(clippy::cast_possible_truncation, reason = "single precision")]
        let row = |i: usize| {
            let mut row = vec![turn(i).cos() as f32, turn(i).sin() as f32];
            row.resize(d, 0.0);
            row
        };
        let weights = Weights {
            n_features: 5,
            d_hidden: d,
            weights: (0..5).flat_map(row).collect(),
            bias: vec![-0.25; 5],
            decoder: None,
        };
        let model =
            Model { weights: weights.clone(), probabilities: vec![0.2; 5], importance: None };
        let mut portraits = Portraits::default();
        let half = Weights {
            weights: weights.weights.iter().map(|w| w / 2.0).collect(),
            ..weights.clone()
        };
        portraits.add(&run.finished[0], "γ = 0", &model, (1, &half), 4);
        portraits.add(&run.finished[0], "γ = 0", &model, (100, &weights), 4);
        portraits.tables()
    }

    #[test]
    fn a_pentagon_is_five_arrows_whose_tips_are_joined() {
        let tables = pentagon(2);
        let pictures = draw(&tables).unwrap();
        let panels = &pictures[0].sheet.panels;
        assert_eq!(panels.len(), 6);
        let Panel::Chart(chart) = &panels[0] else { panic!("arrows") };
        let counts: Vec<usize> = chart.series.iter().map(|s| s.points.len()).collect();
        assert_eq!(counts, [6, 5]);
        assert!(chart.is_square && chart.series[1].names == ["1", "2", "3", "4", "5"]);
        let table = tables.get("portrait").unwrap();
        let dimensionality = table.numbers("dimensionality").unwrap();
        assert!(dimensionality.iter().all(|d| (d - 0.4).abs() < 1e-6), "{dimensionality:?}");
        superpose_figures::render::render(&pictures[0].sheet).unwrap();
    }

    #[test]
    fn a_map_has_the_first_features_with_the_first_above_and_the_biases_beside() {
        let tables = pentagon(4);
        let panels = draw(&tables).unwrap().remove(0).sheet.panels;
        let Panel::HeatMap(map) = &panels[0] else { panic!("a map: four dimensions are not seen") };
        assert_eq!((map.x.names.join(""), map.y.names.join("")), ("1234b".into(), "4321".into()));
        assert!((map.values[3][0] - 1.0).abs() < 1e-6);
        assert!((map.values[3][1] - (std::f64::consts::TAU / 5.0).cos()).abs() < 1e-6);
        assert!((map.values[0][4] + 0.25).abs() < 1e-6);
    }

    #[test]
    fn every_moment_is_a_frame_with_the_same_axes() {
        let frames = frames(&pentagon(2)).unwrap();
        assert_eq!(frames.len(), 2);
        let axes = |sheet: &Sheet| match &sheet.panels[0] {
            Panel::Chart(chart) => chart.x.ends,
            _ => None,
        };
        assert!(axes(&frames[0]).is_some() && axes(&frames[0]) == axes(&frames[1]));
        assert!(frames[0].title.ends_with("step 1"), "{}", frames[0].title);
    }

    #[test]
    fn three_dimensions_are_seen_along_the_diagonal() {
        let along = place(&[1.0, 1.0, 1.0]).unwrap();
        assert!(along.0.abs() < 1e-12 && along.1.abs() < 1e-12);
        let axes =
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|row| place(&row).unwrap());
        let lengths = axes.map(|(x, y)| x.hypot(y));
        assert!(lengths.iter().all(|l| (l - (2.0_f64 / 3.0).sqrt()).abs() < 1e-12), "{lengths:?}");
        assert_eq!(place(&[0.0; 4]), None);
    }

    #[test]
    fn side_by_side_stand_the_first_seeds_of_settings_and_of_many_some() {
        let cells: [fn(&mut Cell); 3] = [
            |c| c.model.d_hidden = 8,
            |c| (c.model.d_hidden, c.train.seed) = (8, 1),
            |c| c.model.d_hidden = 16,
        ];
        let run = Run::planted(&cells, |_| 1.0);
        let chosen = chosen(&run, &|_| true);
        assert_eq!(chosen.len(), 2);
        let table = gallery(&run, &planted(&run));
        assert_eq!(table.rows.len(), 2 * 3);
        let picture = draw_gallery(&[table].into_iter().collect()).unwrap();
        let titles: Vec<&str> = picture.sheet.panels.iter().map(Panel::title).collect();
        assert_eq!(titles, ["d = 8", "d = 16"]);
    }
}
