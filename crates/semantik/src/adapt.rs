//! The same quantity in two crates, converted; and what counts as free.

use batch_policy::{Analytic, Bytes, Limits, ModelShape};
use embed_burn::{Backend, BurnDevice, BurnEmbedder, EncoderShape};
use gpu_telemetry::{ByteCount, MemorySample, MemorySource, PoolUsage};

use crate::error::Error;

pub(crate) fn bytes(count: ByteCount) -> Bytes {
    Bytes::new(count.get())
}

/// What a model's dimensions say of its batches.
pub(crate) fn analytic(shape: EncoderShape) -> Result<Analytic, Error> {
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

/// What is free: the headroom that was measured, and what the framework's pool holds but does not use, which is ours
/// already. `None` where nothing was measured.
pub(crate) fn free(seen: &Seen) -> Option<Bytes> {
    let idle = seen.pool.map_or(ByteCount::ZERO, |pool| pool.idle());
    seen.headroom().map(|headroom| bytes(headroom.saturating_add(idle)))
}

/// What batches may use: of what is free, the share that the limits allow. Where nothing was measured, the memory limit or 1 GiB is
/// for everything, what the pool holds included.
pub(crate) fn usable(seen: &Seen, limits: &Limits) -> Bytes {
    limits.usable(free(seen).unwrap_or_else(|| limits.memory_limit().unwrap_or(bytes(UNMEASURED))))
}

/// The share of the memory that others use: of the total, what is used or not free, and of a budget whose use by this
/// process alone nobody knows, what is used; what this process holds, idle or not, is left out. `None` where no limit and
/// use are known.
pub(crate) fn others(seen: &Seen) -> Option<f64> {
    let sample = seen.sample?;
    let pooled = seen.pool.map_or(ByteCount::ZERO, |pool| pool.reserved);
    let ours = sample.process_used().unwrap_or(pooled);
    let share = |used: Option<ByteCount>, limit: Option<ByteCount>| {
        let (used, limit) = used.zip(limit)?;
        (limit > ByteCount::ZERO).then(|| used.saturating_sub(ours).get() as f64 / limit.get() as f64)
    };
    let not_free = sample.total().zip(sample.free()).map(|(total, free)| total.saturating_sub(free));
    // A budget is this process's: what others use is missing from it already, and no use of theirs.
    let of_all = sample.used().filter(|_| sample.process_used().is_none());
    [share(sample.used(), sample.total()), share(not_free, sample.total()), share(of_all, sample.budget())]
        .into_iter()
        .flatten()
        .reduce(f64::max)
}

/// What the framework's pool holds, in telemetry's words.
pub(crate) fn pool(device: &BurnDevice) -> Option<PoolUsage> {
    let usage = device.pool_usage()?;
    Some(PoolUsage { in_use: ByteCount::new(usage.in_use), reserved: ByteCount::new(usage.reserved) })
}

/// What is held for a model's batches: the framework's pool, or on the CPU what is kept from one batch for the next.
pub(crate) fn held(model: &BurnEmbedder) -> PoolUsage {
    pool(model.device()).unwrap_or_else(|| PoolUsage {
        in_use: ByteCount::ZERO,
        reserved: ByteCount::new(model.kept_scratch_bytes()),
    })
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

/// Tokens in the first batches, until it is known how many keep the device busy. On processors, a few thousand rows fill
/// the caches of all cores many times over.
pub(crate) const HOST_TOKENS: usize = 4096;
/// On cards, kernels have tens of thousands of threads to feed.
pub(crate) const CARD_TOKENS: usize = 16384;

/// The first batches' tokens on a device that is open.
pub(crate) fn first_batch_tokens(device: &BurnDevice, sample: Option<&MemorySample>) -> usize {
    // A card of CUDA or ROCm may turn out to use the host's memory only when its driver is asked.
    let told = sample.and_then(MemorySample::source).is_some_and(MemorySource::is_host_memory);
    if device.is_host_memory() || told { HOST_TOKENS } else { CARD_TOKENS }
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
    fn what_this_process_holds_is_no_use_of_others() {
        let sample = |used, own: Option<u64>| {
            let sample = MemorySample::builder().total(mib(1000)).used(mib(used));
            Seen { sample: sample.process_used(own.map(mib)).build().ok(), pool: None }
        };
        let share = |seen: Seen| others(&seen).unwrap();
        assert!((share(sample(850, None)) - 0.85).abs() < 1e-9);
        assert!((share(sample(850, Some(600))) - 0.25).abs() < 1e-9);
        let pool = Some(PoolUsage { in_use: mib(100), reserved: mib(500) });
        assert!(
            (share(Seen { pool, ..sample(850, None) }) - 0.35).abs() < 1e-9,
            "the pool's idle bytes are ours"
        );
        assert_eq!(others(&Seen { sample: None, pool }), None);
    }

    #[test]
    fn a_budget_that_shrank_is_use_of_others_by_what_is_not_free() {
        let sample =
            MemorySample::builder().total(mib(1000)).budget(mib(300)).process_used(mib(200)).free(mib(100));
        let seen = Seen { sample: sample.build().ok(), pool: None };
        assert!((others(&seen).unwrap() - 0.7).abs() < 1e-9);
        // A limit that a person or a system set is nobody's use.
        let limited =
            MemorySample::builder().total(mib(1000)).used(mib(200)).budget(mib(210)).process_used(mib(200));
        assert_eq!(others(&Seen { sample: limited.build().ok(), pool: None }), Some(0.0));
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
