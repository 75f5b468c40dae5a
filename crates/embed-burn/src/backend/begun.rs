//! [`Begun`]: work that a device was given, and whose result is fetched later.

use burn::tensor::{Device, Tensor};

use super::guard::Moment;
use super::open::Open;
use super::reading::Reading;
use super::{BurnDevice, Work};
use crate::error::EmbedError;

/// A tensor that a device computes. What goes wrong with other work is not told of this one, as far as can be told apart.
#[derive(Debug)]
pub(crate) struct Begun {
    device: BurnDevice,
    open: Open,
    work: Work,
    before: Moment,
    reading: Reading,
}

impl BurnDevice {
    /// Gives the device the work that `make` has for it, and asks for the result behind it. On return all of it is queued, so that
    /// what the pool holds for it is there, and can be used by what is queued next.
    ///
    /// # Errors
    /// As those of [`run`](BurnDevice::run), as far as they are known by then; others are told by [`Begun::finish`].
    pub(crate) fn begin(
        &self,
        work: Work,
        make: impl FnOnce(&Device) -> Result<Tensor<2>, String>,
    ) -> Result<Begun, EmbedError> {
        let open = self.open.get();
        let before = open.failures.moment();
        let reading = self.run(work, |device| {
            let tensor = make(device)?;
            if self.backend != super::Backend::Cpu {
                // What is fused later is given to the device by this thread, not by the one that reads.
                device.flush().map_err(|error| error.to_string())?;
            }
            Ok(Reading::begin(tensor, self.backend))
        })?;
        Ok(Begun { device: self.clone(), open, work, before, reading })
    }
}

impl Begun {
    /// Whether its numbers, or its failure, are there.
    pub(crate) fn is_done(&self) -> bool {
        self.reading.is_here()
    }

    /// Waits until they are. Nothing is asked of the device, so that any thread may wait.
    pub(crate) fn wait(self) -> Self {
        Begun { reading: self.reading.wait(), ..self }
    }

    /// Its numbers.
    ///
    /// # Errors
    /// As those of [`BurnDevice::run`].
    pub(crate) fn finish(self) -> Result<Vec<f32>, EmbedError> {
        let Begun { device, open, work, before, reading } = self;
        reading.take().map_err(|failure| device.inside(|| device.told(&open, before, work, &failure)))
    }
}
