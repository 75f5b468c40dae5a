//! What a model takes, from its configuration alone: nothing is loaded for it.

use super::ModelFolder;

impl ModelFolder {
    /// How many numbers its weights are on a device.
    pub fn parameters(&self) -> u64 {
        let config = &self.config;
        let [hidden, wide, layers] =
            [config.hidden, config.feed_forward, config.layers].map(|count| count as u64);
        let rows = (config.vocabulary as u64).saturating_add(config.positions as u64);
        let linear = |inputs: u64, outputs: u64| inputs.saturating_mul(outputs).saturating_add(outputs);
        let norm = 2 * hidden;
        let layer = [
            linear(hidden, 3 * hidden),
            linear(hidden, hidden),
            norm,
            linear(hidden, wide),
            linear(wide, hidden),
            norm,
        ];
        let layer = layer.into_iter().fold(0, u64::saturating_add);
        // The vectors of token types are added to those of positions when it is loaded.
        rows.saturating_mul(hidden).saturating_add(norm).saturating_add(layer.saturating_mul(layers))
    }

    /// The bytes that a batch of up to `items` texts, each of up to `tokens` tokens, works in on the processor: what
    /// [`scratch_bytes`](crate::BurnEmbedder::scratch_bytes) of the loaded model says. `None` where this build does not
    /// compute on it.
    #[cfg(feature = "cpu")]
    pub fn working_bytes(&self, items: usize, tokens: usize) -> Option<u64> {
        let config = &self.config;
        let dimensions = crate::cpu::Dimensions {
            hidden: config.hidden,
            heads: config.heads,
            feed_forward: config.feed_forward,
        };
        Some(crate::cpu::Encoder::to_count(dimensions).working_bytes(items, tokens))
    }

    /// `None`: this build does not compute on the processor.
    #[cfg(not(feature = "cpu"))]
    pub fn working_bytes(&self, _: usize, _: usize) -> Option<u64> {
        None
    }
}
