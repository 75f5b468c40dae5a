//! From what the driver tells to a sample.

use nvml_wrapper::Device;

use super::CudaMonitor;
use super::failure::known;
use super::own_use::own_use;
use super::totals::{Totals, totals};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::monitor::{HostMonitor, MemoryMonitor, dmem};
use crate::sample::{MemorySample, MemorySource};

impl MemoryMonitor for CudaMonitor {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        let device = self.device()?;
        let told = totals(&self.name, &device)?;
        let own = own_use(&self.name, &device, &self.root)?;
        let sample = match told {
            Some(told) => self.dedicated(&device, told, own),
            None => self.unified(&device, own),
        };
        self.same_still(&device)?;
        sample
    }

    /// Of an instance, its card's: [`instance_uuid`](CudaMonitor::instance_uuid) tells it from the others of the card.
    fn identity(&self) -> Option<CardIdentity> {
        Some(CardIdentity { luid: self.luid, ..CardIdentity::at(self.pci) })
    }
}

impl CudaMonitor {
    /// A card with memory of its own.
    fn dedicated(
        &self,
        device: &Device<'_>,
        told: Totals,
        own: Option<ByteCount>,
    ) -> Result<MemorySample, TelemetryError> {
        let grant = dmem::limit(&self.root, self.pci)?;
        let total = grant.map_or(told.total, |grant| grant.max.min(told.total));
        let free = grant.map_or(told.free, |grant| grant.room.min(told.free)).min(total);
        let limited = total < told.total;
        MemorySample::builder()
            .total(total)
            .free(free)
            .used(total.saturating_sub(free))
            .system_reserved(told.reserved.filter(|_| !limited))
            // A limit may be set below what is used already.
            .process_used(own.map(|own| if limited { own.min(total) } else { own }))
            .budget(grant.map(|grant| grant.max).into_iter().chain(self.limit).min())
            .source(MemorySource::Nvml)
            .utilization_percent(self.utilization(device)?)
            .build()
    }

    /// A card whose memory is the host's.
    fn unified(&self, device: &Device<'_>, own: Option<ByteCount>) -> Result<MemorySample, TelemetryError> {
        let host = HostMonitor::with_root(&self.root).sample()?;
        // What the driver took of the host's memory need not be charged to a cgroup, and may exceed its limit.
        let own = own.map(|own| host.total().map_or(own, |total| own.min(total)));
        MemorySample::builder()
            .total(host.total())
            .free(host.free())
            .used(host.used())
            .process_used(own)
            .budget(host.budget().into_iter().chain(self.limit).min())
            .source(MemorySource::NvmlUnified)
            .utilization_percent(self.utilization(device)?)
            .build()
    }

    fn utilization(&self, device: &Device<'_>) -> Result<Option<u8>, TelemetryError> {
        let rates = known(&self.name, "its utilisation", device.utilization_rates())?;
        Ok(rates.map(|rates| u8::try_from(rates.gpu).unwrap_or(u8::MAX)))
    }
}
