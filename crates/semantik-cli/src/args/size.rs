//! [`Size`]: a number of units, or of bytes with a suffix.

use std::str::FromStr;

use semantik::Unit;
use semantik::gpu_telemetry::ByteCount;

use crate::report::Failure;

/// `512`, or `64KiB`, which only makes sense in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Size {
    count: usize,
    given: String,
}

impl Size {
    /// The number, if its suffix fits the unit.
    pub(crate) fn in_unit(&self, flag: &str, unit: Option<Unit>) -> Result<usize, Failure> {
        let plain = self.given.bytes().all(|byte| byte.is_ascii_digit());
        if plain || unit == Some(Unit::Bytes) {
            return Ok(self.count);
        }
        let cause = format!("{flag} is {}, but a size with a suffix is in bytes", self.given);
        Err(Failure::usage(cause, "give a plain number, or add `--unit bytes`"))
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes: ByteCount = text.parse().map_err(|_| {
            format!("{text:?} is no size; a size is a number such as 512, or of bytes such as 64KiB or 1.5GB")
        })?;
        let count = usize::try_from(bytes.get()).unwrap_or(usize::MAX);
        Ok(Size { count, given: text.trim().to_owned() })
    }
}
