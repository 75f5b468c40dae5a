//! [`AddedTokens`]: where a text may hold added tokens.

use tokenizers::{NormalizedString, Normalizer, Tokenizer};

use super::super::seams::is_kept_space;

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

    /// What those begin with that are looked for in the normalized text.
    pub(super) fn normal_firsts(&self) -> Vec<u8> {
        self.normal.iter().filter_map(|token| token.first().copied()).collect()
    }

    /// The first place from here on where one may begin.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut from = from;
        loop {
            let rest = text.get(from..)?;
            let at = from
                + match self.firsts[..] {
                    [] => return None,
                    [a] => memchr::memchr(a, rest)?,
                    [a, b] => memchr::memchr2(a, b, rest)?,
                    [a, b, c] => memchr::memchr3(a, b, c, rest)?,
                    _ => rest.iter().position(|byte| self.firsts.contains(byte))?,
                };
            if self.may_begin(&text[at..]) {
                return Some(at);
            }
            from = at + 1;
        }
    }

    fn may_begin(&self, text: &[u8]) -> bool {
        self.written.iter().any(|token| text.starts_with(token))
            || self.normal.iter().any(|token| self.may_become(text, token))
    }

    /// Whether the text, normalized, may begin with the token.
    fn may_become(&self, text: &[u8], token: &[u8]) -> bool {
        for (at, (&byte, &wanted)) in text.iter().zip(token).enumerate() {
            let is_plain = byte.is_ascii_graphic() || is_kept_space(char::from(byte));
            if !is_plain {
                // What becomes of it is not known here, but nothing begins a token that does not look like it.
                return at > 0;
            }
            if self.normalized(byte) != wanted {
                return false;
            }
        }
        text.len() >= token.len()
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
