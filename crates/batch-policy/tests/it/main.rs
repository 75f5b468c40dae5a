//! The crate's promises.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod busy;
mod controller;
mod cost;
mod limits;
mod plan;
#[cfg(feature = "serde")]
mod profile;
mod reference;
mod reference_controller;
