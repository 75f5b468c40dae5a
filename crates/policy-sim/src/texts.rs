//! [`Texts`]: an endless row of texts, by their lengths.

use crate::random::Random;
use crate::scenario::Lengths;

/// Draws lengths, and keeps what was put back.
#[derive(Clone, Debug)]
pub struct Texts<'a> {
    lengths: &'a Lengths,
    most: usize,
    weight: f64,
    random: Random,
}

impl<'a> Texts<'a> {
    /// For a model that reads no more than `max_tokens`.
    pub fn new(lengths: &'a Lengths, max_tokens: usize, seed: u64) -> Self {
        let weight = lengths.parts.iter().map(|part| part.weight).sum();
        Texts { lengths, most: lengths.most.min(max_tokens), weight, random: Random::new(seed) }
    }

    /// The next text's tokens.
    pub fn draw(&mut self) -> usize {
        let mut at = self.random.uniform() * self.weight;
        let part = self.lengths.parts.iter().find(|part| {
            at -= part.weight;
            at < 0.0
        });
        // What is left by rounding is the last part's.
        let part = part.or(self.lengths.parts.last());
        let length = part.map_or(1.0, |part| part.median * (part.sigma * self.random.normal()).exp());
        (length as usize).clamp(self.lengths.least.min(self.most), self.most)
    }

    /// As many as have so many tokens together, and at least one.
    pub fn draw_tokens(&mut self, tokens: usize) -> Vec<usize> {
        let mut drawn = vec![self.draw()];
        let mut sum = drawn[0];
        while sum < tokens {
            let length = self.draw();
            sum += length;
            drawn.push(length);
        }
        drawn
    }
}
