//! Why a law has no answer.

/// Why a law has no answer: a sentence that names the value, what it is and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LawError(pub(crate) String);

/// Ends a function with a [`LawError`] of this sentence, formatted, unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($sentence:tt)+) => {{
        let holds: bool = $holds;
        if !holds {
            return Err($crate::error::LawError(format!($($sentence)+)));
        }
    }};
}
pub(crate) use ensure;
