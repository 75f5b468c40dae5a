//! [`Tokens`]: the tokens of a text, one after the other.

use std::fmt;

use crate::pass::Pass;
use crate::token::Token;
use crate::word_piece::Inner;

/// An iterator over the tokens of a text, without special tokens around it; [`WordPiece::tokens`](crate::WordPiece::tokens)
/// makes one. What is behind the tokens that are asked for is not looked at, but for a few words.
pub struct Tokens<'a> {
    pass: Pass<'a>,
    length: usize,
    ready: Vec<Token>,
    /// How many of those are gone.
    gone: usize,
}

/// So many bytes are gone through at a time: enough that starting costs nothing.
const STEP: usize = 1024;

impl<'a> Tokens<'a> {
    pub(crate) fn new(words: &'a Inner, text: &'a str) -> Self {
        Tokens { pass: Pass::new(words, text), length: text.len(), ready: Vec::new(), gone: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        while self.gone == self.ready.len() {
            if self.pass.at >= self.length {
                return None;
            }
            self.ready.clear();
            self.gone = 0;
            self.pass.go_on(self.pass.at.saturating_add(STEP), &mut self.ready);
        }
        let token = self.ready.get(self.gone).copied();
        self.gone += 1;
        token
    }

    fn fold<B, F: FnMut(B, Token) -> B>(mut self, init: B, mut f: F) -> B {
        let mut folded = self.ready.iter().skip(self.gone).copied().fold(init, &mut f);
        while self.pass.at < self.length {
            self.ready.clear();
            self.pass.go_on(self.pass.at.saturating_add(STEP), &mut self.ready);
            folded = self.ready.iter().copied().fold(folded, &mut f);
        }
        folded
    }
}

impl std::iter::FusedIterator for Tokens<'_> {}

impl fmt::Debug for Tokens<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("at", &self.pass.at).field("of", &self.length).finish_non_exhaustive()
    }
}
