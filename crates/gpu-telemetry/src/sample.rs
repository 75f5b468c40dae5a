//! [`MemorySample`]: what a monitor saw at one moment.

use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// A device's memory at one moment. What the platform cannot tell is absent, never made up.
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
}

/// Where the numbers of a sample come from, which says what they mean and what they leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemorySource {
    /// The host's memory, within the limits of its cgroups.
    Host,
    /// NVIDIA's management library.
    Nvml,
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
            MemorySource::Nvml => "nvml",
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
        matches!(self, MemorySource::Host | MemorySource::NvmlUnified | MemorySource::DrmUnified)
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

    /// The sample.
    ///
    /// # Errors
    /// It contradicts itself: a part is larger than the total. A budget may be, since drivers count memory of the host
    /// that they could use instead.
    pub fn build(self) -> Result<MemorySample, TelemetryError> {
        let sample = self.0;
        let Some(total) = sample.total else { return Ok(sample) };
        let parts = [
            ("used", sample.used),
            ("free", sample.free),
            ("process_used", sample.process_used),
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
