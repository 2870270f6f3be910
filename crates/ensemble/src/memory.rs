//! How much memory a device has.

use crate::Client;

/// The memory of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// All of it in bytes, where the device says.
    pub bytes: Option<u64>,
    /// The largest array that it can have, in bytes.
    pub largest_array_bytes: u64,
}

impl Memory {
    /// That of the device of a client.
    #[cfg(feature = "gpu")]
    pub fn of(client: &Client) -> Self {
        let memory = &client.properties().memory;
        Self { bytes: memory.max_memory(), largest_array_bytes: memory.max_page_size }
    }

    /// There is no client.
    #[cfg(not(feature = "gpu"))]
    pub fn of(client: &Client) -> Self {
        client.unreachable()
    }
}
