//! The crate's promises, each test named after its guarantee.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod architectures;
mod bad_folders;
mod choices;
mod conformance;
#[cfg(feature = "cpu")]
mod cpu;
mod devices;
mod folder;
mod minilm;
mod parity;
mod prompts;
mod tiny;
