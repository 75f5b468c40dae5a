//! The crate's promises.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kinds;
mod oracle;
mod parts;
#[cfg(feature = "tokenizers")]
mod taken_over;
mod texts;
