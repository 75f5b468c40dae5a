//! [`Exact`]: what the tokenizer does, step by step, for any text.

mod normal;

use std::ops::Range;

use self::normal::{Aligned, as_written, is_punctuation};
pub(crate) use self::normal::{Step, leaves_movable_mark};
use crate::added::{AddedVocabulary, Found};
use crate::sink::Sink;
use crate::vocabulary::Vocabulary;

/// The order of things in the `tokenizers` crate: added tokens that are looked for in the text as it is written, the
/// normalizer on what lies between them, added tokens in what it makes of that, pieces, and tokens of the pieces.
///
/// It is what everything faster here is made of and tested against: slow beside a walk, and many times faster than the
/// crate.
pub(crate) struct Exact {
    pub(crate) steps: Vec<Step>,
    pub(crate) added: AddedVocabulary,
}

impl Exact {
    /// The tokens of a part of a text, as if it were a text of its own.
    pub(crate) fn tokens(
        &self,
        vocabulary: &Vocabulary,
        text: &str,
        span: Range<usize>,
        sink: &mut impl Sink,
    ) {
        let part = &text[span.clone()];
        for found in self.added.written(part) {
            match found {
                Found::Token(id, at) => sink.token(id, span.start + at.start, span.start + at.end),
                Found::Text(at) => {
                    let mut chars = as_written(&part[at.clone()], span.start + at.start);
                    self.normalize(&mut chars);
                    self.normalized(vocabulary, &chars, sink);
                }
            }
        }
    }

    pub(crate) fn normalize(&self, chars: &mut Vec<Aligned>) {
        for step in &self.steps {
            step.apply(chars);
        }
    }

    fn normalized(&self, vocabulary: &Vocabulary, chars: &[Aligned], sink: &mut impl Sink) {
        if !self.added.has_normalized() {
            return pieces(chars, |piece| model(vocabulary, piece, sink));
        }
        let text: String = chars.iter().map(|char| char.c).collect();
        // Of each byte, which character it belongs to.
        let owners: Vec<usize> = chars
            .iter()
            .enumerate()
            .flat_map(|(number, char)| std::iter::repeat_n(number, char.c.len_utf8()))
            .chain([chars.len()])
            .collect();
        let of = |bytes: Range<usize>| {
            let owner = |byte: usize| owners.get(byte).copied().unwrap_or(chars.len());
            chars.get(owner(bytes.start)..owner(bytes.end)).unwrap_or_default()
        };
        for found in self.added.normalized(&text) {
            match found {
                Found::Token(id, at) => {
                    let chars = of(at);
                    if let (Some(first), Some(last)) = (chars.first(), chars.last()) {
                        sink.token(id, first.start, last.end);
                    }
                }
                Found::Text(at) => pieces(of(at), |piece| model(vocabulary, piece, sink)),
            }
        }
    }

    /// The pieces of a text without added tokens, normalized.
    pub(crate) fn pieces_of(&self, text: &str) -> Vec<String> {
        let mut chars = as_written(text, 0);
        self.normalize(&mut chars);
        let mut found = Vec::new();
        pieces(&chars, |piece| found.push(piece.iter().map(|char| char.c).collect()));
        found
    }

    /// What the normalizer makes of a text.
    pub(crate) fn normal(&self, text: &str) -> String {
        let mut chars = as_written(text, 0);
        self.normalize(&mut chars);
        chars.iter().map(|char| char.c).collect()
    }
}

/// Drops white space, and makes a piece of each punctuation mark.
fn pieces(chars: &[Aligned], mut piece: impl FnMut(&[Aligned])) {
    for word in chars.split(|char| char.c.is_whitespace()) {
        let mut rest = word;
        while let Some(at) = rest.iter().position(|char| is_punctuation(char.c)) {
            if at > 0 {
                piece(&rest[..at]);
            }
            piece(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            piece(rest);
        }
    }
}

/// The tokens of a piece.
fn model(vocabulary: &Vocabulary, piece: &[Aligned], sink: &mut impl Sink) {
    let (Some(first), Some(last)) = (piece.first(), piece.last()) else { return };
    let word: String = piece.iter().map(|char| char.c).collect();
    let mark = sink.mark();
    // The characters are gone through as the pieces are, from left to right.
    let (mut number, mut byte) = (0, 0);
    let mut char_at = |wanted: usize| {
        while byte < wanted {
            byte += piece.get(number).map_or(wanted, |char| char.c.len_utf8());
            number += 1;
        }
        piece.get(number).unwrap_or(last)
    };
    let known = vocabulary.split(word.as_bytes(), |at, length, id| {
        let begins = char_at(at);
        let last_char = word[..at + length].chars().next_back().map_or(0, char::len_utf8);
        let ends = char_at(at + length - last_char);
        sink.token(id, begins.start, ends.end);
    });
    if !known {
        sink.rewind(mark);
        sink.token(vocabulary.unknown(), first.start, last.end);
    }
}
