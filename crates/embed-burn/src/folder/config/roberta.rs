//! RoBERTa, and its kin in other languages: BERT whose positions are counted from behind the one for padding.

use super::bert::absolute_positions;
use super::{Architecture, EncoderConfig, Fields, LearnedPositions, USUAL};
use crate::error::EmbedError;

pub(super) fn read(fields: &Fields<'_>, name: &'static str) -> Result<EncoderConfig, EmbedError> {
    absolute_positions(fields)?;
    let config = EncoderConfig::like_bert(fields, name, &USUAL)?;
    let padding = fields.id_or("pad_token_id", 1)?;
    Ok(EncoderConfig {
        architecture: Architecture::Roberta,
        types: fields.size_or("type_vocab_size", 2)?,
        ..config.counted_from_padding(padding)
    })
}

impl EncoderConfig {
    /// With positions that begin behind the one for padding.
    pub(super) fn counted_from_padding(self, padding: u32) -> Self {
        let rows = self.longest;
        let learned = Some(LearnedPositions { rows, padding: Some(padding) });
        EncoderConfig { learned, longest: rows.saturating_sub(padding as usize + 1), ..self }
    }
}
