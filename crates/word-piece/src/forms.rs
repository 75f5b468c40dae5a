//! [`Forms`]: what becomes of a character.

use std::sync::OnceLock;

use crate::exact::{Exact, Step, leaves_movable_mark};

/// What normalizer and pre-tokenizer make of each character that is not plain ASCII, learned from [`Exact`] when it is
/// first met: so what is fast and what is exact cannot disagree about a character.
///
/// Everything that BERT's normalizer does it does char by char, with one exception: decomposing puts marks in their
/// canonical order. Marks that do not space are dropped afterwards, wherever they are; a character that leaves another
/// mark is [`Form::Odd`].
pub(crate) struct Forms {
    /// What may be of an added token that is looked for in the normalized text: a character that becomes it is odd.
    suspects: Vec<u8>,
    pages: Box<[OnceLock<Page>]>,
}

type Page = Box<[OnceLock<Form>]>;

/// What a character is to the word that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing: it is dropped, and does not part what it stands between.
    Gone,
    /// White space.
    Space,
    /// A piece of one character on its own: always one token, of this id.
    Alone(u32),
    /// A part of a word.
    Part(Spelling),
    /// None of these.
    Odd,
}

/// The bytes of a character's normal form: three letters of Korean are the longest that is common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    length: u8,
    bytes: [u8; 13],
}

impl Spelling {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// White space that every normalizer keeps as such. (Some of the rest BERT's takes for control characters and drops, which
/// joins what it stood between.)
pub(crate) fn is_kept_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

const PAGE: usize = 256;

impl Forms {
    pub(crate) fn new(suspects: Vec<u8>) -> Self {
        let pages = (char::MAX as usize + 1).div_ceil(PAGE);
        Forms { suspects, pages: std::iter::repeat_with(OnceLock::new).take(pages).collect() }
    }

    /// `id` is the token of a piece of one character.
    #[inline]
    pub(crate) fn of(&self, c: char, exact: &Exact, id: impl Fn(&str) -> u32) -> Form {
        let page = self.pages.get(c as usize / PAGE).map(|page| page.get_or_init(empty_page));
        match page.and_then(|page| page.get(c as usize % PAGE)) {
            Some(form) => *form.get_or_init(|| self.learned(c, exact, id)),
            None => Form::Odd,
        }
    }

    /// Written between two letters, which stay what they are.
    #[cold]
    fn learned(&self, c: char, exact: &Exact, id: impl Fn(&str) -> u32) -> Form {
        let pieces = exact.pieces_of(&format!("a{c}a"));
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        match pieces[..] {
            ["aa"] => Form::Gone,
            ["a", "a"] => Form::Space,
            ["a", alone, "a"] if alone.chars().count() == 1 && !self.is_suspect(alone) => {
                Form::Alone(id(alone))
            }
            [word] => match word.strip_prefix('a').and_then(|word| word.strip_suffix('a')) {
                Some(part) if !self.is_suspect(part) && !is_reordered(c, &exact.steps) => spelled(part),
                _ => Form::Odd,
            },
            _ => Form::Odd,
        }
    }

    fn is_suspect(&self, normal: &str) -> bool {
        normal.bytes().any(|byte| self.suspects.contains(&byte))
    }
}

/// Whether the character leaves a mark whose place depends on the marks around it.
fn is_reordered(c: char, steps: &[Step]) -> bool {
    let Some(decomposes) = steps.iter().position(|step| *step == Step::StripAccents) else { return false };
    if steps[..decomposes].contains(&Step::Lowercase) {
        return c.to_lowercase().any(leaves_movable_mark);
    }
    leaves_movable_mark(c)
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
    use crate::added::AddedVocabulary;

    const BERT: [Step; 4] = [Step::Clean, Step::PartIdeographs, Step::StripAccents, Step::Lowercase];

    fn exact(steps: &[Step]) -> Exact {
        let added = AddedVocabulary::of(&[], |_| None, 0, str::to_owned).unwrap();
        Exact { steps: steps.to_vec(), added }
    }

    #[test]
    fn characters_become_what_bert_makes_of_them() {
        let (forms, exact) = (Forms::new(Vec::new()), exact(&BERT));
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
            ('漢', Form::Alone(7)),
            ('—', Form::Alone(7)),
            ('\u{302e}', Form::Odd),
        ] {
            assert_eq!(forms.of(c, &exact, |_| 7), form, "{c:?}");
            assert_eq!(forms.of(c, &exact, |_| 8), form, "{c:?}, met again");
        }
    }

    #[test]
    fn what_may_begin_an_added_token_is_odd() {
        let (forms, exact) = (Forms::new(vec![b'<']), exact(&BERT));
        assert_eq!(forms.of('\u{226e}', &exact, |_| 0), Form::Odd, "a less-than sign, struck through");
        assert_eq!(forms.of('\u{2260}', &exact, |_| 3), Form::Alone(3));
    }
}
