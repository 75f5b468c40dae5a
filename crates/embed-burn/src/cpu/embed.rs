//! What tokens begin as.

use super::encoder::{Encoder, Table};
use super::norm::{Add, AddNorm, Norm, Normalize};
use crate::arch::positions::Counting;

/// What a token's vector begins as.
pub(crate) struct Embeddings {
    /// `[vocabulary, hidden]`; where there are no positions, the token type's vector added.
    pub(crate) words: Box<dyn Table>,
    pub(crate) positions: Option<Positions>,
    pub(crate) norm: Option<Norm>,
}

/// A vector for each place.
pub(crate) struct Positions {
    /// `[positions, hidden]`, the token type's vector added.
    pub(crate) table: Box<dyn Table>,
    /// Which of them a token has.
    pub(crate) counting: Counting,
}

/// No numbers.
struct Empty;

impl Table for Empty {
    fn values(&self) -> &[f32] {
        &[]
    }
}

impl Embeddings {
    /// No words.
    pub(super) fn none() -> Self {
        Embeddings { words: Box::new(Empty), positions: None, norm: None }
    }
}

impl Encoder {
    /// What a text's ids begin as.
    pub(crate) fn embed(&self, ids: &[u32], x: &mut [f32]) {
        let hidden = self.dimensions.hidden;
        let words = self.embeddings.words.values();
        for (&id, row) in ids.iter().zip(x.chunks_exact_mut(hidden)) {
            row.copy_from_slice(&words[id as usize * hidden..][..hidden]);
        }
        let Some(Positions { table, counting }) = &self.embeddings.positions else {
            if let Some(norm) = &self.embeddings.norm {
                self.isa.run(Normalize { to: x, norm });
            }
            return;
        };
        let table = table.values();
        let first = counting.first();
        if counting.rows(ids).eq(first..first + ids.len()) {
            return self.begin(x, &table[first * hidden..][..ids.len() * hidden]);
        }
        for (place, row) in counting.rows(ids).zip(x.chunks_exact_mut(hidden)) {
            self.begin(row, &table[place * hidden..][..hidden]);
        }
    }

    fn begin(&self, to: &mut [f32], add: &[f32]) {
        match &self.embeddings.norm {
            Some(norm) => self.isa.run(AddNorm { to, add, norm }),
            None => self.isa.run(Add { to, add }),
        }
    }
}
