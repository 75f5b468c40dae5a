//! [`PytorchFile`]: tensors in one file of `torch.save`.
//!
//! Such a file is a pickle: a program for Python that makes objects, any objects. `pytorch-reader` runs none of it; it knows
//! how dictionaries and tensors are written and refuses what is neither. It checks what a file claims against what it holds.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pytorch_reader::{DType, PytorchReader, Tensor};

use super::number::Number;
use crate::error::EmbedError;

/// An open checkpoint.
#[derive(Debug)]
pub(super) struct PytorchFile {
    path: PathBuf,
    tensors: HashMap<String, Tensor>,
}

impl PytorchFile {
    pub(super) fn open(path: &Path) -> Result<Self, EmbedError> {
        // The reader opens the file by itself, and its error would not say that the file cannot be read.
        std::fs::File::open(path).map_err(|error| EmbedError::io(path, error))?;
        let reader = PytorchReader::new(path).map_err(|error| {
            EmbedError::weights(path, format!("this is no checkpoint of PyTorch's that can be read: {error}"))
        })?;
        Ok(PytorchFile { path: path.to_owned(), tensors: reader.into_tensors() })
    }

    /// The names of its tensors.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.tensors.keys().cloned()
    }

    /// A tensor's shape.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(self.tensors.get(name)?.shape())
    }

    /// A tensor's numbers, which must be there.
    pub(super) fn read(&self, name: &str) -> Result<Vec<f32>, EmbedError> {
        let tensor = self
            .tensors
            .get(name)
            .ok_or_else(|| EmbedError::missing_tensors(&self.path, vec![name.to_owned()]))?;
        let number = match tensor.dtype() {
            DType::F32 => Number::F32,
            DType::F16 => Number::F16,
            DType::BF16 => Number::Bf16,
            other => return Err(Number::unsupported(&self.path, name, &other)),
        };
        // Its bytes come as this machine writes them.
        if cfg!(target_endian = "big") {
            return Err(EmbedError::weights(
                &self.path,
                "checkpoints are read on little-endian machines only",
            ));
        }
        let bytes = tensor.read();
        let values = bytes.and_then(|bytes| number.of_bytes(&bytes));
        values.map_err(|error| EmbedError::weights(&self.path, error.to_string()))
    }
}
