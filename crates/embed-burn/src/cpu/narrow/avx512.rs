//! Narrow products with AVX512-BF16 and AVX512-VNNI.
//!
//! What a row gets is added up in the order of its slots, whatever rows stand beside it.

use std::arch::x86_64::{
    __m512, __m512bh, __m512i, _mm_storeu_si128, _mm512_cvtne2ps_pbh, _mm512_cvtps_epi32,
    _mm512_cvtusepi32_epi8, _mm512_dpbf16_ps, _mm512_dpbusd_epi32, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512,
    _mm512_storeu_ps, _mm512_storeu_si512, _mm512_sub_ps,
};

use super::{COLUMNS, HALF, NarrowProduct, STEP, int8};

/// Rows of a tile: 12 of 32 registers hold sums.
const TILE: usize = 6;

/// Calls `$tile` for all rows of all panels; the last rows have tiles of their own, so that few rows cost little.
macro_rules! by_tiles {
    ($product:ident, $tile:ident) => {
        for panel in $product.panels.clone() {
            let mut row = 0;
            while row < $product.rows {
                match $product.rows - row {
                    1 => $tile::<1>(&mut $product, panel, row),
                    2 => $tile::<2>(&mut $product, panel, row),
                    3 => $tile::<3>(&mut $product, panel, row),
                    4 => $tile::<4>(&mut $product, panel, row),
                    5 => $tile::<5>(&mut $product, panel, row),
                    _ => $tile::<TILE>(&mut $product, panel, row),
                }
                row += TILE;
            }
        }
    };
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn run_bf16(mut product: NarrowProduct<'_>) {
    by_tiles!(product, tile_bf16);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn run_int8(mut product: NarrowProduct<'_>) {
    by_tiles!(product, tile_int8);
}

/// A tile of one format. Written over indices, as the f32 tile is: with iterators the sums leave the registers.
macro_rules! tile {
    ($name:ident, $features:literal, $zero:expr, $number:expr, $operand:expr, $dot:ident, $store:ident, $finish:ident) => {
        #[allow(clippy::needless_range_loop)]
        #[inline]
        #[target_feature(enable = $features)]
        fn $name<const ROWS: usize>(product: &mut NarrowProduct<'_>, panel: usize, first: usize) {
            let mut sums = [[$zero; 2]; ROWS];
            {
                let mut rows: [&[[f32; STEP]]; ROWS] = [&[]; ROWS];
                for row in 0..ROWS {
                    rows[row] = product.row(first + row).as_chunks().0;
                }
                let steps = product.weights.panel(panel).as_chunks::<{ 2 * STEP * HALF }>().0;
                for (step, weights) in steps.iter().enumerate() {
                    let lines = weights.as_chunks::<HALF>().0;
                    let mut slots = [&[0.0; STEP]; ROWS];
                    for row in 0..ROWS {
                        slots[row] = &rows[row][step];
                    }
                    for slot in 0..STEP {
                        let (left, right) =
                            ($operand(whole(&lines[slot])), $operand(whole(&lines[STEP + slot])));
                        for row in 0..ROWS {
                            let numbers =
                                $operand(_mm512_set1_epi32(slots[row][slot].to_bits().cast_signed()));
                            sums[row][0] = $dot(sums[row][0], numbers, left);
                            sums[row][1] = $dot(sums[row][1], numbers, right);
                        }
                    }
                }
            }
            for row in 0..ROWS {
                let mut line = [$number; COLUMNS];
                let (left, right) = line.split_at_mut(HALF);
                $store(left, sums[row][0]);
                $store(right, sums[row][1]);
                product.$finish(panel, first + row, &line);
            }
        }
    };
}

tile!(
    tile_bf16,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16",
    _mm512_setzero_ps(),
    0.0_f32,
    pairs,
    _mm512_dpbf16_ps,
    store,
    finish
);
tile!(
    tile_int8,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni",
    _mm512_setzero_si512(),
    0_i32,
    wholes,
    _mm512_dpbusd_epi32,
    store_whole,
    finish_whole
);

/// Rows of `inputs` numbers in bf16.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn narrow_bf16(input: &[f32], inputs: usize, slots: &mut [f32]) {
    let rows = slots.chunks_exact_mut(super::Format::Bf16.row_slots(inputs));
    for (row, slots) in input.chunks_exact(inputs).zip(rows) {
        let (lines, rest) = row.as_chunks::<{ 2 * STEP }>();
        let (full, last) = slots.split_at_mut(lines.len() * STEP);
        for (line, slots) in lines.iter().zip(full.as_chunks_mut::<STEP>().0) {
            pack(line, slots);
        }
        if !rest.is_empty() {
            let mut line = [0.0; 2 * STEP];
            line[..rest.len()].copy_from_slice(rest);
            if let Some(slots) = last.first_chunk_mut() {
                pack(&line, slots);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn pack(line: &[f32; 2 * STEP], slots: &mut [f32; STEP]) {
    let (low, high) = line.split_at(STEP);
    // The second is the low half.
    let packed = _mm512_cvtne2ps_pbh(load(high), load(low));
    // SAFETY: both are 64 bytes for which every value is one.
    #[allow(unsafe_code)]
    let packed = unsafe { std::mem::transmute::<__m512bh, __m512>(packed) };
    store(slots, packed);
}

/// Rows of `inputs` numbers in whole numbers of 8 bits.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn narrow_int8(input: &[f32], inputs: usize, slots: &mut [f32]) {
    let rows = slots.chunks_exact_mut(super::Format::Int8.row_slots(inputs));
    for (row, slots) in input.chunks_exact(inputs).zip(rows) {
        let (head, slots) = slots.split_at_mut(int8::HEAD);
        let range = int8::Range::of(row);
        (head[0], head[1]) = (range.scale, range.least);
        let (lines, rest) = row.as_chunks::<STEP>();
        let (full, beyond) = slots.split_at_mut(lines.len() * 4);
        let (least, inverse) = (_mm512_set1_ps(range.least), _mm512_set1_ps(range.inverse));
        for (line, slots) in lines.iter().zip(full.as_chunks_mut::<4>().0) {
            let wholes = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_sub_ps(load(line), least), inverse));
            let bytes = _mm512_cvtusepi32_epi8(wholes);
            // SAFETY: four slots are the 16 bytes that are written, at any alignment.
            #[allow(unsafe_code)]
            unsafe {
                _mm_storeu_si128(slots.as_mut_ptr().cast(), bytes);
            }
        }
        int8::narrow_rest(rest, &range, beyond);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn whole(line: &[f32; HALF]) -> __m512i {
    // SAFETY: the array is the 64 bytes that are read, at any alignment.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(line.as_ptr().cast())
    }
}

/// Bits as four whole numbers a slot: as they are.
#[inline]
#[target_feature(enable = "avx512f")]
fn wholes(bits: __m512i) -> __m512i {
    bits
}

/// Bits as two numbers in bf16 a slot.
#[inline]
#[target_feature(enable = "avx512f")]
fn pairs(bits: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes for which every value is one.
    #[allow(unsafe_code)]
    unsafe {
        std::mem::transmute::<__m512i, __m512bh>(bits)
    }
}

/// The first 16 numbers.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(numbers: &[f32]) -> __m512 {
    let numbers = &numbers[..HALF];
    // SAFETY: the slice was cut to the 64 bytes that are read, at any alignment.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_ps(numbers.as_ptr())
    }
}

/// To the first 16 places.
#[inline]
#[target_feature(enable = "avx512f")]
fn store(to: &mut [f32], numbers: __m512) {
    let to = &mut to[..HALF];
    // SAFETY: the slice was cut to the 64 bytes that are written, at any alignment.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_ps(to.as_mut_ptr(), numbers);
    }
}

/// To the first 16 places.
#[inline]
#[target_feature(enable = "avx512f")]
fn store_whole(to: &mut [i32], numbers: __m512i) {
    let to = &mut to[..HALF];
    // SAFETY: as in `store`.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(to.as_mut_ptr().cast(), numbers);
    }
}
