//! [`Uploads`]: a model's tensors on their way to a device, one at a time.

use burn::tensor::{Device, Tensor, TensorData};

use crate::backend::{Backend, BurnDevice, Work};
use crate::compute::Compute;
use crate::error::EmbedError;

/// Puts tensors on a device so that a load takes its weights and the largest tensor once more, and no more: the memory that
/// an upload goes through is given back before the next begins. Weights lie outside the pages that batches are cut from,
/// each in memory of its own size, so that what batches take is theirs alone and can be given back whole.
#[derive(Debug)]
pub(crate) struct Uploads<'a> {
    device: &'a BurnDevice,
    compute: Compute,
}

impl<'a> Uploads<'a> {
    /// To `device`, in the numbers that `compute` keeps weights in.
    pub(crate) fn new(device: &'a BurnDevice, compute: Compute) -> Self {
        Uploads { device, compute }
    }

    /// How what is uploaded is computed with.
    pub(crate) fn compute(&self) -> Compute {
        self.compute
    }

    /// The same in f32, whatever the encoder computes in.
    pub(crate) fn wide(&self) -> Self {
        Uploads { device: self.device, compute: Compute::default() }
    }

    /// A tensor of these numbers, in row-major order, on the device, and there for certain.
    ///
    /// # Errors
    /// Out of memory: there is none for the tensor. Device lost: there is none for what its upload goes through, and the
    /// device does not survive that. Or the backend failed in another way.
    pub(crate) fn tensor<const D: usize>(
        &self,
        values: Vec<f32>,
        shape: [usize; D],
    ) -> Result<Tensor<D>, EmbedError> {
        let dtype = self.compute.dtype();
        let last = values.last().copied();
        let is_pooled = self.device.backend() != Backend::Cpu;
        self.device.run(Work::Load, |burn| {
            // Narrowed on the host: on the device both copies would have to fit.
            let data = TensorData::new(values, shape).try_cast(dtype).map_err(|error| error.to_string())?;
            let tensor =
                burn.memory_persistent_allocations(data, |data| Tensor::<D>::from_data(data, (burn, dtype)));
            if let Some(last) = last.filter(|_| is_pooled) {
                arrived(&tensor, last, self.compute, burn)?;
            }
            Ok(tensor)
        })
    }
}

/// Reads the last number back. An upload is told to have failed only when what it wrote is read; and what it goes through
/// is in use until work that came after it is waited for.
fn arrived<const D: usize>(
    tensor: &Tensor<D>,
    last: f32,
    compute: Compute,
    burn: &Device,
) -> Result<(), String> {
    let end = tensor.dims().map(|length| length.saturating_sub(1)..length);
    // Widened on the host, so that every bit is the device's.
    let read: Vec<f32> = tensor.clone().slice(end).try_into_vec_as().map_err(|error| error.to_string())?;
    burn.sync().map_err(|error| error.to_string())?;
    match read[..] {
        [got] if compute.is_rounded(got, last) => Ok(()),
        _ => Err(format!("of the weights, {last} was written and {read:?} read")),
    }
}
