//! Numbers in bf16, two to a slot.

use half::bf16;

/// Two numbers in a slot, each rounded to the nearest, the first in the low half.
pub(super) fn slot(numbers: [f32; 2]) -> u32 {
    let [first, second] = numbers.map(|number| u32::from(bf16::from_f32(number).to_bits()));
    first | second << 16
}

/// A row in slots.
#[cfg(test)]
pub(super) fn narrow(row: &[f32], to: &mut [f32]) {
    for (index, slot) in to.iter_mut().enumerate() {
        let number = |k: usize| row.get(2 * index + k).copied().unwrap_or(0.0);
        *slot = f32::from_bits(self::slot([number(0), number(1)]));
    }
}
