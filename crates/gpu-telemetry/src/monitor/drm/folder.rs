//! A card's folder in sysfs.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::PciAddress;

/// `/sys/bus/pci/devices/<address>`.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    pci: PciAddress,
}

impl Folder {
    pub(super) fn of(root: &Path, pci: PciAddress) -> Self {
        Folder { path: root.join("sys/bus/pci/devices").join(pci.to_string()), pci }
    }

    pub(super) fn is_there(&self) -> bool {
        self.path.is_dir()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    /// The text of a file without blanks around it; `None` where there is none, or where the driver will not say now.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.path.join(name)).ok()?;
        let text = text.trim();
        if text.is_empty() { None } else { Some(text.to_owned()) }
    }

    /// The first four bytes of a file; `None` where there are fewer.
    pub(super) fn first_bytes(&self, name: &str) -> Option<[u8; 4]> {
        let mut bytes = [0; 4];
        std::fs::File::open(self.path.join(name)).ok()?.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Whether the card sleeps, so that asking it for more than the kernel knows would wake it.
    pub(super) fn is_asleep(&self) -> bool {
        let status = self.text("power/runtime_status");
        matches!(status.as_deref(), Some("suspended" | "suspending" | "resuming"))
    }

    /// What a link points at, by its last name.
    pub(super) fn link(&self, name: &str) -> Option<String> {
        let target = std::fs::read_link(self.path.join(name)).ok()?;
        Some(target.file_name()?.to_str()?.to_owned())
    }

    /// The folders in `name` (empty: in the card's own) whose names begin with `prefix`.
    pub(super) fn folders(&self, name: &str, prefix: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path.join(name)).into_iter().flatten().flatten();
        let named = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(prefix);
        entries.filter(named).map(|entry| entry.path()).collect()
    }

    /// A file that is one number of bytes, and that must be there.
    pub(super) fn bytes(&self, name: &'static str) -> Result<ByteCount, TelemetryError> {
        let path = self.path.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => number(&text).map(ByteCount::new).ok_or_else(|| {
                TelemetryError::malformed(&path, format!("{:?} is no number of bytes", text.trim()))
            }),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// How busy the card is, where it tells without being woken up for it.
    pub(super) fn busy_percent(&self) -> Option<u8> {
        if self.is_asleep() {
            return None;
        }
        let percent = number(&self.text("gpu_busy_percent")?)?;
        u8::try_from(percent.min(100)).ok()
    }

    fn failed(&self, what: &'static str, error: std::io::Error) -> TelemetryError {
        // A card may go between two reads: what is left of its folder then fails in any of several ways.
        if !self.is_there() {
            return TelemetryError::lost(self.pci.to_string(), "it is not on the bus any more");
        }
        match error.kind() {
            ErrorKind::PermissionDenied => TelemetryError::denied(self.pci.to_string(), what).because(error),
            ErrorKind::NotFound => {
                TelemetryError::lost(self.pci.to_string(), format!("its driver no longer shows {what}"))
            }
            _ => TelemetryError::driver(self.pci.to_string(), what, error.to_string()).because(error),
        }
    }
}

/// The number that a text is, and nothing else.
pub(super) fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    // `parse` would take a sign.
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::TelemetryErrorKind;

    #[test]
    fn why_a_file_could_not_be_read_says_what_became_of_the_card() {
        let root = tempfile::tempdir().unwrap();
        let pci = PciAddress { domain: 0, bus: 3, device: 0, function: 0 };
        let folder = Folder::of(root.path(), pci);
        let kind = |error: ErrorKind| folder.failed("mem_info_vram_used", error.into()).kind();
        assert_eq!(kind(ErrorKind::PermissionDenied), TelemetryErrorKind::Lost, "nothing is left of it");
        std::fs::create_dir_all(&folder.path).unwrap();
        assert_eq!(kind(ErrorKind::PermissionDenied), TelemetryErrorKind::Denied);
        assert_eq!(kind(ErrorKind::NotFound), TelemetryErrorKind::Lost);
        assert_eq!(kind(ErrorKind::ResourceBusy), TelemetryErrorKind::Driver);
    }
}
