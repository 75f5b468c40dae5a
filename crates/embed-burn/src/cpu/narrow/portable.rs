//! Narrow products one number after the other: what the others are held against.

use super::{COLUMNS, Format, HALF, NarrowProduct, STEP, bf16, int8};

pub(super) fn narrow(format: Format, input: &[f32], inputs: usize, slots: &mut [f32]) {
    let rows = slots.chunks_exact_mut(format.row_slots(inputs));
    for (row, slots) in input.chunks_exact(inputs).zip(rows) {
        match format {
            Format::Bf16 => bf16::narrow(row, slots),
            Format::Int8 => int8::narrow(row, slots),
        }
    }
}

pub(super) fn run(mut product: NarrowProduct<'_>) {
    let format = product.weights.format();
    for panel in product.panels.clone() {
        for row in 0..product.rows {
            let (mut sums, mut wholes) = ([0.0; COLUMNS], [0; COLUMNS]);
            for column in 0..COLUMNS {
                for (at, slot) in product.row(row).iter().enumerate() {
                    let place =
                        (at / STEP * 2 + column / HALF) * STEP * HALF + at % STEP * HALF + column % HALF;
                    let weight = product.weights.panel(panel)[place].to_bits().to_le_bytes();
                    let slot = slot.to_bits().to_le_bytes();
                    match format {
                        Format::Bf16 => {
                            let number =
                                |bytes: &[u8]| half::bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
                            for k in [0, 2] {
                                sums[column] += number(&slot[k..]) * number(&weight[k..]);
                            }
                        }
                        Format::Int8 => {
                            for k in 0..4 {
                                wholes[column] += i32::from(slot[k]) * i32::from(weight[k].cast_signed());
                            }
                        }
                    }
                }
            }
            match format {
                Format::Bf16 => product.finish(panel, row, &sums),
                Format::Int8 => product.finish_whole(panel, row, &wholes),
            }
        }
    }
}
