//! The command line's contract, from outside: records, streams, exit codes, bad input.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod bad_texts;
mod chunk;
#[cfg(target_os = "linux")]
mod devices;
mod dtype;
mod embed;
mod inputs;
mod models;
mod place;
mod plan;
#[cfg(feature = "hub")]
mod pull;
mod remembered;
mod resume;
mod sharing;
mod shown;
mod strategies;
mod streams;
mod watch;
