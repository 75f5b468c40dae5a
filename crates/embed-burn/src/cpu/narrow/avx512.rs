//! Narrow products with AVX512-BF16 and AVX512-VNNI.
//!
//! What a row gets is added up in the order of its slots, whatever rows stand beside it.

use std::arch::x86_64::{
    __m512, __m512bh, __m512i, _MM_HINT_T0, _mm_prefetch, _mm_storeu_si128, _mm512_cvtne2ps_pbh,
    _mm512_cvtps_epi32, _mm512_cvtusepi32_epi8, _mm512_dpbf16_ps, _mm512_dpbusd_epi32, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_mul_ps, _mm512_permutexvar_epi16, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_setzero_ps, _mm512_setzero_si512, _mm512_storeu_ps, _mm512_storeu_si512, _mm512_sub_ps,
};

use super::kernel::{Bf16, Kernel, SlotRows, Sums};
use super::lanes512::{Vector, turned};
use super::{Format, HALF, NarrowAttention, NarrowProduct, STEP, int8};

/// Rows of a tile: 24 of 32 registers hold sums, and each weight that is read serves 12 rows.
const TILE: usize = 12;

/// AVX512-BF16: only `new` makes it, which needs that.
#[derive(Clone, Copy)]
pub(super) struct Pairs(());

impl Pairs {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    pub(super) fn new() -> Self {
        Pairs(())
    }
}

/// AVX512-VNNI: only `new` makes it, which needs that.
#[derive(Clone, Copy)]
pub(super) struct Wholes(());

impl Wholes {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    pub(super) fn new() -> Self {
        Wholes(())
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn run_bf16(product: NarrowProduct<'_>) {
    product.compute(Pairs::new());
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn run_int8(product: NarrowProduct<'_>) {
    product.compute(Wholes::new());
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn narrow_bf16(input: &[f32], inputs: usize, slots: &mut [f32]) {
    Pairs::new().narrow(input, inputs, slots);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn narrow_int8(input: &[f32], inputs: usize, slots: &mut [f32]) {
    Wholes::new().narrow(input, inputs, slots);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn attend(attention: NarrowAttention<'_>) {
    attention.compute(Pairs::new());
}

/// What kernels of this file have alike: blocks by tiles, and vectors. `$tile` needs the features that the kernel's value stands
/// for; `$real` makes numbers of sums.
macro_rules! alike {
    ($tile:ident, $real:ident) => {
        #[inline(always)]
        fn block(self, rows: SlotRows<'_>, first: usize, count: usize, panel: &[f32], sums: &mut Sums) {
            // SAFETY: needs the features that making a value of this type needed.
            #[allow(unsafe_code)]
            unsafe {
                match count {
                    0 => {}
                    1 => $tile::<1>(rows, first, panel, sums),
                    2 => $tile::<2>(rows, first, panel, sums),
                    3 => $tile::<3>(rows, first, panel, sums),
                    4 => $tile::<4>(rows, first, panel, sums),
                    5 => $tile::<5>(rows, first, panel, sums),
                    6 => $tile::<6>(rows, first, panel, sums),
                    7 => $tile::<7>(rows, first, panel, sums),
                    8 => $tile::<8>(rows, first, panel, sums),
                    9 => $tile::<9>(rows, first, panel, sums),
                    10 => $tile::<10>(rows, first, panel, sums),
                    11 => $tile::<11>(rows, first, panel, sums),
                    _ => $tile::<TILE>(rows, first, panel, sums),
                }
            }
        }

        #[inline(always)]
        fn all(self, number: f32) -> Vector {
            // SAFETY: needs AVX-512F, as making a value of this type did.
            #[allow(unsafe_code)]
            unsafe {
                Vector::all(number)
            }
        }

        #[inline(always)]
        fn load(self, numbers: &[f32; HALF]) -> Vector {
            // SAFETY: as above.
            #[allow(unsafe_code)]
            unsafe {
                Vector::load(numbers)
            }
        }

        #[inline(always)]
        fn real(self, sums: &[u32; HALF]) -> Vector {
            // SAFETY: as above.
            #[allow(unsafe_code)]
            unsafe {
                Vector::$real(sums)
            }
        }
    };
}

impl Kernel for Pairs {
    type Lanes = Vector;

    const FORMAT: Format = Format::Bf16;
    const BLOCK: usize = TILE;

    alike!(tile_bf16, of_bits);

    #[inline(always)]
    fn narrow(self, input: &[f32], inputs: usize, slots: &mut [f32]) {
        let rows = slots.chunks_exact_mut(Format::Bf16.row_slots(inputs));
        for (row, slots) in input.chunks_exact(inputs).zip(rows) {
            let (lines, rest) = row.as_chunks();
            let (full, last) = slots.split_at_mut(lines.len() * STEP);
            for (line, slots) in lines.iter().zip(full.as_chunks_mut().0) {
                self.pairs(line, slots);
            }
            if !rest.is_empty() {
                let mut line = [0.0; 2 * STEP];
                line[..rest.len()].copy_from_slice(rest);
                if let Some(slots) = last.first_chunk_mut() {
                    self.pairs(&line, slots);
                }
            }
        }
    }
}

impl Bf16 for Pairs {
    #[inline(always)]
    fn pairs(self, numbers: &[f32; 2 * STEP], slots: &mut [f32; STEP]) {
        // SAFETY: needs the features that making a value of this type needed.
        #[allow(unsafe_code)]
        unsafe {
            pairs(numbers, slots);
        }
    }

    #[inline(always)]
    fn between(self, first: &[f32; HALF], second: &[f32; HALF], slots: &mut [f32; HALF]) {
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            between(first, second, slots);
        }
    }

    #[inline(always)]
    fn turned(self, rows: &[[f32; STEP]; HALF], columns: &mut [[f32; HALF]; STEP]) {
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            turned(rows, columns);
        }
    }
}

impl Kernel for Wholes {
    type Lanes = Vector;

    const FORMAT: Format = Format::Int8;
    const BLOCK: usize = TILE;

    alike!(tile_int8, of_wholes);

    #[inline(always)]
    fn narrow(self, input: &[f32], inputs: usize, slots: &mut [f32]) {
        let rows = slots.chunks_exact_mut(Format::Int8.row_slots(inputs));
        for (row, slots) in input.chunks_exact(inputs).zip(rows) {
            let (head, slots) = slots.split_at_mut(int8::HEAD);
            let range = int8::Range::of(row);
            (head[0], head[1]) = (range.scale, range.least);
            let (lines, rest) = row.as_chunks::<STEP>();
            let (full, beyond) = slots.split_at_mut(lines.len() * 4);
            // SAFETY: needs the features that making a value of this type needed.
            #[allow(unsafe_code)]
            unsafe {
                quantise(lines, &range, full.as_chunks_mut().0);
            }
            int8::narrow_rest(rest, &range, beyond);
        }
    }
}

/// A tile of one format. Written over indices, as the f32 tile is: with iterators the sums leave the registers.
macro_rules! tile {
    ($name:ident, $features:literal, $zero:expr, $operand:expr, $dot:ident, $store:ident) => {
        #[allow(clippy::needless_range_loop)]
        #[inline]
        #[target_feature(enable = $features)]
        fn $name<const ROWS: usize>(from: SlotRows<'_>, first: usize, panel: &[f32], to: &mut Sums) {
            let mut sums = [[$zero; 2]; ROWS];
            let steps = panel.as_chunks::<{ 2 * STEP * HALF }>().0;
            let mut rows: [&[[f32; STEP]]; ROWS] = [&[]; ROWS];
            for row in 0..ROWS {
                rows[row] = &from.row(first + row).as_chunks().0[..steps.len()];
            }
            for (step, weights) in steps.iter().enumerate() {
                let lines = weights.as_chunks::<HALF>().0;
                let mut slots = [&[0.0; STEP]; ROWS];
                for row in 0..ROWS {
                    slots[row] = &rows[row][step];
                }
                for slot in 0..STEP {
                    prefetch(&lines[slot]);
                    prefetch(&lines[STEP + slot]);
                    let (left, right) = ($operand(whole(&lines[slot])), $operand(whole(&lines[STEP + slot])));
                    for row in 0..ROWS {
                        let numbers = $operand(_mm512_set1_epi32(slots[row][slot].to_bits().cast_signed()));
                        sums[row][0] = $dot(sums[row][0], numbers, left);
                        sums[row][1] = $dot(sums[row][1], numbers, right);
                    }
                }
            }
            for row in 0..ROWS {
                let (left, right) = to.0[row].split_at_mut(HALF);
                $store(left, sums[row][0]);
                $store(right, sums[row][1]);
            }
        }
    };
}

tile!(
    tile_bf16,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16",
    _mm512_setzero_ps(),
    halves,
    _mm512_dpbf16_ps,
    store_sums
);
tile!(
    tile_int8,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni",
    _mm512_setzero_si512(),
    same,
    _mm512_dpbusd_epi32,
    store_wholes
);

/// Asks for the weights that are a step behind these: without it a fifth of the time is spent waiting for them.
#[inline]
#[target_feature(enable = "avx512f")]
fn prefetch(line: &[f32; HALF]) {
    let next = line.as_ptr().wrapping_add(2 * STEP * HALF);
    // A hint: it reads nothing, and is allowed on any address, mapped or not.
    _mm_prefetch::<_MM_HINT_T0>(next.cast());
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn pairs(numbers: &[f32; 2 * STEP], slots: &mut [f32; STEP]) {
    let (low, high) = numbers.split_at(STEP);
    // The second is the low half.
    store(slots, bits(_mm512_cvtne2ps_pbh(load(high), load(low))));
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn between(first: &[f32; HALF], second: &[f32; HALF], slots: &mut [f32; HALF]) {
    let halves = bits(_mm512_cvtne2ps_pbh(load(second), load(first)));
    store(slots, _mm512_permutexvar_epi16(whole(&ZIPPED), halves));
}

/// The numbers 0, 16, 1, 17 and so on, in 16 bits each: the first half and the second, one by one.
const ZIPPED: [f32; HALF] = {
    let mut places = [0.0; HALF];
    let mut at = 0;
    while at < HALF {
        places[at] = f32::from_bits(at as u32 | (at as u32 + 16) << 16);
        at += 1;
    }
    places
};

/// Whole numbers of a row, which lies in this range.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn quantise(lines: &[[f32; STEP]], range: &int8::Range, slots: &mut [[f32; 4]]) {
    let (least, inverse) = (_mm512_set1_ps(range.least), _mm512_set1_ps(range.inverse));
    for (line, slots) in lines.iter().zip(slots) {
        let numbers = _mm512_mul_ps(_mm512_sub_ps(load(line), least), inverse);
        let bytes = _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(numbers));
        // SAFETY: four slots are the 16 bytes that are written, at any alignment.
        #[allow(unsafe_code)]
        unsafe {
            _mm_storeu_si128(slots.as_mut_ptr().cast(), bytes);
        }
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
fn same(bits: __m512i) -> __m512i {
    bits
}

/// Bits as two numbers in bf16 a slot.
#[inline]
#[target_feature(enable = "avx512f")]
fn halves(bits: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes for which every value is one.
    #[allow(unsafe_code)]
    unsafe {
        std::mem::transmute::<__m512i, __m512bh>(bits)
    }
}

/// Two numbers in bf16 a slot as bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn bits(halves: __m512bh) -> __m512i {
    // SAFETY: both are 64 bytes for which every value is one.
    #[allow(unsafe_code)]
    unsafe {
        std::mem::transmute::<__m512bh, __m512i>(halves)
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

#[inline]
#[target_feature(enable = "avx512f")]
fn store(to: &mut [f32; HALF], slots: __m512i) {
    // SAFETY: the array is the 64 bytes that are written, at any alignment.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(to.as_mut_ptr().cast(), slots);
    }
}

/// To the first 16 places.
#[inline]
#[target_feature(enable = "avx512f")]
fn store_sums(to: &mut [u32], numbers: __m512) {
    let to = &mut to[..HALF];
    // SAFETY: the slice was cut to the 64 bytes that are written, at any alignment.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_ps(to.as_mut_ptr().cast(), numbers);
    }
}

/// To the first 16 places.
#[inline]
#[target_feature(enable = "avx512f")]
fn store_wholes(to: &mut [u32], numbers: __m512i) {
    let to = &mut to[..HALF];
    // SAFETY: as in `store_sums`.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(to.as_mut_ptr().cast(), numbers);
    }
}
