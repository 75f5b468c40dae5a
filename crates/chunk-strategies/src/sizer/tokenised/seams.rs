//! [`Seams`]: where counts of tokens add up.

/// The places that nothing a tokenizer does looks across: with a seam at `c`, the tokens of any text `a..b` around it
/// are those of `a..c` followed by those of `c..b`. Decided by the characters on both sides alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sizer) enum Seams {
    /// None that can be proved.
    Nowhere,
    // No encoding of tiktoken's drops it.
    #[cfg_attr(not(feature = "tokenizers"), allow(dead_code))]
    /// White space is dropped, so on both sides of it; and around characters that are always apart.
    AroundSpace {
        /// ASCII punctuation that is a token of its own, one bit a character.
        punctuation: u128,
        /// Whether ideographs are tokens of their own.
        ideographs: bool,
    },
    /// White space begins what is behind it, so before it, where it follows something else.
    BeforeSpace {
        /// Before all white space, not before U+0020 alone.
        all: bool,
    },
}

impl Seams {
    /// Whether the offset is a seam. Both ends of the text are.
    fn has(self, text: &str, at: usize) -> bool {
        match (text[..at].chars().next_back(), text[at..].chars().next()) {
            (Some(before), Some(behind)) => self.lies_between(before, behind),
            _ => true,
        }
    }

    /// The first seam in `start..=end`, char boundaries; none for a tokenizer that has none.
    pub(in crate::sizer) fn first(self, text: &str, start: usize, end: usize) -> Option<usize> {
        if self == Seams::Nowhere {
            return None;
        }
        if self.has(text, start) {
            return Some(start);
        }
        let mut chars = text[start..].char_indices();
        let (_, mut before) = chars.next()?;
        for (at, behind) in chars {
            let at = start + at;
            if at > end {
                return None;
            }
            if self.lies_between(before, behind) {
                return Some(at);
            }
            before = behind;
        }
        (end == text.len()).then_some(end)
    }

    /// The last seam in `start..=end`, likewise.
    pub(in crate::sizer) fn last(self, text: &str, start: usize, end: usize) -> Option<usize> {
        if self == Seams::Nowhere {
            return None;
        }
        if self.has(text, end) {
            return Some(end);
        }
        let mut chars = text[..end].char_indices().rev();
        let (mut at, mut behind) = chars.next()?;
        for (before_at, before) in chars {
            if at < start {
                return None;
            }
            if self.lies_between(before, behind) {
                return Some(at);
            }
            (at, behind) = (before_at, before);
        }
        (start == 0).then_some(start)
    }

    /// Whether there is a seam between the characters, whatever is written around them.
    pub(in crate::sizer) fn lies_between(self, before: char, behind: char) -> bool {
        match self {
            Seams::Nowhere => false,
            Seams::AroundSpace { .. } => self.is_apart(before) || self.is_apart(behind),
            Seams::BeforeSpace { all } => {
                (behind == ' ' || (all && is_kept_space(behind)))
                    && (before.is_alphanumeric() || before.is_ascii_punctuation())
            }
        }
    }

    /// Whether the character is never part of a token together with another.
    fn is_apart(self, c: char) -> bool {
        let Seams::AroundSpace { punctuation, ideographs } = self else { return false };
        is_kept_space(c)
            || (c.is_ascii() && punctuation >> (c as u32) & 1 == 1)
            || (punctuation != 0 && WIDE_PUNCTUATION.contains(&c))
            || (ideographs && is_ideograph(c))
    }
}

/// White space that every normalizer in question keeps as such. (Some of the rest BERT's takes for control characters
/// and drops, which joins what it stood between.)
pub(in crate::sizer) fn is_kept_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Punctuation of Chinese and Japanese sentences, which has no decomposition.
pub(in crate::sizer) const WIDE_PUNCTUATION: [char; 5] = ['、', '。', '，', '！', '？'];

/// What BERT's normalizer puts between spaces; a part of it that all versions have.
pub(in crate::sizer) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}')
}
