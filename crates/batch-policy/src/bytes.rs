//! [`Bytes`]: an amount of memory.

use core::fmt;

/// A number of bytes, with arithmetic that stops at its bounds: a cost too large to count is "more than there is", which
/// is what a planner needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Bytes(u64);

impl Bytes {
    /// This many bytes.
    pub const fn new(bytes: u64) -> Self {
        Bytes(bytes)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum, or the most that can be counted.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Bytes(self.0.saturating_add(other.0))
    }

    /// The difference, or none if `other` is more.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Bytes(self.0.saturating_sub(other.0))
    }

    /// The product, or the most that can be counted.
    #[must_use]
    pub const fn saturating_mul(self, factor: u64) -> Self {
        Bytes(self.0.saturating_mul(factor))
    }

    /// `permille` thousandths of it, rounded down.
    #[must_use]
    pub const fn permille(self, permille: u32) -> Self {
        // The product of a u64 and a u32 has a place in 128 bits; what is over 64 after dividing saturates.
        let share = self.0 as u128 * permille as u128 / 1000;
        Bytes(if share > u64::MAX as u128 { u64::MAX } else { share as u64 })
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}
