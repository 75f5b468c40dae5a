//! [`MemorySample`]: what a monitor saw at one moment.

mod reason;

use self::reason::Reasons;
pub use self::reason::{Field, Reason};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// A device's memory at one moment. What the platform cannot tell is absent, never made up; [`why`](MemorySample::why) says
/// what is known of the reason.
///
/// ```
/// use gpu_telemetry::{ByteCount, MemorySample};
///
/// let card = MemorySample::builder().total(ByteCount::GIB).used(ByteCount::MIB).build()?;
/// assert_eq!(card.headroom(), ByteCount::GIB.checked_sub(ByteCount::MIB));
/// assert!(MemorySample::builder().total(ByteCount::MIB).used(ByteCount::GIB).build().is_err());
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemorySample {
    total: Option<ByteCount>,
    used: Option<ByteCount>,
    free: Option<ByteCount>,
    budget: Option<ByteCount>,
    process_used: Option<ByteCount>,
    system_reserved: Option<ByteCount>,
    utilization_percent: Option<u8>,
    source: Option<MemorySource>,
    reasons: Reasons,
}

/// Where the numbers of a sample come from, which says what they mean and what they leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemorySource {
    /// The host's memory, within the limits of its cgroups.
    Host,
    /// The same, where the kernel does not say what is available: an estimate from what it says is free and cached.
    HostEstimated,
    /// NVIDIA's management library.
    Nvml,
    /// The same, by its older call, which does not tell what driver and firmware keep.
    NvmlV1,
    /// The host's memory, for a card of NVIDIA that has none of its own.
    NvmlUnified,
    /// Vulkan's memory budget.
    VulkanBudget,
    /// The size of Vulkan's heap alone: the driver does not tell what is used.
    VulkanHeapSize,
    /// What Windows grants this process on an adapter.
    Dxgi,
    /// What Metal recommends and has allocated.
    Metal,
    /// What the Linux kernel's driver tells of a card in sysfs.
    Sysfs,
    /// What the Linux kernel's driver tells of this process's files on a card.
    Fdinfo,
    /// The host's memory, for a card of AMD or Intel on Linux that has none of its own, or too little.
    DrmUnified,
}

impl MemorySource {
    /// A short name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            MemorySource::Host => "host",
            MemorySource::HostEstimated => "host-estimated",
            MemorySource::Nvml => "nvml",
            MemorySource::NvmlV1 => "nvml-v1",
            MemorySource::NvmlUnified => "nvml-unified",
            MemorySource::VulkanBudget => "vulkan-budget",
            MemorySource::VulkanHeapSize => "vulkan-heap-size",
            MemorySource::Dxgi => "dxgi",
            MemorySource::Metal => "metal",
            MemorySource::Sysfs => "sysfs",
            MemorySource::Fdinfo => "fdinfo",
            MemorySource::DrmUnified => "drm-unified",
        }
    }

    /// Whether the memory is the host's.
    pub const fn is_host_memory(self) -> bool {
        matches!(
            self,
            MemorySource::Host
                | MemorySource::HostEstimated
                | MemorySource::NvmlUnified
                | MemorySource::DrmUnified
        )
    }
}

impl std::fmt::Display for MemorySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl MemorySample {
    /// A sample that knows nothing yet.
    pub fn builder() -> MemorySampleBuilder {
        MemorySampleBuilder::default()
    }

    /// What the device has in all.
    pub fn total(&self) -> Option<ByteCount> {
        self.total
    }

    /// What everyone on the device uses.
    pub fn used(&self) -> Option<ByteCount> {
        self.used
    }

    /// What nobody uses.
    pub fn free(&self) -> Option<ByteCount> {
        self.free
    }

    /// What the system says this process may use in all before others suffer.
    pub fn budget(&self) -> Option<ByteCount> {
        self.budget
    }

    /// What this process uses.
    pub fn process_used(&self) -> Option<ByteCount> {
        self.process_used
    }

    /// What driver or firmware hold, for nobody to use.
    pub fn system_reserved(&self) -> Option<ByteCount> {
        self.system_reserved
    }

    /// How busy the device is, in percent of the last moment as its driver defines it.
    pub fn utilization_percent(&self) -> Option<u8> {
        self.utilization_percent
    }

    /// Where the numbers come from.
    pub fn source(&self) -> Option<MemorySource> {
        self.source
    }

    /// Why a field is absent, as far as its monitor knows. A field that is there has a reason only where there is something to
    /// know of it: that it is [`Estimated`](Reason::Estimated).
    ///
    /// ```
    /// use gpu_telemetry::{ByteCount, Field, MemorySample, Reason};
    ///
    /// let card = MemorySample::builder().total(ByteCount::GIB).why(Field::Used, Reason::Denied).build()?;
    /// assert_eq!((card.used(), card.why(Field::Used)), (None, Some(Reason::Denied)));
    /// assert_eq!(card.why(Field::Total), None);
    /// # Ok::<(), gpu_telemetry::TelemetryError>(())
    /// ```
    pub fn why(&self, field: Field) -> Option<Reason> {
        let reason = self.reasons.get(field)?;
        (!self.has(field) || reason == Reason::Estimated).then_some(reason)
    }

    fn has(&self, field: Field) -> bool {
        match field {
            Field::Total => self.total.is_some(),
            Field::Used => self.used.is_some(),
            Field::Free => self.free.is_some(),
            Field::Budget => self.budget.is_some(),
            Field::ProcessUsed => self.process_used.is_some(),
            Field::SystemReserved => self.system_reserved.is_some(),
            Field::Utilization => self.utilization_percent.is_some(),
        }
    }

    /// What is there for new work: the least of what is free, of total − used, and of budget − this process's use, where
    /// the use of everyone stands in for this process's if that is not known. A budget whose use nobody knows is no
    /// headroom by itself, but is not exceeded.
    pub fn headroom(&self) -> Option<ByteCount> {
        let rest = |limit: Option<ByteCount>, used: Option<ByteCount>| {
            limit.zip(used).map(|(limit, used)| limit.saturating_sub(used))
        };
        let by_total = rest(self.total, self.used);
        let by_budget = rest(self.budget, self.process_used.or(self.used));
        let least = [self.free, by_total, by_budget].into_iter().flatten().min()?;
        Some(self.budget.map_or(least, |budget| budget.min(least)))
    }

    /// The share of what may be used that is used, by the tightest limit: of the total, what everyone uses and what is not
    /// free; of the budget, what this process uses, where the use of everyone stands in for this process's if that is not
    /// known. Above 1 where a budget shrank below what is used. A limit of 0 has no share.
    ///
    /// ```
    /// use gpu_telemetry::{ByteCount, MemorySample};
    ///
    /// let mib = |count| ByteCount::MIB.saturating_mul(count);
    /// let card = MemorySample::builder().total(mib(1000)).used(mib(250)).process_used(mib(90));
    /// assert_eq!(card.build()?.usage(), Some(0.25));
    /// assert_eq!(card.budget(mib(100)).build()?.usage(), Some(0.9), "others want the rest of the card");
    /// # Ok::<(), gpu_telemetry::TelemetryError>(())
    /// ```
    pub fn usage(&self) -> Option<f64> {
        let share = |used: Option<ByteCount>, limit: Option<ByteCount>| {
            let (used, limit) = used.zip(limit)?;
            (limit > ByteCount::ZERO).then(|| used.get() as f64 / limit.get() as f64)
        };
        let not_free = self.total.zip(self.free).map(|(total, free)| total.saturating_sub(free));
        let shares = [
            share(self.used, self.total),
            share(not_free, self.total),
            share(self.process_used.or(self.used), self.budget),
        ];
        shares.into_iter().flatten().reduce(f64::max)
    }
}

/// Builds a [`MemorySample`].
#[derive(Clone, Copy, Debug, Default)]
pub struct MemorySampleBuilder(MemorySample);

macro_rules! fields {
    ($($field:ident),+) => {$(
        #[doc = concat!("Sets [`MemorySample::", stringify!($field), "`]; `None` leaves it absent.")]
        #[must_use]
        pub fn $field(mut self, bytes: impl Into<Option<ByteCount>>) -> Self {
            self.0.$field = bytes.into();
            self
        }
    )+};
}

impl MemorySampleBuilder {
    fields!(total, used, free, budget, process_used, system_reserved);

    /// Sets [`MemorySample::utilization_percent`]; more than 100 is taken as 100, since drivers average over moments of
    /// different length.
    #[must_use]
    pub fn utilization_percent(mut self, percent: impl Into<Option<u8>>) -> Self {
        self.0.utilization_percent = percent.into().map(|percent: u8| percent.min(100));
        self
    }

    /// Sets [`MemorySample::source`].
    #[must_use]
    pub fn source(mut self, source: impl Into<Option<MemorySource>>) -> Self {
        self.0.source = source.into();
        self
    }

    /// Sets what [`MemorySample::why`] says of a field; `None` says nothing.
    #[must_use]
    pub fn why(mut self, field: Field, reason: impl Into<Option<Reason>>) -> Self {
        self.0.reasons.set(field, reason.into());
        self
    }

    /// The sample.
    ///
    /// What this process uses is counted in another way than the rest: pages that it shares with others, memory of the host
    /// behind a card, another namespace's process. Where it is more than the total it is dropped, by every monitor, and
    /// [`MemorySample::why`] says [`Contradiction`](Reason::Contradiction).
    ///
    /// # Errors
    /// It contradicts itself: a part is larger than the total. A budget may be, since drivers count memory of the host
    /// that they could use instead.
    pub fn build(self) -> Result<MemorySample, TelemetryError> {
        let mut sample = self.0;
        let Some(total) = sample.total else { return Ok(sample) };
        if sample.process_used.is_some_and(|used| used > total) {
            sample.process_used = None;
            sample.reasons.set(Field::ProcessUsed, Some(Reason::Contradiction));
        }
        let parts = [
            ("used", sample.used),
            ("free", sample.free),
            ("system_reserved", sample.system_reserved),
            ("used + free", sample.used.zip(sample.free).map(|(used, free)| used.saturating_add(free))),
        ];
        for (name, bytes) in parts {
            if let Some(bytes) = bytes
                && bytes > total
            {
                return Err(TelemetryError::contradiction((name, bytes), ("total", total)));
            }
        }
        Ok(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_take_no_room() {
        #[derive(Clone, Copy)]
        #[allow(dead_code)]
        struct Numbers([Option<ByteCount>; 6], Option<u8>, Option<MemorySource>);
        assert_eq!(size_of::<MemorySample>(), size_of::<Numbers>());
    }
}
