//! Multiply and add, as the processor does it best.

use super::tile;

/// What differs between processors in the arithmetic.
pub(crate) trait Arith {
    /// a · b + c.
    fn fma(a: f32, b: f32, c: f32) -> f32;

    /// A [tile](tile::tile) of a product, with the bits that [`fma`](Arith::fma) gives. `next` are weights that will be wanted
    /// behind this panel: what there is time for may be called nearer meanwhile.
    #[inline(always)]
    fn tile<const ROWS: usize, const COLUMNS: usize>(
        rows: [&[f32]; ROWS],
        panel: &[[f32; COLUMNS]],
        next: &[f32],
    ) -> [[f32; COLUMNS]; ROWS]
    where
        Self: Sized,
    {
        let _ = next;
        tile::tile::<Self, ROWS, COLUMNS>(rows, panel)
    }
}

/// Rounded once. Where the processor has no instruction for it, correct and slow.
pub(crate) struct Fused;

/// Rounded twice, for processors without the instruction.
#[cfg_attr(target_arch = "aarch64", allow(dead_code))]
pub(crate) struct Plain;

impl Arith for Fused {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl Arith for Plain {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}
