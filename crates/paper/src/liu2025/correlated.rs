//! Features that are active together: what that does to loss, overlaps and exponents.

use superpose_analysis::run::Finished;
use superpose_figures::axis::Axis;
use superpose_figures::lines::Lines;
use superpose_figures::sheet::Axes;
use superpose_files::table::Tables;
use superpose_toy::cell::{Cell, Dependence};

use crate::cells::{
    OVERLAP_OVER_WELCH, OfCell, SMALL_WIDTHS, cell_table, complete_exponents, each, exponent_table,
    exponents_of_seeds, log_ratios, mean_table, overlap_over_welch,
};
use crate::claim::{AtMost, Claim, Within, says};
use crate::draw::{Drawn, lines_by, loss, pictures, rows_of_panels, sheet, width};
use crate::figure::{Figure, Findings, Material, decay_is};
use crate::sweeps::CORRELATED;

/// The experiment.
pub(super) const TOGETHER: Figure = Figure::of("correlated", &[CORRELATED], make, draw)
    .title("Correlated features")
    .question(
        "What do features that are active together do to the loss, the overlaps and the exponent, when each is \
         active as often as before?",
    )
    .against(
        "Exponents that differ from those of independent features by more than 0.1, or correlated features that \
         cost more than independent ones under a positive decay.",
    )
    .limits(
        "α = 1, E = 1, n = 1000, two decays, biases from zero, Adam with one schedule. Correlations by rank: pairs \
         and trees are of features whose frequencies lie close together, which those of words that stand together \
         need not do. Values stay independent.",
    );

/// The decays: all features represented, and few.
const STRONG: f64 = -1.0;
const WEAK: f64 = 1.0 / 9.0;

/// What the features of a cell have to do with one another, in a word.
fn kind(cell: &Cell) -> &'static str {
    match cell.data.dependence {
        Dependence::None => "independent",
        Dependence::Correlated => "pairs, together",
        Dependence::Anticorrelated => "pairs, never both",
        Dependence::Copula { .. } => "copula",
        Dependence::Tree { .. } => "trees",
        Dependence::Exactly { .. } => "exactly",
        Dependence::Text { .. } => "text",
    }
}

/// All that are not independent.
const KINDS: [&str; 4] = ["pairs, together", "pairs, never both", "copula", "trees"];

const KIND: OfCell<'static> =
    ("dependence", "what features have to do with one another", &|f| kind(&f.record.cell).into());

fn make(material: &Material<'_>) -> Findings {
    let all = material.trained();
    let quantities = [
        "loss.test",
        "phi_half",
        "dead_outputs",
        "overlap.mean_square",
        "overlap.welch",
        "norm.mean",
        "bias.mean",
        "density.drawn",
    ];
    let question = "What came of features of every dependence?";
    let cells = cell_table("cells", question, &all, &quantities, &[KIND, OVERLAP_OVER_WELCH]);
    let means = mean_table("means", "And on average over seeds?", &all, &quantities, &[KIND]);
    let laws = complete_exponents(&all, SMALL_WIDTHS);
    let fits = exponent_table(
        "exponents",
        "How do exponents compare?",
        &laws,
        &[("dependence", KIND.1, &|e| kind(e.cell()).into())],
    );
    let mut claims = vec![density_claim(&all)];
    for of in KINDS {
        claims.extend(claims_of(material, of));
    }
    Findings::new([cells, means, fits], claims)
}

/// Marginals are kept: as many features are active as should be.
fn density_claim(cells: &[&Finished]) -> Claim {
    let off = each(cells, |f| {
        let variant = f.record.variant()?;
        Some((variant.density_drawn? / variant.density_nominal - 1.0).abs())
    });
    says(
        "active features a sample over Σ p_i, less 1, largest",
        "marginals are to stay (by construction)",
    )
    .holds(AtMost(0.02))
    .largest(&off, format!("{} cells, test batches", off.len()))
}

fn claims_of(material: &Material<'_>, of: &str) -> Vec<Claim> {
    let cells = |kind: &str, decay: f64| {
        material.select(|cell| self::kind(cell) == kind && decay_is(cell, decay))
    };
    let mut claims = Vec::new();
    let exponents = |kind: &str| exponents_of_seeds(&cells(kind, STRONG), 25);
    let (theirs, independent) = (exponents(of), exponents("independent"));
    let differences: Vec<Vec<f64>> = theirs
        .iter()
        .filter_map(|(seed, exponent)| Some(vec![exponent - independent.get(seed)?]))
        .collect();
    let name = format!("{of}, γ = −1, d ≥ 25: exponent less that of independent features, by seed");
    claims.push(
        says(name, "not known; 0 if overlaps alone decide").holds(Within(0.0, 0.1)).mean_over(
            &differences,
            "seeds",
            "the same widths and starts",
        ),
    );
    let excess = each(&cells(of, STRONG), |f| {
        Some(overlap_over_welch(f)? - 1.0).filter(|_| f.record.cell.model.d_hidden >= 25)
    });
    let name = format!("{of}, γ = −1, d ≥ 25: mean squared overlap over a tight frame's, less 1");
    claims.push(
        says(name, "not known; 0.01 to 0.05 for independent ones (dead-outputs)")
            .holds(AtMost(0.05))
            .largest(&excess, format!("the largest of {} cells", excess.len())),
    );
    for (decay, word) in [(STRONG, "−1"), (WEAK, "1/9")] {
        let ratios = log_ratios(&cells(of, decay), &cells("independent", decay));
        let n = ratios.iter().map(Vec::len).sum::<usize>();
        let name =
            format!("{of}, γ = {word}: ln of the loss over that of independent features, mean");
        let said = "below 0 if interference is constructive, more so with decay (2603.09972)";
        let basis = format!("{n} pairs of cells");
        claims.push(says(name, said).holds(AtMost(0.0)).mean_over(&ratios, "seeds", basis));
    }
    claims
}

fn draw(tables: &Tables) -> Drawn {
    let means = tables.get("means")?;
    let of = |y| Lines {
        panel: Some("weight_decay"),
        panel_label: "γ",
        ..lines_by(width(), y, ("dependence", ""))
    };
    let overlap = ("overlap.mean_square", Axis::logarithmic("mean squared overlap"));
    let rows = [loss(), overlap, ("phi_half", Axis::linear("φ½"))];
    let (columns, panels) = rows_of_panels(means, rows.map(of))?;
    let caption = "α = 1, E = 1; means over seeds. Table: means.csv.";
    Ok(pictures([sheet("Correlated features", columns, panels, Axes::SharedX, caption)]))
}
