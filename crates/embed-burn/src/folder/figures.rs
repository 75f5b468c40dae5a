//! What a model takes, from its configuration alone: nothing is loaded for it.

use super::ModelFolder;
#[cfg(feature = "cpu")]
use super::Step;
use crate::compute::Precision;

impl ModelFolder {
    /// How many numbers its encoder's weights are on a device, to a norm more or less; what stands behind pooling is left out.
    pub fn parameters(&self) -> u64 {
        let config = &self.config;
        let [hidden, wide, layers, width] =
            [config.hidden, config.feed_forward, config.layers, config.heads.width].map(|count| count as u64);
        let (queries, all) = (config.heads.queries as u64 * width, config.heads.all() as u64);
        let linear = |inputs: u64, outputs: u64, bias: bool| {
            inputs.saturating_mul(outputs).saturating_add(if bias { outputs } else { 0 })
        };
        let norm = hidden * (1 + u64::from(config.norm.bias));
        let halves = if config.gated { 2 } else { 1 };
        let layer = [
            linear(hidden, all, config.biases.attention),
            linear(queries, hidden, config.biases.attention),
            if config.normed_heads { 2 * width } else { 0 },
            norm,
            linear(hidden, halves * wide, config.biases.feed_forward),
            linear(wide, hidden, config.biases.feed_forward),
            norm,
        ];
        let layer = layer.into_iter().fold(0, u64::saturating_add);
        // The vectors of token types are added to those of positions when it is loaded.
        let rows = (config.vocabulary as u64).saturating_add(config.learned.map_or(0, |of| of.rows as u64));
        let distances = config.relative.map_or(0, |of| (of.buckets * config.heads.queries) as u64);
        let around = u64::from(config.embedding_norm) * norm + distances;
        rows.saturating_mul(hidden).saturating_add(around).saturating_add(layer.saturating_mul(layers))
    }

    /// The bytes that a batch of up to `items` texts, each of up to `tokens` tokens, works in on the processor, in f32: what
    /// [`scratch_bytes`](crate::BurnEmbedder::scratch_bytes) of the loaded model says. `None` where this build does not
    /// compute on it, and for the rare model that runs there as burn's operations.
    pub fn working_bytes(&self, items: usize, tokens: usize) -> Option<u64> {
        self.working_bytes_in(Precision::F32, items, tokens)
    }

    /// As [`working_bytes`](ModelFolder::working_bytes), of a model that is loaded to compute in these numbers: rows are
    /// narrowed before they meet weights, and what that takes is counted. Numbers that this processor has no
    /// [instructions](Precision::instructions) for count as f32.
    #[cfg(feature = "cpu")]
    pub fn working_bytes_in(&self, precision: Precision, items: usize, tokens: usize) -> Option<u64> {
        let config = &self.config;
        let dimensions = crate::cpu::Dimensions {
            hidden: config.hidden,
            heads: config.heads,
            feed_forward: config.feed_forward,
            gated: config.gated,
        };
        let narrow = crate::cpu::Format::of(precision).and_then(crate::cpu::NarrowIsa::best);
        let is_served = crate::cpu::Encoder::serves(config.relative);
        let reach = config.local.as_ref().map(|local| local.reach);
        let (attention, local) = crate::cpu::Sight::of_layers(config.causal, reach);
        let pooled = config.hidden * self.pooling().modes().count();
        let vector = crate::cpu::widest_vector(pooled, Step::before_last_norm(&self.steps), Step::outputs);
        let encoder = || crate::cpu::Encoder::to_count(dimensions, narrow, attention, local, vector);
        is_served.then(|| encoder().working_bytes(items, tokens))
    }

    /// `None`: this build does not compute on the processor.
    #[cfg(not(feature = "cpu"))]
    pub fn working_bytes_in(&self, _: Precision, _: usize, _: usize) -> Option<u64> {
        None
    }
}
