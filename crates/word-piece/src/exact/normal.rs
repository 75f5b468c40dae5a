//! [`Step`]: what a normalizer does, one thing after the other.

use unicode_categories::UnicodeCategories;
use unicode_normalization_alignments::UnicodeNormalization;

/// A character of a normalized text, and the bytes of the text that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aligned {
    pub(crate) c: char,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The characters of a part of a text that begins at the offset, as they are.
pub(crate) fn as_written(part: &str, offset: usize) -> Vec<Aligned> {
    let aligned = |(at, c): (usize, char)| Aligned { c, start: offset + at, end: offset + at + c.len_utf8() };
    part.char_indices().map(aligned).collect()
}

/// One of the things that BERT's normalizer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Drops control characters, and makes all white space U+0020.
    Clean,
    /// Puts ideographs between spaces.
    PartIdeographs,
    /// Decomposes, and drops the marks that do not space.
    StripAccents,
    Lowercase,
}

impl Step {
    /// Does it. What takes the place of a character has its bytes.
    pub(crate) fn apply(self, chars: &mut Vec<Aligned>) {
        match self {
            Step::Clean => {
                chars.retain(|char| !is_cleaned_away(char.c));
                for char in chars {
                    if char.c.is_whitespace() {
                        char.c = ' ';
                    }
                }
            }
            Step::PartIdeographs => {
                if chars.iter().any(|char| is_ideograph(char.c)) {
                    let parted = |char: Aligned| {
                        let space = is_ideograph(char.c).then_some(Aligned { c: ' ', ..char });
                        space.into_iter().chain([char]).chain(space)
                    };
                    *chars = chars.iter().copied().flat_map(parted).collect();
                }
            }
            Step::StripAccents => strip_accents(chars),
            Step::Lowercase => {
                let lower = |char: &Aligned| {
                    let char = *char;
                    char.c.to_lowercase().map(move |c| Aligned { c, ..char })
                };
                *chars = chars.iter().flat_map(lower).collect();
            }
        }
    }
}

/// Marks change places when they are put in their canonical order, but the bytes they come from do not: the n-th character
/// that begins a decomposition gets the bytes of the n-th character that was decomposed.
fn strip_accents(chars: &mut Vec<Aligned>) {
    let mut taken = 0;
    let decomposed = chars.iter().map(|char| char.c).nfd();
    let stripped: Vec<Aligned> = decomposed
        .filter_map(|(c, is_more)| {
            taken += usize::from(is_more == 0);
            let of = chars.get(taken.saturating_sub(1))?;
            (!c.is_mark_nonspacing()).then_some(Aligned { c, ..*of })
        })
        .collect();
    *chars = stripped;
}

/// Controls, formats, private use, and what is not assigned.
fn is_cleaned_away(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\0' | '\u{fffd}' => true,
        _ => c.is_other(),
    }
}

/// The blocks that BERT takes for Chinese. (One of them begins later than the block of that name.)
fn is_ideograph(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4e00..=0x9fff
            | 0x3400..=0x4dbf
            | 0x2_0000..=0x2_a6df
            | 0x2_a700..=0x2_b73f
            | 0x2_b740..=0x2_b81f
            | 0x2_b920..=0x2_ceaf
            | 0xf900..=0xfaff
            | 0x2_f800..=0x2_fa1f
    )
}

/// What `BertPreTokenizer` makes a piece of its own.
pub(crate) fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || c.is_punctuation()
}

/// Whether the character, were it decomposed with others, would leave a mark whose place depends on the marks around it.
pub(crate) fn leaves_movable_mark(c: char) -> bool {
    std::iter::once(c).nfd().any(|(part, _)| {
        unicode_normalization_alignments::char::canonical_combining_class(part) != 0
            && !part.is_mark_nonspacing()
    })
}
