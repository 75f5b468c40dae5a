//! The weights, read tensor by tensor from one file of safetensors or from several.
//!
//! Nothing in a file is believed: the header's length, each tensor's place and shape are checked against the file
//! before a byte is allocated for them. Memory is that of one tensor at a time, not of the file. No file is mapped into
//! memory, since one that another process cuts short would then end this one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::weight_files::WeightFiles;
use crate::error::EmbedError;

/// Open weights.
#[derive(Debug)]
pub(crate) struct Weights {
    listing: PathBuf,
    shards: Vec<Shard>,
    /// Which shard has the tensor.
    places: HashMap<String, usize>,
    /// What the names begin with: models saved with a head have their kind (`bert.`) before each.
    prefix: &'static str,
}

/// An open file of safetensors.
#[derive(Debug)]
struct Shard {
    path: PathBuf,
    file: File,
    metadata: Metadata,
    /// Where the tensors' bytes begin.
    data: u64,
}

/// Headers of real models are below one MB; the format allows 100 MB.
const MAX_HEADER: u64 = 100_000_000;
const PREFIXES: &[&str] =
    &["", "bert.", "roberta.", "distilbert.", "mpnet.", "nomic_bert.", "model.", "transformer."];

impl Weights {
    /// Opens the files, which must have all of `needed`.
    pub(super) fn open(files: &WeightFiles, needed: &[String]) -> Result<Self, EmbedError> {
        let shards: Vec<Shard> =
            files.shards.iter().map(|path| Shard::open(path)).collect::<Result<_, _>>()?;
        let mut places = HashMap::new();
        for (index, shard) in shards.iter().enumerate() {
            for name in shard.metadata.tensors().into_keys() {
                if let Some(before) = places.insert(name.clone(), index) {
                    let other = shards[before].path.display();
                    return Err(EmbedError::weights(&shard.path, format!("tensor {name} is in {other} too")));
                }
            }
        }
        let mut weights = Weights { listing: files.listing.clone(), shards, places, prefix: "" };
        weights.find_all(needed)?;
        Ok(weights)
    }

    /// Settles the prefix, the one with which the most are found.
    fn find_all(&mut self, needed: &[String]) -> Result<(), EmbedError> {
        let missing = |prefix: &str| -> Vec<String> {
            let names = needed.iter().map(|name| format!("{prefix}{name}"));
            names.filter(|name| !self.places.contains_key(name)).collect()
        };
        let (prefix, missing) = PREFIXES
            .iter()
            .map(|&prefix| (prefix, missing(prefix)))
            .min_by_key(|(_, missing)| missing.len())
            .unwrap_or_default();
        if missing.is_empty() {
            self.prefix = prefix;
            return Ok(());
        }
        if missing.len() < needed.len() {
            return Err(EmbedError::missing_tensors(&self.listing, missing));
        }
        // Names of another architecture. A hundred names that nobody has would say less than one that is there.
        let there = match self.places.keys().min() {
            Some(name) => format!("there are {} others, such as {name}", self.places.len()),
            None => "there is no tensor at all".to_owned(),
        };
        let message =
            format!("none of the {} tensors that config.json asks for is there; {there}", needed.len());
        Err(EmbedError::weights(&self.listing, message))
    }

    /// As [`take`](Weights::take); a number that is not finite is an error.
    pub(crate) fn take_finite(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        let values = self.take(name, shape)?;
        match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            None => Ok(values),
            Some((at, value)) => {
                let name = format!("{}{name}", self.prefix);
                let shard = self.places.get(&name).and_then(|&place| self.shards.get(place));
                let path = shard.map_or(&self.listing, |shard| &shard.path);
                Err(EmbedError::weights(path, format!("number {at} of tensor {name} is {value}")))
            }
        }
    }

    /// How many numbers each of these tensors has, by the files' headers.
    pub(crate) fn numbers(&self, needed: &[String]) -> Vec<u64> {
        let count = |name: &String| {
            let name = format!("{}{name}", self.prefix);
            let info = self.shards.get(*self.places.get(&name)?)?.metadata.info(&name)?;
            Some(info.shape.iter().fold(1, |numbers: u64, &length| numbers.saturating_mul(length as u64)))
        };
        needed.iter().filter_map(count).collect()
    }

    /// A tensor's numbers in row-major order, as f32, after checking its shape.
    pub(crate) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let shard = self.places.get(&name).and_then(|&place| self.shards.get_mut(place));
        match shard {
            Some(shard) => shard.take(&name, shape),
            None => Err(EmbedError::missing_tensors(&self.listing, vec![name])),
        }
    }
}

impl Shard {
    fn open(path: &Path) -> Result<Self, EmbedError> {
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
        Ok(Shard { path: path.to_owned(), file, metadata, data })
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| EmbedError::missing_tensors(&self.path, vec![name.to_owned()]))?;
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
        let path = &self.path;
        let fail = |error| EmbedError::io(path, error);
        self.file.seek(SeekFrom::Start(self.data + start as u64)).map_err(fail)?;
        read_f32(&mut self.file, end - start, dtype).map_err(fail)
    }
}

/// Reads so many bytes as numbers, a piece at a time: it is turned while it is in a core's cache, and memory is that of the
/// numbers.
fn read_f32(file: &mut impl Read, bytes: usize, dtype: Dtype) -> std::io::Result<Vec<f32>> {
    let size = if dtype == Dtype::F32 { 4 } else { 2 };
    let mut values = Vec::with_capacity(bytes / size);
    let mut piece = vec![0; bytes.min(PIECE)];
    let mut rest = bytes;
    while rest > 0 {
        let next = rest.min(PIECE);
        let piece = &mut piece[..next];
        file.read_exact(piece)?;
        extend_f32(&mut values, piece, dtype);
        rest -= next;
    }
    Ok(values)
}

/// A whole number of numbers of each type.
const PIECE: usize = 1 << 18;

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

fn extend_f32(values: &mut Vec<f32>, bytes: &[u8], dtype: Dtype) {
    let (pairs, _) = bytes.as_chunks::<2>();
    match dtype {
        Dtype::F16 => values.extend(pairs.iter().map(|&pair| half::f16::from_le_bytes(pair).to_f32())),
        Dtype::BF16 => values.extend(pairs.iter().map(|&pair| half::bf16::from_le_bytes(pair).to_f32())),
        _ => values.extend(bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_f32(mut bytes: &[u8], dtype: Dtype) -> Vec<f32> {
        let length = bytes.len();
        read_f32(&mut bytes, length, dtype).unwrap()
    }

    #[test]
    fn a_tensor_of_many_pieces_is_read_whole_and_one_that_is_cut_short_is_an_error() {
        let values: Vec<f32> = (0..PIECE as u32 / 2 + 5).map(|value| value as f32).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(to_f32(&bytes, Dtype::F32) == values);
        assert!(read_f32(&mut &bytes[..], bytes.len() + 4, Dtype::F32).is_err());
        let halves: Vec<u8> =
            values.iter().flat_map(|&value| half::bf16::from_f32(value).to_le_bytes()).collect();
        let rounded = values.iter().map(|&value| half::bf16::from_f32(value).to_f32());
        assert!(to_f32(&halves, Dtype::BF16).into_iter().eq(rounded));
    }

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
