//! [`AddedVocabulary`]: tokens that are found by their text, before words are split into pieces.

mod near;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Deserialize;

pub(crate) use self::near::Near;
use crate::error::WordPieceError;

/// A token that is found by its text, as `added_tokens` in a `tokenizer.json` has them: `[SEP]`, `<mask>`.
// As files and the crate have them.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct AddedToken {
    /// Its text.
    pub content: String,
    /// Found only where no letter, digit or underscore stands before or behind it.
    pub single_word: bool,
    /// Takes the white space before it.
    pub lstrip: bool,
    /// Takes the white space behind it.
    pub rstrip: bool,
    /// Looked for in the normalized text, by its own normal form.
    pub normalized: bool,
    /// Looked for before those that are not special, where two have the same text.
    pub special: bool,
}

impl AddedToken {
    /// A special token, found wherever its text is written.
    pub fn special(content: impl Into<String>) -> Self {
        AddedToken {
            content: content.into(),
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: true,
        }
    }
}

/// A part of a text.
pub(crate) enum Found {
    /// An added token, with the white space that it takes.
    Token(u32, Range<usize>),
    /// What lies between them.
    Text(Range<usize>),
}

/// Which added tokens there are, with what the `tokenizers` crate makes of lists that hold one twice.
pub(crate) struct AddedVocabulary {
    written: Set,
    normalized: Set,
    /// How those of an id are found: as the last of them that was added says.
    by_id: HashMap<u32, AddedToken>,
}

/// What is looked for at the same time.
struct Set {
    /// As it is looked for.
    texts: Vec<String>,
    ids: Vec<u32>,
    /// `None` where there is nothing.
    matcher: Option<AhoCorasick>,
}

impl AddedVocabulary {
    /// `id` tells which number a text has in the vocabulary, which has `size` tokens; `normal` what the normalizer makes of
    /// one.
    pub(crate) fn of(
        tokens: &[AddedToken],
        id: impl Fn(&str) -> Option<u32>,
        size: usize,
        normal: impl Fn(&str) -> String,
    ) -> Result<Self, WordPieceError> {
        let tokens = || tokens.iter().filter(|token| !token.content.is_empty());
        let mut special: Vec<&AddedToken> = Vec::new();
        let mut are_special: HashSet<&str> = HashSet::new();
        for token in tokens().filter(|token| token.special) {
            if are_special.insert(&token.content) {
                special.push(token);
            }
        }
        let (mut ids, mut by_id): (HashMap<&str, u32>, HashMap<u32, AddedToken>) = Default::default();
        let (mut others, mut there) = (Vec::new(), HashSet::new());
        let mut next = u32::try_from(size).unwrap_or(u32::MAX);
        for token in tokens() {
            if !there.insert(token) {
                continue;
            }
            let content = token.content.as_str();
            let id = ids.get(content).copied().or_else(|| id(content)).unwrap_or_else(|| {
                next = next.saturating_add(1);
                next - 1
            });
            ids.insert(content, id);
            by_id.insert(id, token.clone());
            if !are_special.contains(content) {
                others.push(token);
            }
        }
        let id = |token: &AddedToken| ids.get(token.content.as_str()).copied().unwrap_or_default();
        let (normalized, written): (Vec<&AddedToken>, Vec<&AddedToken>) =
            special.into_iter().chain(others).partition(|token| token.normalized);
        let written = written.into_iter().map(|token| (token.content.clone(), id(token)));
        let normalized = normalized.into_iter().map(|token| (normal(&token.content), id(token)));
        Ok(AddedVocabulary { written: Set::of(written)?, normalized: Set::of(normalized)?, by_id })
    }

    /// Those in a text as it is written, and what lies between them.
    pub(crate) fn written(&self, text: &str) -> Vec<Found> {
        self.written.parts(text, &self.by_id)
    }

    pub(crate) fn has_normalized(&self) -> bool {
        self.normalized.matcher.is_some()
    }

    /// Those in a normalized text, likewise.
    pub(crate) fn normalized(&self, text: &str) -> Vec<Found> {
        self.normalized.parts(text, &self.by_id)
    }
}

impl Set {
    fn of(tokens: impl Iterator<Item = (String, u32)>) -> Result<Self, WordPieceError> {
        let (texts, ids): (Vec<String>, Vec<u32>) = tokens.unzip();
        let odd = texts.iter().any(String::is_empty);
        let builder = || AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&texts);
        let matcher = match &texts[..] {
            [] => None,
            _ if odd => {
                let found = "one of which normalizing leaves nothing";
                return Err(WordPieceError::other_kind("added_tokens", found, "one that can be found"));
            }
            _ => Some(builder().map_err(|_| {
                let found = "more than can be looked for at once";
                WordPieceError::other_kind("added_tokens", found, "fewer")
            })?),
        };
        Ok(Set { texts, ids, matcher })
    }

    fn parts(&self, text: &str, by_id: &HashMap<u32, AddedToken>) -> Vec<Found> {
        let (mut parts, mut from) = (Vec::new(), 0);
        for hit in self.matcher.iter().flat_map(|matcher| matcher.find_iter(text)) {
            let (mut start, mut end) = (hit.start(), hit.end());
            let Some(&id) = self.ids.get(hit.pattern().as_usize()) else { continue };
            let Some(token) = by_id.get(&id) else { continue };
            let is_joined = text[..start].chars().next_back().is_some_and(is_word)
                || text[end..].chars().next().is_some_and(is_word);
            if token.single_word && is_joined {
                continue;
            }
            if token.lstrip {
                // Not what the one before has taken.
                start = text[..start].trim_end().len().max(from);
            }
            if token.rstrip {
                end = text.len() - text[end..].trim_start().len();
            }
            if from < start {
                parts.push(Found::Text(from..start));
            }
            parts.push(Found::Token(id, start..end));
            from = end;
        }
        if from < text.len() {
            parts.push(Found::Text(from..text.len()));
        }
        parts
    }
}

/// What the `regex` crate takes for a part of a word.
fn is_word(c: char) -> bool {
    regex_syntax::try_is_word_character(c).unwrap_or_else(|_| c.is_alphanumeric() || c == '_')
}
