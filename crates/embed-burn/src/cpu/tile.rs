//! The innermost loop: a tile of a matrix product, kept in registers.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;

use super::arith::Arith;

/// `out[i][j] = Σ rows[i][k] · panel[k][j]` for all k of the panel, added in ascending order: what a row gets does not
/// depend on the rows beside it. Each row is at least as long as the panel.
// Written over indices: with iterators the compiler gives up on vectors (2 GFLOP/s instead of 110), as it does for tiles
// of 256 numbers and more.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
pub(crate) fn tile<A: Arith, const ROWS: usize, const COLUMNS: usize>(
    rows: [&[f32]; ROWS],
    panel: &[[f32; COLUMNS]],
) -> [[f32; COLUMNS]; ROWS] {
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &rows[row][..panel.len()]);
    let mut out = [[0.0; COLUMNS]; ROWS];
    for (k, weights) in panel.iter().enumerate() {
        prefetch(weights);
        for row in 0..ROWS {
            // SAFETY: `k` counts the panel, and the rows were cut to the panel's length above. Checked, this takes half
            // as long again: six comparisons a step, and sums that leave the registers.
            #[allow(unsafe_code)]
            let value = unsafe { *rows[row].get_unchecked(k) };
            for column in 0..COLUMNS {
                out[row][column] = A::fma(value, weights[column], out[row][column]);
            }
        }
    }
    out
}

/// How far ahead of its use a weight is called into the cache, in numbers: 12 to 15% with AVX2 on Zen 5.
const AHEAD: usize = 1024;

/// Asks for the weights that come [`AHEAD`] numbers later. A hint: it cannot fail, and reads nothing.
#[inline(always)]
fn prefetch<const COLUMNS: usize>(weights: &[f32; COLUMNS]) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    for line in (0..COLUMNS).step_by(16) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let ahead = weights.as_ptr().wrapping_add(AHEAD + line);
        // SAFETY: prefetching is part of every x86-64 processor, and is allowed on any address, mapped or not.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(ahead.cast());
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = (weights, AHEAD);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::arith::Plain;

    #[test]
    #[should_panic(expected = "range end index 2")]
    fn a_row_shorter_than_the_panel_is_refused() {
        tile::<Plain, 1, 16>([&[1.0]], &[[1.0; 16]; 2]);
    }
}
