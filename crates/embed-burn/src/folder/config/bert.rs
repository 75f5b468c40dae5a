//! BERT.

use super::{EncoderConfig, Fields, USUAL};
use crate::error::EmbedError;

pub(super) fn read(fields: &Fields<'_>, name: &'static str) -> Result<EncoderConfig, EmbedError> {
    absolute_positions(fields)?;
    let types = fields.size_or("type_vocab_size", 2)?;
    Ok(EncoderConfig { types, ..EncoderConfig::like_bert(fields, name, &USUAL)? })
}

/// Others were tried in BERT, and left.
pub(super) fn absolute_positions(fields: &Fields<'_>) -> Result<(), EmbedError> {
    let kind = fields.text_or("position_embedding_type", "absolute")?;
    if kind == "absolute" {
        return Ok(());
    }
    Err(fields.unsupported("position_embedding_type", kind, "absolute"))
}
