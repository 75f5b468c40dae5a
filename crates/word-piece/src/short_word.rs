//! [`ShortWord`]: a word of letters and digits of ASCII, read without looking at each.

/// A word, or the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortWord {
    /// Its bytes, normalized, the first lowest.
    pub(crate) packed: u128,
    /// How many.
    pub(crate) len: usize,
}

impl ShortWord {
    /// A word of so many bytes may go on.
    pub(crate) const MOST: usize = 16;

    /// The letters and digits from the offset on.
    pub(crate) fn at(text: &[u8], at: usize, lowercase: bool) -> Self {
        let rest = &text[at..];
        let mut bytes = [0; Self::MOST];
        match rest.first_chunk() {
            Some(full) => bytes = *full,
            None => bytes[..rest.len()].copy_from_slice(rest),
        }
        let bytes = u128::from_le_bytes(bytes);
        let (low, low_len) = leading(bytes as u64, lowercase);
        if low_len < 8 {
            return ShortWord { packed: u128::from(low), len: low_len };
        }
        let (high, high_len) = leading((bytes >> 64) as u64, lowercase);
        ShortWord { packed: u128::from(high) << 64 | u128::from(low), len: 8 + high_len }
    }
}

/// The letters and digits that eight bytes begin with, the rest zero, and how many they are. All eight bytes are
/// compared at once: to a byte without its highest bit, what is added carries into that bit if the byte is large enough.
fn leading(bytes: u64, lowercase: bool) -> (u64, usize) {
    let low_bits = bytes & each(0x7f);
    let folded = low_bits | each(0x20);
    let at_least = |bytes: u64, least: u8| bytes + each(0x80 - least);
    let letters = at_least(folded, b'a') & !at_least(folded, b'z' + 1);
    let digits = at_least(low_bits, b'0') & !at_least(low_bits, b'9' + 1);
    let letters = letters & !bytes & each(0x80);
    let others = !(letters | digits & !bytes) & each(0x80);
    let len = others.trailing_zeros() as usize / 8;
    let normal = if lowercase { bytes | letters >> 2 } else { bytes };
    let kept = 1_u64.checked_shl(8 * len as u32).map_or(u64::MAX, |end| end - 1);
    (normal & kept, len)
}

/// The byte, eight times.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The oracle: byte by byte.
    fn slowly(text: &[u8], lowercase: bool) -> ShortWord {
        let letters = text.iter().take_while(|byte| byte.is_ascii_alphanumeric()).take(ShortWord::MOST);
        let mut word = ShortWord { packed: 0, len: 0 };
        for &letter in letters {
            let letter = if lowercase { letter.to_ascii_lowercase() } else { letter };
            word.packed |= u128::from(letter) << (8 * word.len);
            word.len += 1;
        }
        word
    }

    #[test]
    fn every_byte_ends_or_continues_a_word_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                for length in place + 1..24 {
                    let mut text = *b"AbzZ09aQxyBCDEFghijklmno";
                    text[place] = byte;
                    for lowercase in [false, true] {
                        let found = ShortWord::at(&text[..length], 0, lowercase);
                        assert_eq!(
                            found,
                            slowly(&text[..length], lowercase),
                            "{byte:#x} at {place} of {length}"
                        );
                    }
                }
            }
        }
    }
}
