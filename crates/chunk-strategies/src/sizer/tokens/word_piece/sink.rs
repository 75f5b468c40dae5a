//! What is kept of tokens: how many there are, or where they start.

use std::ops::Range;

use super::super::Tokens;
use super::super::windows::starts_by_piece;

/// Takes tokens in the order of the text.
pub(super) trait Sink {
    /// A token that starts at this byte.
    fn token(&mut self, at: usize);

    /// Where to rewind to.
    fn mark(&self) -> usize;

    /// Forgets the tokens since the mark.
    fn rewind(&mut self, mark: usize);

    /// The tokens of a span as the tokenizer itself finds them; `None` where it cannot.
    fn encode(&mut self, tokens: &Tokens, text: &str, span: Range<usize>) -> Option<()>;
}

#[derive(Default)]
pub(super) struct Count(pub(super) usize);

impl Sink for Count {
    fn token(&mut self, _at: usize) {
        self.0 += 1;
    }

    fn mark(&self) -> usize {
        self.0
    }

    fn rewind(&mut self, mark: usize) {
        self.0 = mark;
    }

    fn encode(&mut self, tokens: &Tokens, text: &str, span: Range<usize>) -> Option<()> {
        self.0 += tokens.tokenizer.encode_fast(&text[span], false).ok()?.len();
        Some(())
    }
}

pub(super) struct Starts(pub(super) Vec<u32>);

impl Sink for Starts {
    fn token(&mut self, at: usize) {
        // The texts are windows, of a GiB and a half at most.
        self.0.push(at as u32);
    }

    fn mark(&self) -> usize {
        self.0.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    fn encode(&mut self, tokens: &Tokens, text: &str, span: Range<usize>) -> Option<()> {
        let starts = starts_by_piece(tokens, &text[span.clone()])?;
        self.0.extend(starts.into_iter().map(|start| start + span.start as u32));
        Some(())
    }
}
