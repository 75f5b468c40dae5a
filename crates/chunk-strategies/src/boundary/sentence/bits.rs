//! What holds of many bytes at once, as the bits of a number.

/// Eight zeros and ones as the bits of a byte, the first lowest: the product has each of them at its own place in the
/// highest byte.
fn of_eight(found: [u8; 8]) -> u64 {
    u64::from_le_bytes(found).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Zeros and ones as the bits of a number, the first lowest.
pub(super) fn of_16(found: [u8; 16]) -> u16 {
    let (eights, _) = found.as_chunks();
    (of_eight(eights[0]) | of_eight(eights[1]) << 8) as u16
}

/// The same of more.
#[inline]
pub(super) fn of_64(found: [u8; 64]) -> u64 {
    let (eights, _) = found.as_chunks();
    // None waits for the one before.
    eights.iter().zip(0_u32..).fold(0, |bits, (&eight, at)| bits | of_eight(eight) << (8 * at))
}
