//! The crate's error.

use std::path::{Path, PathBuf};

use crate::bytes::ByteCount;

/// Why a sample could not be taken, or a size not be read.
///
/// Opaque: [`kind`](TelemetryError::kind) says which class of error it is, and the facts are methods.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct TelemetryError(Box<Repr>);

/// The classes of [`TelemetryError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TelemetryErrorKind {
    /// A file of the system could not be read; [`TelemetryError::path`] names it.
    Io,
    /// A file of the system does not say what it should.
    Malformed,
    /// The values of a sample cannot all be true.
    Contradiction,
    /// This system has no such source.
    Unsupported,
    /// A text is no size, or no address; or numbers are no watermarks.
    Parse,
    /// A driver or its library is not there, or the driver knows no such card; the message says what would bring it. A driver
    /// that is there and does not work is [`Driver`](TelemetryErrorKind::Driver).
    Absent,
    /// The driver does not let this process ask.
    Denied,
    /// The device is gone: unplugged, fallen off the bus, or reset.
    Lost,
    /// The driver answered with an error, or with what cannot be; or it is too old, or its parts are of different versions.
    Driver,
}

impl TelemetryErrorKind {
    /// A short name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            TelemetryErrorKind::Io => "io",
            TelemetryErrorKind::Malformed => "malformed",
            TelemetryErrorKind::Contradiction => "contradiction",
            TelemetryErrorKind::Unsupported => "unsupported",
            TelemetryErrorKind::Parse => "parse",
            TelemetryErrorKind::Absent => "absent",
            TelemetryErrorKind::Denied => "denied",
            TelemetryErrorKind::Lost => "lost",
            TelemetryErrorKind::Driver => "driver",
        }
    }
}

#[derive(Clone, Debug, thiserror::Error)]
enum Repr {
    #[error("{}: {message}", path.display())]
    Io { path: PathBuf, message: String },
    #[error("{}: {message}", path.display())]
    Malformed { path: PathBuf, message: String },
    #[error("{larger} of {larger_bytes} contradicts {smaller} of {smaller_bytes}")]
    Contradiction {
        larger: &'static str,
        larger_bytes: ByteCount,
        smaller: &'static str,
        smaller_bytes: ByteCount,
    },
    #[error("{what} is not known on this system: {} is not there", path.display())]
    Unsupported { what: &'static str, path: PathBuf },
    #[error("{text:?} is no size; a size is a number of bytes such as 512, 64KiB or 1.5GB")]
    Parse { text: String },
    #[error("{text:?} is no PCI address; an address looks like 0000:41:00.0")]
    PciAddress { text: String },
    #[error("{low} and {high} are no watermarks; they are shares of the memory, with 0 <= low <= high <= 1")]
    Watermarks { low: f64, high: f64 },
    #[error("{message}")]
    Absent { message: String },
    #[error("{device}: the driver does not let this process ask for {what}")]
    Denied { device: String, what: &'static str },
    #[error("{device} is gone: {message}")]
    Lost { device: String, message: String },
    #[error("{device}: asking for {what}: {message}")]
    Driver { device: String, what: &'static str, message: String },
}

impl TelemetryError {
    /// The class of the error.
    pub fn kind(&self) -> TelemetryErrorKind {
        match *self.0 {
            Repr::Io { .. } => TelemetryErrorKind::Io,
            Repr::Malformed { .. } => TelemetryErrorKind::Malformed,
            Repr::Contradiction { .. } => TelemetryErrorKind::Contradiction,
            Repr::Unsupported { .. } => TelemetryErrorKind::Unsupported,
            Repr::Parse { .. } | Repr::PciAddress { .. } | Repr::Watermarks { .. } => {
                TelemetryErrorKind::Parse
            }
            Repr::Absent { .. } => TelemetryErrorKind::Absent,
            Repr::Denied { .. } => TelemetryErrorKind::Denied,
            Repr::Lost { .. } => TelemetryErrorKind::Lost,
            Repr::Driver { .. } => TelemetryErrorKind::Driver,
        }
    }

    /// The file that the error is about.
    pub fn path(&self) -> Option<&Path> {
        match &*self.0 {
            Repr::Io { path, .. } | Repr::Malformed { path, .. } | Repr::Unsupported { path, .. } => {
                Some(path)
            }
            _ => None,
        }
    }

    /// The name of the card that the error is about, as its monitor tells it, or of the driver. The message begins with it:
    /// whoever shows the name already need not repeat it.
    pub fn device(&self) -> Option<&str> {
        match &*self.0 {
            Repr::Denied { device, .. } | Repr::Lost { device, .. } | Repr::Driver { device, .. } => {
                Some(device)
            }
            _ => None,
        }
    }

    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        TelemetryError(Box::new(Repr::Io { path: path.to_owned(), message: error.to_string() }))
    }

    pub(crate) fn malformed(path: &Path, message: impl Into<String>) -> Self {
        TelemetryError(Box::new(Repr::Malformed { path: path.to_owned(), message: message.into() }))
    }

    pub(crate) fn contradiction(
        (larger, larger_bytes): (&'static str, ByteCount),
        (smaller, smaller_bytes): (&'static str, ByteCount),
    ) -> Self {
        TelemetryError(Box::new(Repr::Contradiction { larger, larger_bytes, smaller, smaller_bytes }))
    }

    pub(crate) fn unsupported(what: &'static str, path: &Path) -> Self {
        TelemetryError(Box::new(Repr::Unsupported { what, path: path.to_owned() }))
    }

    pub(crate) fn parse(text: &str) -> Self {
        TelemetryError(Box::new(Repr::Parse { text: text.to_owned() }))
    }

    pub(crate) fn no_pci_address(text: &str) -> Self {
        TelemetryError(Box::new(Repr::PciAddress { text: text.to_owned() }))
    }

    pub(crate) fn watermarks(low: f64, high: f64) -> Self {
        TelemetryError(Box::new(Repr::Watermarks { low, high }))
    }

    /// A source that is not there, with what would bring it.
    pub fn absent(message: impl Into<String>) -> Self {
        TelemetryError(Box::new(Repr::Absent { message: message.into() }))
    }

    /// The driver refuses to tell `what` of `device`.
    pub fn denied(device: impl Into<String>, what: &'static str) -> Self {
        TelemetryError(Box::new(Repr::Denied { device: device.into(), what }))
    }

    /// The device is gone.
    pub fn lost(device: impl Into<String>, message: impl Into<String>) -> Self {
        TelemetryError(Box::new(Repr::Lost { device: device.into(), message: message.into() }))
    }

    /// The driver failed to tell `what` of `device`.
    pub fn driver(device: impl Into<String>, what: &'static str, message: impl Into<String>) -> Self {
        TelemetryError(Box::new(Repr::Driver { device: device.into(), what, message: message.into() }))
    }
}
