//! [`SafetensorsFile`]: tensors in one file of safetensors.
//!
//! Nothing in a file is believed: the header's length, each tensor's place and shape are checked against the file
//! before a byte is allocated for them. No file is mapped into memory, since one that another process cuts short would then
//! end this one.

use std::fs::File;
#[cfg(windows)]
use std::io::ErrorKind;
use std::io::Read;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::number::Number;
use crate::error::EmbedError;

/// An open file of safetensors.
#[derive(Debug)]
pub(super) struct SafetensorsFile {
    path: PathBuf,
    file: File,
    metadata: Metadata,
    /// Where the tensors' bytes begin.
    data: u64,
}

/// Headers of real models are below one MB; the format allows 100 MB.
const MAX_HEADER: u64 = 100_000_000;

impl SafetensorsFile {
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
            let message = match other_content(size) {
                Some(what) => format!("this is {what}, and no safetensors"),
                None => format!("the header claims {header} bytes, and {MAX_HEADER} are allowed"),
            };
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
        Ok(SafetensorsFile { path: path.to_owned(), file, metadata, data })
    }

    /// The names of its tensors.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.metadata.tensors().into_keys()
    }

    /// A tensor's shape.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.metadata.info(name)?.shape)
    }

    /// A tensor's numbers, which must be there.
    pub(super) fn read(&self, name: &str) -> Result<Vec<f32>, EmbedError> {
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| EmbedError::missing_tensors(&self.path, vec![name.to_owned()]))?;
        let number = match info.dtype {
            Dtype::F32 => Number::F32,
            Dtype::F16 => Number::F16,
            Dtype::BF16 => Number::Bf16,
            other => return Err(Number::unsupported(&self.path, name, &other)),
        };
        let (start, end) = info.data_offsets;
        let bytes = end - start;
        let start = self.data + start as u64;
        let read = |first: usize, piece: &mut [u8]| read_exact_at(&self.file, piece, start + first as u64);
        number.read(bytes, read).map_err(|error| EmbedError::io(&self.path, error))
    }
}

/// Fills `bytes` from a place in a file on: threads that read one file have no place in common.
#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], place: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, place)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut place: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, place) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                bytes = &mut bytes[read..];
                place += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What a file is that people have under the name of weights, where its first bytes are too large to be a length.
fn other_content(first: [u8; 8]) -> Option<&'static str> {
    let text = first.trim_ascii_start();
    if text.starts_with(b"<!") || text.starts_with(b"<html") || text.starts_with(b"<HTML") {
        return Some("a web page");
    }
    match first {
        [b'P', b'K', 3, 4, ..] => Some("a zip archive, as PyTorch writes"),
        [0x80, 2..=5, ..] => Some("a pickle"),
        [b'G', b'G', b'U', b'F', ..] => Some("GGUF"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_under_the_name_are_told() {
        for (first, says) in [
            (b"<!DOCTYP", Some("a web page")),
            (b"\n<html><", Some("a web page")),
            (b"PK\x03\x04\x14\0\0\x08", Some("a zip archive, as PyTorch writes")),
            (b"\x80\x02\x8a\nl\xfc\x9cF", Some("a pickle")),
            (b"whatever", None),
        ] {
            assert!(u64::from_le_bytes(*first) > MAX_HEADER);
            assert_eq!(other_content(*first), says);
        }
    }
}
