//! The crate's promises.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adaptive;
mod bad_texts;
#[cfg(feature = "wgpu")]
mod flight;
mod governor;
mod input;
mod limits;
mod model;
mod model_cache;
mod pipeline;
mod plan;
mod search;
mod sink;
