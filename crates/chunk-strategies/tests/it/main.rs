//! The crate's promises, each property named after its guarantee.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adversarial;
mod conformance;
mod hierarchical;
mod linear;
mod properties;
mod semantic;
mod stream;
mod texts;
mod tokens;
