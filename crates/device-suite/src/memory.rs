//! Experiments that hold a device's pool and its monitor against known sizes.
//!
//! A monitor is whatever implements [`MemoryMonitor`]; where a device has none, the pool alone is watched, and where it
//! has no pool, the monitor alone. Each experiment reports what was read, and what of it cannot be right.

mod beside;
mod leak;
mod model;
mod sizes;

use embed_burn::BurnDevice;
use gpu_telemetry::{ByteCount, MemoryMonitor};
use serde::Serialize;

pub use self::beside::{Beside, nvidia_smi};
pub use self::leak::{LeakReport, rounds};
pub use self::model::{ModelReport, unload};
pub use self::sizes::{SizeReport, known_sizes, sizes_for};
use crate::fault::Fault;

/// What pool and monitor say at one moment, in bytes; null where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// What live tensors use of the pool.
    pub pool_in_use: Option<u64>,
    /// What the pool took from the device.
    pub pool_reserved: Option<u64>,
    /// What everyone uses of the device.
    pub used: Option<u64>,
    /// What this process uses of it.
    pub process_used: Option<u64>,
    /// What nobody uses.
    pub free: Option<u64>,
}

impl Reading {
    /// Reads both, after the work that is queued.
    ///
    /// # Errors
    /// The device was lost, or the monitor contradicts itself.
    pub fn take(device: &BurnDevice, monitor: Option<&dyn MemoryMonitor>) -> Result<Self, Fault> {
        device.sync()?;
        let pool = device.pool_usage();
        let sample = monitor.map(MemoryMonitor::sample).transpose()?;
        let of = |bytes: Option<ByteCount>| bytes.map(ByteCount::get);
        Ok(Reading {
            pool_in_use: pool.map(|pool| pool.in_use),
            pool_reserved: pool.map(|pool| pool.reserved),
            used: sample.and_then(|sample| of(sample.used())),
            process_used: sample.and_then(|sample| of(sample.process_used())),
            free: sample.and_then(|sample| of(sample.free())),
        })
    }

    /// What the monitor saw of this process, or of everyone where it cannot tell them apart.
    fn seen(&self) -> Option<u64> {
        self.process_used.or(self.used)
    }
}

/// By how much a quantity grew between two readings; negative if it shrank.
fn growth(before: Option<u64>, after: Option<u64>) -> Option<i64> {
    let (before, after) = (before?, after?);
    i64::try_from(i128::from(after) - i128::from(before)).ok()
}

const MIB: i64 = 1 << 20;
/// What a pool may keep besides: one page of each of its small pools (cubecl carves what is below 64 KiB from pages of
/// 8 MiB), for reads, uniforms and masks.
const POOL_SLACK: i64 = 16 * MIB;
/// What a driver or the system's allocator may keep of a process: blocks for the next allocation (gpu-allocator's are at
/// most 64 MiB), compiled kernels, arenas of threads.
const PROCESS_SLACK: i64 = 96 * MIB;
