//! What a model's `config.json` says that its tensors do not.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

/// Bytes of a configuration that are read; real ones have a few thousand.
const LONGEST: u64 = 1 << 20;
/// Where models that also see or hear keep what is said of their words.
const OF_TEXT: [&str; 5] =
    ["text_config", "llm_config", "language_config", "thinker_config", "decoder"];

/// What is known of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// Whether the embedding is the head, too.
    pub(crate) is_tied: Option<bool>,
    /// The number of tokens.
    pub(crate) n_tokens: Option<usize>,
}

impl Config {
    /// What the file at `path` says; nothing if it is not there or says nothing of this.
    pub(crate) fn read(path: &Path) -> Self {
        let mut text = Vec::new();
        // A pipe or a device would not end.
        let read = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|m| m.is_file()));
        let read = read.and_then(|file| file.take(LONGEST).read_to_end(&mut text).ok());
        let value = read.and_then(|_| serde_json::from_slice(&text).ok());
        value.map(|value| Self::of(&value)).unwrap_or_default()
    }

    fn of(value: &Value) -> Self {
        let inner = || {
            let text = OF_TEXT.iter().map(|name| &value[name]).find(|inner| inner.is_object());
            text.map(Self::of).unwrap_or_default()
        };
        let number = value["vocab_size"].as_u64().and_then(|n| usize::try_from(n).ok());
        Self {
            is_tied: value["tie_word_embeddings"].as_bool().or_else(|| inner().is_tied),
            n_tokens: number.or_else(|| inner().n_tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::folder;

    fn read(text: &str) -> (Option<bool>, Option<usize>) {
        let folder = folder(&[("config.json", text.as_bytes())]);
        let Config { is_tied, n_tokens } = Config::read(&folder.path().join("config.json"));
        (is_tied, n_tokens)
    }

    #[test]
    fn a_configuration_says_whether_the_head_is_tied() {
        for (text, expected) in [
            (r#"{"tie_word_embeddings": true, "vocab_size": 60}"#, (Some(true), Some(60))),
            (r#"{"tie_word_embeddings": false}"#, (Some(false), None)),
            (
                r#"{"text_config": {"tie_word_embeddings": true, "vocab_size": 7}}"#,
                (Some(true), Some(7)),
            ),
            (
                r#"{"thinker_config": {"text_config": {"vocab_size": 9}}, "tie_word_embeddings": false}"#,
                (Some(false), Some(9)),
            ),
            (r#"{"model_type": "gpt2"}"#, (None, None)),
            (r#"{"tie_word_embeddings": "yes", "vocab_size": -1}"#, (None, None)),
            ("[]", (None, None)),
            ("{", (None, None)),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(Config::read(Path::new("/nowhere/config.json")), Config::default());
        assert_eq!(Config::read(Path::new("/dev/zero")), Config::default());
    }
}
