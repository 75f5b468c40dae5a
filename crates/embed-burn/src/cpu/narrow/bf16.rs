//! Numbers in bf16, two to a slot.

use half::bf16;

/// Two numbers in a slot, each rounded to the nearest, the first in the low half.
pub(super) fn slot(numbers: [f32; 2]) -> u32 {
    let [first, second] = numbers.map(|number| u32::from(bf16::from_f32(number).to_bits()));
    first | second << 16
}
