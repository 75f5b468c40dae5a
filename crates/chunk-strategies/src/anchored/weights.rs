//! A measure of text that does not depend on where measuring began.

use crate::sizer::ChunkSizer;

/// About how large each char is in a sizer's unit, told by its script.
///
/// In bytes and in chars this is the size itself. Words and tokens only have a size together with their neighbours: for
/// them, and for a sizer of one's own, each class of chars weighs what it weighs on average in a sample. Distances
/// measured so are the same wherever in a document they lie, which is what cuts must depend on; whether a chunk fits is
/// still asked of the sizer.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    /// By the first byte of the char, in fractions of [`ONE`]; the other bytes of a char weigh nothing.
    by_byte: Box<[u32; 256]>,
    /// The least that a byte weighs where whole chars are taken together, and the most.
    least: u64,
    most: u64,
}

/// The weight of one unit.
pub(super) const ONE: u64 = 1 << 12;

impl Weights {
    pub(crate) fn of(sizer: &impl ChunkSizer) -> Self {
        let blank = mean_weight(
            sizer,
            "several of the people who lived near the river had not been asked about the bridge",
            0,
            1,
        );
        let digit = mean_weight(sizer, "31415926535897932384", 0, 1);
        let mark = mean_weight(sizer, "(){}[];:,.=+-*/<>\"'_", 0, 1);
        let two = mean_weight(sizer, "съешь ещё этих мягких французских булок да выпей чаю", blank, 2);
        let three = mean_weight(sizer, "吾輩は猫である名前はまだ無いどこで生れたか", blank, 3);
        let four = mean_weight(sizer, "😀🚀🌍🎉🐙🙂", blank, 4);
        let mut by_byte = Box::new([0; 256]);
        for byte in 0..=u8::MAX {
            by_byte[usize::from(byte)] = match byte {
                b'0'..=b'9' => digit,
                b'a'..=b'z' | b'A'..=b'Z' | b' ' | b'\t' | b'\n' | b'\r' => blank,
                0..0x80 => mark,
                0x80..0xc0 => 0,
                0xc0..0xe0 => two,
                0xe0..0xf0 => three,
                0xf0.. => four,
            };
        }
        let a_byte = [blank, digit, mark, two / 2, three / 3, four / 4].map(u64::from);
        let least = a_byte.into_iter().min().unwrap_or(1).max(1);
        let most = a_byte.into_iter().max().unwrap_or(1).max(1);
        Weights { by_byte, least, most }
    }

    /// The weight of a text, the sum of its parts'.
    pub(super) fn of_text(&self, text: &str) -> u64 {
        text.bytes().map(|byte| u64::from(self.by_byte[usize::from(byte)])).sum()
    }

    /// The most bytes that a text of this weight has.
    pub(super) fn most_bytes(&self, weight: u64) -> usize {
        usize::try_from(weight / self.least).unwrap_or(usize::MAX).saturating_add(char::MAX_LEN_UTF8)
    }

    /// How many bytes the letters of three bytes have that weigh no more than this.
    pub(super) fn letters_bytes(&self, weight: u64) -> usize {
        let letter = u64::from(self.by_byte[0xe0]).max(1);
        usize::try_from(weight / letter).unwrap_or(usize::MAX).saturating_mul(3)
    }

    /// A number of bytes that weighs no more than this.
    pub(super) fn least_bytes(&self, weight: u64) -> usize {
        usize::try_from(weight / self.most).unwrap_or(usize::MAX)
    }
}

/// What a char of the sample weighs that is no blank, or any char if it is ASCII (`bytes` 1). At least a thirty-second
/// of a unit a byte, so that the distance between cuts is bounded in bytes, whatever the unit.
fn mean_weight(sizer: &impl ChunkSizer, sample: &str, blank: u32, bytes: u32) -> u32 {
    let size = sizer.size(sample).saturating_sub(sizer.size("")) as u64;
    let blanks = if bytes == 1 { 0 } else { sample.matches(' ').count() as u64 };
    let chars = sample.chars().count() as u64 - blanks;
    let weight = size.saturating_mul(ONE).saturating_sub(blanks * u64::from(blank)) / chars.max(1);
    let floor = u64::from(bytes) * ONE / BYTES_PER_UNIT;
    u32::try_from(weight.max(floor)).unwrap_or(u32::MAX)
}

/// As in the byte ceiling of chunks in tokens.
const BYTES_PER_UNIT: u64 = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizer::{Bytes, Chars, Words};

    const TEXT: &str = "A sentence, 42 характера, 漢字 and 😀.\n";

    #[test]
    fn bytes_and_chars_weigh_what_they_are() {
        assert_eq!(Weights::of(&Bytes).of_text(TEXT), TEXT.len() as u64 * ONE);
        assert_eq!(Weights::of(&Chars).of_text(TEXT), TEXT.chars().count() as u64 * ONE);
    }

    #[test]
    fn words_of_english_weigh_about_one() {
        let text = "Some ordinary words that stand for what people write in the language of this sentence. ";
        let (weight, words) = (Weights::of(&Words).of_text(text) as f64, Words.size(text) as f64);
        let ratio = weight / ONE as f64 / words;
        assert!((0.7..1.4).contains(&ratio), "{ratio}");
    }
}
