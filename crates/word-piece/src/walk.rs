//! [`Walk`]: the words of a text, from left to right.

use crate::forms::Form;
use crate::short_word::ShortWord;
use crate::sink::Sink;
use crate::vocabulary::packed;
use crate::word_piece::Inner;

/// Words of plain ASCII are taken 16 bytes at a time, all others char by char.
pub(crate) struct Walk<'a> {
    words: &'a Inner,
    text: &'a str,
    /// The word that is being spelled, normalized; empty between words.
    spelled: Vec<u8>,
    /// Of each byte of it the bytes of the text that it comes from, where offsets are asked for.
    aligned: Vec<(usize, usize)>,
    /// From where to where its letters stand in the text.
    from: usize,
    to: usize,
}

/// Where a walk ends.
pub(crate) enum Stop {
    /// All is walked up to this byte.
    At(usize),
    /// A word that has to be looked at more closely, with this byte in it.
    Odd(usize),
}

impl<'a> Walk<'a> {
    pub(crate) fn new(words: &'a Inner, text: &'a str) -> Self {
        Walk { words, text, spelled: Vec::new(), aligned: Vec::new(), from: 0, to: 0 }
    }

    /// Gives the tokens of the text from the offset to `end` to the sink, or to the first white space from `enough` on. At
    /// an odd character it gives up, without the tokens behind the last white space before it.
    pub(crate) fn run<S: Sink>(&mut self, from: usize, end: usize, enough: usize, sink: &mut S) -> Stop {
        let bytes = &self.text.as_bytes()[..end];
        let (mut at, mut word) = (from, sink.mark());
        while let Some(&byte) = bytes.get(at) {
            match class(byte) {
                Class::Space => {
                    if at >= enough {
                        return Stop::At(at);
                    }
                    at += 1;
                    word = sink.mark();
                }
                Class::Punctuation => {
                    sink.token(self.words.punctuation[usize::from(byte & 0x7f)], at, at + 1);
                    at += 1;
                }
                Class::Letter => {
                    let short = ShortWord::at(bytes, at, self.words.lowercase);
                    let behind = at + short.len;
                    let next = bytes.get(behind).map_or(Class::Space, |&byte| class(byte));
                    if short.len < ShortWord::MOST && next != Class::Other {
                        match self.words.vocabulary.id(short.packed) {
                            Some(id) => sink.token(id, at, behind),
                            None => self.short(short, at, sink),
                        }
                        at = behind;
                        continue;
                    }
                    let Some(behind) = self.spell(at, end, sink) else {
                        sink.rewind(word);
                        return Stop::Odd(at);
                    };
                    at = behind;
                }
                Class::Other => {
                    let Some(behind) = self.spell(at, end, sink) else {
                        sink.rewind(word);
                        return Stop::Odd(at);
                    };
                    at = behind;
                }
            }
        }
        Stop::At(end)
    }

    /// A word of plain ASCII that is not one token.
    #[inline(never)]
    fn short<S: Sink>(&mut self, short: ShortWord, at: usize, sink: &mut S) {
        let mark = sink.mark();
        let spelled = short.packed.to_le_bytes();
        let tell = |from, length, id| sink.token(id, at + from, at + from + length);
        if !self.words.vocabulary.split(&spelled[..short.len], tell) {
            sink.rewind(mark);
            sink.token(self.words.vocabulary.unknown(), at, at + short.len);
        }
    }

    /// Goes on char by char up to white space or punctuation of ASCII, and says where that is; `None` if there is an odd
    /// character before it.
    #[inline(never)]
    fn spell<S: Sink>(&mut self, at: usize, end: usize, sink: &mut S) -> Option<usize> {
        let mut at = at;
        self.spelled.clear();
        self.aligned.clear();
        let text = &self.text[..end];
        while let Some(&byte) = text.as_bytes().get(at) {
            match class(byte) {
                Class::Space | Class::Punctuation => break,
                Class::Letter => {
                    let letter = if self.words.lowercase { byte.to_ascii_lowercase() } else { byte };
                    self.letter::<S>(&[letter], at, at + 1);
                    at += 1;
                }
                Class::Other => {
                    let c = text[at..].chars().next()?;
                    let behind = at + c.len_utf8();
                    match self.words.form(c) {
                        Form::Gone => {}
                        Form::Space => self.end_word(sink),
                        Form::Alone(id) => {
                            self.end_word(sink);
                            sink.token(id, at, behind);
                        }
                        Form::Part(spelling) => self.letter::<S>(spelling.as_bytes(), at, behind),
                        Form::Odd => return None,
                    }
                    at = behind;
                }
            }
        }
        self.end_word(sink);
        Some(at)
    }

    /// A letter of the word that is being spelled.
    fn letter<S: Sink>(&mut self, spelling: &[u8], from: usize, to: usize) {
        if self.spelled.is_empty() {
            self.from = from;
        }
        self.to = to;
        self.spelled.extend_from_slice(spelling);
        if S::OFFSETS {
            self.aligned.resize(self.spelled.len(), (from, to));
        }
    }

    fn end_word<S: Sink>(&mut self, sink: &mut S) {
        if self.spelled.is_empty() {
            return;
        }
        let (spelled, from, to) = (&self.spelled[..], self.from, self.to);
        if let Some(id) = packed(spelled).and_then(|word| self.words.vocabulary.id(word)) {
            sink.token(id, from, to);
        } else {
            let mark = sink.mark();
            let known = self.words.vocabulary.split(spelled, |at, length, id| {
                if S::OFFSETS
                    && let (Some(first), Some(last)) =
                        (self.aligned.get(at), self.aligned.get(at + length - 1))
                {
                    sink.token(id, first.0, last.1);
                } else {
                    sink.token(id, from, to);
                }
            });
            if !known {
                sink.rewind(mark);
                sink.token(self.words.vocabulary.unknown(), from, to);
            }
        }
        self.spelled.clear();
        self.aligned.clear();
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
