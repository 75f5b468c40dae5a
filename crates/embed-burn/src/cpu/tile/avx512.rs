//! The tile with AVX-512 by name: as large a one as its registers hold is more than the compiler makes vectors of.

use std::arch::x86_64::{
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};

use super::prefetch;

/// 24 of 32 registers hold sums, and each weight that is read serves 12 rows.
pub(crate) const ROWS: usize = 12;
/// Two registers.
pub(crate) const COLUMNS: usize = 32;

const HALF: usize = COLUMNS / 2;

/// What [`tile`](super::tile) gives with multiply-adds that round once, to the bit.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn tile<const ROWS: usize, const WIDTH: usize>(
    rows: [&[f32]; ROWS],
    panel: &[[f32; WIDTH]],
) -> [[f32; WIDTH]; ROWS] {
    const { assert!(WIDTH == COLUMNS) };
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &rows[row][..panel.len()]);
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for (k, weights) in panel.iter().enumerate() {
        prefetch(weights);
        let halves = weights.as_chunks::<HALF>().0;
        // SAFETY: each array is the 64 bytes that are read, at any alignment.
        #[allow(unsafe_code)]
        let (left, right) =
            unsafe { (_mm512_loadu_ps(halves[0].as_ptr()), _mm512_loadu_ps(halves[1].as_ptr())) };
        for (row, sums) in rows.iter().zip(&mut sums) {
            // SAFETY: `k` counts the panel, and the rows were cut to the panel's length above.
            #[allow(unsafe_code)]
            let value = _mm512_set1_ps(unsafe { *row.get_unchecked(k) });
            sums[0] = _mm512_fmadd_ps(value, left, sums[0]);
            sums[1] = _mm512_fmadd_ps(value, right, sums[1]);
        }
    }
    let mut out = [[0.0; WIDTH]; ROWS];
    for (sums, out) in sums.iter().zip(&mut out) {
        for (sums, out) in sums.iter().zip(out.as_chunks_mut::<HALF>().0) {
            // SAFETY: the array is the 64 bytes that are written, at any alignment.
            #[allow(unsafe_code)]
            unsafe {
                _mm512_storeu_ps(out.as_mut_ptr(), *sums);
            }
        }
    }
    out
}
