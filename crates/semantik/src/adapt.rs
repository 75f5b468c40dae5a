//! The same quantity in two crates, converted; and what counts as free.

use batch_policy::{Analytic, Bytes, Limits, ModelShape};
use embed_burn::{Backend, BurnDevice, EncoderShape};
use gpu_telemetry::{ByteCount, MemorySample, MemorySource, PoolUsage};

use crate::error::Error;

pub(crate) fn bytes(count: ByteCount) -> Bytes {
    Bytes::new(count.get())
}

pub(crate) fn cost(shape: EncoderShape) -> Result<Analytic, Error> {
    Ok(Analytic::new(ModelShape {
        hidden: shape.hidden,
        heads: shape.heads,
        feed_forward: shape.feed_forward,
        element_bytes: shape.element_bytes,
    })?)
}

/// The headroom where nothing can be measured.
pub(crate) const UNMEASURED: ByteCount = ByteCount::GIB;

/// What was seen of a device at one moment. Both together: what the pool took since a sample would count twice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) sample: Option<MemorySample>,
    pub(crate) pool: Option<PoolUsage>,
}

impl Seen {
    /// What is free for this process, as far as it was measured.
    pub(crate) fn headroom(&self) -> Option<ByteCount> {
        self.sample.as_ref().and_then(MemorySample::headroom)
    }
}

/// What batches may use: the headroom that was measured, and what the framework's pool holds but does not use, which is
/// ours already; of the whole, the share that the limits allow. Where nothing was measured, the memory limit or 1 GiB is
/// for everything, what the pool holds included.
pub(crate) fn usable(seen: &Seen, limits: &Limits) -> Bytes {
    let measured = seen.headroom().map(|headroom| {
        let idle = seen.pool.map_or(ByteCount::ZERO, |pool| pool.idle());
        bytes(headroom.saturating_add(idle))
    });
    limits.usable(measured.unwrap_or_else(|| limits.memory_limit().unwrap_or(bytes(UNMEASURED))))
}

/// What the framework's pool holds, in telemetry's words.
pub(crate) fn pool(device: &BurnDevice) -> Option<PoolUsage> {
    let usage = device.pool_usage()?;
    Some(PoolUsage { in_use: ByteCount::new(usage.in_use), reserved: ByteCount::new(usage.reserved) })
}

/// The most bytes that one tensor may have. CUDA and ROCm do not say; burn's pools take no page larger than a quarter of
/// such a card.
pub(crate) fn largest_tensor(device: &BurnDevice, sample: Option<&MemorySample>) -> Option<Bytes> {
    if let Some(told) = device.largest_tensor() {
        return Some(Bytes::new(told));
    }
    let quarter = |total: ByteCount| Bytes::new(total.get() / 4);
    let paged = matches!(device.backend(), Backend::Cuda | Backend::Rocm);
    sample.filter(|_| paged)?.total().map(quarter)
}

/// Padded tokens that keep a device busy; more in one batch gains nothing and costs memory. On processors, a few
/// thousand rows fill the caches of all cores many times over; on cards, kernels have tens of thousands of threads to
/// feed.
pub(crate) fn batch_tokens(device: &BurnDevice, sample: Option<&MemorySample>) -> usize {
    // A card of CUDA or ROCm may turn out to use the host's memory only when its driver is asked.
    let told = sample.and_then(MemorySample::source).is_some_and(MemorySource::is_host_memory);
    if device.is_host_memory() || told { 4096 } else { 16384 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mib(count: u64) -> ByteCount {
        ByteCount::MIB.saturating_mul(count)
    }

    #[test]
    fn what_the_pool_holds_idle_is_ours_where_the_rest_was_measured() {
        let sample = MemorySample::builder().total(mib(1000)).free(mib(400)).build().ok();
        let pool = Some(PoolUsage { in_use: mib(100), reserved: mib(300) });
        let limits = Limits::default();
        assert_eq!(usable(&Seen { sample, pool }, &limits), limits.usable(bytes(mib(600))));
    }

    #[test]
    fn where_nothing_was_measured_the_pool_adds_nothing() {
        let pool = Some(PoolUsage { in_use: mib(1), reserved: mib(5000) });
        let limits = Limits::default();
        for pool in [None, pool] {
            assert_eq!(usable(&Seen { sample: None, pool }, &limits), limits.usable(bytes(UNMEASURED)));
        }
    }
}
