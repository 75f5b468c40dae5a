//! [`Encoder`]: an encoder of BERT's kind with packed weights, run as one operation.

use std::collections::TryReserveError;

use super::batch::Batch;
use super::columns::Columns;
use super::grouped::Grouped;
use super::head::HeadStep;
use super::isa::Isa;
use super::linear::Linear;
use super::narrow::NarrowIsa;
use super::norm::Norm;
use super::scratch::Scratch;
use super::together::Together;
use crate::arch::positions::Counting;
use crate::folder::{Activation, Pooling};

/// An encoder of BERT's kind from token ids to one vector a text.
pub(crate) struct Encoder {
    pub(crate) isa: Isa,
    /// What its products are computed with, if not with the others.
    pub(crate) narrow: Option<NarrowIsa>,
    /// What its attention is computed with, if not with the others: bf16's.
    pub(crate) narrow_attention: Option<NarrowIsa>,
    pub(crate) dimensions: Dimensions,
    pub(crate) activation: Activation,
    pub(crate) embeddings: Embeddings,
    /// What is added to the scores of attention by distance.
    pub(crate) distances: Option<Distances>,
    pub(crate) layers: Vec<Layer>,
    /// What is done to texts' vectors.
    pub(crate) head: Vec<HeadStep>,
    /// The numbers of working memory that a text's vector needs.
    pub(crate) vector: usize,
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
    /// Which of them a token has.
    pub(crate) counting: Counting,
    pub(crate) norm: Norm,
}

/// Numbers that someone else keeps.
pub(crate) trait Table: Send + Sync {
    fn values(&self) -> &[f32];
}

/// A bias for each distance from a token to one that it attends to.
pub(crate) struct Distances {
    /// The most tokens of a text.
    pub(crate) longest: usize,
    /// For each head the distances from `1 - longest` to `longest - 1`.
    pub(crate) values: Vec<f32>,
}

impl Distances {
    /// Of one head.
    pub(crate) fn of(&self, head: usize) -> &[f32] {
        let count = 2 * self.longest - 1;
        &self.values[head * count..][..count]
    }
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
    pub(crate) qkv: Linear,
    pub(crate) attended: Linear,
    pub(crate) attended_norm: Norm,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
    pub(crate) down_norm: Norm,
}

/// Below this many rows, threads share out columns instead of rows, so that each weight is read once.
const FEW: usize = 64;

impl Encoder {
    /// The same with products of narrow numbers. Each matrix is dropped when it was narrowed.
    pub(crate) fn narrowed(self, isa: NarrowIsa) -> Result<Self, TryReserveError> {
        let layer = |layer: Layer| {
            Ok(Layer {
                qkv: layer.qkv.narrowed(isa)?,
                attended: layer.attended.narrowed(isa)?,
                up: layer.up.narrowed(isa)?,
                down: layer.down.narrowed(isa)?,
                ..layer
            })
        };
        let layers = self.layers.into_iter().map(layer).collect::<Result<_, TryReserveError>>()?;
        let narrow_attention = isa.attention();
        Ok(Encoder { layers, narrow: Some(isa), narrow_attention, scratch: Scratch::default(), ..self })
    }

    /// One vector a text, as it is before it is normalised at the end; without pooling, one a token. No text is empty or longer than there are positions, and every id has a
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
        let len = self.output_len(pooling, texts);
        output.try_reserve_exact(len)?;
        output.resize(len, 0.0);
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
        if pooling == Pooling::NONE {
            return Ok(output);
        }
        Ok(self.behind_pooling(output, self.dimensions.hidden * pooling.modes().count()))
    }

    /// Of a model's sizes and without its weights: what it takes to run can be counted, and nothing be run.
    pub(crate) fn to_count(dimensions: Dimensions) -> Self {
        let norm = || Norm { gamma: Vec::new(), beta: Vec::new(), epsilon: 0.0 };
        Encoder {
            isa: Isa::best(),
            dimensions,
            activation: Activation::Gelu,
            narrow: None,
            narrow_attention: None,
            embeddings: Embeddings {
                words: Box::new(Empty),
                positions: Box::new(Empty),
                counting: Counting::default(),
                norm: norm(),
            },
            distances: None,
            layers: Vec::new(),
            head: Vec::new(),
            vector: dimensions.hidden,
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
        ((most + texts * self.vector) * size_of::<f32>()) as u64
    }
}
