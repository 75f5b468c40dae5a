//! The formula and the rules of the Python project that had the idea, to compare with.

mod controller;

pub use self::controller::{Controller, ControllerConfig, Decision, Event};
use crate::bytes::Bytes;

/// The fewest texts that the formula gives.
pub const MIN: usize = 4;
/// The most texts that the formula gives.
pub const MAX: usize = 128;

/// `clamp(⌊free × safety ÷ per_item⌋, 4, 128)`.
///
/// It knows nothing of lengths, of a tensor's limit, or of what the framework holds already, and its 4 may be more than
/// fits. It stands here as what every other policy is measured against.
pub fn batch_size(free: Bytes, safety_permille: u32, per_item: Bytes) -> usize {
    match free.permille(safety_permille).get().checked_div(per_item.get()) {
        Some(texts) => usize::try_from(texts).unwrap_or(MAX).clamp(MIN, MAX),
        None => MAX,
    }
}
