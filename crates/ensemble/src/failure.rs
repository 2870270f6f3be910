//! What goes wrong on a device, in its own words.

use cubecl::server::{IoError, ServerError};

/// A device that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the device failed: {said}")]
pub struct DeviceFailure {
    said: String,
    /// Whether the device is only out of memory: fewer cells at once may fit.
    pub out_of_memory: bool,
}

impl From<ServerError> for DeviceFailure {
    fn from(error: ServerError) -> Self {
        // What it says of itself comes with headings and a backtrace.
        let text = error.to_string();
        let headings = ["Caused by:", "Asked at:", "Backtrace:", "No backtrace available"];
        let lines = text.lines().map(str::trim);
        let said: Vec<&str> = lines.filter(|line| !headings.contains(line)).take(5).collect();
        Self { said: said.join(" "), out_of_memory: is_out_of_memory(&error) }
    }
}

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
