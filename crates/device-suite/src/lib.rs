//! What every backend has to pass, and what is measured on a machine with a GPU.
//!
//! The same functions serve the tests of the crates below, on whatever devices CI has, and the program
//! `semantik-device`, which is carried to a machine that has nothing but a driver.
//!
//! # Parts
//!
//! - [`CHECKS`]: the conformance suite, each check a function of an open device; [`Check::run`] turns panics into
//!   verdicts, so that one failure hides no other. [`for_each_check`] makes a test of each.
//! - [`SeededModel`]: a BERT of random weights, the same everywhere, in a temporary folder; [`oracle`] computes its
//!   vectors slowly and obviously.
//! - [`references`]: vectors that were computed elsewhere, and how far a device may be from them.
//! - [`throughput`]: tokens a second at several shapes of batch.
//! - [`memory`]: experiments that hold a device's pool and its monitor against known sizes.
//! - [`present`]: which devices a test runs on, and how it says that it could not.
//!
//! # When not to use this crate
//!
//! In a product: it is for tests and measurements, and is not published.

mod check;
pub mod checks;
mod fault;
pub mod memory;
pub mod oracle;
pub mod present;
pub mod references;
mod seeded;
pub mod throughput;

pub use crate::check::{CHECKS, Check, CheckReport, Verdict};
pub use crate::fault::Fault;
pub use crate::seeded::{SeededModel, Sizes, Stored};
