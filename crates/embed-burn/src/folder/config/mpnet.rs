//! MPNet: positions counted from behind padding's, and a bias by distance, the same in all layers.

use super::{Architecture, EncoderConfig, Fields, RelativePositions, USUAL};
use crate::error::EmbedError;

/// Padding's id, whatever the configuration says.
const PADDING: u32 = 1;
/// What its configuration does not say.
const MAX_DISTANCE: usize = 128;

pub(super) fn read(fields: &Fields<'_>, name: &'static str) -> Result<EncoderConfig, EmbedError> {
    let config = EncoderConfig::like_bert(fields, name, &USUAL)?;
    let relative = relative(fields, MAX_DISTANCE)?;
    Ok(EncoderConfig {
        architecture: Architecture::MpNet,
        relative: Some(relative),
        ..config.counted_from_padding(PADDING)
    })
}

/// The buckets: at least one for each exact distance and one beyond, on each side.
pub(super) fn relative(fields: &Fields<'_>, max_distance: usize) -> Result<RelativePositions, EmbedError> {
    const NAME: &str = "relative_attention_num_buckets";
    let buckets = fields.size_or(NAME, 32)?;
    if buckets < 4 || !buckets.is_multiple_of(4) {
        return Err(fields.wrong(format!("{NAME} is {buckets}, and no multiple of 4")));
    }
    if max_distance <= buckets / 4 {
        let message =
            format!("relative_attention_max_distance is {max_distance}, too near for {NAME} {buckets}");
        return Err(fields.wrong(message));
    }
    Ok(RelativePositions { buckets, max_distance })
}
