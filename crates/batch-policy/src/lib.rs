//! What fits: cost models, batch plans and the controller that adapts them, as pure arithmetic.
//!
//! Nothing here reads a clock, asks a device or starts a thread; the crate is `no_std`, so it cannot. Every decision is a
//! function of numbers that go in, and can be printed, tested and replayed.
//!
//! # Parts
//!
//! - [`CostModel`]: how many bytes a batch needs at its peak. [`Replayed`] looks it up in a table of known shapes,
//!   [`Learned`] fits what was measured, [`Analytic`] computes it from a model's dimensions ([`Pooled`] in whole pages),
//!   [`Prior`] guesses it from the model's class: the first of these that can be had. [`BestKnown`] puts them together.
//! - [`Busy`]: how many tokens keep a device busy, learned from how long batches take.
//! - [`plan`]: which texts run together, within a [`Budget`] and [`Limits`]; a [`Queue`] does so batch by batch, while the
//!   budget moves.
//! - [`Controller`]: how much of the memory a batch may take, from what others use and what became of the last.
//! - [`Profile`]: what was learned, kept for the next run (feature `serde`: written and read).
//! - [`mod@reference`]: the formula and the rules that this crate replaces, to compare with.
//!
//! # When not to use this crate
//!
//! To ask how much memory there is: that is `gpu-telemetry`. To run anything: that is the caller.
//!
//! # Example
//!
//! ```
//! use batch_policy::{Allowance, Analytic, Budget, Bytes, Limits, ModelShape, Padding, plan};
//!
//! let mini_lm = ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 };
//! let cost = Analytic::new(mini_lm)?;
//! let allowed = Allowance::of(Bytes::new(256 << 20));
//! let budget = Budget { allowed, tokens: 8192, largest_tensor: None };
//! let plan = plan(&[12, 200, 7, 31], Padding::Longest, &budget, &cost, &Limits::default());
//! // The longest text first, so that memory peaks at the start and not in the middle of a long job.
//! assert_eq!(plan.batches()[0].tokens(), 200);
//! # Ok::<(), batch_policy::PolicyError>(())
//! ```

#![no_std]

extern crate alloc;

mod busy;
mod bytes;
mod controller;
mod cost;
mod error;
mod exact;
mod limits;
mod plan;
mod profile;
pub mod reference;

pub use crate::busy::Busy;
pub use crate::bytes::Bytes;
pub use crate::controller::{Allowance, Controller, ControllerConfig, Decision, Event};
pub use crate::cost::{
    Analytic, Attention, BestKnown, CostModel, Learned, ModelClass, ModelShape, Pooled, Prior, Replayed,
    Table,
};
pub use crate::error::{PolicyError, PolicyErrorKind};
pub use crate::limits::{Limits, LimitsBuilder};
pub use crate::plan::{Batch, Budget, Oversized, Padding, Plan, Queue, plan};
pub use crate::profile::Profile;
