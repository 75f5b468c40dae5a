//! [`Vector`]: 16 numbers in a register of AVX-512, and 16 of them turned.

use std::arch::x86_64::{
    __m512, _mm512_add_epi32, _mm512_add_ps, _mm512_castpd_ps, _mm512_castps_pd, _mm512_castps_si512,
    _mm512_castsi512_ps, _mm512_cvtepi32_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_reduce_add_ps, _mm512_reduce_max_ps, _mm512_set1_ps,
    _mm512_shuffle_f32x4, _mm512_slli_epi32, _mm512_storeu_ps, _mm512_unpackhi_pd, _mm512_unpackhi_ps,
    _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};

use super::kernel::{Lanes, Shares};
use super::{HALF, STEP};

/// 16 numbers. Only functions that need AVX-512F make one, so that the processor of whoever has one has that.
#[derive(Clone, Copy)]
pub(super) struct Vector(__m512);

impl Vector {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn all(number: f32) -> Self {
        Vector(_mm512_set1_ps(number))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn load(numbers: &[f32; HALF]) -> Self {
        // SAFETY: the array is the 64 bytes that are read, at any alignment.
        #[allow(unsafe_code)]
        unsafe {
            Vector(_mm512_loadu_ps(numbers.as_ptr()))
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn of_bits(bits: &[u32; HALF]) -> Self {
        // SAFETY: as in `load`.
        #[allow(unsafe_code)]
        unsafe {
            Vector(_mm512_loadu_ps(bits.as_ptr().cast()))
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn of_wholes(wholes: &[u32; HALF]) -> Self {
        // SAFETY: as in `load`.
        #[allow(unsafe_code)]
        let wholes = unsafe { _mm512_loadu_si512(wholes.as_ptr().cast()) };
        Vector(_mm512_cvtepi32_ps(wholes))
    }
}

#[allow(unsafe_code)]
impl Lanes for Vector {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: it needs AVX-512F, as making the vector did.
        unsafe { Vector(_mm512_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        // SAFETY: as in `plus`.
        unsafe { Vector(_mm512_mul_ps(self.0, other.0)) }
    }

    #[inline(always)]
    fn times_plus(self, factor: Self, other: Self) -> Self {
        // SAFETY: as in `plus`.
        unsafe { Vector(_mm512_fmadd_ps(self.0, factor.0, other.0)) }
    }

    // Of a pair with one that is no number, the instruction takes the second.
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        // SAFETY: as in `plus`.
        unsafe { Vector(_mm512_min_ps(bound.0, self.0)) }
    }

    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        // SAFETY: as in `plus`.
        unsafe { Vector(_mm512_max_ps(bound.0, self.0)) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; HALF]) {
        // SAFETY: as in `plus`; the array is the 64 bytes that are written, at any alignment.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
}

#[allow(unsafe_code)]
impl Shares for Vector {
    #[inline(always)]
    fn scaled(self, power: Self) -> Self {
        // SAFETY: as in `plus`.
        unsafe {
            let exponent = _mm512_slli_epi32::<23>(_mm512_castps_si512(power.0));
            let two = _mm512_add_epi32(exponent, _mm512_castps_si512(_mm512_set1_ps(1.0)));
            Vector(_mm512_mul_ps(self.0, _mm512_castsi512_ps(two)))
        }
    }

    #[inline(always)]
    fn largest(self) -> f32 {
        // SAFETY: as in `plus`.
        unsafe { _mm512_reduce_max_ps(self.0) }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: as in `plus`.
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
}

/// Rows become columns, in four rounds: neighbours, pairs of them, then quarters of the vectors.
#[allow(clippy::needless_range_loop)]
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn turned(rows: &[[f32; STEP]; HALF], columns: &mut [[f32; HALF]; STEP]) {
    let mut a = [_mm512_set1_ps(0.0); HALF];
    for row in 0..HALF {
        a[row] = Vector::load(&rows[row]).0;
    }
    let mut b = a;
    for two in 0..HALF / 2 {
        b[2 * two] = _mm512_unpacklo_ps(a[2 * two], a[2 * two + 1]);
        b[2 * two + 1] = _mm512_unpackhi_ps(a[2 * two], a[2 * two + 1]);
    }
    // Of rows 4n to 4n + 3, vector 4n + m now gets column m of each quarter.
    for four in 0..HALF / 4 {
        for high in 0..2 {
            let (first, second) = (b[4 * four + high], b[4 * four + high + 2]);
            let (first, second) = (_mm512_castps_pd(first), _mm512_castps_pd(second));
            a[4 * four + 2 * high] = _mm512_castpd_ps(_mm512_unpacklo_pd(first, second));
            a[4 * four + 2 * high + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(first, second));
        }
    }
    for column in 0..4 {
        let [r0, r4, r8, r12] = [a[column], a[column + 4], a[column + 8], a[column + 12]];
        let (even, odd) = (_mm512_shuffle_f32x4::<0x88>(r0, r4), _mm512_shuffle_f32x4::<0xDD>(r0, r4));
        let (even_below, odd_below) =
            (_mm512_shuffle_f32x4::<0x88>(r8, r12), _mm512_shuffle_f32x4::<0xDD>(r8, r12));
        let quarters = [
            _mm512_shuffle_f32x4::<0x88>(even, even_below),
            _mm512_shuffle_f32x4::<0x88>(odd, odd_below),
            _mm512_shuffle_f32x4::<0xDD>(even, even_below),
            _mm512_shuffle_f32x4::<0xDD>(odd, odd_below),
        ];
        for quarter in 0..4 {
            Vector(quarters[quarter]).store(&mut columns[4 * quarter + column]);
        }
    }
}
