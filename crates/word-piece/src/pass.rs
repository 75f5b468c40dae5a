//! [`Pass`]: a text gone through from left to right, fast where that is exact, and exactly elsewhere.

use std::ops::Range;

use crate::added::Near;
use crate::forms::is_kept_space;
use crate::sink::Sink;
use crate::walk::{Stop, Walk};
use crate::word_piece::Inner;

/// Where the few things that a walk does not know may play a part (added tokens in the text, marks that change places), what
/// lies between the white space on both sides is looked at exactly: nothing that the tokenizer does looks across that.
pub(crate) struct Pass<'a> {
    words: &'a Inner,
    text: &'a str,
    walk: Walk<'a>,
    /// All before this byte is done.
    pub(crate) at: usize,
    /// Where the next added tokens may be, both kinds, as far as it was looked for; [`NOWHERE`] for none.
    written: Option<usize>,
    normal: Option<usize>,
}

const NOWHERE: usize = usize::MAX;

impl<'a> Pass<'a> {
    pub(crate) fn new(words: &'a Inner, text: &'a str) -> Self {
        Pass { words, text, walk: Walk::new(words, text), at: 0, written: None, normal: None }
    }

    /// All the tokens of the text.
    pub(crate) fn run(mut self, sink: &mut impl Sink) {
        self.go_on(self.text.len(), sink);
    }

    /// Goes on to the first white space from `enough` on, or a little further.
    pub(crate) fn go_on(&mut self, enough: usize, sink: &mut impl Sink) {
        let (words, text) = (self.words, self.text);
        let Some(near) = &words.near else {
            words.exact.tokens(&words.vocabulary, text, self.at..text.len(), sink);
            self.at = text.len();
            return;
        };
        while self.at < text.len() {
            let hit = self.next_added(near);
            let end = if hit == NOWHERE { text.len() } else { run_start(text, self.at, hit) };
            let odd = match self.walk.run(self.at, end, enough, sink) {
                Stop::At(at) if at < end || hit == NOWHERE => {
                    self.at = at;
                    return;
                }
                Stop::At(_) => hit,
                Stop::Odd(at) => at,
            };
            let span = self.around(odd, near);
            self.at = span.end;
            words.exact.tokens(&words.vocabulary, text, span, sink);
        }
    }

    /// Where the next added token may begin.
    fn next_added(&mut self, near: &Near) -> usize {
        let (words, text, from) = (self.words, self.text, self.at);
        if self.written.is_none_or(|at| at < from) {
            self.written = Some(near.next_written(text, from).unwrap_or(NOWHERE));
        }
        if self.normal.is_none_or(|at| at < from) {
            self.normal = Some(near.next_normal(text, from, |c| words.form(c)).unwrap_or(NOWHERE));
        }
        self.written.unwrap_or(NOWHERE).min(self.normal.unwrap_or(NOWHERE))
    }

    /// What lies around the byte without white space, not before what is done; with the white space on both sides, and what
    /// lies behind that, where an added token may take it.
    fn around(&self, odd: usize, near: &Near) -> Range<usize> {
        let text = self.text;
        let (mut start, mut end) = (run_start(text, self.at, odd), run_end(text, odd));
        if near.strips {
            start = self.at + text[self.at..start].trim_end().len();
            loop {
                end = text.len() - text[end..].trim_start().len();
                let next = run_end(text, end);
                if near.next_written(&text[..next], end).is_none() {
                    break;
                }
                end = next;
            }
        }
        start..end
    }
}

/// Where what has no white space in it begins, not before `floor`.
fn run_start(text: &str, floor: usize, at: usize) -> usize {
    text[floor..at].rfind(is_kept_space).map_or(floor, |space| floor + space + 1)
}

fn run_end(text: &str, at: usize) -> usize {
    text[at..].find(is_kept_space).map_or(text.len(), |space| at + space)
}
