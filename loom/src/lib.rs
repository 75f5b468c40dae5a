//! What threads share of the governor, in every order in which its steps can happen: `cargo test` in this folder.
//!
//! The files are those of `semantik`, compiled here with loom's lock and condition variable for the standard library's.
//! Nothing in loom's world times out, so that a wake-up that is lost shows as a deadlock.

#![cfg(test)]

#[allow(dead_code, unreachable_pub, unused_imports)]
#[path = "../../crates/semantik/src/governor/leases.rs"]
mod leases;
#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/semantik/src/governor/shared.rs"]
mod shared;
mod sync;
mod tests;
