//! [`Encoder`]: a BERT encoder with packed weights, run as one operation.

use std::collections::TryReserveError;

use super::batch::Batch;
use super::columns::Columns;
use super::grouped::Grouped;
use super::isa::Isa;
use super::norm::Norm;
use super::pack::Panels;
use super::scratch::Scratch;
use super::together::Together;
use crate::folder::{Activation, Pooling};

/// A BERT encoder from token ids to one vector a text.
pub(crate) struct Encoder {
    pub(crate) isa: Isa,
    pub(crate) dimensions: Dimensions,
    pub(crate) activation: Activation,
    pub(crate) embeddings: Embeddings,
    pub(crate) layers: Vec<Layer>,
    /// How many tokens of each text, its first, are not pooled: those of a prompt.
    pub(crate) skipped: usize,
    pub(crate) scratch: Scratch,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Encoder { isa, dimensions, activation, layers, .. } = self;
        let mut shown = f.debug_struct("Encoder");
        shown.field("isa", isa).field("dimensions", dimensions).field("activation", activation);
        shown.field("layers", &layers.len()).finish_non_exhaustive()
    }
}

/// The sizes of an encoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dimensions {
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    pub(crate) feed_forward: usize,
}

/// What a token's vector begins as.
pub(crate) struct Embeddings {
    /// `[vocabulary, hidden]`
    pub(crate) words: Box<dyn Table>,
    /// `[positions, hidden]`, the token type's vector added.
    pub(crate) positions: Box<dyn Table>,
    pub(crate) norm: Norm,
}

/// Numbers that someone else keeps.
pub(crate) trait Table: Send + Sync {
    fn values(&self) -> &[f32];
}

/// No numbers.
struct Empty;

impl Table for Empty {
    fn values(&self) -> &[f32] {
        &[]
    }
}

/// One layer's weights.
pub(crate) struct Layer {
    /// Queries, keys and values in one product. The queries' weights hold the scale 1/√width.
    pub(crate) qkv: Panels,
    pub(crate) attended: Panels,
    pub(crate) attended_norm: Norm,
    pub(crate) up: Panels,
    pub(crate) down: Panels,
    pub(crate) down_norm: Norm,
}

/// Below this many rows, threads share out columns instead of rows, so that each weight is read once.
const FEW: usize = 64;

impl Encoder {
    /// One vector a text, `[texts, hidden]`. No text is empty or longer than there are positions, and every id has a
    /// row of words: the caller has checked.
    pub(crate) fn forward(&self, texts: &[&[u32]], pooling: Pooling) -> Result<Vec<f32>, TryReserveError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let threads = rayon::current_num_threads();
        if threads > 1 && rayon::current_thread_index().is_none() {
            // Enter the pool once: each scope entered from outside costs two thread switches.
            return rayon::scope(|_| self.run(texts, pooling, threads));
        }
        self.run(texts, pooling, threads)
    }

    fn run(&self, texts: &[&[u32]], pooling: Pooling, threads: usize) -> Result<Vec<f32>, TryReserveError> {
        let batch = Batch::new(texts);
        let mut output = Vec::new();
        output.try_reserve_exact(texts.len() * self.dimensions.hidden)?;
        output.resize(texts.len() * self.dimensions.hidden, 0.0);
        let (rows, groups) = (batch.rows(), batch.groups(threads));
        let largest = groups.iter().map(|group| group.rows).max().unwrap_or(0);
        // One group a thread, and one of them much larger than the others: the others would wait.
        let uneven = groups.len() < threads || groups.len() == threads && largest * threads > rows + rows / 5;
        if threads == 1 || rows >= FEW && !uneven {
            let grouped = Grouped::new(self, rows, batch.longest(), threads);
            self.scratch
                .with(grouped.len(), |memory| grouped.run(&batch, groups, pooling, memory, &mut output))?;
        } else if rows < FEW {
            let columns = Columns::new(self, rows, batch.longest(), threads);
            self.scratch.with(columns.len(), |memory| columns.run(&batch, pooling, memory, &mut output))?;
        } else {
            let together = Together::new(self, rows, batch.longest(), threads);
            self.scratch.with(together.len(), |memory| together.run(&batch, pooling, memory, &mut output))?;
        }
        Ok(output)
    }

    /// Of a model's sizes and without its weights: what it takes to run can be counted, and nothing be run.
    pub(crate) fn to_count(dimensions: Dimensions) -> Self {
        let norm = || Norm { gamma: Vec::new(), beta: Vec::new(), epsilon: 0.0 };
        Encoder {
            isa: Isa::best(),
            dimensions,
            activation: Activation::Gelu,
            embeddings: Embeddings { words: Box::new(Empty), positions: Box::new(Empty), norm: norm() },
            layers: Vec::new(),
            skipped: 0,
            scratch: Scratch::default(),
        }
    }

    /// The bytes that a forward of `texts` texts of up to `longest` tokens works in, its result included: no batch of
    /// so many texts, none longer, takes more.
    pub(crate) fn working_bytes(&self, texts: usize, longest: usize) -> u64 {
        let threads = rayon::current_num_threads();
        let rows = texts * longest;
        let mut most = 0;
        if texts >= threads {
            most = Grouped::new(self, rows, longest, threads).len();
        }
        if threads > 1 {
            let few = Columns::new(self, rows.min(FEW - 1), longest, threads).len();
            let together = Together::most_rows(threads, longest).min(rows);
            most = most.max(few).max(Together::new(self, together, longest, threads).len());
        }
        ((most + texts * self.dimensions.hidden) * size_of::<f32>()) as u64
    }
}
