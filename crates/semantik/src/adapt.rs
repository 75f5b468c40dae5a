//! The same quantity in two crates, converted; and what counts as free.

use batch_policy::{Analytic, Bytes, Limits, ModelShape};
use embed_burn::{Backend, BurnDevice, EncoderShape};
use gpu_telemetry::{ByteCount, MemorySample, PoolUsage};

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

/// What batches may use: the headroom that was measured, and what the framework's pool holds but does not use, which is
/// ours already; of the whole, the share that the limits allow.
pub(crate) fn usable(sample: Option<&MemorySample>, pool: Option<PoolUsage>, limits: &Limits) -> Bytes {
    let measured = sample.and_then(MemorySample::headroom);
    let headroom = measured.map_or_else(|| limits.memory_limit().unwrap_or(bytes(UNMEASURED)), bytes);
    let idle = pool.map_or(Bytes::new(0), |pool| bytes(pool.idle()));
    limits.usable(headroom.saturating_add(idle))
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
pub(crate) fn batch_tokens(device: &BurnDevice) -> usize {
    if device.is_host_memory() { 4096 } else { 16384 }
}
