//! A sweep file to begin with: every field with what it means and what it is when nothing is said, ready to be
//! changed.

use std::fmt::Write as _;

use crate::fields::{Field, Usual, fields, usual};
use crate::preset::Preset;
use crate::written::{SCHEMA, TABLES};

/// Letters in a line.
const WIDTH: usize = 100;

/// The text of a sweep file called `name`, every field of which is that of the `preset`.
pub fn template(name: &str, preset: Preset) -> String {
    let asked = |field: &str| usual(preset, field) == Usual::Asked;
    let mut text = format!(
        "# A sweep for superpose. What is commented out without a space after the # is what it would be\n\
         # without it; `superpose run {name}.toml --dry-run` says what would be trained.\n\n\
         schema = {SCHEMA}\nname = \"{name}\"    # results go to runs/{name}\n#description = \"\"\n"
    );
    for (table, what) in TABLES.iter().zip([
        "The autoencoder y = f(x W Vᵀ + b).",
        "Where the samples come from.",
        "How a cell is trained and tested.",
    ]) {
        write(&mut text, format_args!("\n# {what}\n[{table}]\n"));
        for field in fields().iter().filter(|field| field.name.starts_with(&format!("{table}."))) {
            text.push_str(&of_field(field, preset));
        }
    }
    text.push_str(
        "\n# What to vary: any field by its dotted name, with a list of values or a rule for them.\n\
         #   { linspace = [from, to, count] }    equally spaced; { logspace = … }: in equal ratios\n\
         #   { range = [from, to] }              whole numbers, `to` left out; a step may follow\n\
         #   { powers_of_two = [from, to] }\n[sweep]\n",
    );
    text.push_str(match preset {
        Preset::Liu2025Small => "\"model.d_hidden\" = { logspace = [10, 100, 6] }\n",
        Preset::Liu2025Large => "\"model.d_hidden\" = { powers_of_two = [8, 1024] }\n",
        Preset::Elhage2022 => {
            "\"model.d_hidden\" = [2]\n\"data.activation_density\" = [4.0, 1.0, 0.25]\n"
        }
    });
    if asked("train.weight_decay") {
        text.push_str("\"train.weight_decay\" = [-1.0, 1.0]    # strong and weak superposition\n");
    }
    text.push_str(
        "#\"train.seed\" = { range = [0, 3] }\n\n\
         #[[sweep.zip]]    # fields that vary together: one dimension of the product\n\
         #\"data.frequencies.exponent\" = [0.5, 1.0]\n#\"train.learning_rate\" = [0.02, 0.01]\n\n\
         #[[sweep.add]]    # a single cell beside the product\n#\"model.d_hidden\" = 20\n",
    );
    if asked("train.weight_decay") {
        text.push_str("#\"train.weight_decay\" = -1.0\n");
    }
    text.push_str(
        "\n#[[sweep.exclude]]    # cells of the product to leave out\n#\"model.d_hidden\" = 10\n",
    );
    text
}

/// The lines of a field.
fn of_field(field: &Field, preset: Preset) -> String {
    let mut text = String::new();
    wrapped(&mut text, "# ", &field.meaning);
    for (form, meaning) in &field.kinds {
        wrapped(&mut text, "#     ", &format!("{form}: {meaning}"));
    }
    let short = field.name.rsplit('.').next().unwrap_or(&field.name);
    let line = match (field.name.as_str(), usual(preset, &field.name)) {
        ("train.preset", _) => format!("preset = \"{}\"", preset.name()),
        ("data.frequencies", Usual::Asked) => {
            format!("{short} = {{ law = \"power\", exponent = 1.0 }}")
        }
        (_, Usual::Asked) => format!("# {short}: swept below"),
        (_, Usual::Value(value)) => format!("#{short} = {value}"),
        (_, Usual::Of(other)) => format!("# {short}: that of {other}"),
    };
    write(&mut text, format_args!("{line}\n"));
    text
}

/// Adds the words in lines, each after the `margin`; those after the first are indented further.
fn wrapped(text: &mut String, margin: &str, words: &str) {
    let mut line = margin.to_owned();
    for word in words.split_whitespace() {
        if line.chars().count() + word.chars().count() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = format!("{margin}  ");
        }
        line.push_str(word);
        line.push(' ');
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes all");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Sweep;
    use std::path::Path;

    #[test]
    fn a_template_is_a_sweep_and_stays_the_same_when_all_of_it_is_said() {
        for preset in Preset::ALL {
            let text = template("mine", preset);
            let read = |text: &str| Sweep::parse(text, Path::new("mine.toml"), &[]).unwrap();
            let sweep = read(&text);
            assert!(sweep.cells.len() >= 3, "{}", preset.name());
            assert!(text.lines().all(|line| line.chars().count() <= 2 * WIDTH), "{text}");
            let end = text.find("\n[sweep]").unwrap();
            let said: String = text[..end]
                .lines()
                .map(|line| match line.strip_prefix('#') {
                    Some(field) if !field.starts_with([' ', '#']) => format!("{field}\n"),
                    _ => format!("{line}\n"),
                })
                .collect();
            assert!(
                said.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count()
                    > 25
            );
            let in_full = read(&(said + &text[end..]));
            // A rate that falls with width is written as such, so each cell has its own.
            assert_eq!(sweep.cells, in_full.cells, "{}", preset.name());
        }
    }

    #[test]
    fn what_is_commented_out_under_sweep_can_be_taken_in() {
        let text = template("mine", Preset::Liu2025Small);
        let all: String = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with(['"', '[']) => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let sweep = Sweep::parse(&all, Path::new("mine.toml"), &[]).unwrap();
        // Five widths but for the one left out, two decays, three seeds, two pairs; one beside them each.
        assert!(sweep.cells.len() > 60, "{}", sweep.cells.len());
    }
}
