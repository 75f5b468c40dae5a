//! [`Peak`]: the most that was seen.

use crate::bytes::ByteCount;
use crate::sample::MemorySample;

/// The most that was used in any of some samples. Absent where none of them told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// Of everyone on the device.
    pub used: Option<ByteCount>,
    /// Of this process.
    pub process_used: Option<ByteCount>,
}

impl Peak {
    /// Takes a sample into account. A peak never falls.
    pub fn observe(&mut self, sample: &MemorySample) {
        // An absent value is below each that is there.
        self.used = self.used.max(sample.used());
        self.process_used = self.process_used.max(sample.process_used());
    }
}
