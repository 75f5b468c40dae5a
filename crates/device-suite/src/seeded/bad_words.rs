//! A model with words that it cannot take.

use std::fs;

use serde_json::Value;

use super::{SeededModel, Sizes};
use crate::fault::Fault;

impl SeededModel {
    /// The word of [`with_bad_words`](SeededModel::with_bad_words) whose vector is not finite.
    pub const NOT_FINITE: &str = "lazy";
    /// The word of [`with_bad_words`](SeededModel::with_bad_words) that the tokenizer knows and the weights do not.
    pub const UNKNOWN: &str = "字";

    /// The smallest, with a word whose vector is not finite and one that is beyond its vocabulary.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn with_bad_words() -> Result<Self, Fault> {
        let mut model = SeededModel::new(Sizes::TINY)?;
        let known = SeededModel::VOCABULARY - 1;
        let mut config: Value = serde_json::from_slice(&fs::read(model.file("config.json"))?)?;
        config["vocab_size"] = known.into();
        model.write("config.json", &config)?;
        let hidden = model.sizes.hidden;
        if let Some(words) = model.tensors.first_mut() {
            words.shape = vec![known, hidden];
            words.values.truncate(known * hidden);
            let place = super::tokenizer::WORDS.iter().position(|&word| word == SeededModel::NOT_FINITE);
            if let Some(value) = place.and_then(|place| words.values.get_mut(place * hidden)) {
                *value = f32::NAN;
            }
        }
        model.save_weights()?;
        Ok(model)
    }
}
