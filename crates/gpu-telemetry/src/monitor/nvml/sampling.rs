//! From what the driver tells to a sample.

use nvml_wrapper::Device;
use nvml_wrapper::error::NvmlError;

use super::failure::{failure_of_known, known, may_be_a_stale_handle};
use super::numa::Node;
use super::totals::{Answer, Totals, totals};
use super::{CudaMonitor, PLACE, users};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::monitor::{DeviceProcess, MemoryMonitor};
use crate::sample::{Field, MemorySample, MemorySampleBuilder, MemorySource, Reason};

const WHAT: &str = "its memory";

impl MemoryMonitor for CudaMonitor {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        match self.sample_once() {
            // The driver may have been started anew: the card is looked up once more.
            Err(error) if error.cause().is_some_and(may_be_a_stale_handle) => self.sample_once(),
            sampled => sampled,
        }
    }

    /// Of an instance, its card's: [`instance_uuid`](CudaMonitor::instance_uuid) tells it from the others of the card.
    fn identity(&self) -> Option<CardIdentity> {
        let identity = CardIdentity { pci: self.pci, luid: self.luid, ..CardIdentity::default() };
        (identity != CardIdentity::default()).then_some(identity)
    }

    /// By the driver's three lists: computing, drawing, clients of the multi-process service. In a container they may be
    /// empty, or have ids of elsewhere, which then have no names.
    fn processes(&self) -> Result<Vec<DeviceProcess>, TelemetryError> {
        let device = self.device().map_err(|error| failure_of_known(&self.name, PLACE, error))?;
        let listed = users::everyone(&self.name, self.library.nvml(), &device, self.root());
        self.same_still(&device)?;
        listed
    }
}

impl CudaMonitor {
    /// With the card as the driver knows it now.
    fn sample_once(&self) -> Result<MemorySample, TelemetryError> {
        let device = self.device().map_err(|error| failure_of_known(&self.name, PLACE, error))?;
        let told = totals(self.library.nvml(), &device).map_err(|error| match error {
            // The device is all that is asked with, and it was valid a moment ago.
            NvmlError::InvalidArg => {
                TelemetryError::lost(&self.name, "its driver does not know it any more").because(error)
            }
            error => failure_of_known(&self.name, WHAT, error),
        })?;
        let sample = match told {
            Answer::Own(told) => self.dedicated(&device, told),
            Answer::None => self.unified(&device),
            Answer::NotSupported if self.uses_host_memory() => self.unified(&device),
            Answer::NotSupported => {
                let message =
                    "the driver does not support it, and nothing says that the card uses the host's";
                Err(TelemetryError::driver(&self.name, WHAT, message))
            }
            Answer::Contradiction(error) => Err(error),
        };
        self.same_still(&device)?;
        sample
    }

    /// A card with memory of its own.
    fn dedicated(&self, device: &Device<'_>, told: Totals) -> Result<MemorySample, TelemetryError> {
        let grant = match self.pci {
            Some(pci) => self.cgroups.read(self.root(), pci)?,
            None => None,
        };
        let unreserved = told.total.saturating_sub(told.reserved.unwrap_or_default());
        let own_free = told.free.saturating_add(self.reclaimable()).min(unreserved).max(told.free);
        let total = grant.map_or(told.total, |grant| grant.max.min(told.total));
        let free = grant.map_or(own_free, |grant| grant.room.min(own_free)).min(total);
        let is_limited = total < told.total;
        let limit = self.limit(Some(unreserved))?;
        let sample = MemorySample::builder()
            .total(total)
            .free(free)
            .used(total.saturating_sub(free))
            .system_reserved(told.reserved.filter(|_| !is_limited))
            .why(Field::SystemReserved, if told.is_v1 { Reason::TooOld } else { Reason::Contradiction })
            .budget(grant.map(|grant| grant.max).into_iter().chain(limit).min())
            .source(if told.is_v1 { MemorySource::NvmlV1 } else { MemorySource::Nvml });
        self.rest(device, sample)
    }

    /// A card whose memory is the host's.
    fn unified(&self, device: &Device<'_>) -> Result<MemorySample, TelemetryError> {
        let host = self.host.sample()?;
        let sample = MemorySample::builder()
            .total(host.total())
            .free(host.free())
            .why(Field::Free, host.why(Field::Free))
            .used(host.used())
            .why(Field::Used, host.why(Field::Used))
            .budget(host.budget().into_iter().chain(self.limit(host.total())?).min())
            .why(Field::SystemReserved, Reason::NotTold)
            .source(MemorySource::NvmlUnified);
        self.rest(device, sample)
    }

    /// What both have.
    fn rest(&self, device: &Device<'_>, sample: MemorySampleBuilder) -> Result<MemorySample, TelemetryError> {
        let own = users::own_use(&self.name, self.library.nvml(), device, self.root(), &self.seen)?;
        let rates = known(&self.name, "its utilisation", device.utilization_rates())?;
        sample
            .process_used(own.ok())
            .why(Field::ProcessUsed, own.err())
            .utilization_percent(rates.as_ref().ok().map(|rates| u8::try_from(rates.gpu).unwrap_or(u8::MAX)))
            .why(Field::Utilization, rates.err())
            .why(Field::Budget, Reason::Unlimited)
            .build()
    }

    /// What the kernel put into the card's memory and would give back.
    fn reclaimable(&self) -> ByteCount {
        let node = self.node.get_or_init(|| Node::of(self.root(), self.pci?));
        node.map_or(ByteCount::ZERO, |node| node.reclaimable(self.root()))
    }
}
