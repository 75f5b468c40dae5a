//! [`AddedTokens`]: where a text may hold added tokens.

use tokenizers::{NormalizedString, Normalizer, Tokenizer};

use super::super::seams::is_kept_space;
use super::forms::{Form, Forms};

/// Finds places where an added token may begin, all that do and few others: what is decided about them (single words,
/// white space that is swallowed) is left to the tokenizer.
pub(super) struct AddedTokens {
    /// As they are written.
    written: Vec<Vec<u8>>,
    /// As they are after normalizing, those that begin with ASCII.
    normal: Vec<Vec<u8>>,
    lowercase: bool,
    /// The bytes that any of them may begin with.
    firsts: Vec<u8>,
}

impl AddedTokens {
    /// `None` where one of them could not be found.
    pub(super) fn of(tokenizer: &Tokenizer, lowercase: bool) -> Option<Self> {
        let added = tokenizer.get_added_vocabulary();
        let mut found =
            AddedTokens { written: Vec::new(), normal: Vec::new(), lowercase, firsts: Vec::new() };
        for content in added.get_vocab().keys() {
            let token = added.get_added_tokens_decoder().values().find(|token| token.content == *content)?;
            let mut normal = NormalizedString::from(content.as_str());
            if let Some(normalizer) = tokenizer.get_normalizer() {
                normalizer.normalize(&mut normal).ok()?;
            }
            match normal.get().bytes().next() {
                // Whatever its flags say: a token that is added twice has but one set of them.
                Some(first) if first.is_ascii_graphic() => found.normal.push(normal.get().into()),
                _ if token.normalized => return None,
                _ => {}
            }
            found.written.push(content.as_bytes().into());
        }
        found.firsts = (0..=u8::MAX).filter(|&byte| found.may_begin_with(byte)).collect();
        (found.written.len() <= MOST).then_some(found)
    }

    /// The bytes that decide whether the normalized text holds one: what they begin with, and their punctuation.
    pub(super) fn suspects(&self) -> Vec<u8> {
        let firsts = self.normal.iter().filter_map(|token| token.first());
        let punctuation = self.normal.iter().flatten().filter(|byte| byte.is_ascii_punctuation());
        firsts.chain(punctuation).copied().collect()
    }

    /// The first place from here on where one may begin. `forms` know what is suspect.
    pub(super) fn next(&self, text: &str, from: usize, forms: &Forms) -> Option<usize> {
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
            if self.may_begin(&text[at..], forms) {
                return Some(at);
            }
            from = at + 1;
        }
    }

    fn may_begin(&self, text: &str, forms: &Forms) -> bool {
        self.written.iter().any(|token| text.as_bytes().starts_with(token))
            || self.normal.iter().any(|token| self.may_become(text, token, forms))
    }

    /// Whether the text, normalized, may begin with the token. Its first character must be ASCII as it is written: another
    /// that becomes it is odd, and found where words are.
    fn may_become(&self, text: &str, token: &[u8], forms: &Forms) -> bool {
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
            match forms.of(c) {
                Form::Gone => {}
                Form::Part(spelling) => match wanted.strip_prefix(spelling.as_bytes()) {
                    Some(rest) => wanted = rest,
                    None => return spelling.as_bytes().starts_with(wanted),
                },
                // Punctuation of ASCII would be suspect, and odd.
                Form::Alone => return !next.is_ascii(),
                // What is odd is found where words are.
                Form::Space | Form::Odd => return false,
            }
        }
        wanted.is_empty()
    }

    fn may_begin_with(&self, byte: u8) -> bool {
        self.written.iter().any(|token| token.first() == Some(&byte))
            || self.normal.iter().any(|token| token.first() == Some(&self.normalized(byte)))
    }

    fn normalized(&self, byte: u8) -> u8 {
        if self.lowercase { byte.to_ascii_lowercase() } else { byte }
    }
}

/// More of them would have to be looked for in a better way than one by one.
const MOST: usize = 128;
