//! Numbers that are the same everywhere.

/// A linear congruential generator (Knuth's MMIX constants).
pub(super) struct Random(pub(super) u64);

impl Random {
    /// In 0..1.
    pub(super) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// `len` numbers around `middle`, off by up to `reach`.
    pub(super) fn values(&mut self, len: usize, middle: f32, reach: f32) -> Vec<f32> {
        (0..len).map(|_| middle + (self.next() - 0.5) * 2.0 * reach).collect()
    }

    /// In 0..`end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() * end as f32) as usize % end
    }
}
