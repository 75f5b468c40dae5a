//! [`Encoder`]: an encoder with packed weights, run as one operation.

use std::collections::TryReserveError;

use super::attention::Sight;
use super::batch::Batch;
use super::columns::Columns;
use super::distances::Distances;
use super::embed::Embeddings;
use super::grouped::Grouped;
use super::head::HeadStep;
use super::isa::Isa;
use super::linear::Linear;
use super::narrow::NarrowIsa;
use super::norm::Norm;
use super::rotary::Angles;
use super::scratch::Scratch;
use super::together::Together;
use crate::folder::{Activation, Heads, NormPlace, Pooling};

/// An encoder from token ids to one vector a text. Families differ in what is here, and in nothing else.
pub(crate) struct Encoder {
    pub(crate) isa: Isa,
    /// What its products are computed with, if not with the others.
    pub(crate) narrow: Option<NarrowIsa>,
    /// What attention that looks at whole texts is computed with, if not with the others: bf16's. Where products are narrow, it
    /// may be given up, see [`widen_attention`](Encoder::widen_attention).
    pub(crate) narrow_attention: Option<NarrowIsa>,
    pub(crate) dimensions: Dimensions,
    pub(crate) activation: Activation,
    pub(crate) norm_place: NormPlace,
    pub(crate) embeddings: Embeddings,
    /// What is added to the scores of attention by distance.
    pub(crate) distances: Option<Distances>,
    /// Of layers whose tokens see the same from afar as from near.
    pub(crate) attention: Attending,
    /// Of layers whose tokens see their neighbours only.
    pub(crate) local: Option<Attending>,
    pub(crate) layers: Vec<Layer>,
    /// At the end of all layers.
    pub(crate) last_norm: Option<Norm>,
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
    pub(crate) heads: Heads,
    pub(crate) feed_forward: usize,
    /// Whether the feed-forward part has two halves of that width.
    pub(crate) gated: bool,
}

impl Dimensions {
    /// Queries, keys and values of a token.
    pub(crate) fn qkv(self) -> usize {
        self.heads.all()
    }

    /// What attention gives of a token.
    pub(crate) fn context(self) -> usize {
        self.heads.queries * self.heads.width
    }

    /// What the feed-forward part makes of a token.
    pub(crate) fn wide(self) -> usize {
        if self.gated { 2 * self.feed_forward } else { self.feed_forward }
    }
}

/// Numbers that someone else keeps.
pub(crate) trait Table: Send + Sync {
    fn values(&self) -> &[f32];
}

/// How attention goes in some layers.
pub(crate) struct Attending {
    pub(crate) sight: Sight,
    /// By which queries and keys are turned, if they are.
    pub(crate) angles: Option<Angles>,
}

/// One layer's weights.
pub(crate) struct Layer {
    /// Queries, keys and values in one product. The queries' weights hold the scale 1/√width where there is one, or the norm
    /// of the queries does.
    pub(crate) qkv: Linear,
    /// Of each head's queries, and of its keys.
    pub(crate) head_norms: Option<[Norm; 2]>,
    pub(crate) attended: Linear,
    /// Absent where the layer's input is normalised already.
    pub(crate) attended_norm: Option<Norm>,
    /// Of a gated feed-forward part both halves in one product, the one with the activation first.
    pub(crate) up: Linear,
    pub(crate) down: Linear,
    pub(crate) down_norm: Norm,
    /// Whether its tokens see their neighbours only.
    pub(crate) is_local: bool,
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

    /// Computes attention in f32 from now on, products as before. Whether that is a change.
    pub(crate) fn widen_attention(&mut self) -> bool {
        self.narrow_attention.take().is_some()
    }

    /// One vector a text, as it is before it is normalised at the end; without pooling, one a token. No text is empty or
    /// longer than there are positions, and every id has a row of words: the caller has checked.
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
    /// `attention` and `local` tell how far tokens see, `vector` what a text's vector takes at its
    /// [widest](super::head::widest_vector).
    pub(crate) fn to_count(
        dimensions: Dimensions,
        narrow: Option<NarrowIsa>,
        attention: Sight,
        local: Option<Sight>,
        vector: usize,
    ) -> Self {
        let attending = |sight| Attending { sight, angles: None };
        Encoder {
            isa: Isa::best(),
            dimensions,
            activation: Activation::Gelu,
            norm_place: NormPlace::After,
            narrow,
            narrow_attention: None,
            embeddings: Embeddings::none(),
            distances: None,
            attention: attending(attention),
            local: local.map(attending),
            layers: Vec::new(),
            last_norm: None,
            head: Vec::new(),
            vector,
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
