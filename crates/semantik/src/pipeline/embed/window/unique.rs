//! [`Unique`]: the texts of a window, each embedded once.

use std::collections::HashMap;

use embed_burn::TokenizedText;

use crate::adaptive::{AdaptiveEmbedder, BatchDone};
use crate::error::Error;

/// The texts of a window without repetitions, and what became of them.
pub(super) struct Unique {
    texts: Vec<TokenizedText>,
    outcomes: Vec<Option<Result<Vec<f32>, Error>>>,
    /// For each text, which of `texts` has its tokens, and how many of its own were left out.
    places: Vec<Place>,
    next: usize,
}

#[derive(Clone, Copy)]
struct Place {
    text: usize,
    is_first: bool,
    dropped: usize,
}

/// What became of a text: its vector or why there is none, and nothing where the run ended before.
pub(super) struct Outcome<'a> {
    pub(super) vector: Option<Result<&'a [f32], &'a Error>>,
    /// Tokens that the model read for it: none where another text stands for it.
    pub(super) tokens: usize,
    pub(super) dropped: usize,
}

impl Unique {
    pub(super) fn of(all: Vec<TokenizedText>) -> Self {
        let mut by_tokens: HashMap<&[u32], usize> = HashMap::with_capacity(all.len());
        let mut places = Vec::with_capacity(all.len());
        for text in &all {
            let count = by_tokens.len();
            let place = *by_tokens.entry(&text.ids).or_insert(count);
            places.push(Place { text: place, is_first: place == count, dropped: text.dropped });
        }
        drop(by_tokens);
        let firsts = all.into_iter().zip(&places).filter(|(_, place)| place.is_first);
        let texts: Vec<TokenizedText> = firsts.map(|(text, _)| text).collect();
        Unique { outcomes: texts.iter().map(|_| None).collect(), texts, places, next: 0 }
    }

    /// Texts that another one stands for.
    pub(super) fn repeated(&self) -> usize {
        self.places.len() - self.texts.len()
    }

    /// Embeds them, until `stops` says so; what was finished before an error is there.
    pub(super) fn embed(
        &mut self,
        embedder: &AdaptiveEmbedder,
        stops: &dyn Fn() -> bool,
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<(), Error> {
        embedder.embed_into(&self.texts, &mut self.outcomes, stops, on_batch)
    }

    /// What became of each text that is still to come, in their order.
    pub(super) fn coming(&self) -> impl Iterator<Item = Option<&Result<Vec<f32>, Error>>> {
        self.places[self.next..].iter().map(|place| self.outcomes[place.text].as_ref())
    }

    /// What became of the next text, in the order in which they came.
    pub(super) fn next(&mut self) -> Option<Outcome<'_>> {
        let Place { text, is_first, dropped } = *self.places.get(self.next)?;
        self.next += 1;
        let vector = self.outcomes[text].as_ref().map(|outcome| outcome.as_deref());
        let tokens = if is_first { self.texts[text].ids.len() } else { 0 };
        Some(Outcome { vector, tokens, dropped })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_tokens_are_one_text_and_each_keeps_what_it_dropped() {
        let text = |ids: &[u32], dropped| TokenizedText { ids: ids.to_vec(), dropped };
        let mut unique = Unique::of(vec![text(&[1, 2], 0), text(&[3], 0), text(&[1, 2], 5), text(&[1], 0)]);
        assert_eq!((unique.texts.len(), unique.repeated()), (3, 1));
        unique.outcomes[0] = Some(Ok(vec![0.5]));
        let mut seen = Vec::new();
        while let Some(outcome) = unique.next() {
            seen.push((outcome.vector.is_some(), outcome.tokens, outcome.dropped));
        }
        assert_eq!(seen, [(true, 2, 0), (false, 1, 0), (true, 0, 5), (false, 1, 0)]);
    }
}
