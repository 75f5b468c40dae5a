//! Exact nearest neighbours over a file of vectors.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use embed_burn::ModelIdentity;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cancel::Cancel;
use crate::error::Error;
use crate::meta::Meta;

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// The cosine of its vector and the question's, from -1 to 1.
    pub score: f32,
    /// The record, without its vector.
    #[serde(flatten)]
    pub record: Map<String, Value>,
}

/// Checks that a model made the vectors of a file. What is written beside a file by a version that recorded less is
/// enough where nothing that it left out can have changed them; [`Trust`] says which it was.
///
/// # Errors
/// Another model made them, and what differs is named; or what is written beside the file is missing or damaged, or was
/// written by a version that did not use the prompts that the model declares.
pub fn check_model(vectors: &Path, model: &ModelIdentity) -> Result<Trust, Error> {
    let made_by = Meta::read_for(vectors)?.model.identity;
    // In fewer digits a model computes nearly the same vectors, and a question in f32 is near to all of them.
    let model = &ModelIdentity { dtype: made_by.dtype.clone(), ..model.clone() };
    let mut differ = made_by.differences(model);
    if made_by.prompts.is_none() && model.prompts.as_ref().is_some_and(|prompts| !prompts.is_empty()) {
        differ.push("the prompts (it was made without those that the model declares)".to_owned());
    }
    if !differ.is_empty() {
        return Err(Error::other_model(vectors, differ.join("; ")));
    }
    Ok(if made_by.is_complete() { Trust::Whole } else { Trust::AsFarAsRecorded })
}

/// How far it is known that a model made the vectors of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Everything that vectors depend on is recorded, and the same.
    Whole,
    /// The weights, the tokenizer, the pooling and the length limit are the same. An earlier version wrote the file, and
    /// did not record the rest of the model's configuration.
    AsFarAsRecorded,
}

/// The `k` records of a file whose vectors are nearest to `question` by cosine, best first; of equals, the first.
///
/// The file is read once, record by record.
///
/// # Errors
/// The file cannot be read, or a line of it is no record with a vector of the question's length; or a stop was asked for.
pub fn nearest(vectors: &Path, question: &[f32], k: usize, cancel: &Cancel) -> Result<Vec<Hit>, Error> {
    let file = File::open(vectors).map_err(|error| Error::vectors(vectors, error.to_string()))?;
    let mut best: BinaryHeap<Candidate> = BinaryHeap::new();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut line, mut text) = (0, Vec::new());
    // Records without a vector are passed over: blank ones have none, nor those above the finest level of a hierarchy.
    let (mut records, mut with_vector) = (0, 0);
    loop {
        if cancel.is_set() {
            return Err(Error::interrupted());
        }
        text.clear();
        let read = reader.read_until(b'\n', &mut text);
        if read.map_err(|error| Error::vectors(vectors, error.to_string()))? == 0 {
            break;
        }
        line += 1;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let fail = |message: String| Error::vectors(vectors, format!("line {line}: {message}"));
        let record = match serde_json::from_slice::<OnlyVector>(&text) {
            Ok(record) => record,
            // The last line of a run that was cut off in the middle of it.
            Err(_) if text.last() != Some(&b'\n') && line > 1 => {
                // A run that came to its end wrote whole lines.
                if !is_partial(vectors) && Meta::read_for(vectors).is_ok_and(|meta| !meta.interrupted) {
                    return Err(fail("the file is cut off in the middle of it".to_owned()));
                }
                break;
            }
            Err(error) => return Err(fail(error.to_string())),
        };
        records += 1;
        let Some(vector) = record.embedding else { continue };
        with_vector += 1;
        if vector.len() != question.len() {
            let (has, wants) = (vector.len(), question.len());
            return Err(fail(format!("a vector of {has} numbers, and the model's have {wants}")));
        }
        if let Some(at) = vector.iter().position(|number| !number.is_finite()) {
            return Err(fail(format!("number {at} of its vector is not finite")));
        }
        let candidate = Candidate { score: cosine(&vector, question), line, text: Vec::new() };
        if best.len() == k && best.peek().is_some_and(|worst| candidate < *worst) {
            best.pop();
        }
        if best.len() < k {
            best.push(Candidate { text: std::mem::take(&mut text), ..candidate });
        }
    }
    if records > 0 && with_vector == 0 {
        return Err(Error::vectors(vectors, "no record has a vector"));
    }
    // Only what is returned is read in full.
    best.into_sorted_vec()
        .into_iter()
        .map(|candidate| {
            let mut record: Map<String, Value> = serde_json::from_slice(&candidate.text)
                .map_err(|error| Error::vectors(vectors, format!("line {}: {error}", candidate.line)))?;
            record.remove("embedding");
            Ok(Hit { score: candidate.score, record })
        })
        .collect()
}

/// Whether a run had not come to its end when it wrote this, by the file's name: also where what is beside it says otherwise.
fn is_partial(vectors: &Path) -> bool {
    vectors.file_name().is_some_and(|name| name.to_string_lossy().contains(".partial"))
}

#[derive(Deserialize)]
struct OnlyVector {
    embedding: Option<Vec<f32>>,
}

/// Ordered so that the worst is the greatest: a heap of the best then has the worst of them on top.
struct Candidate {
    score: f32,
    line: usize,
    text: Vec<u8>,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.line.cmp(&other.line))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

/// 0 where either is zero.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut dot, mut aa, mut bb) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a), f64::from(b));
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    if aa > 0.0 && bb > 0.0 { (dot / (aa * bb).sqrt()) as f32 } else { 0.0 }
}
