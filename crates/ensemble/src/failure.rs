//! What goes wrong on a device, in its own words.

#[cfg(feature = "gpu")]
use cubecl::server::{IoError, ServerError};

/// A device that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the device failed: {said}")]
pub struct DeviceFailure {
    said: String,
    /// Whether the device is only out of memory: fewer cells at once may fit.
    pub out_of_memory: bool,
}

#[cfg(feature = "gpu")]
impl From<ServerError> for DeviceFailure {
    fn from(error: ServerError) -> Self {
        Self { said: words(&error.to_string()), out_of_memory: is_out_of_memory(&error) }
    }
}

#[cfg(feature = "gpu")]
fn is_out_of_memory(error: &ServerError) -> bool {
    match error {
        ServerError::Io(error) => matches!(
            error,
            IoError::OutOfMemory { .. }
                | IoError::BufferTooBig { .. }
                | IoError::PageSizesExhausted { .. }
        ),
        ServerError::Unwritten { root, .. } => is_out_of_memory(root),
        ServerError::Several { errors, .. } => errors.iter().any(is_out_of_memory),
        _ => false,
    }
}

/// The first words of an error without its headings; a compiler's own, where it is one's.
pub fn words(text: &str) -> String {
    let headings = ["Caused by:", "Asked at:", "Backtrace:", "No backtrace available"];
    let lines = text.lines().map(str::trim).filter(|line| !headings.contains(line));
    let lines: Vec<&str> = lines.collect();
    let compilers = lines.iter().position(|line| line.starts_with("[Compilation Error]"));
    let first = compilers.map_or(0, |at| at + 1);
    let own = lines.iter().skip(first).take_while(|line| !line.starts_with("[Source]"));
    own.take(5).copied().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_compilers_error_its_own_words_are_said() {
        let text = "A launch error happened\nCaused by:\n  An error caused the compilation to fail\n\
                    Caused by:\n  [Compilation Error] \n    nvrtc: error: no builtins\n[Source]\nf();\nx";
        assert_eq!(words(text), "nvrtc: error: no builtins");
        let text = "Out of memory\nCaused by:\n  too much\nBacktrace:\nNo backtrace available";
        assert_eq!(words(text), "Out of memory too much");
    }
}
