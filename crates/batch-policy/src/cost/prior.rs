//! [`Prior`]: a batch's cost from the class of the model alone.

use super::CostModel;
use crate::bytes::Bytes;

/// How large a model is, by its name's custom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelClass {
    /// MiniLM and the like: 50 MB a text.
    Mini,
    /// BERT base and the like: 100 MB a text.
    Base,
    /// BERT large and the like: 150 MB a text.
    Large,
}

impl ModelClass {
    /// What a text costs before its length is looked at.
    pub const fn per_item(self) -> Bytes {
        Bytes::new(match self {
            ModelClass::Mini => 50_000_000,
            ModelClass::Base => 100_000_000,
            ModelClass::Large => 150_000_000,
        })
    }
}

/// The rule of thumb for models of which nothing else is known: a class's bytes for each text, more for longer ones.
/// Generous by an order of magnitude for most models; [`Analytic`](super::Analytic) is closer wherever dimensions are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prior {
    class: ModelClass,
    length: Length,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Tokens,
    Characters,
}

impl Prior {
    /// × (1 + tokens ÷ 512).
    pub fn new(class: ModelClass) -> Self {
        Prior { class, length: Length::Tokens }
    }

    /// The older form: × min(2, characters ÷ 512), where lengths are given in characters instead of tokens.
    pub fn by_characters(class: ModelClass) -> Self {
        Prior { class, length: Length::Characters }
    }
}

impl CostModel for Prior {
    fn peak(&self, items: usize, length: usize) -> Bytes {
        let length = length as u64;
        let parts = match self.length {
            Length::Tokens => length.saturating_add(512),
            Length::Characters => length.min(1024),
        };
        // 512ths of the class's bytes, in 128 bits so that dividing comes last.
        let each = u128::from(self.class.per_item().get()) * u128::from(parts) / 512;
        Bytes::new(u64::try_from(each).unwrap_or(u64::MAX)).saturating_mul(items as u64)
    }

    /// Nothing is known about single tensors: the whole.
    fn largest_tensor(&self, items: usize, length: usize) -> Bytes {
        self.peak(items, length)
    }
}
