//! Files of `/proc` and `/sys`.

use std::io::ErrorKind;
use std::path::Path;

use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// The text of a file, or `None` where there is none.
pub(in crate::monitor) fn read(path: &Path) -> Result<Option<String>, TelemetryError> {
    match std::fs::read(path) {
        // Names of processes and mounts may hold any bytes; the numbers that matter here are ASCII.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(TelemetryError::io(path, &error)),
    }
}

/// The value of a line such as `MemTotal:  16384 kB`, where the kernel's kB are KiB.
pub(super) fn kib_field(text: &str, name: &str, path: &Path) -> Result<Option<ByteCount>, TelemetryError> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let Some(line) = line else { return Ok(None) };
    let value = line.trim().strip_suffix("kB").and_then(|number| number.trim().parse::<u64>().ok());
    match value {
        Some(kib) => Ok(Some(ByteCount::KIB.saturating_mul(kib))),
        None => Err(TelemetryError::malformed(path, format!("{name} is {:?}", line.trim()))),
    }
}
