//! Token ids of texts, by the encoder's own way and by the `tokenizers` crate.

use std::hint::black_box;

use device_suite::Fault;
use embed_burn::BurnEmbedder;
use serde::Deserialize;
use serde_json::{Value, json};

use super::best;

/// Who finds them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    /// As the encoder's input is made: by `word-piece`, where the tokenizer is of its kind.
    Encoder,
    /// Its fastest call that gives ids.
    Tokenizers,
}

/// Seconds on this thread for all texts, and how many texts have other ids than the other way finds.
pub(super) fn tokenise(model: &BurnEmbedder, by: By, texts: &[&str], times: usize) -> Result<Value, Fault> {
    let tokenizer = model.folder().tokenizer()?;
    let by_crate = |text: &str| -> Result<Vec<u32>, Fault> {
        let encoding = tokenizer.encode_fast(text, true).map_err(|error| Fault::new(error.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    };
    let by_encoder = |text: &str| -> Result<Vec<u32>, Fault> { Ok(model.tokenize(text)?.ids) };
    let ids = |text: &str| match by {
        By::Encoder => by_encoder(text),
        By::Tokenizers => by_crate(text),
    };
    let (seconds, tokens) = best(times, || {
        texts.iter().try_fold(0, |tokens, text| Ok::<_, Fault>(tokens + black_box(ids(text)?).len()))
    })?;
    let mut differing = 0;
    for text in texts {
        differing += usize::from(by_encoder(text)? != by_crate(text)?);
    }
    Ok(json!({"seconds": seconds, "tokens": tokens, "differing": differing}))
}
