//! How far the rules of the anchored mode look.

use super::weights::{ONE, Weights};
use crate::config::ChunkConfig;
use crate::sizer::ChunkSizer;

/// Distances as weights, all of them shares of what a chunk may add: the desired size less overlap and special tokens.
///
/// How far an edit reaches follows from them (see the module): none of `1 + anchor + context`,
/// `2 - beside + anchor + context` and `alone + anchor + context` is more than 2, the context being twice `near_bytes`.
/// And neither `2 × alone + window - 2 × beside` nor `beside + window` is more than 1, so that what lies between cuts
/// fits. Within these bounds they were chosen for the least spread of sizes on prose and on technical documentation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Radii {
    /// What a chunk may add.
    pub(super) room: u64,
    /// An anchor is the best candidate within this distance on both sides.
    pub(super) anchor: u64,
    /// A landmark is the best candidate of some stretch of this length.
    pub(super) window: u64,
    /// How far from an anchor the cut beside it lies at least, and at most a window more.
    pub(super) beside: u64,
    /// A landmark is a cut if there is no anchor within this distance.
    pub(super) alone: u64,
    /// How far from the ends of a gap it may be split.
    pub(super) margin: u64,
    /// How many bytes around a candidate decide on its strength.
    pub(super) near_bytes: usize,
    /// The same in scripts without blanks, whose letters have three bytes.
    pub(super) near_letters_bytes: usize,
    /// How many bytes at least are searched for candidates at once.
    pub(super) block_bytes: usize,
}

impl Radii {
    pub(super) fn of<S: ChunkSizer>(config: &ChunkConfig<S>, weights: &Weights) -> Self {
        let desired = config.capacity.desired();
        let room = desired.saturating_sub(config.sizer.size("")).saturating_sub(config.overlap);
        // Capped so that no sum of distances overflows.
        let room = (room as u64).clamp(1, 1 << 40) * ONE;
        let share = |percent: u64| room * percent / 100;
        Radii {
            room,
            anchor: share(50),
            window: share(25),
            beside: share(65),
            alone: share(100),
            margin: share(35),
            near_bytes: weights.least_bytes(share(6)).clamp(3, 32),
            near_letters_bytes: weights.letters_bytes(share(6)).clamp(9, 63),
            block_bytes: weights.least_bytes(share(500)).clamp(256, 16 * 1024),
        }
    }

    /// How far behind a cut the scan must have come to know where the next one is: it knows the landmarks that lie an
    /// anchor's radius back, and a landmark is alone if no anchor follows.
    pub(super) fn horizon(&self) -> u64 {
        (2 * self.room).max(self.room + self.alone) + self.anchor + 1
    }
}
