//! [`Near`]: where in a text added tokens may be.

use aho_corasick::AhoCorasick;

use super::AddedVocabulary;
use crate::forms::{Form, is_kept_space};

/// Finds places where an added token may begin, all that do and few others: what is decided about them (single words,
/// white space that is taken) is left to [`Exact`](crate::exact::Exact).
pub(crate) struct Near {
    /// Those that are looked for in the text as it is written.
    written: Option<AhoCorasick>,
    /// Those that are looked for in the normalized text; each begins with a character of ASCII that can be seen.
    normal: Vec<Vec<u8>>,
    /// The bytes that any of `normal` may begin with, as they are written.
    firsts: Vec<u8>,
    lowercase: bool,
    /// Whether any takes white space beside it.
    pub(crate) strips: bool,
}

impl Near {
    /// `None` where they could not be found by what begins there; where one of them holds white space, so that it may span
    /// what lies between two words; and where one takes white space of the normalized text, which may be of a neighbour's
    /// making.
    pub(crate) fn of(added: &AddedVocabulary, lowercase: bool) -> Option<Self> {
        let normal: Vec<Vec<u8>> = added.normalized.texts.iter().map(|text| text.as_bytes().into()).collect();
        let is_found = |text: &Vec<u8>| text.first().is_some_and(u8::is_ascii_graphic);
        let holds_space = |text: &String| text.contains(char::is_whitespace);
        let strips = |id: &u32| added.by_id.get(id).is_some_and(|token| token.lstrip || token.rstrip);
        if normal.len() > MOST
            || !normal.iter().all(is_found)
            || added.written.texts.iter().chain(&added.normalized.texts).any(holds_space)
            || added.normalized.ids.iter().any(strips)
        {
            return None;
        }
        let written = added.written.matcher.clone();
        let strips = added.by_id.keys().any(strips);
        let mut near = Near { written, normal, firsts: Vec::new(), lowercase, strips };
        near.firsts = (0..=u8::MAX).filter(|&byte| near.may_begin_with(byte)).collect();
        Some(near)
    }

    /// The bytes that decide whether the normalized text holds one: what they begin with, and their punctuation.
    pub(crate) fn suspects(&self) -> Vec<u8> {
        let firsts = self.normal.iter().filter_map(|token| token.first());
        let punctuation = self.normal.iter().flatten().filter(|byte| byte.is_ascii_punctuation());
        firsts.chain(punctuation).copied().collect()
    }

    /// The first place from here on where one stands that is looked for in the text as it is written.
    pub(crate) fn next_written(&self, text: &str, from: usize) -> Option<usize> {
        Some(from + self.written.as_ref()?.find(text.get(from..)?)?.start())
    }

    /// The first place from here on where one may begin that is looked for in the normalized text. `form` knows what is
    /// suspect.
    pub(crate) fn next_normal(&self, text: &str, from: usize, form: impl Fn(char) -> Form) -> Option<usize> {
        let mut from = from;
        loop {
            let rest = text.as_bytes().get(from..)?;
            let at = from
                + match self.firsts[..] {
                    [] => return None,
                    [a] => memchr::memchr(a, rest)?,
                    [a, b] => memchr::memchr2(a, b, rest)?,
                    [a, b, c] => memchr::memchr3(a, b, c, rest)?,
                    _ => rest.iter().position(|byte| self.firsts.contains(byte))?,
                };
            if self.normal.iter().any(|token| self.may_become(&text[at..], token, &form)) {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// Whether the text, normalized, may begin with the token. Its first character must be ASCII as it is written: another
    /// that becomes it is odd, and found where words are.
    fn may_become(&self, text: &str, token: &[u8], form: impl Fn(char) -> Form) -> bool {
        let mut wanted = token;
        for c in text.chars() {
            let [next, rest @ ..] = wanted else { return true };
            if c.is_ascii_graphic() || is_kept_space(c) {
                if self.normalized(c as u8) != *next {
                    return false;
                }
                wanted = rest;
                continue;
            }
            match form(c) {
                Form::Gone => {}
                Form::Part(spelling) => match wanted.strip_prefix(spelling.as_bytes()) {
                    Some(rest) => wanted = rest,
                    None => return spelling.as_bytes().starts_with(wanted),
                },
                // Punctuation of ASCII would be suspect, and odd.
                Form::Alone(_) => return !next.is_ascii(),
                // What is odd is found where words are.
                Form::Space | Form::Odd => return false,
            }
        }
        wanted.is_empty()
    }

    fn may_begin_with(&self, byte: u8) -> bool {
        self.normal.iter().any(|token| token.first() == Some(&self.normalized(byte)))
    }

    fn normalized(&self, byte: u8) -> u8 {
        if self.lowercase { byte.to_ascii_lowercase() } else { byte }
    }
}

/// More of them would have to be looked for in a better way than one by one.
const MOST: usize = 128;
