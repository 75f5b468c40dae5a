//! [`Kernel`]: what differs between the sets of instructions that narrow products are computed with.

use super::{COLUMNS, Format, HALF, ROWS, STEP};

/// Products of one format with one set of instructions. A value of such a type is made only where the processor was found
/// to have them.
pub(super) trait Kernel: Copy {
    type Lanes: Lanes;
    const FORMAT: Format;
    /// Rows that are multiplied at once, [`ROWS`] at most.
    const BLOCK: usize;
    /// Rows that cost as much as one of them; blocks are as many or twice as many, where there are so many rows.
    const TILE: usize = 1;

    /// `sums[row][column] = Σ rows[first + row][slot] · panel[slot][column]`, for `count` rows, [`Kernel::BLOCK`] at most:
    /// bits of f32 or i32. What a row gets does not depend on the rows beside it.
    fn block(self, rows: SlotRows<'_>, first: usize, count: usize, panel: &[f32], sums: &mut Sums);

    /// Turns rows of `inputs` numbers into rows of slots.
    fn narrow(self, input: &[f32], inputs: usize, slots: &mut [f32]);

    /// The same number everywhere.
    fn all(self, number: f32) -> Self::Lanes;

    /// These numbers.
    fn load(self, numbers: &[f32; HALF]) -> Self::Lanes;

    /// The numbers that have these bits; or, of a format of whole numbers, these whole numbers.
    fn real(self, sums: &[u32; HALF]) -> Self::Lanes;
}

/// As many numbers as half a panel has columns: a vector. What the compiler makes of loops over so few numbers is one number
/// after the other, so that they are written in vectors.
pub(super) trait Lanes: Copy {
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// self · factor + other, rounded once.
    fn times_plus(self, factor: Self, other: Self) -> Self;
    /// Each number, or the bound where that is less. NaN stays NaN.
    fn at_most(self, bound: Self) -> Self;
    /// Each number, or the bound where that is more. NaN stays NaN.
    fn at_least(self, bound: Self) -> Self;
    fn store(self, to: &mut [f32; HALF]);
}

/// What shares of attention need of vectors.
pub(super) trait Shares: Lanes {
    /// self · 2^power, of whole powers that 1.5 · 2^23 was added to.
    fn scaled(self, power: Self) -> Self;
    /// The largest of all numbers that are some.
    fn largest(self) -> f32;
    fn sum(self) -> f32;
}

/// A kernel of bf16, and how numbers become slots.
pub(super) trait Bf16: Kernel<Lanes: Shares> {
    /// Neighbours of one row in a slot.
    fn pairs(self, numbers: &[f32; 2 * STEP], slots: &mut [f32; STEP]);

    /// What stands at the same place of two rows in a slot.
    fn between(self, first: &[f32; HALF], second: &[f32; HALF], slots: &mut [f32; HALF]);

    /// Rows of slots become columns.
    fn turned(self, rows: &[[f32; STEP]; HALF], columns: &mut [[f32; HALF]; STEP]);
}

/// Rows of slots in memory.
#[derive(Clone, Copy)]
pub(super) struct SlotRows<'a> {
    pub(super) slots: &'a [f32],
    /// From one row to the next.
    pub(super) stride: usize,
    /// What stands in front of a row and is not multiplied.
    pub(super) head: usize,
}

impl<'a> SlotRows<'a> {
    /// A row's slots, without what stands in front of them.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &'a [f32] {
        &self.slots[row * self.stride..][..self.stride][self.head..]
    }
}

/// Sums of a block, row by row: bits of f32 or i32.
#[repr(C, align(64))]
pub(super) struct Sums(pub(super) [[u32; COLUMNS]; ROWS]);

impl Sums {
    pub(super) const ZERO: Sums = Sums([[0; COLUMNS]; ROWS]);
}

/// The blocks that rows are multiplied in, all about as large, in whole tiles but for the last: first and count.
pub(super) fn blocks(rows: usize, most: usize, tile: usize) -> impl Iterator<Item = (usize, usize)> {
    let each = rows.div_ceil(rows.div_ceil(most).max(1)).next_multiple_of(tile).max(1);
    (0..rows).step_by(each).map(move |first| (first, each.min(rows - first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_each_row_once_and_are_no_larger_than_said() {
        for (most, tile) in [(1, 1), (12, 1), (32, 1), (32, 16)] {
            for rows in 0..100 {
                let (mut next, mut tiles) = (0, 0);
                for (first, count) in blocks(rows, most, tile) {
                    assert!(first == next && (1..=most).contains(&count), "{rows} rows in blocks of {most}");
                    next += count;
                    tiles += count.div_ceil(tile);
                }
                assert_eq!(next, rows);
                assert_eq!(tiles, rows.div_ceil(tile), "{rows} rows in blocks of {most}, tiles of {tile}");
            }
        }
    }
}
