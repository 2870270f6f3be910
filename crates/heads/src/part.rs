//! Files that are parts of a model: `model-00001-of-00003.safetensors`.

/// More parts than any model has; a larger number in a name means something else.
const MOST_PARTS: usize = 10_000;

/// What the name of a part says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The name before the numbers.
    pub(crate) stem: String,
    /// Its number, as a rule from 1 on.
    pub(crate) number: usize,
    /// How many there are.
    pub(crate) count: usize,
    /// Digits of its number, and what stands behind it.
    digits: usize,
    end: String,
}

impl Part {
    /// The part that a file with this name is: `STEM-NUMBER-of-COUNT.EXTENSION`, of several.
    pub(crate) fn of(file: &str) -> Option<Self> {
        let (before, extension) = file.rsplit_once('.')?;
        let (before, count) = before.rsplit_once("-of-")?;
        let (stem, number) = before.rsplit_once('-')?;
        let read = |digits: &str| {
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten().filter(|n| *n <= MOST_PARTS)
        };
        let part = Self {
            stem: stem.to_owned(),
            number: read(number)?,
            count: read(count)?,
            digits: number.len(),
            end: format!("-of-{count}.{extension}"),
        };
        (part.count > 1 && part.number <= part.count).then_some(part)
    }

    /// Whether another is a part of the same model.
    pub(crate) fn is_sister(&self, other: &Self) -> bool {
        (&self.stem, &self.end, self.digits) == (&other.stem, &other.end, other.digits)
    }

    /// The names of all parts. Numbers begin with 1, or with 0 where this part or one that
    /// `is_here` does.
    pub(crate) fn all(&self, is_here: impl Fn(&str) -> bool) -> Vec<String> {
        let name = |number: usize| {
            let Self { stem, digits, end, .. } = self;
            format!("{stem}-{number:0digits$}{end}")
        };
        let first = usize::from(self.number > 0 && !is_here(&name(0)));
        (first..first + self.count).map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_knows_its_sisters_by_name() {
        let part = Part::of("a-b-00002-of-00003.gguf").unwrap();
        assert_eq!((&*part.stem, part.number, part.count), ("a-b", 2, 3));
        let from_one =
            ["a-b-00001-of-00003.gguf", "a-b-00002-of-00003.gguf", "a-b-00003-of-00003.gguf"];
        assert_eq!(part.all(|_| false), from_one);
        let from_zero = part.all(|name| name == "a-b-00000-of-00003.gguf");
        assert_eq!(
            (&*from_zero[0], &*from_zero[2]),
            ("a-b-00000-of-00003.gguf", "a-b-00002-of-00003.gguf")
        );
        assert_eq!(
            Part::of("m-0-of-2.gguf").unwrap().all(|_| false),
            ["m-0-of-2.gguf", "m-1-of-2.gguf"]
        );
        for (other, expected) in [
            ("a-b-00001-of-00003.gguf", true),
            ("a-b-00001-of-00004.gguf", false),
            ("a-00001-of-00003.gguf", false),
            ("a-b-00001-of-00003.safetensors", false),
            ("a-b-1-of-00003.gguf", false),
        ] {
            assert_eq!(part.is_sister(&Part::of(other).unwrap()), expected, "{other}");
        }
    }

    #[test]
    fn other_names_are_no_parts() {
        for name in [
            "model.safetensors",
            "model-00001.safetensors",
            "model-00001-of-00001.safetensors",
            "model-00003-of-00002.safetensors",
            "model-x-of-00002.safetensors",
            "model-1-of-.gguf",
            "model--of-2.gguf",
            "model-+1-of-2.gguf",
            "model-1-of-10001.gguf",
            "model-1-of-99999999999999999999.gguf",
            "1-of-2.gguf",
            "model-1-of-2",
        ] {
            assert_eq!(Part::of(name), None, "{name}");
        }
        assert!(Part::of("model-2-of-2.gguf").is_some() && Part::of("m-1-of-10000.gguf").is_some());
    }
}
