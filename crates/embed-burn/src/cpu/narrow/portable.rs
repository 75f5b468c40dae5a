//! Narrow products one number after the other: what the others are held against.

use super::kernel::{Bf16, Kernel, Lanes, Shares, SlotRows, Sums};
use super::{COLUMNS, Format, HALF, NarrowAttention, NarrowProduct, ROWS, STEP, bf16, int8};

/// Numbers in bf16.
#[derive(Clone, Copy)]
struct Pairs;

/// Whole numbers.
#[derive(Clone, Copy)]
struct Wholes;

pub(super) fn run(product: NarrowProduct<'_>) {
    match product.weights.format() {
        Format::Bf16 => product.compute(Pairs),
        Format::Int8 => product.compute(Wholes),
    }
}

pub(super) fn narrow(format: Format, input: &[f32], inputs: usize, slots: &mut [f32]) {
    match format {
        Format::Bf16 => Pairs.narrow(input, inputs, slots),
        Format::Int8 => Wholes.narrow(input, inputs, slots),
    }
}

pub(super) fn attend(attention: NarrowAttention<'_>) {
    attention.compute(Pairs);
}

/// Calls `of` with the bytes of each slot of a row and of the weight that it meets, in their order.
fn each(row: &[f32], panel: &[f32], column: usize, mut of: impl FnMut([u8; 4], [u8; 4])) {
    for (at, slot) in row.iter().enumerate().take(panel.len() / COLUMNS) {
        let place = (at / STEP * 2 + column / HALF) * STEP * HALF + at % STEP * HALF + column % HALF;
        of(slot.to_bits().to_le_bytes(), panel[place].to_bits().to_le_bytes());
    }
}

/// Numbers beside one another.
#[derive(Clone, Copy)]
struct Line([f32; HALF]);

impl Line {
    fn with(self, other: Line, of: impl Fn(f32, f32) -> f32) -> Self {
        Line(std::array::from_fn(|at| of(self.0[at], other.0[at])))
    }
}

impl Lanes for Line {
    fn plus(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    fn times(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }

    fn times_plus(self, factor: Self, other: Self) -> Self {
        Line(std::array::from_fn(|at| self.0[at].mul_add(factor.0[at], other.0[at])))
    }

    fn at_most(self, bound: Self) -> Self {
        self.with(bound, |number, bound| if bound < number { bound } else { number })
    }

    fn at_least(self, bound: Self) -> Self {
        self.with(bound, |number, bound| if bound > number { bound } else { number })
    }

    fn store(self, to: &mut [f32; HALF]) {
        *to = self.0;
    }
}

impl Shares for Line {
    fn scaled(self, power: Self) -> Self {
        let two = |power: f32| f32::from_bits((power.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
        self.with(power, |number, power| number * two(power))
    }

    fn largest(self) -> f32 {
        self.0.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }

    fn sum(self) -> f32 {
        self.0.iter().sum()
    }
}

impl Kernel for Pairs {
    type Lanes = Line;

    const FORMAT: Format = Format::Bf16;
    const BLOCK: usize = ROWS;

    fn block(self, rows: SlotRows<'_>, first: usize, count: usize, panel: &[f32], sums: &mut Sums) {
        for (row, sums) in sums.0[..count].iter_mut().enumerate() {
            for (column, to) in sums.iter_mut().enumerate() {
                let mut sum = 0.0_f32;
                each(rows.row(first + row), panel, column, |slot, weight| {
                    let number = |bytes: &[u8]| half::bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
                    for k in [0, 2] {
                        sum += number(&slot[k..]) * number(&weight[k..]);
                    }
                });
                *to = sum.to_bits();
            }
        }
    }

    fn narrow(self, input: &[f32], inputs: usize, slots: &mut [f32]) {
        let rows = slots.chunks_exact_mut(Format::Bf16.row_slots(inputs));
        for (row, slots) in input.chunks_exact(inputs).zip(rows) {
            for (index, slot) in slots.iter_mut().enumerate() {
                let number = |k: usize| row.get(2 * index + k).copied().unwrap_or(0.0);
                *slot = f32::from_bits(bf16::slot([number(0), number(1)]));
            }
        }
    }

    fn all(self, number: f32) -> Line {
        Line([number; HALF])
    }

    fn load(self, numbers: &[f32; HALF]) -> Line {
        Line(*numbers)
    }

    fn real(self, sums: &[u32; HALF]) -> Line {
        Line(sums.map(f32::from_bits))
    }
}

impl Bf16 for Pairs {
    fn pairs(self, numbers: &[f32; 2 * STEP], slots: &mut [f32; STEP]) {
        for (slot, pair) in slots.iter_mut().zip(numbers.as_chunks().0) {
            *slot = f32::from_bits(bf16::slot(*pair));
        }
    }

    fn between(self, first: &[f32; HALF], second: &[f32; HALF], slots: &mut [f32; HALF]) {
        for (slot, (&first, &second)) in slots.iter_mut().zip(first.iter().zip(second)) {
            *slot = f32::from_bits(bf16::slot([first, second]));
        }
    }

    fn turned(self, rows: &[[f32; STEP]; HALF], columns: &mut [[f32; HALF]; STEP]) {
        for (slot, column) in columns.iter_mut().enumerate() {
            for (to, row) in column.iter_mut().zip(rows) {
                *to = row[slot];
            }
        }
    }
}

impl Kernel for Wholes {
    type Lanes = Line;

    const FORMAT: Format = Format::Int8;
    const BLOCK: usize = ROWS;

    fn block(self, rows: SlotRows<'_>, first: usize, count: usize, panel: &[f32], sums: &mut Sums) {
        for (row, sums) in sums.0[..count].iter_mut().enumerate() {
            for (column, to) in sums.iter_mut().enumerate() {
                let mut sum = 0_i32;
                each(rows.row(first + row), panel, column, |slot, weight| {
                    for k in 0..4 {
                        sum += i32::from(slot[k]) * i32::from(weight[k].cast_signed());
                    }
                });
                *to = sum.cast_unsigned();
            }
        }
    }

    fn narrow(self, input: &[f32], inputs: usize, slots: &mut [f32]) {
        let rows = slots.chunks_exact_mut(Format::Int8.row_slots(inputs));
        for (row, slots) in input.chunks_exact(inputs).zip(rows) {
            int8::narrow(row, slots);
        }
    }

    fn all(self, number: f32) -> Line {
        Line([number; HALF])
    }

    fn load(self, numbers: &[f32; HALF]) -> Line {
        Line(*numbers)
    }

    fn real(self, sums: &[u32; HALF]) -> Line {
        Line(sums.map(|sum| sum.cast_signed() as f32))
    }
}
