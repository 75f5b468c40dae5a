//! DistilBERT: BERT under other names, without token types.

use super::{Architecture, EncoderConfig, Fields, Names, NormConfig};
use crate::error::EmbedError;

const NAMES: Names = Names {
    hidden: "dim",
    heads: "n_heads",
    layers: "n_layers",
    feed_forward: "hidden_dim",
    positions: "max_position_embeddings",
    activation: "activation",
};

pub(super) fn read(fields: &Fields<'_>, name: &'static str) -> Result<EncoderConfig, EmbedError> {
    let config = EncoderConfig::like_bert(fields, name, &NAMES)?;
    // Its configuration has none.
    let norm = NormConfig { epsilon: 1e-12, ..config.norm };
    Ok(EncoderConfig { architecture: Architecture::DistilBert, norm, ..config })
}
