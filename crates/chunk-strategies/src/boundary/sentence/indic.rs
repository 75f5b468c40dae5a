//! Words in the scripts of India.

use super::abbreviations::INDIC;

/// Letters and marks of the scripts of India, but for the marks that end sentences.
pub(super) fn is_indic(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{963}' | '\u{970}'..='\u{d7f}')
}

/// Whether the word that the text ends with, in a script of India, stands for more than it has letters.
pub(super) fn is_syllable(before: &str) -> bool {
    let word = &before[before.trim_end_matches(is_indic).len()..];
    if INDIC.contains(&word) {
        return true;
    }
    // The languages of the south have no words of one syllable that sentences end with; Hindi's `है` is one.
    let is_south = |c| matches!(c, '\u{b80}'..='\u{d7f}');
    // A consonant before a virama, or one that is written without a vowel, makes no syllable of its own.
    let mut chars = word.chars().peekable();
    let mut syllables = 0;
    while let Some(c) = chars.next() {
        let is_mute = matches!(c, '\u{d7a}'..='\u{d7f}') || chars.peek().is_some_and(|&c| is_virama(c));
        syllables += usize::from(c.is_alphabetic() && !is_vowel_sign(c) && !is_mute);
    }
    word.chars().all(is_south) && syllables <= 1
}

fn is_virama(c: char) -> bool {
    matches!(c, '\u{bcd}' | '\u{c4d}' | '\u{ccd}' | '\u{d3b}' | '\u{d3c}' | '\u{d4d}')
}

/// Whether a character of the scripts of India's south belongs to the letter before it.
fn is_vowel_sign(c: char) -> bool {
    matches!(u32::from(c) & 0x7f, 0x00..=0x03 | 0x3e..=0x4c | 0x55..=0x57 | 0x62 | 0x63)
}
