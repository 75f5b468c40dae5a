//! [`CostModel`]: what a batch costs in bytes.

mod analytic;
mod best_known;
mod learned;
mod observed;
mod pooled;
mod prior;
mod replayed;
mod table;

pub use self::analytic::{Analytic, Attention, ModelShape};
pub use self::best_known::BestKnown;
pub(crate) use self::best_known::Knowledge;
pub use self::learned::Learned;
pub use self::pooled::Pooled;
pub use self::prior::{ModelClass, Prior};
pub use self::replayed::Replayed;
pub use self::table::Table;
use crate::bytes::Bytes;

/// Predicts the memory of a batch.
///
/// Both functions must not fall when `items` or `tokens` grow: the planner relies on it.
pub trait CostModel {
    /// The most bytes that are held at once, beyond the weights, while `items` texts padded to `tokens` tokens run.
    fn peak(&self, items: usize, tokens: usize) -> Bytes;

    /// The bytes of the largest single tensor of that batch.
    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes;
}

impl<C: CostModel + ?Sized> CostModel for &C {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        (**self).peak(items, tokens)
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        (**self).largest_tensor(items, tokens)
    }
}
