//! A model comes onto a device, and comes back after the device was lost.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::ScopedJoinHandle;

use super::BurnEmbedder;
use crate::arch::{self, Encoder};
use crate::backend::{Backend, BurnDevice, Work};
#[cfg(feature = "cpu")]
use crate::compute::Attention;
use crate::compute::{Compute, Precision};
#[cfg(feature = "cpu")]
use crate::cpu;
use crate::error::{EmbedError, EmbedErrorKind};
use crate::folder::{EncoderShape, ModelFolder, Step};
use crate::tokenize::Tokenizing;

/// A model's weights on a device as it was opened once.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) encoder: Encoder,
    /// Of the device.
    pub(super) generation: u64,
}

/// What a load takes, known before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadBytes {
    /// Bytes of the device's memory that the weights take for good, each tensor in memory of its own.
    pub weights: u64,
    /// The most bytes of the device's memory that are taken while it lasts: the weights, and the largest tensor once more,
    /// which its upload goes through. Drivers and their allocators take memory in blocks; what they take besides is theirs
    /// to know, with wgpu at most 128 MiB.
    pub peak: u64,
    /// The most bytes of the host's memory that are taken meanwhile, by a tensor as it is stored and as it is turned; of weights
    /// that are stored in 16 bits, 128 KiB for each thread that reads come beside.
    /// Where the device's memory is the host's, they come on top.
    pub host: u64,
}

/// Memory that begins at multiples of this is what every backend can address: CUDA's asks for the most.
const ALIGNMENT: u64 = 512;

impl BurnEmbedder {
    /// Reads the weights of `folder` and puts them on `device`. A device that is lost, or that an upload loses for want of
    /// memory, is opened anew, and the load begun once more; other models on it have to be
    /// [reloaded](BurnEmbedder::reload) then.
    ///
    /// # Errors
    /// The weights do not fit the configuration, or the device has no room for them: the error has the bytes needed.
    pub fn load(folder: &ModelFolder, device: &BurnDevice) -> Result<Self, EmbedError> {
        BurnEmbedder::load_as(folder, device, Compute::default())
    }

    /// As [`load`](BurnEmbedder::load), to compute in a way that is not the default. Vectors are then as exact as the
    /// numbers allow.
    ///
    /// On the CPU, bf16 and int8 are the products' numbers, and attention is then in bf16 where the processor has it; all
    /// else stays f32. The model is first held against itself in f32 on a few texts. Where the processor has no instructions
    /// for them it computes in f32, and [`compute`](BurnEmbedder::compute) says so. Anything else but the default runs there
    /// as a sequence of burn's operations, which is slower.
    ///
    /// # Errors
    /// As [`load`](BurnEmbedder::load), or the device does not know the numbers, or a vector is further from the one in
    /// f32 than [`Precision::least_cosine`] allows.
    pub fn load_as(folder: &ModelFolder, device: &BurnDevice, compute: Compute) -> Result<Self, EmbedError> {
        let loads_as = BurnEmbedder::loads_as(device, compute);
        let embedder = BurnEmbedder::loaded_as(folder, device, loads_as)?;
        #[cfg(feature = "cpu")]
        if loads_as != compute {
            return embedder.narrowed(compute.precision);
        }
        Ok(embedder)
    }

    /// What a model that is to compute so is loaded as, before its products are narrowed: that is what loading takes memory
    /// for.
    pub fn loads_as(device: &BurnDevice, compute: Compute) -> Compute {
        #[cfg(feature = "cpu")]
        if device.backend() == Backend::Cpu
            && compute.attention == Attention::Explicit
            && cpu::Format::of(compute.precision).is_some()
        {
            return Compute::default();
        }
        let _ = device;
        compute
    }

    fn loaded_as(folder: &ModelFolder, device: &BurnDevice, compute: Compute) -> Result<Self, EmbedError> {
        let config = folder.config();
        let tokenizing = || Tokenizing::open(folder);
        // Of a small model a good part of what a load takes, and the weights need nothing of it.
        let (tokenizing, loaded) = std::thread::scope(|scope| {
            let name = "tokenizer".to_owned();
            let beside = std::thread::Builder::new().name(name).spawn_scoped(scope, tokenizing);
            let loaded = Loaded::at_last(folder, device, compute);
            let tokenizing = match beside.map(ScopedJoinHandle::join) {
                Ok(Ok(tokenizing)) => tokenizing,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                // No thread is to be had.
                Err(_) => tokenizing(),
            };
            (tokenizing, loaded)
        });
        let (tokenizing, loaded) = (tokenizing?, loaded?);
        let shape = loaded.encoder.predicted_by(folder.shape());
        Ok(BurnEmbedder {
            loaded: RwLock::new(Some(Arc::new(loaded))),
            reloading: Mutex::new(()),
            folder: folder.clone(),
            device: device.clone(),
            tokenizing,
            vocabulary: config.vocabulary,
            max_tokens: folder.max_tokens(),
            pooling: folder.pooling(),
            normalize: folder.normalizes(),
            shape: EncoderShape { element_bytes: compute.precision.bytes(), ..shape },
            token_dim: config.hidden,
            full_dim: folder.full_dim(),
            dim: folder.dim(),
            compute,
            pools_prompt: folder.prompts().pooled,
            prompt: None,
            prompt_tokens: 0,
            skipped: 0,
            #[cfg(feature = "cpu")]
            attends_wide: false,
        })
    }

    /// As [`load_as`](BurnEmbedder::load_as), on a device of which no more than `free` bytes may be taken: what has no room
    /// is refused before any of it is read.
    ///
    /// # Errors
    /// Out of memory: [`needed_bytes`](EmbedError::needed_bytes) are those of [`load_bytes`](BurnEmbedder::load_bytes).
    /// Else as [`load_as`](BurnEmbedder::load_as).
    pub fn load_within(
        folder: &ModelFolder,
        device: &BurnDevice,
        compute: Compute,
        free: u64,
    ) -> Result<Self, EmbedError> {
        let bytes = BurnEmbedder::load_bytes(folder, compute)?;
        let host = if device.is_host_memory() { bytes.host } else { 0 };
        let needed = bytes.peak.saturating_add(host);
        if needed > free {
            return Err(EmbedError::out_of_memory(device.name(), Work::Load, Some(needed), Some(free)));
        }
        BurnEmbedder::load_as(folder, device, compute)
    }

    /// What loading takes. Only the headers of the weights are read.
    ///
    /// # Errors
    /// The weights cannot be read, or lack a tensor.
    pub fn load_bytes(folder: &ModelFolder, compute: Compute) -> Result<LoadBytes, EmbedError> {
        let config = folder.config();
        let needed = arch::needed(config);
        // Norms, and steps behind pooling, are kept in f32, whatever the encoder computes in.
        let each = (size_of::<f32>() / compute.precision.bytes()) as u64;
        let read = folder.weights(&needed)?.numbers(&needed).into_iter().zip(arch::stays_wide(config));
        let mut numbers: Vec<u64> = read
            .map(|(numbers, is_wide)| if is_wide { numbers.saturating_mul(each) } else { numbers })
            .collect();
        numbers.extend(arch::more(config));
        let steps = folder.steps().iter().flat_map(Step::numbers);
        numbers.extend(steps.map(|numbers| numbers.saturating_mul(each)));
        let largest = numbers.iter().copied().max().unwrap_or(0).max(arch::largest(config));
        let size = |numbers: u64| {
            let bytes = numbers.saturating_mul(compute.precision.bytes() as u64);
            bytes.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX)
        };
        let weights = numbers.iter().fold(0, |sum: u64, &numbers| sum.saturating_add(size(numbers)));
        Ok(LoadBytes {
            weights,
            peak: weights.saturating_add(size(largest)),
            // As it is read, as f32, turned, and in the numbers that it is uploaded in.
            host: largest.saturating_mul(4 * size_of::<f32>() as u64),
        })
    }

    /// Takes the weights off the device. What needs none works as before; batches fail until the model is
    /// [reloaded](BurnEmbedder::reload). Batches that run end as they would have.
    pub fn unload(&self) {
        let kept = self.loaded.write().unwrap_or_else(PoisonError::into_inner).take();
        // Of a device that was lost meanwhile, the framework is not to be trusted with.
        let _ = self.device.run(Work::Load, |_| {
            drop(kept);
            Ok(())
        });
    }

    /// Loads the weights again after the device was lost, or after [`unload`](BurnEmbedder::unload), and opens the device
    /// anew where that is needed. Prompts, and whatever else was set, stay as they are; vectors are the same as before. Where
    /// the device is there with the weights on it, nothing is done.
    ///
    /// # Errors
    /// - Device lost: it cannot be opened anew ([`BurnDevice::reopen`]), or was lost again.
    /// - Else as [`load_as`](BurnEmbedder::load_as).
    pub fn reload(&self) -> Result<(), EmbedError> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        self.device.reopen()?;
        if self.kept().is_some_and(|kept| kept.generation == self.device.generation()) {
            return Ok(());
        }
        let loads_as = BurnEmbedder::loads_as(&self.device, self.compute);
        let loaded = Loaded::at_last(&self.folder, &self.device, loads_as)?;
        #[cfg(feature = "cpu")]
        let loaded = match cpu::Format::of(self.compute.precision) {
            Some(format) if loads_as != self.compute => loaded.narrowed(format, self.device.name())?,
            _ => loaded,
        };
        let mut loaded = loaded;
        #[cfg(feature = "cpu")]
        if self.attends_wide {
            loaded.encoder.widen_attention();
        }
        loaded.encoder.skip(self.skipped);
        let lost = {
            let mut kept = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
            kept.replace(Arc::new(loaded))
        };
        // Tensors of a device that is gone: the framework is not to be trusted with them.
        let _ = self.device.run(Work::Load, |_| {
            drop(lost);
            Ok(())
        });
        Ok(())
    }
}

impl Loaded {
    /// As [`new`](Loaded::new), and once more on a new device where the device is lost or an upload loses it.
    fn at_last(folder: &ModelFolder, device: &BurnDevice, compute: Compute) -> Result<Self, EmbedError> {
        match Loaded::new(folder, device, compute) {
            Err(error) if error.kind() == EmbedErrorKind::DeviceLost => {}
            other => return other,
        }
        device.reopen().map_err(|error| with_bytes(error, folder, device, compute))?;
        match Loaded::new(folder, device, compute) {
            Err(error) if error.is_lost_for_memory() => {
                device.reopen()?;
                let needed = BurnEmbedder::load_bytes(folder, compute)?.peak;
                Err(EmbedError::out_of_memory(device.name(), Work::Load, Some(needed), None))
            }
            other => other,
        }
    }

    fn new(folder: &ModelFolder, device: &BurnDevice, compute: Compute) -> Result<Self, EmbedError> {
        let config = folder.config();
        let generation = device.generation();
        let weights = folder.weights(&arch::needed(config))?;
        if let Some(cap) = device.largest_tensor() {
            let words = (config.vocabulary as u64).saturating_mul(config.hidden as u64);
            let needed = words.max(arch::largest(config)).saturating_mul(size_of::<f32>() as u64);
            if needed > cap {
                return Err(EmbedError::never_fits(device.name(), needed, cap));
            }
        }
        let known = device.run(Work::Load, |burn| Ok(burn.supports_dtype(compute.dtype())))?;
        if !known || compute.precision == Precision::Int8 {
            return Err(EmbedError::no_precision(device.name(), compute.precision.as_str()));
        }
        let encoder = Encoder::load((&weights, folder), device, compute)
            .map_err(|error| with_bytes(error, folder, device, compute))?;
        if device.backend() != Backend::Cpu {
            // The pages that each tensor was read back through.
            device.cleanup()?;
        }
        Ok(Loaded { encoder, generation })
    }
}

/// Of a load that had no memory, what it needs in all.
fn with_bytes(error: EmbedError, folder: &ModelFolder, device: &BurnDevice, compute: Compute) -> EmbedError {
    match BurnEmbedder::load_bytes(folder, compute) {
        Ok(bytes) if error.kind() == EmbedErrorKind::OutOfMemory => {
            EmbedError::out_of_memory(device.name(), Work::Load, Some(bytes.peak), None)
        }
        _ => error,
    }
}
