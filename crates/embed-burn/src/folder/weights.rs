//! `model.safetensors`, read tensor by tensor.
//!
//! Nothing in the file is believed: the header's length, each tensor's place and shape are checked against the file
//! before a byte is allocated for them. Memory is that of one tensor at a time, not of the file. The file is not mapped
//! into memory, since a file that another process cuts short would then end this one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use crate::error::EmbedError;

/// Open weights.
#[derive(Debug)]
pub(crate) struct Weights {
    path: PathBuf,
    file: File,
    metadata: Metadata,
    /// Where the tensors' bytes begin.
    data: u64,
    /// What the names begin with: models saved with a head have `bert.` before each.
    prefix: &'static str,
}

/// Headers of real models are below one MB; the format allows 100 MB.
const MAX_HEADER: u64 = 100_000_000;
const PREFIXES: [&str; 2] = ["", "bert."];

impl Weights {
    pub(super) fn open(path: &Path) -> Result<Self, EmbedError> {
        let fail = |error| EmbedError::io(path, error);
        let cut = || EmbedError::weights(path, "the file is cut short");
        let mut file = File::open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        let mut size = [0; 8];
        if length < size.len() as u64 {
            return Err(cut());
        }
        file.read_exact(&mut size).map_err(fail)?;
        let header = u64::from_le_bytes(size);
        if header > MAX_HEADER {
            let message = format!("the header claims {header} bytes, and {MAX_HEADER} are allowed");
            return Err(EmbedError::weights(path, message));
        }
        let data = header + size.len() as u64;
        if data > length {
            return Err(cut());
        }
        let mut bytes = vec![0; header as usize];
        file.read_exact(&mut bytes).map_err(fail)?;
        let metadata: Metadata = serde_json::from_slice(&bytes)
            .map_err(|error| EmbedError::weights(path, format!("the header is invalid: {error}")))?;
        let tensors = metadata.tensors();
        let end = tensors.values().map(|tensor| tensor.data_offsets.1 as u64).max().unwrap_or(0);
        if end != length - data {
            let message = format!(
                "the file is {} than its header says: {} bytes of tensors, not {end}",
                if end > length - data { "shorter" } else { "longer" },
                length - data,
            );
            return Err(EmbedError::weights(path, message));
        }
        let known =
            |prefix: &&&str| tensors.contains_key(&format!("{prefix}embeddings.word_embeddings.weight"));
        let prefix = PREFIXES.iter().find(known).copied().unwrap_or("");
        Ok(Weights { path: path.to_owned(), file, metadata, data, prefix })
    }

    /// A tensor's numbers in row-major order, as f32, after checking its shape.
    pub(crate) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let info = self
            .metadata
            .info(&name)
            .ok_or_else(|| EmbedError::weights(&self.path, format!("tensor {name} is missing")))?;
        if info.shape != shape {
            let message =
                format!("tensor {name} has shape {:?}, but config.json asks for {shape:?}", info.shape);
            return Err(EmbedError::weights(&self.path, message));
        }
        let dtype = info.dtype;
        if !matches!(dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            let what = format!("the number type of tensor {name},");
            return Err(EmbedError::unsupported(&self.path, what, format!("{dtype:?}"), "F32, F16 and BF16"));
        }
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        let path = &self.path;
        let fail = |error| EmbedError::io(path, error);
        self.file.seek(SeekFrom::Start(self.data + start as u64)).map_err(fail)?;
        self.file.read_exact(&mut bytes).map_err(fail)?;
        Ok(to_f32(&bytes, dtype))
    }
}

fn to_f32(bytes: &[u8], dtype: Dtype) -> Vec<f32> {
    let (pairs, _) = bytes.as_chunks::<2>();
    match dtype {
        Dtype::F16 => pairs.iter().map(|&pair| half::f16::from_le_bytes(pair).to_f32()).collect(),
        Dtype::BF16 => pairs.iter().map(|&pair| half::bf16::from_le_bytes(pair).to_f32()).collect(),
        _ => bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_each_type_are_read() {
        let values = [0.0, 1.0, -2.5, 65504.0];
        let f16: Vec<u8> =
            values.iter().flat_map(|&value| half::f16::from_f32(value).to_le_bytes()).collect();
        assert_eq!(to_f32(&f16, Dtype::F16), values);
        let bf16: Vec<u8> = values[..3].iter().flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect();
        assert_eq!(to_f32(&bf16, Dtype::BF16), values[..3]);
        let f32: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(to_f32(&f32, Dtype::F32), values);
    }
}
