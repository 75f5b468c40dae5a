//! Narrow products of whole numbers in vectors of 256 bits: with AVX-VNNI, and with AVX2 alone.
//!
//! AVX2 multiplies pairs of bytes into 16 bits, where the sum of two products must have room: weights are packed up to 63
//! instead of 127 for it, see [`NarrowIsa::largest_weight`](super::NarrowIsa::largest_weight). What a row gets is added up
//! in the order of its slots, whatever rows stand beside it.

use std::arch::x86_64::{
    __m256, __m256i, _mm256_add_epi32, _mm256_add_ps, _mm256_cvtepi32_ps, _mm256_cvtps_epi32,
    _mm256_dpbusd_avx_epi32, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps, _mm256_packs_epi32,
    _mm256_packus_epi16, _mm256_permutevar8x32_epi32, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setr_epi32, _mm256_setzero_si256, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_ps,
};

use super::kernel::{Kernel, Lanes, SlotRows, Sums};
use super::{Format, HALF, NarrowProduct, STEP, int8};

/// Numbers of a vector.
const EIGHT: usize = 8;

/// A kernel of this file: its name, its features, what computes a tile, and the rows of it.
macro_rules! kernel {
    ($(#[$of:meta])* $name:ident, $run:ident, $features:literal, $tile:ident, $rows:literal) => {
        $(#[$of])*
        #[derive(Clone, Copy)]
        struct $name(());

        $(#[$of])*
        #[target_feature(enable = $features)]
        pub(super) fn $run(product: NarrowProduct<'_>) {
            product.compute($name(()));
        }

        $(#[$of])*
        impl Kernel for $name {
            type Lanes = Vectors;

            const FORMAT: Format = Format::Int8;
            const BLOCK: usize = $rows;

            #[inline(always)]
            fn block(self, rows: SlotRows<'_>, first: usize, count: usize, panel: &[f32], sums: &mut Sums) {
                // SAFETY: needs the features that the one function which makes a value of this type needs.
                #[allow(unsafe_code)]
                unsafe {
                    match count {
                        0 => {}
                        1 => $tile::<1>(rows, first, panel, sums),
                        2 => $tile::<2>(rows, first, panel, sums),
                        3 => $tile::<3>(rows, first, panel, sums),
                        4 => $tile::<4>(rows, first, panel, sums),
                        5 => $tile::<5>(rows, first, panel, sums),
                        _ => $tile::<$rows>(rows, first, panel, sums),
                    }
                }
            }

            #[inline(always)]
            fn narrow(self, input: &[f32], inputs: usize, slots: &mut [f32]) {
                // SAFETY: as above.
                #[allow(unsafe_code)]
                unsafe {
                    narrow(input, inputs, slots);
                }
            }

            #[inline(always)]
            fn all(self, number: f32) -> Vectors {
                // SAFETY: as above.
                #[allow(unsafe_code)]
                unsafe {
                    Vectors::all(number)
                }
            }

            #[inline(always)]
            fn load(self, numbers: &[f32; HALF]) -> Vectors {
                // SAFETY: as above.
                #[allow(unsafe_code)]
                unsafe {
                    Vectors::load(numbers)
                }
            }

            #[inline(always)]
            fn real(self, sums: &[u32; HALF]) -> Vectors {
                // SAFETY: as above.
                #[allow(unsafe_code)]
                unsafe {
                    Vectors::of_wholes(sums)
                }
            }
        }
    };
}

kernel!(Avx2, run_avx2, "avx2,fma", tile_avx2, 4);
kernel!(AvxVnni, run_avx_vnni, "avx2,fma,avxvnni", tile_avx_vnni, 6);
// The same tile, in the encoding that processors with AVX-512 have: with it the tile is tested where there is no AVX-VNNI.
kernel!(
    #[cfg(test)]
    Avx512Vl,
    run_avx512_vl,
    "avx2,fma,avx512f,avx512vl,avx512vnni",
    tile_avx512_vl,
    6
);

/// A tile: sums of half a panel's columns stay in registers. Written over indices, as the f32 tile is.
macro_rules! tile {
    ($(#[$of:meta])* $name:ident, $features:literal, $dot:expr) => {
        $(#[$of])*
        #[allow(clippy::needless_range_loop)]
        #[inline]
        #[target_feature(enable = $features)]
        fn $name<const ROWS: usize>(from: SlotRows<'_>, first: usize, panel: &[f32], to: &mut Sums) {
            let steps = panel.as_chunks::<HALF>().0.as_chunks::<STEP>().0;
            let mut rows: [&[[f32; STEP]]; ROWS] = [&[]; ROWS];
            for row in 0..ROWS {
                rows[row] = &from.row(first + row).as_chunks().0[..steps.len() / 2];
            }
            for half in 0..2 {
                let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
                for step in 0..steps.len() / 2 {
                    let lines = &steps[2 * step + half];
                    let mut slots = [&[0.0; STEP]; ROWS];
                    for row in 0..ROWS {
                        slots[row] = &rows[row][step];
                    }
                    for slot in 0..STEP {
                        let [left, right] = wholes(&lines[slot]);
                        for row in 0..ROWS {
                            let numbers = _mm256_set1_epi32(slots[row][slot].to_bits().cast_signed());
                            sums[row][0] = $dot(sums[row][0], numbers, left);
                            sums[row][1] = $dot(sums[row][1], numbers, right);
                        }
                    }
                }
                for row in 0..ROWS {
                    for vector in 0..2 {
                        let to = &mut to.0[row][half * HALF + vector * EIGHT..][..EIGHT];
                        // SAFETY: the slice was cut to the 32 bytes that are written, at any alignment.
                        #[allow(unsafe_code)]
                        unsafe {
                            _mm256_storeu_si256(to.as_mut_ptr().cast(), sums[row][vector]);
                        }
                    }
                }
            }
        }
    };
}

tile!(tile_avx2, "avx2,fma", by_pairs);
tile!(tile_avx_vnni, "avx2,fma,avxvnni", _mm256_dpbusd_avx_epi32);
tile!(
    #[cfg(test)]
    tile_avx512_vl,
    "avx2,fma,avx512f,avx512vl,avx512vnni",
    std::arch::x86_64::_mm256_dpbusd_epi32
);

/// What AVX-VNNI does, in three instructions. No pair leaves 16 bits: 2 · 255 · 63 is less than 2^15.
#[inline]
#[target_feature(enable = "avx2")]
fn by_pairs(sums: __m256i, numbers: __m256i, weights: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(numbers, weights);
    _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// A line of weights in two vectors.
#[inline]
#[target_feature(enable = "avx2")]
fn wholes(line: &[f32; HALF]) -> [__m256i; 2] {
    // SAFETY: the array is the 64 bytes that are read, 32 from its start and 32 from its middle, at any alignment.
    #[allow(unsafe_code)]
    unsafe {
        [_mm256_loadu_si256(line.as_ptr().cast()), _mm256_loadu_si256(line[EIGHT..].as_ptr().cast())]
    }
}

/// Rows of `inputs` numbers in whole numbers of 8 bits.
#[target_feature(enable = "avx2,fma")]
pub(super) fn narrow(input: &[f32], inputs: usize, slots: &mut [f32]) {
    let rows = slots.chunks_exact_mut(Format::Int8.row_slots(inputs));
    for (row, slots) in input.chunks_exact(inputs).zip(rows) {
        let (head, slots) = slots.split_at_mut(int8::HEAD);
        let range = int8::Range::of(row);
        (head[0], head[1]) = (range.scale, range.least);
        let (lines, rest) = row.as_chunks::<{ 4 * EIGHT }>();
        let (full, beyond) = slots.split_at_mut(lines.len() * EIGHT);
        for (line, slots) in lines.iter().zip(full.as_chunks_mut().0) {
            quantise(line, &range, slots);
        }
        int8::narrow_rest(rest, &range, beyond);
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn quantise(line: &[f32; 4 * EIGHT], range: &int8::Range, slots: &mut [f32; EIGHT]) {
    let (least, inverse) = (_mm256_set1_ps(range.least), _mm256_set1_ps(range.inverse));
    let mut wholes = [_mm256_setzero_si256(); 4];
    for (wholes, numbers) in wholes.iter_mut().zip(line.as_chunks().0) {
        *wholes = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_sub_ps(eight(numbers), least), inverse));
    }
    let [first, second, third, fourth] = wholes;
    // Both halves of a vector are packed by themselves; the last instruction puts the quarters in their order.
    let bytes = _mm256_packus_epi16(_mm256_packs_epi32(first, second), _mm256_packs_epi32(third, fourth));
    let bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    // SAFETY: the array is the 32 bytes that are written, at any alignment.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_storeu_si256(slots.as_mut_ptr().cast(), bytes);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn eight(numbers: &[f32; EIGHT]) -> __m256 {
    // SAFETY: the array is the 32 bytes that are read, at any alignment.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_loadu_ps(numbers.as_ptr())
    }
}

/// 16 numbers in two registers. Only functions that need AVX2 and FMA make one, so that the processor of whoever has one has
/// these.
#[derive(Clone, Copy)]
struct Vectors([__m256; 2]);

impl Vectors {
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn all(number: f32) -> Self {
        Vectors([_mm256_set1_ps(number); 2])
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn load(numbers: &[f32; HALF]) -> Self {
        let halves = numbers.as_chunks().0;
        Vectors([eight(&halves[0]), eight(&halves[1])])
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn of_wholes(sums: &[u32; HALF]) -> Self {
        // SAFETY: as in `wholes`.
        #[allow(unsafe_code)]
        let (left, right) = unsafe {
            (_mm256_loadu_si256(sums.as_ptr().cast()), _mm256_loadu_si256(sums[EIGHT..].as_ptr().cast()))
        };
        Vectors([_mm256_cvtepi32_ps(left), _mm256_cvtepi32_ps(right)])
    }
}

#[allow(unsafe_code)]
impl Lanes for Vectors {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        let (Vectors([a, b]), Vectors([c, d])) = (self, other);
        // SAFETY: it needs AVX and FMA, as making the vectors did.
        unsafe { Vectors([_mm256_add_ps(a, c), _mm256_add_ps(b, d)]) }
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        let (Vectors([a, b]), Vectors([c, d])) = (self, other);
        // SAFETY: as in `plus`.
        unsafe { Vectors([_mm256_mul_ps(a, c), _mm256_mul_ps(b, d)]) }
    }

    #[inline(always)]
    fn times_plus(self, factor: Self, other: Self) -> Self {
        let (Vectors([a, b]), Vectors([c, d]), Vectors([left, right])) = (self, factor, other);
        // SAFETY: as in `plus`.
        unsafe { Vectors([_mm256_fmadd_ps(a, c, left), _mm256_fmadd_ps(b, d, right)]) }
    }

    // Of a pair with one that is no number, the instruction takes the second.
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        let (Vectors([a, b]), Vectors([c, d])) = (self, bound);
        // SAFETY: as in `plus`.
        unsafe { Vectors([_mm256_min_ps(c, a), _mm256_min_ps(d, b)]) }
    }

    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        let (Vectors([a, b]), Vectors([c, d])) = (self, bound);
        // SAFETY: as in `plus`.
        unsafe { Vectors([_mm256_max_ps(c, a), _mm256_max_ps(d, b)]) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; HALF]) {
        let Vectors([left, right]) = self;
        let (first, second) = to.split_at_mut(EIGHT);
        // SAFETY: as in `plus`; each half of the array is the 32 bytes that are written, at any alignment.
        unsafe {
            _mm256_storeu_ps(first.as_mut_ptr(), left);
            _mm256_storeu_ps(second.as_mut_ptr(), right);
        }
    }
}
