//! The crate's promises.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bytes;
mod conformance;
#[cfg(target_os = "linux")]
mod drm;
mod export;
mod host;
mod leak;
mod sample;
mod sampler;
mod shared;
