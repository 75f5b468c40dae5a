//! The weights, read tensor by tensor from one file or from several. Memory is that of one tensor at a time, not of a file.

mod number;
mod pytorch;
mod safetensors;
mod shard;

use std::collections::HashMap;
use std::path::PathBuf;

use self::shard::Shard;
use super::weight_files::WeightFiles;
use crate::error::EmbedError;
use crate::pieces::{self, CACHED};

/// Open weights.
#[derive(Debug)]
pub(crate) struct Weights {
    listing: PathBuf,
    shards: Vec<Shard>,
    /// Where each tensor is, by the name that it has now.
    places: HashMap<String, Place>,
    /// What the names begin with: models saved with a head have their kind (`bert.`) before each.
    prefix: &'static str,
}

/// Where a tensor is.
#[derive(Debug)]
struct Place {
    shard: usize,
    /// Its name there.
    name: String,
}

const PREFIXES: &[&str] =
    &["", "bert.", "roberta.", "distilbert.", "mpnet.", "nomic_bert.", "model.", "transformer."];

impl Weights {
    /// Opens the files, which must have all of `needed`.
    pub(super) fn open(files: &WeightFiles, needed: &[String]) -> Result<Self, EmbedError> {
        let shards: Vec<Shard> =
            files.shards.iter().map(|path| Shard::open(path)).collect::<Result<_, _>>()?;
        let mut places = HashMap::new();
        for (index, shard) in shards.iter().enumerate() {
            for name in shard.names() {
                let (now, place) = (name_now(&name), Place { shard: index, name });
                if let Some(Place { shard: before, name }) = places.insert(now, place) {
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
    pub(crate) fn take_finite(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        let values = self.take(name, shape)?;
        // Of each piece all are looked at, which goes by vectors.
        let are_finite = |piece: &[f32]| piece.iter().fold(true, |all, value| all & value.is_finite());
        if pieces::all(&values, CACHED, are_finite) {
            return Ok(values);
        }
        match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            None => Ok(values),
            Some((at, value)) => {
                let (path, name) = match self.place(name) {
                    Some(place) => (&self.shards[place.shard].path, place.name.as_str()),
                    None => (&self.listing, name),
                };
                Err(EmbedError::weights(path, format!("number {at} of tensor {name} is {value}")))
            }
        }
    }

    /// How many numbers each of these tensors has, by what the files say of them.
    pub(crate) fn numbers(&self, needed: &[String]) -> Vec<u64> {
        let count = |name: &String| {
            let place = self.place(name)?;
            self.shards.get(place.shard)?.numbers(&place.name)
        };
        needed.iter().filter_map(count).collect()
    }

    /// A tensor's numbers in row-major order, as f32, after checking its shape.
    pub(crate) fn take(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        match self.places.get(&format!("{}{name}", self.prefix)) {
            Some(Place { shard, name }) => self.shards[*shard].take(name, shape),
            None => Err(EmbedError::missing_tensors(&self.listing, vec![format!("{}{name}", self.prefix)])),
        }
    }

    fn place(&self, name: &str) -> Option<&Place> {
        self.places.get(&format!("{}{name}", self.prefix))
    }
}

/// What a tensor is called now: norms of models that came from TensorFlow have other names.
fn name_now(name: &str) -> String {
    let now = |old: &str, new: &str| Some(format!("{}LayerNorm.{new}", name.strip_suffix(old)?));
    now("LayerNorm.gamma", "weight")
        .or_else(|| now("LayerNorm.beta", "bias"))
        .unwrap_or_else(|| name.to_owned())
}
