//! Where an axis gets its ticks, and what stands there.

use crate::axis::Scale;

/// Ticks between `low` and `high`, about six.
pub(crate) fn ticks(low: f64, high: f64, scale: Scale) -> Vec<f64> {
    match scale {
        Scale::Linear => linear(low, high),
        Scale::Logarithmic => logarithmic(low, high),
    }
}

fn linear(low: f64, high: f64) -> Vec<f64> {
    let rough = ((high - low) / 6.0).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough * 0.999);
    let step = step.unwrap_or(rough);
    let first = (low / step - 1e-9).ceil();
    // Multiples, not sums, so that zero is zero.
    (0..20)
        .map(|i| (first + f64::from(i)) * step)
        .take_while(|t| *t <= high + 1e-9 * step)
        .collect()
}

fn logarithmic(low: f64, high: f64) -> Vec<f64> {
    let decades = (high / low).log10();
    let steps: &[f64] = match decades {
        d if d > 3.0 => &[1.0],
        d if d > 1.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
    };
    // Whole decades, and of very many only some.
    let (first, last) = (low.log10().floor(), high.log10().ceil());
    let stride = ((last - first) / 20.0).ceil().max(1.0);
    let mut ticks = Vec::new();
    let mut exponent = (first / stride).floor() * stride;
    while exponent <= last {
        ticks.extend(steps.iter().map(|s| s * 10_f64.powf(exponent)));
        exponent += stride;
    }
    ticks.retain(|t| *t >= low * (1.0 - 1e-9) && *t <= high * (1.0 + 1e-9));
    ticks
}

/// A number as short as it can be told apart from its neighbours: `0.05`, `300`, `10⁻⁴`.
pub(crate) fn label(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = if is_plain(value) {
        let rounded = format!("{value:.6}");
        rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        by_power(value, value.abs().log10().floor())
    };
    text.replace('-', "−")
}

/// The ticks of an axis with what stands at each. On an axis of factors all are written alike: where one
/// is by its power of ten all are, unless two digits before that are too few for one of them.
pub(crate) fn labels(ticks: &[f64], scale: Scale) -> Vec<String> {
    // A thousand may be a little less than its power of ten says.
    let power = |tick: f64| (tick.log10() + 1e-9).floor();
    let is_round = |tick: &f64| {
        let tenths = 10.0 * tick / 10_f64.powf(power(*tick));
        *tick > 0.0 && (tenths - tenths.round()).abs() < 1e-6
    };
    let are_alike = scale == Scale::Linear
        || ticks.iter().all(|tick| is_plain(*tick))
        || !ticks.iter().all(is_round);
    let written = |tick: &f64| match are_alike {
        true => label(*tick),
        false => by_power(*tick, power(*tick)),
    };
    ticks.iter().map(written).collect()
}

/// Whether a number is written without a power of ten.
fn is_plain(value: f64) -> bool {
    (-3.01..5.5).contains(&value.abs().log10())
}

/// A number by this power of ten.
fn by_power(value: f64, power: f64) -> String {
    let mantissa = value / 10_f64.powf(power);
    let digits = superscript(&format!("{power:.0}"));
    if (mantissa - 1.0).abs() < 1e-6 {
        format!("10{digits}")
    } else {
        format!("{}·10{digits}", (mantissa * 10.0).round() / 10.0)
    }
}

/// A number to three significant digits, integers as they are.
pub(crate) fn rounded(value: f64) -> String {
    let is_integer = (value - value.round()).abs() < 1e-9 * value.abs();
    if value == 0.0 || !value.is_finite() || (is_integer && value.abs() < 1e5) {
        return label(value);
    }
    let unit = 10_f64.powf(value.abs().log10().floor() - 2.0);
    label((value / unit).round() * unit)
}

/// A number to four significant digits, integers as they are.
pub(crate) fn precise(value: f64) -> String {
    let is_integer = (value - value.round()).abs() < 1e-9 * value.abs();
    if value == 0.0 || !value.is_finite() || (is_integer && value.abs() < 1e7) {
        return value.to_string().replace('-', "−");
    }
    let power = value.abs().log10().floor();
    if !(-4.0..7.0).contains(&power) {
        let mantissa = format!("{:.3}", value / 10_f64.powf(power)).replace('-', "−");
        return format!("{mantissa}·10{}", superscript(&format!("{power:.0}")));
    }
    let unit = 10_f64.powf(power - 3.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
    let decimals = (3.0 - power).max(0.0) as usize;
    format!("{:.decimals$}", (value / unit).round() * unit).replace('-', "−")
}

/// The `ticks`, each a place and its label, thinned so that no two labels meet on an axis of
/// `length` from `ends.0` to `ends.1`. `extent` is the room that a label takes along the axis.
pub(crate) fn fitting(
    mut ticks: Vec<(f64, String)>,
    ends: (f64, f64),
    length: f64,
    extent: &dyn Fn(&str) -> f64,
) -> Vec<(f64, String)> {
    ticks.retain(|(place, _)| *place >= ends.0 && *place <= ends.1);
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let pixel = |place: f64| (place - ends.0) / (ends.1 - ends.0) * length;
    let fits = |chosen: &[(f64, String)]| {
        chosen.windows(2).all(|pair| {
            let room = (extent(&pair[0].1) + extent(&pair[1].1)) / 2.0;
            pixel(pair[1].0) - pixel(pair[0].0) >= room
        })
    };
    // The zero stays.
    let zero = ticks.iter().position(|t| t.1 == "0").unwrap_or(0);
    for stride in 1..ticks.len().max(2) {
        let every = |(i, tick): (usize, &(f64, String))| {
            (i % stride == zero % stride).then(|| tick.clone())
        };
        let chosen: Vec<_> = ticks.iter().enumerate().filter_map(every).collect();
        if fits(&chosen) {
            return chosen;
        }
    }
    ticks.into_iter().skip(zero).take(1).collect()
}

/// Digits and minus as superscripts.
fn superscript(text: &str) -> String {
    let raise = |c: char| match c {
        '-' | '−' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => c.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(c),
    };
    text.chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, scale: Scale) -> Vec<String> {
        super::labels(&ticks(low, high, scale), scale)
    }

    #[test]
    fn numbers_are_rounded_to_three_digits_but_widths_are_not() {
        for (value, text) in [
            (-0.555_555_6, "−0.556"),
            (1024.0, "1024"),
            (0.1 + 0.2, "0.3"),
            (0.000_123_4, "1.2·10⁻⁴"),
            (12.345, "12.3"),
        ] {
            assert_eq!(rounded(value), text);
        }
    }

    #[test]
    fn numbers_of_titles_have_four_digits() {
        for (value, text) in [
            (0.123_456, "0.1235"),
            (-12.345_6, "−12.35"),
            (1024.0, "1024"),
            (123_456.7, "123500"),
            (0.000_012_347, "1.235·10⁻⁵"),
            (1.5e9, "1.500·10⁹"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(precise(value), text);
        }
    }

    #[test]
    fn labels_that_would_meet_are_thinned_and_zero_stays() {
        let ticks = |n: i32| (-n..=n).map(|i| (f64::from(i), label(f64::from(i)))).collect();
        let labels = |length: f64| -> Vec<String> {
            fitting(ticks(3), (-3.0, 3.0), length, &|_| 20.0).into_iter().map(|t| t.1).collect()
        };
        assert_eq!(labels(120.0).len(), 7);
        assert_eq!(labels(100.0), ["−2", "0", "2"]);
        assert_eq!(labels(10.0), ["0"]);
    }

    #[test]
    fn ticks_are_round_numbers_inside_the_range() {
        assert_eq!(labels(0.0, 1.0, Scale::Linear), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        let decays = labels(-1.0, 1.0, Scale::Linear);
        assert_eq!(decays, ["−1", "−0.5", "0", "0.5", "1"]);
        assert_eq!(labels(8.0, 110.0, Scale::Logarithmic), ["10", "20", "50", "100"]);
        let small = labels(1e-5, 1.0, Scale::Logarithmic);
        assert_eq!(small, ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
    }

    #[test]
    fn steps_are_one_two_or_five_and_about_six() {
        for (low, high, expected) in [
            (0.0, 6.0, &["0", "1", "2", "3", "4", "5", "6"][..]),
            (0.1, 11.9, &["2", "4", "6", "8", "10"]),
            (-3.0, 12.0, &["0", "5", "10"]),
            (0.0, 54.0, &["0", "10", "20", "30", "40", "50"]),
            (0.98, 1.04, &["0.98", "0.99", "1", "1.01", "1.02", "1.03", "1.04"]),
            (-0.3, -0.18, &["−0.3", "−0.28", "−0.26", "−0.24", "−0.22", "−0.2", "−0.18"]),
        ] {
            assert_eq!(labels(low, high, Scale::Linear), expected);
        }
    }

    #[test]
    fn fewer_decades_have_more_ticks_each() {
        for (low, high, expected) in [
            (1.0, 10.0, &["1", "1.5", "2", "3", "4", "5", "7", "10"][..]),
            (2.0, 4.0, &["2", "3", "4"]),
            (1.0, 11.0, &["1", "2", "5", "10"]),
            (0.5, 500.0, &["0.5", "1", "2", "5", "10", "20", "50", "100", "200", "500"]),
            (0.5, 501.0, &["1", "10", "100"]),
        ] {
            assert_eq!(labels(low, high, Scale::Logarithmic), expected);
        }
        // 45 decades, whole multiples of three.
        let many = labels(1e-20, 1e25, Scale::Logarithmic);
        assert_eq!((many.len(), &*many[0], &*many[14]), (15, "10⁻¹⁸", "10²⁴"));
        let twenty = labels(1e-10, 1e10, Scale::Logarithmic);
        assert_eq!((twenty.len(), &*twenty[1]), (21, "10⁻⁹"));
    }

    #[test]
    fn ticks_of_an_axis_of_factors_are_written_alike() {
        let of = |low, high| labels(low, high, Scale::Logarithmic);
        assert_eq!(
            of(1e4, 1e5),
            ["10000", "15000", "20000", "30000", "40000", "50000", "70000", "100000"]
        );
        assert_eq!(
            of(1e4, 1e7),
            ["10⁴", "2·10⁴", "5·10⁴", "10⁵", "2·10⁵", "5·10⁵", "10⁶", "2·10⁶", "5·10⁶", "10⁷"]
        );
        assert_eq!(of(1e2, 1e6), ["10²", "10³", "10⁴", "10⁵", "10⁶"]);
        assert_eq!(of(4e-4, 2.1e-3), ["4·10⁻⁴", "5·10⁻⁴", "7·10⁻⁴", "10⁻³", "1.5·10⁻³", "2·10⁻³"]);
        // Places that were given have no powers of ten that can be read, and steps have their own.
        let given = [8.0, 1024.0, 1_048_576.0];
        assert_eq!(super::labels(&given, Scale::Logarithmic), ["8", "1024", "1·10⁶"]);
        assert_eq!(labels(0.0, 1e6, Scale::Linear)[..2], ["0", "200000"]);
    }

    #[test]
    fn very_large_and_small_numbers_are_powers_of_ten() {
        for (value, text) in [
            (0.0, "0"),
            (0.001, "0.001"),
            (300_000.0, "300000"),
            (1e6, "10⁶"),
            (400_000.0, "4·10⁵"),
            (-2.5e-7, "−2.5·10⁻⁷"),
            (9.96e-5, "10·10⁻⁵"),
            (1_234_567_890.0, "1.2·10⁹"),
            (1e10, "10¹⁰"),
            (0.000_001_5, "1.5·10⁻⁶"),
        ] {
            assert_eq!(label(value), text, "{value}");
        }
        assert_eq!(superscript("-0123456789"), "⁻⁰¹²³⁴⁵⁶⁷⁸⁹");
    }

    #[test]
    fn integers_keep_their_digits_up_to_a_hundred_thousand() {
        for (value, text) in [
            (12_345.0, "12345"),
            (99_999.0, "99999"),
            (123_456.0, "123000"),
            (-40_321.0, "−40321"),
            (1234.5, "1230"),
            (0.0, "0"),
            (99.96, "100"),
            (0.009_876, "0.00988"),
        ] {
            assert_eq!(rounded(value), text, "{value}");
        }
    }

    #[test]
    fn labels_may_touch_and_those_beyond_the_axis_are_left_out() {
        let ticks = || [3.0, 1.0, 2.0, 9.0, -1.0, 0.5].map(|t| (t, format!("{t}"))).to_vec();
        let chosen = |length: f64, extent: f64| -> Vec<f64> {
            let fitting = fitting(ticks(), (1.0, 3.0), length, &|_| extent);
            fitting.into_iter().map(|t| t.0).collect()
        };
        assert_eq!(chosen(20.0, 10.0), [1.0, 2.0, 3.0]);
        assert_eq!(chosen(20.0, 10.5), [1.0, 3.0]);
        assert_eq!(chosen(20.0, 20.5), [1.0]);
        // What counts is half of each of two neighbours.
        let widths = |text: &str| if text == "1" { 2.0 } else { 18.0 };
        assert_eq!(fitting(ticks(), (1.0, 2.0), 10.0, &widths).len(), 2);
        assert_eq!(fitting(ticks(), (1.0, 2.0), 9.9, &widths).len(), 1);
        assert!(fitting(vec![], (0.0, 1.0), 9.0, &widths).is_empty());
    }
}
