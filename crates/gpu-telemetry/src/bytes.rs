//! [`ByteCount`]: an amount of memory that cannot be mistaken for another number.

use std::fmt;
use std::str::FromStr;

use crate::error::TelemetryError;

/// A number of bytes.
///
/// It is shown in powers of two (`1.50 GiB`), and read in both systems: `64KiB` is 65,536 bytes, `64KB` is 64,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteCount(u64);

impl ByteCount {
    /// No bytes.
    pub const ZERO: ByteCount = ByteCount(0);
    /// 2¹⁰ bytes.
    pub const KIB: ByteCount = ByteCount(1 << 10);
    /// 2²⁰ bytes.
    pub const MIB: ByteCount = ByteCount(1 << 20);
    /// 2³⁰ bytes.
    pub const GIB: ByteCount = ByteCount(1 << 30);

    /// This many bytes.
    pub const fn new(bytes: u64) -> Self {
        ByteCount(bytes)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum, or `None` if it has no place in 64 bits.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(bytes) => Some(ByteCount(bytes)),
            None => None,
        }
    }

    /// The difference, or `None` if `other` is more.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(bytes) => Some(ByteCount(bytes)),
            None => None,
        }
    }

    /// The sum, or the most that has a place.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        ByteCount(self.0.saturating_add(other.0))
    }

    /// The difference, or none if `other` is more.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        ByteCount(self.0.saturating_sub(other.0))
    }

    /// The product, or the most that has a place.
    #[must_use]
    pub const fn saturating_mul(self, factor: u64) -> Self {
        ByteCount(self.0.saturating_mul(factor))
    }
}

const BINARY: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut power = self.0.checked_ilog2().unwrap_or(0) / 10;
        power = power.min(BINARY.len() as u32 - 1);
        if power == 0 {
            return f.pad(&format!("{} B", self.0));
        }
        let mut value = self.0 as f64 / (1_u64 << (10 * power)) as f64;
        // 1023.999 KiB would be shown as 1024.00 KiB.
        if value >= 1023.995 && power + 1 < BINARY.len() as u32 {
            power += 1;
            value /= 1024.0;
        }
        f.pad(&format!("{value:.2} {}", BINARY[power as usize]))
    }
}

impl FromStr for ByteCount {
    type Err = TelemetryError;

    /// Reads a number and, if given, a unit: B, kB to PB (powers of ten), KiB to PiB (powers of two), in any case, the last
    /// letter optional. A fraction is rounded down to whole bytes.
    fn from_str(text: &str) -> Result<Self, TelemetryError> {
        read(text.trim()).map(ByteCount).ok_or_else(|| TelemetryError::parse(text))
    }
}

fn read(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = factor(unit.trim_start())?;
    // Whole and fraction apart: a float would lose the last digits of a large count.
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    // No unit has more than 2⁵⁰ bytes, so further digits name no byte; `.` within them is no digit and fails.
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = &fraction[..fraction.len().min(18)];
    let parts = u128::from(digits.parse::<u64>().ok()?) * u128::from(factor);
    let bytes = parts / 10_u128.pow(digits.len() as u32);
    whole.checked_add(u64::try_from(bytes).ok()?)
}

fn factor(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let (letter, base) = match unit.strip_suffix('i') {
        Some(letter) if !letter.is_empty() => (letter, 1024_u64),
        _ => (unit, 1000),
    };
    let power = match letter {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    Some(base.pow(power))
}
