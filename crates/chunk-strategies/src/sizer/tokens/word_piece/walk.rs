//! [`Walk`]: the words of a text, from left to right.

use super::WordPiece;
use super::forms::Form;
use super::short_word::ShortWord;
use super::sink::Sink;
use super::vocabulary::packed;

/// Words of plain ASCII are taken 16 bytes at a time, all others char by char.
pub(super) struct Walk<'a, S> {
    words: &'a WordPiece,
    text: &'a str,
    sink: &'a mut S,
    /// The word that is being spelled, normalized; empty between words.
    spelled: Vec<u8>,
    /// From where to where its letters stand in the text.
    from: usize,
    to: usize,
}

/// A word that the tokenizer itself has to look at.
pub(super) struct OddAt(pub(super) usize);

impl<'a, S: Sink> Walk<'a, S> {
    pub(super) fn new(words: &'a WordPiece, text: &'a str, sink: &'a mut S) -> Self {
        Walk { words, text, sink, spelled: Vec::new(), from: 0, to: 0 }
    }

    /// Gives the tokens of the text from the offset to its end to the sink. At an odd character it gives up, without the
    /// tokens behind the last white space before it.
    pub(super) fn run(&mut self, from: usize) -> Result<(), OddAt> {
        let bytes = self.text.as_bytes();
        let (mut at, mut word) = (from, self.sink.mark());
        while let Some(&byte) = bytes.get(at) {
            match class(byte) {
                Class::Space => {
                    at += 1;
                    word = self.sink.mark();
                }
                Class::Punctuation => {
                    self.sink.token(at);
                    at += 1;
                }
                Class::Letter => {
                    let short = ShortWord::at(bytes, at, self.words.lowercase);
                    let end = at + short.len;
                    let behind = bytes.get(end).map_or(Class::Space, |&byte| class(byte));
                    if short.len == ShortWord::MOST || behind == Class::Other {
                        at = self.spell_or_rewind(at, word)?;
                        continue;
                    }
                    if self.words.vocabulary.is_token(short.packed) {
                        self.sink.token(at);
                    } else {
                        self.short(short, at);
                    }
                    at = end;
                }
                Class::Other => at = self.spell_or_rewind(at, word)?,
            }
        }
        Ok(())
    }

    fn spell_or_rewind(&mut self, at: usize, word: usize) -> Result<usize, OddAt> {
        let spelled = self.spell(at);
        if spelled.is_err() {
            self.sink.rewind(word);
        }
        spelled
    }

    /// A word of plain ASCII that is not one token.
    #[inline(never)]
    fn short(&mut self, short: ShortWord, at: usize) {
        let mark = self.sink.mark();
        let spelled = short.packed.to_le_bytes();
        if !self.words.vocabulary.split(&spelled[..short.len], |offset| self.sink.token(at + offset)) {
            self.sink.rewind(mark);
            self.sink.token(at);
        }
    }

    /// Goes on char by char up to white space or punctuation of ASCII, and says where that is.
    #[inline(never)]
    fn spell(&mut self, at: usize) -> Result<usize, OddAt> {
        let mut at = at;
        self.spelled.clear();
        while let Some(&byte) = self.text.as_bytes().get(at) {
            at = match class(byte) {
                Class::Space | Class::Punctuation => break,
                Class::Letter => {
                    let letter = if self.words.lowercase { byte.to_ascii_lowercase() } else { byte };
                    self.letter(&[letter], at, at + 1)
                }
                Class::Other => self.spell_other(at)?,
            };
        }
        self.end_word();
        Ok(at)
    }

    fn spell_other(&mut self, at: usize) -> Result<usize, OddAt> {
        let Some(c) = self.text[at..].chars().next() else { return Err(OddAt(at)) };
        let behind = at + c.len_utf8();
        match self.words.forms.of(c) {
            Form::Gone => {}
            Form::Space => self.end_word(),
            Form::Alone => {
                self.end_word();
                self.sink.token(at);
            }
            Form::Part(spelling) => {
                self.letter(spelling.as_bytes(), at, behind);
            }
            Form::Odd => return Err(OddAt(at)),
        }
        Ok(behind)
    }

    /// A letter of the word that is being spelled.
    fn letter(&mut self, spelling: &[u8], from: usize, to: usize) -> usize {
        if self.spelled.is_empty() {
            self.from = from;
        }
        self.to = to;
        self.spelled.extend_from_slice(spelling);
        to
    }

    fn end_word(&mut self) {
        if self.spelled.is_empty() {
            return;
        }
        let (spelled, from, bytes) = (&self.spelled[..], self.from, self.to - self.from);
        let mark = self.sink.mark();
        let one = packed(spelled).is_some_and(|word| self.words.vocabulary.is_token(word));
        let known = !one
            && self.words.vocabulary.split(spelled, |offset| {
                // In proportion, as within the pieces that the tokenizer makes.
                self.sink.token(self.text.floor_char_boundary(from + bytes * offset / spelled.len()));
            });
        if !known {
            self.sink.rewind(mark);
            self.sink.token(from);
        }
        self.spelled.clear();
    }
}

/// What a byte is to every tokenizer of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Letter,
    /// White space that no normalizer drops.
    Space,
    Punctuation,
    /// Control characters, and all that is not ASCII.
    Other,
}

fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => Class::Space,
            _ if byte.is_ascii_alphanumeric() => Class::Letter,
            _ if byte.is_ascii_punctuation() => Class::Punctuation,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};
