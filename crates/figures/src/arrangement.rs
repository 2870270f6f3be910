//! A sheet whose sizes are known, and how it is drawn.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axes::{Plot, Side, axes};
use crate::canvas::{BORDER, Canvas, DrawResult, FAINT_TEXT, TEXT, said};
use crate::chart::Series;
use crate::colour_bar::Shades;
use crate::common;
use crate::font;
use crate::heat_maps::absent;
use crate::layout::{Kind, Layout};
use crate::legend;
use crate::panel::Panel;
use crate::sheet::Sheet;

/// Left and right of everything.
const MARGIN: u32 = 20;
/// Letters of the sheet's title, and from the top of the sheet to their top.
const TITLE: u32 = 19;
const TITLE_TOP: u32 = 12;
/// From the top of the sheet to the titles of the first panels: the title's line and some air.
const HEAD: u32 = 36;
/// From the end of the plots' labels to the caption's room.
const CAPTION_GAP: u32 = 20;
/// Letters of the caption, the height of a line of it, and from the top of the last to the end of the sheet.
const CAPTION: u32 = 13;
const CAPTION_LINE: u32 = 17;
const CAPTION_END: u32 = 22;
/// Letters of the legend and the bar that hold for all panels.
const STRIP: u32 = 14;
/// From the plots to the legend and the bar that hold for all of them, and between these two.
const STRIP_GAP: u32 = 16;
/// The same for those of one panel.
const PANEL_GAP: u32 = 12;
/// A bar for all panels is as high as one plot, but at least this, as far as the plots go: numbers need room.
const LEAST_BAR: u32 = 300;
/// The narrowest sheet, for the sake of its caption.
const NARROWEST: u32 = 560;
/// From the top of a plot to the middle of the first entry of a legend.
const LEGEND_TOP: u32 = 10;
/// The room for the text of a legend's entry: at most, and in the legend of one panel.
const LEGEND_TEXT: u32 = 240;
const PANEL_LEGEND_TEXT: u32 = 110;
/// Right of the text of an entry, which renderers set a little wider than it is measured, and of the legend.
const LEGEND_AIR: u32 = 4;
/// From an axis title that stands once for the sheet to the numbers beside it.
const LABEL_GAP: u32 = 8;

/// A sheet whose sizes are known.
pub(crate) struct Arrangement<'a> {
    sheet: &'a Sheet,
    /// Its title, with that of its only panel.
    pub(crate) title: String,
    layout: Layout,
    /// Which of the axes are shared.
    shared: [bool; 2],
    /// The ends of each panel's axes; none where nothing can be shown.
    ends: Vec<Option<[(f64, f64); 2]>>,
    shades: Vec<Option<Shades>>,
    /// The bar and the legend that hold for all panels.
    bar: Option<Shades>,
    legend: Vec<&'a Series>,
    /// The room for the text of an entry.
    legend_text: u32,
    /// Right of every plot, for a bar or a legend of its own.
    aside: u32,
    caption: Vec<String>,
    /// The left top corner of the first plot.
    origin: (u32, u32),
    /// Where the bar and the legend for all panels must have ended.
    strip_end: u32,
    /// Its width and height.
    pub(crate) size: (u32, u32),
}

impl<'a> Arrangement<'a> {
    /// Finds the sizes of everything on `sheet`.
    pub(crate) fn of(sheet: &'a Sheet) -> Self {
        let panels = &sheet.panels;
        let shared = common::shared(sheet);
        let shades: Vec<Option<Shades>> = panels.iter().map(Panel::shades).collect();
        let bar = common::bar(panels, &shades);
        let legend = common::legend(panels);
        let letters = Layout::of(panels, sheet.columns, shared, 0).look.tick;
        let mut aside = 0;
        if bar.is_none() {
            for shades in shades.iter().flatten() {
                aside = aside.max(shades.width(letters) + PANEL_GAP);
            }
        }
        if legend.is_none() {
            aside += legend::INDENT + PANEL_LEGEND_TEXT + PANEL_GAP;
        }
        let layout = Layout::of(panels, sheet.columns, shared, aside);
        let legend_text = match &legend {
            Some(all) => {
                let widest = font::widest(all.iter().map(|series| &series.label), STRIP);
                widest.min(LEGEND_TEXT) + LEGEND_AIR
            }
            None => PANEL_LEGEND_TEXT,
        };
        let legend = legend.unwrap_or_default();
        let strip_legend =
            if legend.is_empty() { 0 } else { legend::INDENT + legend_text + LEGEND_AIR };
        let strip_bar = bar.as_ref().map_or(0, |bar| bar.width(STRIP));
        let strip = match strip_legend.max(strip_bar) {
            0 => 0,
            width => STRIP_GAP + width,
        };
        let apart = match layout.kind {
            Kind::Compact => layout.look.label + LABEL_GAP,
            Kind::Single | Kind::Full => 0,
        };
        let origin = (MARGIN + apart + layout.rooms.0, HEAD + layout.title);
        let extent = layout.extent(aside);
        let title = title(sheet);
        let width = origin.0 + extent.0 + strip + MARGIN;
        let width = width.max(NARROWEST).max(font::width(&title, TITLE) + 2 * MARGIN);
        let caption = font::lines(&sheet.caption, CAPTION, width - 2 * MARGIN);
        let lines = u32::try_from(caption.len()).unwrap_or(0);
        // The sheet grows for its legend, unless that is very long or shares its place with a bar.
        let legend_height = match bar.is_some() || legend.len() > legend::LONGEST {
            true => 0,
            false => legend::height(&legend, legend_text, STRIP) + LEGEND_TOP,
        };
        let plots = extent.1 + layout.rooms.1 + apart;
        let height = origin.1 + plots.max(legend_height) + CAPTION_GAP + CAPTION_LINE * lines;
        Self {
            sheet,
            title,
            layout,
            shared,
            ends: common::ends(sheet, shared),
            shades,
            bar,
            legend,
            legend_text,
            aside,
            caption,
            origin,
            strip_end: origin.1 + extent.1.max(legend_height),
            size: (width, height),
        }
    }

    /// Draws everything on a canvas of its size.
    pub(crate) fn draw(&self, canvas: &Canvas) -> DrawResult {
        canvas.write(&self.title, &canvas.font(TITLE, TEXT), (MARGIN, TITLE_TOP))?;
        let caption = canvas.font(CAPTION, FAINT_TEXT);
        for (line, text) in (0..).zip(self.caption.iter().rev()) {
            let y = self.size.1 - CAPTION_END - CAPTION_LINE * line;
            canvas.write(text, &caption, (MARGIN, y))?;
        }
        for i in 0..self.sheet.panels.len() {
            self.panel(canvas, i)?;
        }
        self.labels(canvas)?;
        self.strip(canvas)
    }

    /// Draws panel `i`.
    fn panel(&self, canvas: &Canvas, i: usize) -> DrawResult {
        let (layout, panel) = (&self.layout, &self.sheet.panels[i]);
        let corner = layout.corner(i);
        let (left, top) = (self.origin.0 + corner.0, self.origin.1 + corner.1);
        if self.sheet.panels.len() > 1 {
            let style = canvas.font(layout.title_letters, TEXT);
            let style = style.pos(Pos::new(HPos::Left, VPos::Bottom));
            let title = canvas.cut(panel.title(), layout.title_letters, layout.pitch.0 - 4);
            canvas.write(&title, &style, (left, top.saturating_sub(3)))?;
        }
        let ends = [(left, top), (left + layout.plot.0, top + layout.plot.1)];
        let places = ends.map(|p| canvas.at(p.0, p.1));
        // Not a rectangle, whose lines are as thin as an SVG's coordinates are fine.
        let [(x0, y0), (x1, y1)] = places;
        let border = vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
        let border = PathElement::new(border, canvas.pen(BORDER, 1));
        let Some([x, y]) = self.ends[i] else {
            absent(canvas, places)?;
            return canvas.area.draw(&border).map_err(said);
        };
        let compact = layout.kind == Kind::Compact;
        let labelled = [
            !self.shared[0] || i + layout.columns >= self.sheet.panels.len(),
            if self.shared[1] { i.is_multiple_of(layout.columns) } else { !compact },
        ];
        let room = |labelled: bool, room: u32| if labelled { room } else { 0 };
        let [x_axis, y_axis] = panel.axes();
        let mut sides = [
            Side::of(x_axis, x, room(labelled[0], layout.rooms.1)),
            Side::of(y_axis, y, room(labelled[1], layout.rooms.0)),
        ];
        sides[0].fit_beneath(layout.plot.0, layout.look.tick);
        sides[1].fit_beside(layout.plot.1, layout.look.tick);
        if compact {
            sides[0].leave_end_free();
            sides.iter_mut().for_each(|side| side.label.clear());
        }
        let plot = Plot { corner: (left, top), size: layout.plot, ends: [x, y] };
        axes(canvas, &plot, [&sides[0], &sides[1]], &layout.look)?;
        if panel.ends().is_some() {
            panel.draw(canvas, self.shades[i].as_ref(), &plot, layout.look.dot)?;
        } else {
            absent(canvas, places)?;
        }
        canvas.area.draw(&border).map_err(said)?;
        let mut next = left + layout.plot.0 + PANEL_GAP;
        if let (None, Some(shades)) = (&self.bar, &self.shades[i]) {
            shades.draw(canvas, (next, top), layout.plot.1, layout.look.tick)?;
            next += shades.width(layout.look.tick) + PANEL_GAP;
        }
        if self.legend.is_empty() {
            self.legend_at(canvas, &panel.legend(), (next, top), top + layout.plot.1)?;
        }
        Ok(())
    }

    fn legend_at(
        &self,
        canvas: &Canvas,
        entries: &[&Series],
        (left, top): (u32, u32),
        end: u32,
    ) -> DrawResult {
        let letters = if self.legend.is_empty() { self.layout.look.tick } else { STRIP };
        let top = top + LEGEND_TOP;
        let at = legend::Spot { left, top, end, text: self.legend_text, letters };
        legend::draw(canvas, entries, &at)
    }

    /// Draws what holds for all panels, right of them.
    fn strip(&self, canvas: &Canvas) -> DrawResult {
        let extent = self.layout.extent(self.aside);
        let (left, top) = (self.origin.0 + extent.0 + STRIP_GAP, self.origin.1);
        let mut end = self.strip_end;
        if let Some(bar) = &self.bar {
            let height = extent.1.min(self.layout.plot.1.max(LEAST_BAR));
            let height = if self.legend.is_empty() { height } else { height.min(extent.1 / 2) };
            let from = if self.legend.is_empty() { top } else { end - height };
            bar.draw(canvas, (left, from), height, STRIP)?;
            end = from.saturating_sub(STRIP_GAP);
        }
        if self.legend.is_empty() {
            Ok(())
        } else {
            self.legend_at(canvas, &self.legend, (left, top), end)
        }
    }

    /// Writes once what the axes of all panels say.
    fn labels(&self, canvas: &Canvas) -> DrawResult {
        let (Kind::Compact, Some(first)) = (self.layout.kind, self.sheet.panels.first()) else {
            return Ok(());
        };
        let extent = self.layout.extent(0);
        let [x, y] = first.axes();
        let style = canvas.font(self.layout.look.label + 2, TEXT);
        let below = style.clone().pos(Pos::new(HPos::Center, VPos::Top));
        let bottom = self.origin.1 + extent.1 + self.layout.rooms.1;
        canvas.write(&x.label, &below, (self.origin.0 + extent.0 / 2, bottom + 2))?;
        let beside = style.transform(FontTransform::Rotate270);
        let beside = beside.pos(Pos::new(HPos::Center, VPos::Top));
        canvas.write(&y.label, &beside, (MARGIN, self.origin.1 + extent.1 / 2))
    }
}

/// The title of a sheet, with that of its only panel unless it says the same.
fn title(sheet: &Sheet) -> String {
    match &sheet.panels[..] {
        [panel] if sheet.title.is_empty() => panel.title().to_owned(),
        [panel] if !sheet.title.contains(panel.title()) => {
            format!("{}: {}", sheet.title, panel.title())
        }
        _ => sheet.title.clone(),
    }
}
