//! What the panels of a sheet have in common: axes, a colour bar, a legend.

use std::collections::BTreeSet;

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
    let legends: Vec<Vec<&Series>> =
        panels.iter().map(Panel::legend).filter(|legend| !legend.is_empty()).collect();
    let labels: BTreeSet<&str> = legends.iter().flatten().map(|series| &*series.label).collect();
    // What each panel says for itself stands beside it.
    if legends.len() > 1 && labels.len() == legends.iter().map(Vec::len).sum::<usize>() {
        return None;
    }
    let mut entries: Vec<&Series> = Vec::new();
    for series in legends.into_iter().flatten() {
        let look = |s: &Series| (s.colour, s.mark);
        match entries.iter().find(|s| look(s) == look(series) || s.label == series.label) {
            Some(same) if look(same) == look(series) && same.label == series.label => {}
            Some(_) => return None,
            None => entries.push(series),
        }
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::colour_bar::ColourScale;
    use crate::picture_tests::{bars, charts, maps, sheet};

    #[test]
    fn axes_are_shared_as_far_as_wanted_and_alike() {
        let mut panels = charts(3, 2, &|_| ());
        let of = |panels: &[Panel], axes| shared(&sheet(panels.to_vec(), 2, axes));
        assert_eq!(of(&panels, Axes::Shared), [true, true]);
        assert_eq!(of(&panels, Axes::SharedX), [true, false]);
        assert_eq!(of(&panels, Axes::Own), [false, false]);
        let Panel::Chart(chart) = &mut panels[2] else { panic!("a chart") };
        chart.y.label.push('!');
        assert_eq!(of(&panels, Axes::Shared), [true, false]);
        let Panel::Chart(chart) = &mut panels[0] else { panic!("a chart") };
        chart.x.label.push('!');
        assert_eq!(of(&panels, Axes::Shared), [false, false]);
        // Two kinds of panels with the same titles.
        let (mut mixed, _) = bars(1, 1);
        let Panel::Histogram(histogram) = &mut mixed[0] else { panic!("a histogram") };
        histogram.x = panels[1].axes()[0].clone();
        mixed.push(panels[1].clone());
        assert_eq!(of(&mixed, Axes::Shared), [false, false]);
    }

    #[test]
    fn shared_ends_are_those_of_all_and_a_panel_without_marks_has_them_too() {
        let mut panels = charts(3, 1, &|_| ());
        for (k, panel) in panels.iter_mut().enumerate() {
            let Panel::Chart(chart) = panel else { panic!("a chart") };
            chart.series.truncate(1);
            chart.series[0].points = chart.series[0].points[[0..2, 1..4, 0..0][k].clone()].to_vec();
        }
        let own: Vec<_> = panels.iter().map(Panel::ends).collect();
        let (first, second) = (own[0].unwrap(), own[1].unwrap());
        assert_eq!(own[2], None);
        let union =
            |axis: usize| (first[axis].0.min(second[axis].0), first[axis].1.max(second[axis].1));
        assert!(union(0) != first[0] && union(0) != second[0] && union(1) != second[1]);
        let sheet = sheet(panels, 2, Axes::Shared);
        assert_eq!(ends(&sheet, [true; 2]), [Some([union(0), union(1)]); 3]);
        assert_eq!(ends(&sheet, [false; 2]), own);
        let expected =
            [Some([union(0), first[1]]), Some([union(0), second[1]]), Some([union(0), union(1)])];
        assert_eq!(ends(&sheet, [true, false]), expected);
        let expected =
            [Some([first[0], union(1)]), Some([second[0], union(1)]), Some([union(0), union(1)])];
        assert_eq!(ends(&sheet, [false, true]), expected);
    }

    #[test]
    fn one_bar_holds_for_all_that_have_the_same_range_given() {
        let of = |panels: &[Panel]| {
            let shades: Vec<_> = panels.iter().map(Panel::shades).collect();
            bar(panels, &shades)
        };
        let own = ColourScale::linear("loss");
        assert_eq!(of(&maps(1, &own)), maps(1, &own)[0].shades());
        // Without a range given, maps that happen to have the same have their own bars.
        let twice = [maps(1, &own), maps(1, &own)].concat();
        assert_eq!(of(&twice), None);
        let given = own.from_to(0.0, 1.0);
        let both = maps(2, &given);
        assert_eq!(of(&both), both[0].shades());
        let other = [maps(1, &given), maps(1, &given.from_to(0.0, 2.0))].concat();
        assert_eq!(of(&other), None);
        assert_eq!(of(&charts(1, 1, &|_| ())), None);
    }

    #[test]
    fn panels_whose_groups_are_others_have_legends_of_their_own() {
        let mut panels = charts(2, 2, &|_| ());
        let Panel::Chart(chart) = &mut panels[1] else { panic!("a chart") };
        chart.series.iter_mut().for_each(|s| s.label = s.label.replace(['γ', '/', 'h'], "E"));
        let labels =
            |panel: &Panel| panel.legend().iter().map(|s| s.label.clone()).collect::<Vec<_>>();
        assert!(labels(&panels[0]).iter().all(|label| !labels(&panels[1]).contains(label)));
        assert!(legend(&panels).is_none());
    }

    #[test]
    fn a_legend_holds_for_all_unless_a_look_or_a_word_means_two_things() {
        let panels = charts(2, 2, &|_| ());
        let labels: Vec<&str> = legend(&panels).unwrap().iter().map(|s| &*s.label).collect();
        assert_eq!(labels, ["1/d", "γ = 0", "γ = 1", "published"]);
        // The same word in another colour, or another mark; the same look for another word.
        let changes: [&dyn Fn(&mut Series); 3] = [
            &|series| series.colour = plotters::style::BLACK,
            &|series| series.mark = crate::chart::Mark::Rings,
            &|series| series.label = "γ = 7".to_owned(),
        ];
        for change in changes {
            let mut panels = panels.clone();
            let Panel::Chart(chart) = &mut panels[1] else { panic!("a chart") };
            let at = chart.series.iter().position(|s| s.label == "γ = 1").unwrap();
            change(&mut chart.series[at]);
            assert!(legend(&panels).is_none());
            // Alone it is its own.
            assert_eq!(legend(&panels[1..]).unwrap().len(), 4);
        }
    }
}
