//! [`Allocation`]: device memory of a known size, for measuring what measures memory.

use burn::tensor::Tensor;

use super::{BurnDevice, Work};
use crate::error::EmbedError;

/// Bytes of a device's memory that live until this is dropped: a tensor through the same allocator as a model's. Every
/// byte is written, so that it is there and not only promised.
#[derive(Debug)]
pub struct Allocation {
    /// Held, never read again.
    _tensor: Tensor<1>,
    bytes: u64,
}

impl Allocation {
    /// How many bytes it holds.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl BurnDevice {
    /// Takes `bytes` of the device's memory, rounded up to a multiple of four, and holds them until the result is
    /// dropped: to see what a monitor or the pool says of them.
    ///
    /// # Errors
    /// The device has no room, allows no tensor of that size, or was lost.
    pub fn allocate(&self, bytes: u64) -> Result<Allocation, EmbedError> {
        if let Some(cap) = self.largest_tensor()
            && bytes > cap
        {
            return Err(EmbedError::never_fits(self.name(), bytes, cap));
        }
        let numbers = bytes.div_ceil(size_of::<f32>() as u64).max(1);
        let count = usize::try_from(numbers)
            .map_err(|_| EmbedError::input(format!("{bytes} bytes are more than this system can address")))?;
        let tensor = self.run(Work::Other, |device| {
            let tensor = Tensor::<1>::full([count], 1.0, device);
            // An allocation that was refused shows only when its content is read; the last number is as good as all.
            let last = tensor.clone().narrow(0, count - 1, 1);
            let read = last.try_into_vec_as::<f32>().map_err(|error| error.to_string())?;
            if read == [1.0] { Ok(tensor) } else { Err(format!("1 was written and {read:?} read")) }
        })?;
        Ok(Allocation { _tensor: tensor, bytes: numbers * size_of::<f32>() as u64 })
    }
}
