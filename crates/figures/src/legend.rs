//! The legend: what the colours and marks of series mean.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::canvas::{Canvas, DrawResult, TEXT, said};
use crate::chart::{Mark, Series};
use crate::font;
use crate::marks::{BAND, dots, line_width};

/// Entries that a picture grows for; of more, some are left out.
pub(crate) const LONGEST: usize = 24;
/// The height of an entry and of each further line in it.
const ROW: u32 = 26;
const LINE: u32 = 18;
/// Where an entry's text begins, from its mark.
pub(crate) const INDENT: u32 = 32;

/// Where a legend stands, in units.
pub(crate) struct Spot {
    /// Its left end.
    pub(crate) left: u32,
    /// The middle of its first entry.
    pub(crate) top: u32,
    /// Where it must have ended.
    pub(crate) end: u32,
    /// Room for the text of an entry.
    pub(crate) text: u32,
    /// Size of its letters.
    pub(crate) letters: u32,
}

/// Units that a legend of `entries` takes below the middle of its first one; `text` is the room for a text.
pub(crate) fn height(entries: &[&Series], text: u32, letters: u32) -> u32 {
    entries.iter().map(|series| entry_height(&lines(&series.label, text, letters))).sum()
}

/// Units that an entry takes.
fn entry_height<T>(lines: &[T]) -> u32 {
    lines.iter().skip(1).fold(ROW, |height, _| height + LINE)
}

/// Draws the legend. Labels that do not fit are broken or cut, and
/// entries thinned.
pub(crate) fn draw(canvas: &Canvas, entries: &[&Series], spot: &Spot) -> DrawResult {
    let style = canvas.font(spot.letters, TEXT).pos(Pos::new(HPos::Left, VPos::Center));
    let wrap = |series: &&Series| {
        let lines = lines(&series.label, spot.text, spot.letters);
        lines.into_iter().map(|line| canvas.cut(line, spot.letters, spot.text)).collect()
    };
    let wrapped: Vec<Vec<String>> = entries.iter().map(wrap).collect();
    let heights: Vec<u32> = wrapped.iter().map(|lines| entry_height(lines)).collect();
    let room = spot.end.saturating_sub(spot.top);
    let most = match heights.iter().max() {
        Some(highest) if heights.iter().sum::<u32>() > room => room / highest,
        _ => u32::MAX,
    };
    let mut y = spot.top;
    let most = if entries.len() > most as usize { most as usize - 1 } else { most as usize };
    let kept = thinned(entries.len(), most);
    let n_left_out = entries.len() - kept.len();
    for i in kept {
        mark(canvas, entries[i], (spot.left, y))?;
        for (text, below) in wrapped[i].iter().zip(0..) {
            canvas.write(text, &style, (spot.left + INDENT, y + LINE * below))?;
        }
        y += heights[i];
    }
    if n_left_out > 0 {
        canvas.write(&format!("… and {n_left_out} more"), &style, (spot.left + INDENT, y))?;
    }
    Ok(())
}

/// An entry's mark.
fn mark(canvas: &Canvas, series: &Series, (left, y): (u32, u32)) -> DrawResult {
    let pen = ShapeStyle::from(&series.colour).stroke_width(line_width(canvas, series.mark));
    match series.mark {
        Mark::Dotted => {
            let ends = [canvas.at(left, y), canvas.at(left + 22, y)];
            canvas.dotted(&ends, series.colour, dots(canvas));
        }
        Mark::Band => {
            let ends = [canvas.at(left, y - 5), canvas.at(left + 22, y + 5)];
            let band = series.colour.mix(BAND).filled();
            canvas.area.draw(&Rectangle::new(ends, band)).map_err(said)?;
            canvas.line(&[(left, y), (left + 22, y)], pen)?;
        }
        Mark::Line | Mark::JoinedDots | Mark::Arrows => {
            canvas.line(&[(left, y), (left + 22, y)], pen)?;
        }
        Mark::Bars => {
            let ends = [canvas.at(left + 4, y - 6), canvas.at(left + 18, y + 6)];
            canvas.area.draw(&Rectangle::new(ends, series.colour.filled())).map_err(said)?;
        }
        Mark::Dots | Mark::Rings => {}
    }
    let middle = canvas.at(left + 11, y);
    let circle = match series.mark {
        Mark::Dots | Mark::JoinedDots => Circle::new(middle, canvas.px(4), series.colour.filled()),
        Mark::Rings => Circle::new(middle, canvas.px(5), pen),
        Mark::Line | Mark::Dotted | Mark::Bars | Mark::Band | Mark::Arrows => return Ok(()),
    };
    canvas.area.draw(&circle).map_err(said)
}

/// A label in its lines: broken after its setting if it does not fit, and what does not fit then after what
/// is said first of it.
fn lines(label: &str, text: u32, letters: u32) -> Vec<&str> {
    let mut lines = vec![label];
    for end in [": ", "; "] {
        let mut shorter = Vec::new();
        for line in lines {
            match line.split_once(end) {
                Some((first, rest)) if font::width(line, letters) > text => {
                    shorter.extend([first, rest]);
                }
                _ => shorter.push(line),
            }
        }
        lines = shorter;
    }
    lines
}

/// The indices of `n` entries, evenly thinned to `most` if they are more.
fn thinned(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    let last = most.max(2) - 1;
    (0..=last).map(|i| i * (n - 1) / last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_that_is_too_long_keeps_both_ends() {
        assert_eq!(thinned(3, 10), [0, 1, 2]);
        assert_eq!(thinned(100, 4), [0, 33, 66, 99]);
    }

    fn series(label: &str) -> Series {
        Series::of(label, RGBColor(0, 0, 0), Mark::Line, vec![])
    }

    #[test]
    fn a_thinned_legend_has_as_many_as_fit_and_two_at_least() {
        assert_eq!(thinned(4, 4), [0, 1, 2, 3]);
        assert_eq!(thinned(5, 4), [0, 1, 2, 4]);
        assert_eq!(thinned(5, 0), [0, 4]);
        assert_eq!(thinned(7, 3), [0, 3, 6]);
    }

    #[test]
    fn an_entry_is_broken_after_its_setting_if_it_is_wider_than_its_room() {
        let label = "γ = 1: fitted exponent";
        let width = font::width(label, 14);
        assert_eq!(lines(label, width, 14), [label]);
        assert_eq!(lines(label, width - 1, 14), ["γ = 1", "fitted exponent"]);
        assert_eq!(lines("nothing to break it at", 1, 14).len(), 1);
        // 26 units an entry and 18 for its second line.
        let (long, short) = (series(label), series("1/d"));
        assert_eq!(height(&[&long, &short, &long], width - 1, 14), 26 * 3 + 18 * 2);
        assert_eq!(height(&[&long, &short], width, 14), 26 * 2);
        let label = "γ = 1: slope −0.22 ± 0.03 (line, 6 widths); theory −0.25";
        let [setting, slope, theory] =
            ["γ = 1", "slope −0.22 ± 0.03 (line, 6 widths)", "theory −0.25"];
        let wide = |text| font::width(text, 14);
        assert_eq!(lines(label, wide(label), 14), [label]);
        let both = format!("{slope}; {theory}");
        assert_eq!(lines(label, wide(&both), 14), [setting, &both]);
        assert_eq!(lines(label, wide(&both) - 1, 14), [setting, slope, theory]);
        assert_eq!(height(&[&series(label)], wide(slope), 14), 26 + 2 * 18);
    }
}
