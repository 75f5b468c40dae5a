//! The crate's promises.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bytes;
mod conformance;
mod host;
mod sample;
#[cfg(feature = "wgpu")]
mod wgpu_monitor;
