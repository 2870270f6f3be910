//! Why weights cannot be measured.

/// Why a checkpoint cannot be read, or a tensor in it not be measured: a sentence that names the file
/// and what is allowed.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct HeadError {
    pub(crate) sentence: String,
    /// What the system said.
    pub(crate) source: Option<std::io::Error>,
}

impl HeadError {
    pub(crate) fn of(sentence: String) -> Self {
        Self { sentence, source: None }
    }
}
