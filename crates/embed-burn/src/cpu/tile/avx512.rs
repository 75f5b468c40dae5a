//! The tile with AVX-512 by name: as large a one as its registers hold is more than the compiler makes vectors of.

use std::arch::x86_64::{
    __m512, _MM_HINT_T1, _mm_prefetch, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_storeu_ps,
};

use super::prefetch;
use crate::cpu::aligned::LINE;

/// 24 of 32 registers hold sums, and each weight that is read serves 12 rows.
pub(crate) const ROWS: usize = 12;
/// Two registers.
pub(crate) const COLUMNS: usize = 32;

const HALF: usize = COLUMNS / 2;
/// Steps between calls for what comes next. They are unrolled: where the core's other thread is busy, instructions that are
/// neither loads nor products cost as much as those.
const STEPS: usize = 4;

/// What [`tile`](super::tile) gives with multiply-adds that round once, to the bit. Meanwhile `next` is called into the second
/// cache.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn tile<const ROWS: usize, const WIDTH: usize>(
    rows: [&[f32]; ROWS],
    panel: &[[f32; WIDTH]],
    next: &[f32],
) -> [[f32; WIDTH]; ROWS] {
    const { assert!(WIDTH == COLUMNS) };
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &rows[row][..panel.len()]);
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    let (groups, rest) = panel.as_chunks::<STEPS>();
    let each = next.len().div_ceil(LINE).div_ceil(groups.len().max(1));
    let mut line = next.as_ptr();
    let mut k = 0;
    for group in groups {
        for _ in 0..each {
            // A hint: it reads nothing, and is allowed on any address.
            _mm_prefetch::<_MM_HINT_T1>(line.cast());
            line = line.wrapping_add(LINE);
        }
        for weights in group {
            // SAFETY: `k` counts the panel, and the rows were cut to the panel's length above.
            #[allow(unsafe_code)]
            unsafe {
                step(&rows, k, weights, &mut sums);
            }
            k += 1;
        }
    }
    for weights in rest {
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            step(&rows, k, weights, &mut sums);
        }
        k += 1;
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

/// The products with the weights of one input.
///
/// # Safety
/// Every row has a number `k`.
#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code)]
unsafe fn step<const ROWS: usize, const WIDTH: usize>(
    rows: &[&[f32]; ROWS],
    k: usize,
    weights: &[f32; WIDTH],
    sums: &mut [[__m512; 2]; ROWS],
) {
    prefetch(weights);
    let halves = weights.as_chunks::<HALF>().0;
    // SAFETY: each array is the 64 bytes that are read, at any alignment.
    let [left, right] = unsafe { [0, 1].map(|half| _mm512_loadu_ps(halves[half].as_ptr())) };
    for (row, sums) in rows.iter().zip(sums) {
        // SAFETY: the caller says so.
        let value = _mm512_set1_ps(unsafe { *row.get_unchecked(k) });
        sums[0] = _mm512_fmadd_ps(value, left, sums[0]);
        sums[1] = _mm512_fmadd_ps(value, right, sums[1]);
    }
}
