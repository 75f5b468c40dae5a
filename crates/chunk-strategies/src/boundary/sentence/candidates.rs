//! Where marks may stand: bytes that may begin one, 64 at a time.

use std::ops::Range;

use super::bits;

/// Where marks may begin that end a sentence, the last first.
pub(super) fn candidates_back<'d>(
    bytes: &'d [u8],
    window: &Range<usize>,
) -> impl Iterator<Item = usize> + use<'d> {
    let (start, mut from) = (window.start, window.end);
    let mut found = 0;
    std::iter::from_fn(move || {
        while found == 0 {
            if from == start {
                return None;
            }
            let end = from;
            from = end.saturating_sub(BLOCK_BYTES).max(start);
            found = candidates(&bytes[from..end]);
        }
        let last = found.ilog2();
        found ^= 1 << last;
        Some(from + last as usize)
    })
}

/// The same, the first first.
pub(super) fn candidates_forth<'d>(
    bytes: &'d [u8],
    window: &Range<usize>,
) -> impl Iterator<Item = usize> + use<'d> {
    let (end, mut block) = (window.end, window.start..window.start);
    let mut found: u64 = 0;
    std::iter::from_fn(move || {
        while found == 0 {
            if block.end == end {
                return None;
            }
            block = block.end..end.min(block.end + BLOCK_BYTES);
            found = candidates(&bytes[block.clone()]);
        }
        let first = found.trailing_zeros();
        found &= found - 1;
        Some(block.start + first as usize)
    })
}

/// Most sentences of prose have an end in so many bytes.
const BLOCK_BYTES: usize = 64;

/// Which bytes of a block may begin a mark that ends a sentence, a bit for each. All are compared at once, and no branch
/// depends on what they are: in prose that cannot be predicted, and a branch that was not costs as much as all of this.
fn candidates(block: &[u8]) -> u64 {
    if let Some(whole) = block.first_chunk() {
        return candidates_in(whole);
    }
    let mut bytes = [0; BLOCK_BYTES];
    bytes[..block.len()].copy_from_slice(block);
    candidates_in(&bytes)
}

fn candidates_in(block: &[u8; BLOCK_BYTES]) -> u64 {
    // Most prose has few characters that are not ASCII, and other scripts have them everywhere: this can be predicted.
    if block.is_ascii() { bits::of_64(block.map(may_end_in_ascii)) } else { bits::of_64(block.map(may_end)) }
}

/// 1 if a mark that ends a sentence may start with this byte, else 0.
pub(super) fn may_end(byte: u8) -> u8 {
    let is = |wanted: u8| u8::from(byte == wanted);
    may_end_in_ascii(byte)
        // Not the letters of Latin, Greek and Cyrillic, ideographs and the syllables of Hangul.
        | is(0xc2)
        | is(0xcd)
        | u8::from(byte.wrapping_sub(0xd5) <= 0xe3 - 0xd5)
        | is(0xea)
        | u8::from(byte >= 0xee)
}

/// The same of what is ASCII.
#[inline]
fn may_end_in_ascii(byte: u8) -> u8 {
    let is = |wanted: u8| u8::from(byte == wanted);
    is(b'.')
        | is(b'?')
        // `!` and `)`
        | u8::from(byte & !8 == b'!')
        // `:` and `;`
        | u8::from(byte & !1 == b':')
        // From line feed to carriage return.
        | u8::from(byte.wrapping_sub(0x0a) <= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_found_wherever_they_stand() {
        for byte in 0..=u8::MAX {
            for (length, place) in [(64, 0), (64, 7), (64, 8), (64, 63), (1, 0), (9, 8), (63, 62), (33, 5)] {
                let mut block = vec![b'a'; length];
                block[0] = b'.';
                block[place] = byte;
                let expected = block.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(may_end(byte)));
                assert_eq!(candidates(&block), expected, "{byte:#x} at {place} of {length}");
            }
        }
    }
}
