//! [`PoolUsage`]: what a framework's own allocator holds.

use crate::bytes::ByteCount;

/// What a framework's memory pool holds of a device, as the framework tells it.
///
/// A monitor sees what the pool reserved as used, whether tensors live in it or not: the difference is the framework's to
/// give to the next batch, and no leak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolUsage {
    /// What live tensors use.
    pub in_use: ByteCount,
    /// What the pool took from the device, in use or kept for reuse.
    pub reserved: ByteCount,
}

impl PoolUsage {
    /// What the pool holds and does not use.
    pub fn idle(&self) -> ByteCount {
        self.reserved.saturating_sub(self.in_use)
    }
}
