//! A simulated device, to compare batch policies where no card is at hand.
//!
//! What `batch-policy` decides is driven through thousands of batches on cards of any size, beside neighbours that take and
//! give memory. The device is deterministic: the same file of scenarios gives the same outcome. Its memory follows
//! cubecl's own rules for pages ([`Pool`]), a forward pass makes the tensors that `embed-burn` makes ([`Forward`]), memory
//! runs out where it would on a device, and time passes as it was measured on the machines that there were
//! ([`Curve`](scenario::Curve)): a file says which. No card was measured.
//!
//! # When not to use this crate
//!
//! It is for tests and benchmarks, and in nothing that is shipped. It does not know what a neighbour costs in speed, how
//! long it takes to allocate, or what autotune holds.

mod device;
mod error;
mod forward;
pub mod policy;
mod pool;
mod random;
mod report;
mod run;
pub mod scenario;
mod texts;

pub use crate::device::{Device, Failed, Ran, Seen};
pub use crate::error::SimError;
pub use crate::forward::Forward;
pub use crate::pool::{Place, Pool, Refused};
pub use crate::report::report;
pub use crate::run::{Outcome, Player, Scenario, play};
pub use crate::texts::Texts;
