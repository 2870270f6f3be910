//! Where the parts of a picture stand, to the unit.

use super::*;

/// Whether an area begins where it should, to a pixel of an SVG or two.
fn assert_at(area: &Area, (left, top): (f64, f64)) {
    let off = (area.x.start - left).abs().max((area.y.start - top).abs());
    assert!(off <= 0.75, "{area:?} begins at {left}, {top}");
}

fn assert_plot(area: &Area, corner: (f64, f64), size: (f64, f64)) {
    assert_at(area, corner);
    let end = (area.x.end - corner.0 - size.0).abs().max((area.y.end - corner.1 - size.1).abs());
    assert!(end <= 0.75, "{area:?} is {size:?}");
}

/// The vertical middle of letters, which is where a line's is written.
fn middle(area: &Area) -> f64 {
    // Between 0.74 above the line and 0.2 below, it is written half an x-height (0.26) above the line.
    area.y.start + (0.74 - 0.26) / 0.94 * (area.y.end - area.y.start)
}

fn letters(size: f64) -> f64 {
    0.94 * size / 1.24
}

/// The lines of the caption at the end of a picture.
fn assert_caption(read: &Read, sheet: &Sheet) -> f64 {
    let room = read.whole.x.end - 40.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width")]
    let lines = font::lines(&sheet.caption, 13, room as u32);
    for (k, line) in (1..).map(f64::from).zip(lines.iter().rev()) {
        assert_at(read.text(line), (20.0, read.whole.y.end - 22.0 - 17.0 * (k - 1.0)));
    }
    17.0 * lines.len() as f64
}

#[test]
fn a_chart_alone_stands_where_its_sizes_say() {
    let sheet = sheet(charts(1, 2, &|_| ()), 1, Axes::Own);
    let read = check("one", &sheet);
    // 20 + 78 from the left and 36 + 6 from the top.
    assert_plot(&read.plots[0], (98.0, 42.0), (600.0, 430.0));
    assert_at(read.text("Loss against width: α = 0"), (20.0, 12.0));
    let widest = f64::from(font::width("published", 14));
    let left = 98.0 + 600.0 + 16.0;
    for (text, k) in [("1/d", 0.0), ("γ = 0", 1.0), ("γ = 1", 2.0), ("published", 3.0)] {
        let text = read.text(text);
        assert!((text.x.start - left - 32.0).abs() < 0.3, "{text:?}");
        assert!((middle(text) - 42.0 - 10.0 - 26.0 * k).abs() < 0.5, "{text:?}");
    }
    assert!((read.whole.x.end - (left + 32.0 + widest + 4.0 + 4.0 + 20.0)).abs() < 0.1);
    let caption = assert_caption(&read, &sheet);
    assert!((read.whole.y.end - (42.0 + 430.0 + 48.0 + 20.0 + caption)).abs() < 0.1);
    // The title of the horizontal axis stands in the middle beneath, that of the vertical one left of it.
    let beneath = read.text("hidden width d");
    assert!((f64::midpoint(beneath.x.start, beneath.x.end) - 398.0).abs() < 1.0, "{beneath:?}");
    assert!((beneath.y.end - beneath.y.start - letters(16.0)).abs() < 0.1, "{beneath:?}");
    let beside = read.text("test loss L");
    assert!((f64::midpoint(beside.y.start, beside.y.end) - 257.0).abs() < 1.0, "{beside:?}");
    assert!(beside.x.start > 20.0 - 1.0 && beside.x.end < 60.0, "{beside:?}");
}

#[test]
fn marks_of_a_legend_stand_by_their_words() {
    let marks = [Mark::Line, Mark::Dotted, Mark::Dots, Mark::JoinedDots, Mark::Rings, Mark::Bars];
    let mut panels = charts(1, 6, &|columns| columns.guides = &[]);
    let Panel::Chart(chart) = &mut panels[0] else { panic!("a chart") };
    chart.series.truncate(6);
    for (series, mark) in chart.series.iter_mut().zip(marks) {
        series.mark = mark;
        series.points.clear();
    }
    chart.series[0].points = vec![crate::chart::Point::at(1.0, 1.0)];
    let read = check("marks", &sheet(panels, 1, Axes::Own));
    let (left, top) = (98.0 + 600.0 + 16.0, 42.0 + 10.0);
    let beside: Vec<&Area> = read.marks.iter().filter(|m| m.x.start > 699.0).collect();
    let expected = [
        ("polyline", left, left + 22.0, 0.0, 0.0),
        ("polyline", left, left + 22.0, 1.0, 0.0),
        ("circle", left + 7.0, left + 15.0, 2.0, 4.0),
        ("polyline", left, left + 22.0, 3.0, 0.0),
        ("circle", left + 7.0, left + 15.0, 3.0, 4.0),
        ("circle", left + 6.0, left + 16.0, 4.0, 5.0),
        ("rect", left + 4.0, left + 18.0, 5.0, 6.0),
    ];
    assert_eq!(beside.len(), expected.len(), "{beside:?}");
    for (mark, (what, from, to, entry, high)) in beside.into_iter().zip(expected) {
        let y = top + 26.0 * entry;
        let area = Area { x: from..to, y: y - high..y + high, what: what.to_owned() };
        assert_eq!(*mark, area);
    }
}

#[test]
fn panels_stand_a_pitch_apart_with_their_titles_above() {
    let sheet = sheet(charts(6, 2, &|_| ()), 3, Axes::Shared);
    let read = check("six", &sheet);
    // Room of 72 for the numbers left and of 48 below, titles of 26; each panel 420 × 320.
    let (origin, plot) = ((20.0 + 72.0, 36.0 + 26.0), (400.0, 284.0));
    for (k, area) in read.plots.iter().enumerate() {
        let corner = (origin.0 + 420.0 * (k % 3) as f64, origin.1 + 320.0 * (k / 3) as f64);
        assert_plot(area, corner, plot);
        let title = read.text(&format!("α = {k}"));
        let written = title.y.end + (0.26 - 0.2) * 15.0 / 1.24;
        assert!(
            (title.x.start - corner.0).abs() < 0.3 && (written - corner.1 + 3.0).abs() < 0.5,
            "{title:?}"
        );
        // Numbers stand at the outer panels alone.
        let below = read.beneath(area, 30.0);
        assert_eq!(below.contains(&"100"), k >= 3, "{k}: {below:?}");
    }
    for (text, times) in [("hidden width d", 3), ("test loss L", 2), ("published", 1)] {
        assert_eq!(read.texts.iter().filter(|t| t.what == text).count(), times, "{text}");
    }
    let extent = (2.0 * 420.0 + 400.0, 320.0 + 284.0);
    let legend = f64::from(font::width("published", 14)) + 32.0 + 4.0 + 4.0;
    assert!((read.whole.x.end - (origin.0 + extent.0 + 16.0 + legend + 20.0)).abs() < 0.1);
    let caption = assert_caption(&read, &sheet);
    assert!((read.whole.y.end - (origin.1 + extent.1 + 48.0 + 20.0 + caption)).abs() < 0.1);
}

#[test]
fn what_each_panel_has_of_its_own_stands_beside_it() {
    // Letters of 13: maps 420 × 320 with a bar of 12, numbers, and a label.
    let maps = sheet(maps(3, &ColourScale::linear("test loss")), 3, Axes::Own);
    let read = check("bars", &maps);
    let bars = read.marks.iter().filter(|m| m.what == "rect" && m.y.end - m.y.start < 5.0);
    let bars: Vec<&Area> = bars.filter(|m| (m.x.end - m.x.start - 12.0).abs() < 0.1).collect();
    assert_eq!(bars.len(), 3 * 100);
    for (plot, steps) in read.plots.iter().zip(bars.chunks(100)) {
        assert!(steps.iter().all(|step| (step.x.start - plot.x.end - 12.0).abs() < 0.1));
        assert!((steps[0].y.start - plot.y.start).abs() < 0.1, "{:?}", steps[0]);
        assert!((steps[99].y.end - plot.y.end).abs() < 0.1, "{:?}", steps[99]);
        let gaps = steps.windows(2).map(|pair| pair[1].y.start - pair[0].y.end);
        assert!(gaps.clone().all(|gap| gap <= 0.0), "{:?}", gaps.collect::<Vec<_>>());
    }
    for pair in read.plots.windows(2) {
        // Room for the bar and its numbers, and for what stands left of the next.
        let gap = pair[1].x.start - pair[0].x.end;
        assert!((72.0 + 20.0 + 12.0 + 12.0 + 9.0..180.0).contains(&gap), "{gap}");
    }
    let mut panels = charts(2, 2, &|_| ());
    let Panel::Chart(chart) = &mut panels[1] else { panic!("a chart") };
    chart.series.iter_mut().find(|s| s.label == "γ = 0").unwrap().label = "γ = 9".to_owned();
    let read = check("legends", &sheet(panels, 2, Axes::Shared));
    for (plot, text) in read.plots.iter().zip(["γ = 0", "γ = 9"]) {
        let text = read.text(text);
        assert!((text.x.start - plot.x.end - 12.0 - 32.0).abs() < 0.3, "{text:?}");
        assert!((middle(text) - plot.y.start - 10.0 - 26.0).abs() < 0.5, "{text:?}");
    }
    assert!(
        (read.plots[1].x.start - read.plots[0].x.end - (32.0 + 110.0 + 12.0 + 20.0)).abs() < 0.5
    );
}

#[test]
fn a_bar_for_all_is_as_high_as_a_plot_or_can_be_read_and_stands_under_a_legend() {
    let colours = ColourScale::linear("test loss").from_to(0.0, 40.0);
    let steps = |read: &Read, left: f64| -> Area {
        let of_bar = |m: &&Area| m.what == "rect" && (m.x.start - left).abs() < 0.1;
        let all: Vec<&Area> = read.marks.iter().filter(of_bar).collect();
        assert_eq!(all.len(), 100, "{left} {read:?}");
        Area { x: all[0].x.clone(), y: all[0].y.start..all[99].y.end, what: String::new() }
    };
    let end = |read: &Read| read.plots.iter().map(|p| p.x.end).fold(0.0, f64::max) + 16.0;
    let one = read(&sheet(maps(1, &colours), 1, Axes::Shared));
    assert_plot(&steps(&one, end(&one)), (98.0 + 616.0, 42.0), (12.0, 430.0));
    // Two rows of 284 with 36 between: 300 are more than one of them.
    let six = read(&sheet(maps(6, &colours), 3, Axes::Shared));
    let top = six.plots[0].y.start;
    assert_plot(&steps(&six, end(&six)), (end(&six), top), (12.0, 300.0));
    // One row of 284 is all there is.
    let three = read(&sheet(maps(3, &colours), 3, Axes::Shared));
    assert_plot(&steps(&three, end(&three)), (end(&three), top), (12.0, 284.0));
    let coloured = charts(1, 2, &|columns| columns.colour = Some(("value", colours.clone())));
    let read = read(&sheet(coloured, 1, Axes::Own));
    assert_plot(&steps(&read, 98.0 + 616.0), (714.0, 42.0 + 215.0), (12.0, 215.0));
    assert!(read.text("published").y.end < 42.0 + 215.0 - 16.0);
    // Numbers of the bar stand by their colour.
    let at = |text: &str| {
        let of_bar = |t: &&Area| t.what == text && t.x.start > 720.0;
        middle(read.texts.iter().find(of_bar).unwrap())
    };
    assert!((at("0") - (42.0 + 430.0)).abs() < 0.8 && (at("40") - (42.0 + 215.0)).abs() < 0.8);
    assert!((at("20") - (42.0 + 215.0 * 1.5)).abs() < 0.8);
}

#[test]
fn titles_of_compact_panels_axes_stand_once_in_the_middle() {
    let (panels, columns) = bars(10, 12);
    let read = check("compact", &sheet(panels, columns, Axes::Shared));
    // 20 + (11 + 8) + 30 from the left, 36 + (10 + 4) from the top; each 110 × 88 with 9 and 19 between.
    let (origin, size) = ((69.0, 50.0), (101.0, 69.0));
    for (k, area) in read.plots.iter().enumerate() {
        let corner = (origin.0 + 110.0 * (k % 12) as f64, origin.1 + 88.0 * (k / 12) as f64);
        assert_plot(area, corner, size);
    }
    let extent = (11.0 * 110.0 + 101.0, 9.0 * 88.0 + 69.0);
    let beneath = read.text("norm of a feature");
    assert!(
        (f64::midpoint(beneath.x.start, beneath.x.end) - origin.0 - extent.0 / 2.0).abs() < 1.0
    );
    assert!((beneath.y.start - origin.1 - extent.1 - 18.0 - 2.0).abs() < 0.8, "{beneath:?}");
    assert!((beneath.y.end - beneath.y.start - letters(13.0)).abs() < 0.1);
    let beside = read.text("share of features");
    assert!((f64::midpoint(beside.y.start, beside.y.end) - origin.1 - extent.1 / 2.0).abs() < 1.0);
    assert!((beside.x.start - 20.0).abs() < 0.8, "{beside:?}");
    let caption = 17.0 * (read.texts.iter().filter(|t| t.y.start > beneath.y.end).count()) as f64;
    assert!((read.whole.y.end - (origin.1 + extent.1 + 18.0 + 19.0 + 20.0 + caption)).abs() < 0.1);
    assert!((read.whole.x.end - (origin.0 + extent.0 + 20.0)).abs() < 0.1);
    // Numbers stand at the left and the lower panels, the last of an axis nowhere.
    for (k, area) in read.plots.iter().enumerate() {
        assert_eq!(read.beneath(area, 14.0).contains(&"0.5"), k >= 108, "{k}");
    }
    let left = read.texts.iter().filter(|t| t.x.end <= 69.0 && t.what == "0.4").count();
    assert_eq!(left, 10);
    // Each with its own heights: no numbers beside.
    let own = check("own heights", &sheet(bars(10, 12).0, 12, Axes::SharedX));
    assert_plot(&own.plots[0], (20.0 + 19.0 + 8.0, 50.0), size);
    assert!(own.texts.iter().all(|t| t.what != "0.8"));
}

#[test]
fn a_title_of_a_panel_is_cut_only_where_the_next_one_begins() {
    let mut panels = charts(4, 1, &|_| ());
    let words = "a title of some words that goes on for a while";
    let width = font::width(words, 15);
    assert!((230..400).contains(&width), "{width}");
    for (k, panel) in panels.iter_mut().enumerate() {
        let Panel::Chart(chart) = panel else { panic!("a chart") };
        chart.title =
            format!("{k} {words}{}", if k == 0 { " and on, and on, and on, and on" } else { "" });
    }
    let read = check("titles", &sheet(panels, 2, Axes::Shared));
    for k in 1..4 {
        read.text(&format!("{k} {words}"));
    }
    let cut = read.texts.iter().find(|t| t.what.ends_with('…')).unwrap();
    let room = 420.0 - 4.0 - (cut.x.end - cut.x.start);
    assert!((0.0..20.0).contains(&room), "{room} {cut:?}");
}

#[test]
fn a_sheet_grows_for_its_legend_but_not_for_one_beside_a_bar_or_a_very_long_one() {
    let height = |n_groups: usize, is_coloured: bool| {
        let panels = charts(1, n_groups, &|columns| {
            columns.guides = &[];
            columns.published = None;
            if is_coloured {
                columns.colour = Some(("value", ColourScale::linear("dead")));
            }
        });
        let sheet = sheet(panels, 1, Axes::Own);
        let read = read(&sheet);
        read.whole.y.end - assert_caption(&read, &sheet)
    };
    // 42 above and 430 of plot, with 48 below; entries of 26 with 10 above, up to 24 of them.
    for (n_groups, is_coloured, expected) in [
        (3, false, 42.0 + 478.0 + 20.0),
        (18, false, 42.0 + 478.0 + 20.0),
        (19, false, 42.0 + 19.0 * 26.0 + 10.0 + 20.0),
        (24, false, 42.0 + 24.0 * 26.0 + 10.0 + 20.0),
        (25, false, 42.0 + 478.0 + 20.0),
        (24, true, 42.0 + 478.0 + 20.0),
    ] {
        let found = height(n_groups, is_coloured);
        assert!(
            (found - expected).abs() < 0.1,
            "{n_groups} {is_coloured}: {found}, not {expected}"
        );
    }
}
