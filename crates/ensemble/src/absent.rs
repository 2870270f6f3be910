//! A build without GPUs: what would take one takes a [`Client`], of which there is none.

#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "as in the modules that these stand for"
)]

use std::convert::Infallible;

/// Where kernels would be launched.
#[derive(Debug, Clone, Copy)]
pub struct Client(Infallible);

impl Client {
    /// Whatever it may be: nobody can call this.
    pub(crate) fn unreachable<T>(&self) -> T {
        match self.0 {}
    }
}

/// Cells in training.
pub mod ensemble {
    use superpose_toy::checkpoint::ModelState;
    use superpose_toy::prepared::Prepared;
    use superpose_toy::trained::Weights;

    use super::Client;
    use crate::PendingLosses;
    use crate::batches::Batches;
    use crate::failure::DeviceFailure;
    use crate::plan::Shape;

    #[derive(Debug)]
    pub struct Ensemble<'c>(&'c Client);

    impl<'c> Ensemble<'c> {
        pub fn new(
            client: &'c Client,
            _: Shape,
            _: &[Prepared],
            _: &[ModelState],
        ) -> Result<Self, DeviceFailure> {
            client.unreachable()
        }

        pub fn steps(&mut self, _: u64, _: Batches) -> Result<PendingLosses<'c>, DeviceFailure> {
            self.0.unreachable()
        }

        pub fn mses(&mut self, _: Batches) -> Result<PendingLosses<'c>, DeviceFailure> {
            self.0.unreachable()
        }

        pub fn weights(&self) -> Result<Vec<Weights>, DeviceFailure> {
            self.0.unreachable()
        }

        pub fn states(&self) -> Result<Vec<ModelState>, DeviceFailure> {
            self.0.unreachable()
        }
    }
}

/// How fast a device is.
pub mod peak {
    use super::Client;
    use crate::failure::DeviceFailure;

    pub fn peak_flop_per_s(client: &Client) -> Result<f64, DeviceFailure> {
        client.unreachable()
    }
}
