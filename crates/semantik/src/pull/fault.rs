//! [`Fault`]: what went wrong in an exchange with the hub, and whether trying again may help.

use ureq::http::{HeaderMap, StatusCode, Uri};

use crate::error::{Error, ErrorKind};

/// An error, and whether it may pass by itself.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: Error,
    pub(super) may_pass: bool,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault { error, may_pass: false }
    }
}

/// How much of what a hub says for people is told.
const SAID: usize = 160;

impl Fault {
    /// No answer.
    pub(super) fn unreachable(what: &str, uri: &Uri, source: &ureq::Error) -> Self {
        let host = host(uri);
        let is_untrusted = source.to_string().contains("certificate");
        let cause = match source {
            ureq::Error::HostNotFound => format!("{what}: no address is known for {host}"),
            ureq::Error::Timeout(_) => format!("{what}: {host} does not answer in time"),
            // A firm's own proxy has a certificate of the firm's own.
            other if is_untrusted => format!(
                "{what}: {host} is not who it says, as far as is known here: {} (SSL_CERT_FILE names other certificates that \
                 count)",
                said(&other.to_string())
            ),
            other => format!("{what}: {host} is not reached: {}", said(&other.to_string())),
        };
        Fault { error: Error::hub(ErrorKind::Unreachable, cause), may_pass: !is_untrusted }
    }

    /// An answer that says no; `page` is where people see what was asked for.
    pub(super) fn refused(
        what: &str,
        page: &str,
        uri: &Uri,
        status: StatusCode,
        headers: &HeaderMap,
        has_token: bool,
    ) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let code = header("x-error-code").unwrap_or_default();
        let host = host(uri);
        let reason = status.canonical_reason().unwrap_or_default();
        let mut cause = format!("{what}: {host} answered {} {reason}", status.as_u16());
        let kind = match status.as_u16() {
            401 | 403 => {
                cause += match (code, has_token) {
                    ("GatedRepo", _) => ": it is gated, and is given to those who accepted its terms",
                    (_, false) => {
                        ": there is none of this name, or it is private or gated, and no token was sent"
                    }
                    (_, true) => ": there is none of this name, or the token may not read it",
                };
                cause += &format!(" ({page})");
                ErrorKind::Denied
            }
            404 | 410 => {
                cause += match code {
                    "RevisionNotFound" => ": the model is there, and has no such revision",
                    "EntryNotFound" => ": the model has no such file",
                    _ => ": there is nothing of this name",
                };
                ErrorKind::NotOnHub
            }
            _ => ErrorKind::Unreachable,
        };
        if let (ErrorKind::Unreachable, Some(message)) = (kind, header("x-error-message")) {
            cause += &format!(": {}", said(message));
        }
        let may_pass = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
        Fault { error: Error::hub(kind, cause), may_pass }
    }

    /// An answer that cannot be understood.
    pub(super) fn strange(what: &str, uri: &Uri, how: &str) -> Self {
        let cause = format!("{what}: {} answered as no hub does: {how}", host(uri));
        Fault { error: Error::hub(ErrorKind::Unreachable, cause), may_pass: false }
    }
}

/// With its port, where that is not the usual one.
fn host(uri: &Uri) -> &str {
    uri.authority().map_or("the hub", |authority| {
        // Without what may stand there as a password.
        authority.as_str().rsplit('@').next().unwrap_or_default()
    })
}

fn said(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(SAID).collect()
}
