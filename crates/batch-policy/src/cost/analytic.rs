//! [`Analytic`]: a batch's cost from the model's dimensions.

use super::CostModel;
use crate::bytes::Bytes;
use crate::error::PolicyError;

/// The dimensions of a transformer encoder that its working memory depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelShape {
    /// The length of a token's vector.
    pub hidden: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// The width of the feed-forward part.
    pub feed_forward: usize,
    /// Bytes of one number.
    pub element_bytes: usize,
}

/// What attention makes of the scores of each token for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attention {
    /// Matrices that are held whole.
    #[default]
    Materialised,
    /// A few rows at a time, in memory that does not count.
    Streamed,
}

/// The working memory of an encoder, one layer at a time:
///
/// - a row of `6 × hidden` for each token: input, queries, keys, values, context and output;
/// - a row of `2 × feed_forward` for each token: before and after the activation;
/// - where attention is [`Materialised`](Attention::Materialised), two matrices of `tokens × tokens` for each text and
///   head: scores, before and after the softmax.
///
/// All are counted as held at once, though an encoder frees some before it makes others: an upper bound for frameworks
/// that keep no more than that, however many layers there are. A text counts with the tokens of the longest, so that it
/// bounds encoders that pack texts without padding too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Analytic {
    shape: ModelShape,
    attention: Attention,
}

impl Analytic {
    /// For a model of this shape.
    ///
    /// # Errors
    /// A dimension is 0.
    pub fn new(shape: ModelShape) -> Result<Self, PolicyError> {
        let dimensions = [
            ("hidden", shape.hidden),
            ("heads", shape.heads),
            ("feed_forward", shape.feed_forward),
            ("element_bytes", shape.element_bytes),
        ];
        match dimensions.into_iter().find(|(_, value)| *value == 0) {
            Some((field, value)) => Err(PolicyError::config(field, value, "at least 1")),
            None => Ok(Analytic { shape, attention: Attention::default() }),
        }
    }

    /// For an encoder whose attention works in this way.
    #[must_use]
    pub fn with_attention(self, attention: Attention) -> Self {
        Analytic { attention, ..self }
    }

    /// Numbers in one matrix of attention scores, for all texts and heads.
    fn scores(self, items: u64, tokens: u64) -> u64 {
        match self.attention {
            Attention::Materialised => {
                items.saturating_mul(tokens).saturating_mul(tokens).saturating_mul(self.shape.heads as u64)
            }
            Attention::Streamed => 0,
        }
    }
}

impl CostModel for Analytic {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        let (items, tokens) = (items as u64, tokens as u64);
        let row = (self.shape.hidden as u64)
            .saturating_mul(6)
            .saturating_add((self.shape.feed_forward as u64).saturating_mul(2));
        let rows = items.saturating_mul(tokens).saturating_mul(row);
        let scores = self.scores(items, tokens).saturating_mul(2);
        Bytes::new(rows.saturating_add(scores)).saturating_mul(self.shape.element_bytes as u64)
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        let (items, tokens) = (items as u64, tokens as u64);
        let widest = (self.shape.feed_forward as u64).max((self.shape.hidden as u64).saturating_mul(3));
        let rows = items.saturating_mul(tokens).saturating_mul(widest);
        Bytes::new(rows.max(self.scores(items, tokens))).saturating_mul(self.shape.element_bytes as u64)
    }
}
