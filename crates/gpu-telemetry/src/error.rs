//! The crate's error.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::bytes::ByteCount;

/// Why a sample could not be taken, or a size not be read.
///
/// Opaque: [`kind`](TelemetryError::kind) says which class of error it is, and the facts are methods. What the system or a
/// driver's library said is its [`source`](std::error::Error::source).
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
    /// There was an answer once, and none for too long: the driver hangs, or has not answered at all yet.
    Stale,
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
            TelemetryErrorKind::Stale => "stale",
        }
    }
}

#[derive(Clone, Debug, thiserror::Error)]
enum Repr {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: Arc<std::io::Error> },
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
    #[error("{device}: no answer for {}", Seconds(*silence))]
    Stale { device: String, silence: Duration },
    /// Another, with what brought it about.
    #[error("{error}")]
    Caused { error: TelemetryError, source: Cause },
}

/// Shared, so that an error can be told to many.
type Cause = Arc<dyn Error + Send + Sync>;

/// A time for people: `12 s`, and with a digit where it is short.
struct Seconds(Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < Duration::from_secs(10) {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        } else {
            write!(f, "{} s", self.0.as_secs())
        }
    }
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
            Repr::Stale { .. } => TelemetryErrorKind::Stale,
            Repr::Caused { ref error, .. } => error.kind(),
        }
    }

    /// The file that the error is about.
    pub fn path(&self) -> Option<&Path> {
        match &*self.0 {
            Repr::Io { path, .. } | Repr::Malformed { path, .. } | Repr::Unsupported { path, .. } => {
                Some(path)
            }
            Repr::Caused { error, .. } => error.path(),
            _ => None,
        }
    }

    /// The name of the card that the error is about, as its monitor tells it, or of the driver. The message begins with it:
    /// whoever shows the name already need not repeat it.
    pub fn device(&self) -> Option<&str> {
        match &*self.0 {
            Repr::Denied { device, .. }
            | Repr::Lost { device, .. }
            | Repr::Driver { device, .. }
            | Repr::Stale { device, .. } => Some(device),
            Repr::Caused { error, .. } => error.device(),
            _ => None,
        }
    }

    /// For how long there has been no answer, where that is the error.
    pub fn silence(&self) -> Option<Duration> {
        match &*self.0 {
            Repr::Stale { silence, .. } => Some(*silence),
            Repr::Caused { error, .. } => error.silence(),
            _ => None,
        }
    }

    /// The same, with what brought it about as its source.
    #[must_use]
    pub fn because(self, source: impl Error + Send + Sync + 'static) -> Self {
        TelemetryError(Box::new(Repr::Caused { error: self, source: Arc::new(source) }))
    }

    /// What brought it about, where it is of this type.
    #[cfg(feature = "nvml")]
    pub(crate) fn cause<T: Error + 'static>(&self) -> Option<&T> {
        match &*self.0 {
            Repr::Caused { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }

    /// A file of the system that could not be read.
    pub fn io(path: impl AsRef<Path>, error: std::io::Error) -> Self {
        TelemetryError(Box::new(Repr::Io { path: path.as_ref().to_owned(), source: Arc::new(error) }))
    }

    /// A file of the system that does not say what it should.
    pub fn malformed(path: impl AsRef<Path>, message: impl Into<String>) -> Self {
        let path = path.as_ref().to_owned();
        TelemetryError(Box::new(Repr::Malformed { path, message: message.into() }))
    }

    pub(crate) fn contradiction(
        (larger, larger_bytes): (&'static str, ByteCount),
        (smaller, smaller_bytes): (&'static str, ByteCount),
    ) -> Self {
        TelemetryError(Box::new(Repr::Contradiction { larger, larger_bytes, smaller, smaller_bytes }))
    }

    /// This system has no such source: the file that would tell `what` is not there.
    pub fn unsupported(what: &'static str, path: impl AsRef<Path>) -> Self {
        TelemetryError(Box::new(Repr::Unsupported { what, path: path.as_ref().to_owned() }))
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

    /// There has been no answer for so long.
    pub fn stale(device: impl Into<String>, silence: Duration) -> Self {
        TelemetryError(Box::new(Repr::Stale { device: device.into(), silence }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_source_and_says_each_fact_once() {
        let refused = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = TelemetryError::io("/proc/meminfo", refused());
        let source = error.source().unwrap();
        assert!(
            source.downcast_ref::<Arc<std::io::Error>>().is_some()
                || source.to_string() == refused().to_string()
        );
        assert_eq!(error.to_string(), format!("/proc/meminfo: {}", refused()));

        let error = TelemetryError::driver("a card", "its memory", "it is busy").because(refused());
        assert_eq!(error.to_string(), "a card: asking for its memory: it is busy");
        assert_eq!((error.kind(), error.device()), (TelemetryErrorKind::Driver, Some("a card")));
        assert_eq!(error.source().unwrap().to_string(), refused().to_string());
        assert!(error.clone().source().is_some(), "a copy too");
        #[cfg(feature = "nvml")]
        assert!(error.cause::<std::io::Error>().is_some() && error.cause::<std::fmt::Error>().is_none());
    }

    #[test]
    fn a_silence_is_told_in_seconds() {
        let told = |millis| TelemetryError::stale("card", Duration::from_millis(millis)).to_string();
        assert_eq!(told(12_400), "card: no answer for 12 s");
        assert_eq!(told(310), "card: no answer for 0.3 s");
    }
}
