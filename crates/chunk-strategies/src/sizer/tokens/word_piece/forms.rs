//! [`Forms`]: what becomes of a character.

use std::sync::OnceLock;

use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{
    NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
};

/// What normalizer and pre-tokenizer make of each character that is not plain ASCII, learned from them when it is first
/// met: so there is no table of Unicode's here that could differ from theirs.
///
/// Everything that BERT's normalizer does it does char by char, with one exception: decomposing puts marks in their
/// canonical order. Marks that do not space are dropped afterwards, wherever they are; a character that leaves another
/// mark is [`Form::Odd`].
pub(super) struct Forms {
    normalizer: Option<BertNormalizer>,
    /// What may be of an added token that is looked for in the normalized text: a character that becomes it is odd.
    suspects: Vec<u8>,
    pages: Box<[OnceLock<Page>]>,
}

type Page = Box<[OnceLock<Form>]>;

/// What a character is to the word that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing: it is dropped, and does not part what it stands between.
    Gone,
    /// White space.
    Space,
    /// A piece of one character on its own: always one token.
    Alone,
    /// A part of a word.
    Part(Spelling),
    /// None of these.
    Odd,
}

/// The bytes of a character's normal form: three letters of Korean are the longest that is common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    length: u8,
    bytes: [u8; 13],
}

impl Spelling {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

const PAGE: usize = 256;

impl Forms {
    pub(super) fn new(normalizer: Option<BertNormalizer>, suspects: Vec<u8>) -> Self {
        let pages = (char::MAX as usize).div_ceil(PAGE);
        Forms { normalizer, suspects, pages: std::iter::repeat_with(OnceLock::new).take(pages).collect() }
    }

    pub(super) fn of(&self, c: char) -> Form {
        let page = self.pages.get(c as usize / PAGE).map(|page| page.get_or_init(empty_page));
        match page.and_then(|page| page.get(c as usize % PAGE)) {
            Some(form) => *form.get_or_init(|| self.learned(c)),
            None => Form::Odd,
        }
    }

    /// Written between two letters, which stay what they are.
    fn learned(&self, c: char) -> Form {
        let mut between = NormalizedString::from(format!("a{c}a"));
        if let Some(normalizer) = self.normalizer
            && normalizer.normalize(&mut between).is_err()
        {
            return Form::Odd;
        }
        let mut pieces = PreTokenizedString::from(between);
        if BertPreTokenizer.pre_tokenize(&mut pieces).is_err() {
            return Form::Odd;
        }
        let pieces = pieces.get_splits(OffsetReferential::Normalized, OffsetType::Byte);
        let pieces: Vec<&str> = pieces.into_iter().map(|(piece, ..)| piece).collect();
        match pieces[..] {
            ["aa"] => Form::Gone,
            ["a", "a"] => Form::Space,
            ["a", alone, "a"] if alone.chars().count() == 1 && !self.is_suspect(alone) => Form::Alone,
            [word] => match word.strip_prefix('a').and_then(|word| word.strip_suffix('a')) {
                Some(part) if !self.is_suspect(part) && !self.is_reordered(c) => spelled(part),
                _ => Form::Odd,
            },
            _ => Form::Odd,
        }
    }

    fn is_suspect(&self, normal: &str) -> bool {
        normal.bytes().any(|byte| self.suspects.contains(&byte))
    }

    /// Whether the character leaves a mark whose place depends on the marks around it.
    fn is_reordered(&self, c: char) -> bool {
        let Some(normalizer) = self.normalizer else { return false };
        if !normalizer.strip_accents.unwrap_or(normalizer.lowercase) {
            return false;
        }
        let strip = BertNormalizer::new(false, false, Some(true), false);
        let mut decomposed = NormalizedString::from(c.to_string());
        decomposed.nfd();
        decomposed.get().chars().any(|part| {
            let mut stripped = NormalizedString::from(part.to_string());
            // This mark comes last of all.
            let mut ordered = NormalizedString::from(format!("\u{345}{part}"));
            ordered.nfd();
            strip.normalize(&mut stripped).is_err()
                || !stripped.get().is_empty() && !ordered.get().starts_with('\u{345}')
        })
    }
}

fn empty_page() -> Page {
    std::iter::repeat_with(OnceLock::new).take(PAGE).collect()
}

fn spelled(part: &str) -> Form {
    let mut bytes = [0; 13];
    let Some(room) = bytes.get_mut(..part.len()) else { return Form::Odd };
    room.copy_from_slice(part.as_bytes());
    Form::Part(Spelling { length: part.len() as u8, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bert() -> Forms {
        Forms::new(Some(BertNormalizer::default()), Vec::new())
    }

    #[test]
    fn characters_become_what_bert_makes_of_them() {
        let forms = bert();
        for (c, form) in [
            ('É', spelled("e")),
            ('İ', spelled("i")),
            ('ß', spelled("ß")),
            ('각', spelled("\u{1100}\u{1161}\u{11a8}")),
            ('\u{301}', Form::Gone),
            ('\0', Form::Gone),
            ('\u{fffd}', Form::Gone),
            ('\u{200b}', Form::Gone),
            ('\u{3000}', Form::Space),
            ('\u{a0}', Form::Space),
            ('漢', Form::Alone),
            ('—', Form::Alone),
            ('\u{302e}', Form::Odd),
        ] {
            assert_eq!(forms.of(c), form, "{c:?}");
            assert_eq!(forms.of(c), form, "{c:?}, met again");
        }
    }

    #[test]
    fn what_may_begin_an_added_token_is_odd() {
        let forms = Forms::new(Some(BertNormalizer::default()), vec![b'<']);
        assert_eq!(forms.of('\u{226e}'), Form::Odd, "a less-than sign, struck through");
        assert_eq!(forms.of('\u{2260}'), Form::Alone);
    }
}
