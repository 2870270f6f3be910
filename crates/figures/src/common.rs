//! What the panels of a sheet have in common: axes, a colour bar, a legend.

use crate::chart::Series;
use crate::colour_bar::Shades;
use crate::panel::Panel;
use crate::sheet::{Axes, Sheet};

/// Which of the axes the panels share: those that are the same in every panel, as far as the sheet wants it.
pub(crate) fn shared(sheet: &Sheet) -> [bool; 2] {
    let wanted = match sheet.axes {
        Axes::Shared => [true, true],
        Axes::SharedX => [true, false],
        Axes::Own => [false, false],
    };
    let alike = |axis: usize| {
        let kinds: Vec<_> =
            sheet.panels.iter().map(|p| (std::mem::discriminant(p), p.axes()[axis])).collect();
        kinds.windows(2).all(|pair| pair[0] == pair[1])
    };
    [wanted[0] && alike(0), wanted[1] && alike(1)]
}

/// The ends of each panel's axes, together where they are shared.
pub(crate) fn ends(sheet: &Sheet, shared: [bool; 2]) -> Vec<Option<[(f64, f64); 2]>> {
    let own: Vec<_> = sheet.panels.iter().map(Panel::ends).collect();
    let union = own
        .iter()
        .flatten()
        .copied()
        .reduce(|a, b| [0, 1].map(|axis| (a[axis].0.min(b[axis].0), a[axis].1.max(b[axis].1))));
    let merged = |ends: &Option<[(f64, f64); 2]>| {
        // Where an axis is shared a panel without marks has it, too.
        let (union, own) = (union?, ends.or(union.filter(|_| shared[0] || shared[1]))?);
        Some([0, 1].map(|axis| if shared[axis] { union[axis] } else { own[axis] }))
    };
    own.iter().map(merged).collect()
}

/// The bar that holds for all panels, if their colours mean the same.
pub(crate) fn bar(panels: &[Panel], shades: &[Option<Shades>]) -> Option<Shades> {
    let mut all = shades.iter().flatten();
    let first = all.next()?;
    let given = panels.iter().filter_map(Panel::colours).all(|c| c.range.is_some());
    ((given || panels.len() == 1) && all.all(|other| other == first)).then(|| first.clone())
}

/// The entries of a legend that holds for all panels; `None` when a colour and mark means one thing
/// here and another there.
pub(crate) fn legend(panels: &[Panel]) -> Option<Vec<&Series>> {
    if let [panel] = panels {
        return Some(panel.legend());
    }
    let mut entries: Vec<&Series> = Vec::new();
    for series in panels.iter().flat_map(Panel::legend) {
        let look = |s: &Series| (s.colour, s.mark);
        match entries.iter().find(|s| look(s) == look(series) || s.label == series.label) {
            Some(same) if look(same) == look(series) && same.label == series.label => {}
            Some(_) => return None,
            None => entries.push(series),
        }
    }
    Some(entries)
}
