//! What Windows grants this process of an adapter.

// DXGI is asked beside wgpu, about an adapter that wgpu keeps alive.
#![allow(unsafe_code)]

use wgpu::hal::DeviceError;
use wgpu::hal::api::Dx12;
use windows::Win32::Graphics::Dxgi::DXGI_MEMORY_SEGMENT_GROUP_LOCAL;

use super::{left, unlike};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::sample::{MemorySample, MemorySource};

/// The local segment group: the card's memory, or the host's where the card has none of its own.
#[derive(Debug)]
pub(super) struct Segment {
    adapter: wgpu::Adapter,
    dedicated: ByteCount,
    luid: [u8; 8],
}

impl Segment {
    pub(super) fn new(adapter: &wgpu::Adapter, name: &str) -> Result<Self, TelemetryError> {
        // SAFETY: the adapter is only read.
        let hal = unsafe { adapter.as_hal::<Dx12>() }.ok_or_else(|| unlike(name))?;
        // SAFETY: the adapter lives as long as the guard.
        let description = unsafe { hal.raw_adapter().GetDesc1() }
            .map_err(|error| TelemetryError::driver(name, "its description", error.message()))?;
        drop(hal);
        let mut luid = [0; 8];
        luid[..4].copy_from_slice(&description.AdapterLuid.LowPart.to_le_bytes());
        luid[4..].copy_from_slice(&description.AdapterLuid.HighPart.to_le_bytes());
        let dedicated = ByteCount::new(description.DedicatedVideoMemory as u64);
        Ok(Segment { adapter: adapter.clone(), dedicated, luid })
    }

    /// Without a place on the bus: wgpu gives the first card of a kind for all of that kind.
    pub(super) fn identity(&self) -> CardIdentity {
        CardIdentity { luid: Some(self.luid), ..CardIdentity::default() }
    }

    pub(super) fn sample(&self, name: &str) -> Result<MemorySample, TelemetryError> {
        // SAFETY: the adapter is only read.
        let hal = unsafe { self.adapter.as_hal::<Dx12>() }.ok_or_else(|| unlike(name))?;
        let info =
            hal.raw_adapter().query_video_memory_info(DXGI_MEMORY_SEGMENT_GROUP_LOCAL).map_err(|error| {
                match error {
                    DeviceError::Lost => {
                        TelemetryError::lost(name, "Windows removed the device; open it again")
                    }
                    other => TelemetryError::driver(name, "its memory", other.to_string()),
                }
            })?;
        let (budget, used) = (ByteCount::new(info.Budget), ByteCount::new(info.CurrentUsage));
        // A card without memory of its own has a token of it, and is granted the host's: then no size is known.
        let total = (self.dedicated >= budget.max(used)).then_some(self.dedicated);
        MemorySample::builder()
            .total(total)
            .budget(budget)
            .process_used(used)
            .free(left(total, budget, used))
            .source(MemorySource::Dxgi)
            .build()
    }
}
