//! Whole numbers of 8 bits, four to a slot.
//!
//! A weight is `whole · scale`, the whole number up to 127, or 63 where two products have to fit in 16 bits, the scale
//! its column's; a row's number is `least + whole · scale`, both the row's. So a product is `Σ row · weight = scale ·
//! column scale · Σ whole · whole + least · Σ weight`, where the last sum is the column's and known before.

use crate::cpu::aligned::LINE;

/// Slots in front of a row: its scale and its least number, then up to a cache line, so that what follows is aligned.
pub(super) const HEAD: usize = 16;

/// What a column's whole numbers stand for, if the largest of them is `largest`; of columns beyond `outputs`, 0.
pub(super) fn column_scales(weight: &[f32], outputs: usize, padded: usize, largest: i8) -> Vec<f32> {
    let mut scales = vec![0.0_f32; padded];
    for row in weight.chunks_exact(outputs) {
        for (scale, number) in scales.iter_mut().zip(row) {
            *scale = scale.max(number.abs());
        }
    }
    for scale in &mut scales {
        *scale /= f32::from(largest);
    }
    scales
}

/// A weight as a whole number, no larger than `largest`.
pub(super) fn whole(number: f32, scale: f32, largest: i8) -> i8 {
    // A column of zeros has the scale 0; weights are finite, which is looked at when they are read.
    let largest = f32::from(largest);
    if scale > 0.0 { (number / scale).round_ties_even().clamp(-largest, largest) as i8 } else { 0 }
}

/// What a row's whole numbers stand for.
pub(super) struct Range {
    /// Of a row that is not finite no number, and so is all that is made of it.
    pub(super) scale: f32,
    pub(super) least: f32,
    /// 1 / scale; 0 of a row of one number only, and of one that is not finite.
    pub(super) inverse: f32,
}

impl Range {
    #[inline(always)]
    pub(super) fn of(row: &[f32]) -> Self {
        let (mut least, mut most, mut finite) =
            ([f32::INFINITY; LINE], [f32::NEG_INFINITY; LINE], [0.0_f32; LINE]);
        let (lines, rest) = row.as_chunks::<LINE>();
        for line in lines {
            for at in 0..LINE {
                least[at] = if line[at] < least[at] { line[at] } else { least[at] };
                most[at] = if line[at] > most[at] { line[at] } else { most[at] };
                // 0 of a finite number, NaN of another.
                finite[at] += line[at] * 0.0;
            }
        }
        let zero: f32 = folded(finite, |a, b| a + b) + rest.iter().map(|number| number * 0.0).sum::<f32>();
        let least = rest.iter().copied().fold(folded(least, |a, b| if b < a { b } else { a }), f32::min);
        let most = rest.iter().copied().fold(folded(most, |a, b| if b > a { b } else { a }), f32::max);
        let scale = (most - least) / 255.0 + zero;
        Range { scale, least, inverse: if scale > 0.0 { 1.0 / scale } else { 0.0 } }
    }

    #[inline(always)]
    fn whole(&self, number: f32) -> u32 {
        ((number - self.least) * self.inverse).round_ties_even().min(255.0) as u32
    }
}

/// All of a line by twos: a chain of 16 would take as long as a row.
#[inline(always)]
fn folded(mut line: [f32; LINE], two: impl Fn(f32, f32) -> f32) -> f32 {
    for half in [8, 4, 2, 1] {
        for at in 0..half {
            line[at] = two(line[at], line[at + half]);
        }
    }
    line[0]
}

/// The numbers of a row from some slot on.
pub(super) fn narrow_rest(numbers: &[f32], range: &Range, slots: &mut [f32]) {
    for (index, slot) in slots.iter_mut().enumerate() {
        let whole = |k: usize| numbers.get(4 * index + k).map_or(0, |&number| range.whole(number));
        *slot = f32::from_bits(whole(0) | whole(1) << 8 | whole(2) << 16 | whole(3) << 24);
    }
}

/// A row in slots behind its [`HEAD`].
#[cfg(test)]
pub(super) fn narrow(row: &[f32], to: &mut [f32]) {
    let (head, slots) = to.split_at_mut(HEAD);
    let range = Range::of(row);
    (head[0], head[1]) = (range.scale, range.least);
    narrow_rest(row, &range, slots);
}
