//! What Metal recommends and has allocated.

// Metal is asked beside wgpu, about a device that wgpu keeps alive.
#![allow(unsafe_code)]

use objc2_metal::MTLDevice as _;
use wgpu::hal::api::Metal;

use super::unlike;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::sample::{MemorySample, MemorySource};

/// What a program may keep on the device before it slows down.
#[derive(Debug)]
pub(super) struct WorkingSet {
    adapter: wgpu::Adapter,
    registry_id: u64,
}

impl WorkingSet {
    pub(super) fn new(adapter: &wgpu::Adapter, name: &str) -> Result<Self, TelemetryError> {
        // SAFETY: the adapter is only read.
        let hal = unsafe { adapter.as_hal::<Metal>() }.ok_or_else(|| unlike(name))?;
        let registry_id = hal.raw_device().registryID();
        drop(hal);
        Ok(WorkingSet { adapter: adapter.clone(), registry_id })
    }

    pub(super) fn identity(&self) -> CardIdentity {
        CardIdentity { registry_id: Some(self.registry_id), ..CardIdentity::default() }
    }

    pub(super) fn sample(&self, name: &str) -> Result<MemorySample, TelemetryError> {
        // SAFETY: the adapter is only read.
        let hal = unsafe { self.adapter.as_hal::<Metal>() }.ok_or_else(|| unlike(name))?;
        let device = hal.raw_device();
        // No total: most of these devices share the host's memory, and Metal names no size.
        MemorySample::builder()
            .budget(ByteCount::new(device.recommendedMaxWorkingSetSize()))
            .process_used(ByteCount::new(device.currentAllocatedSize() as u64))
            .source(MemorySource::Metal)
            .build()
    }
}
