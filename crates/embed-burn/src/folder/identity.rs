//! [`ModelIdentity`]: what makes vectors comparable.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ModelFolder, Pooling, TOKENIZER, WEIGHTS};
use crate::error::EmbedError;

/// Everything that a vector depends on besides its text. Vectors of equal identity can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// SHA-256 of `model.safetensors`, in hexadecimal.
    pub weights_sha256: String,
    /// SHA-256 of `tokenizer.json`, in hexadecimal.
    pub tokenizer_sha256: String,
    /// How token vectors become one.
    pub pooling: Pooling,
    /// Whether vectors are scaled to length 1.
    pub normalize: bool,
    /// The most tokens of a text that are read.
    pub max_tokens: usize,
    /// The type of numbers it is run with.
    pub dtype: String,
    /// The length of a vector.
    pub dim: usize,
}

pub(super) fn of(folder: &ModelFolder) -> Result<ModelIdentity, EmbedError> {
    Ok(ModelIdentity {
        weights_sha256: sha256(&folder.transformer.join(WEIGHTS))?,
        tokenizer_sha256: sha256(&folder.transformer.join(TOKENIZER))?,
        pooling: folder.pooling(),
        normalize: folder.normalizes(),
        max_tokens: folder.max_tokens,
        dtype: "f32".to_owned(),
        dim: folder.dim(),
    })
}

fn sha256(path: &Path) -> Result<String, EmbedError> {
    let fail = |error| EmbedError::io(path, error);
    let mut file = File::open(path).map_err(fail)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
    Ok(format!("{:x}", hasher.finalize()))
}
