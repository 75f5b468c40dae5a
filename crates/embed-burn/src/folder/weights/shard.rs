//! [`Shard`]: one file of weights, whatever its form.

use std::path::{Path, PathBuf};

use super::pytorch::PytorchFile;
use super::safetensors::SafetensorsFile;
use crate::error::EmbedError;

/// An open file of weights.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) path: PathBuf,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Safetensors(SafetensorsFile),
    Pytorch(PytorchFile),
}

impl Shard {
    /// Opens it in the form that its name ends in.
    pub(super) fn open(path: &Path) -> Result<Self, EmbedError> {
        let is_pytorch = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("bin"));
        let form = if is_pytorch {
            Form::Pytorch(PytorchFile::open(path)?)
        } else {
            Form::Safetensors(SafetensorsFile::open(path)?)
        };
        Ok(Shard { path: path.to_owned(), form })
    }

    /// The names of its tensors.
    pub(super) fn names(&self) -> Vec<String> {
        match &self.form {
            Form::Safetensors(file) => file.names().collect(),
            Form::Pytorch(file) => file.names().collect(),
        }
    }

    /// How many numbers a tensor has.
    pub(super) fn numbers(&self, name: &str) -> Option<u64> {
        Some(self.shape(name)?.iter().fold(1, |numbers: u64, &length| numbers.saturating_mul(length as u64)))
    }

    /// A tensor's numbers in row-major order, as f32, after checking its shape.
    pub(super) fn take(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        if let Some(found) = self.shape(name).filter(|&found| found != shape) {
            let message = format!("tensor {name} has shape {found:?}, but config.json asks for {shape:?}");
            return Err(EmbedError::weights(&self.path, message));
        }
        match &self.form {
            Form::Safetensors(file) => file.read(name),
            Form::Pytorch(file) => file.read(name),
        }
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        match &self.form {
            Form::Safetensors(file) => file.shape(name),
            Form::Pytorch(file) => file.shape(name),
        }
    }
}
