//! JSON files of a model's folder.

use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::EmbedError;

/// Reads a JSON file, or `None` where it does not exist.
pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, EmbedError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(EmbedError::io(path, error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| EmbedError::config(path, error.to_string()))
}
