//! `semantik-device rounds`: one program of a comparison, beside others that answer the same questions.

mod process_memory;
mod tokenising;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use chunk_strategies::{Embedder, Vectors};
use device_suite::Fault;
use embed_burn::{Backend, BurnDevice, BurnEmbedder, Compute, DeviceSpec, ModelFolder, Precision};
use serde::Deserialize;
use serde_json::{Value, json};

use self::tokenising::By;
use crate::failure::Failure;
use crate::options::Options;

pub(crate) const USAGE: &str = "\
rounds
    Answers questions of JSON, a line each, on standard input with a line of JSON each, until the input
    ends: what `cargo xtask bench embed --peers` asks this program and others in turn. On the processor;
    RAYON_NUM_THREADS says on how many threads.";

/// What the vector of ends a load.
const FIRST: &str = "The quick brown fox jumps over the lazy dog.";

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    Options::read(args, &[], false)?;
    let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).map_err(Fault::from)?;
    let mut rounds = Rounds { device, models: BTreeMap::new(), texts: Vec::new() };
    let gone = |error: std::io::Error| Failure::failed(error.to_string());
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        // What cannot be done is an answer too: the next question may be another.
        let answer = match rounds.answer(&line.map_err(gone)?) {
            Ok(answer) => answer,
            Err(fault) => json!({"error": fault.to_string()}),
        };
        writeln!(answers, "{answer}").and_then(|()| answers.flush()).map_err(gone)?;
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Question {
    /// Which version answers.
    Versions,
    /// Loads a folder's model under a name, up to the vector of a first text.
    Load {
        #[serde(rename = "as")]
        name: String,
        folder: PathBuf,
        #[serde(default)]
        options: LoadOptions,
    },
    /// Forgets a model.
    Drop {
        #[serde(rename = "as")]
        name: String,
    },
    /// The vectors of rows of token ids, `times` times.
    Ids { of: String, rows: Vec<Vec<u32>>, times: usize },
    /// Reads a file of texts: a list of strings.
    Read { path: PathBuf },
    /// The vectors of the first `count` texts.
    Embed { of: String, count: usize },
    /// The vectors of all texts in batches of at most so many tokens; only what the encoder does is timed.
    Encode { of: String, tokens: usize },
    /// The peak of this process's memory while all texts are embedded.
    Memory { of: String },
    /// The token ids of all texts, `times` times.
    Tokenise { of: String, by: By, times: usize },
}

#[derive(Debug, Default, Deserialize)]
struct LoadOptions {
    dtype: Option<String>,
}

struct Rounds {
    device: BurnDevice,
    models: BTreeMap<String, BurnEmbedder>,
    texts: Vec<String>,
}

impl Rounds {
    fn answer(&mut self, line: &str) -> Result<Value, Fault> {
        match serde_json::from_str(line)? {
            Question::Versions => Ok(json!({"versions": {"semantik": env!("CARGO_PKG_VERSION")}})),
            Question::Load { name, folder, options } => self.load(name, &folder, &options),
            Question::Drop { name } => {
                self.models.remove(&name);
                Ok(json!({}))
            }
            Question::Ids { of, rows, times } => {
                let (model, rows) = (self.model(&of)?, rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
                let (seconds, vectors) = best(times, || Ok(model.forward(&rows)?))?;
                Ok(json!({"seconds": seconds, "vector": vectors.row(0)}))
            }
            Question::Read { path } => self.read(&path),
            Question::Embed { of, count } => {
                let (model, texts) = (self.model(&of)?, self.texts(count));
                let (seconds, vectors) = best(1, || embed(model, &texts))?;
                Ok(json!({"seconds": seconds, "vector": vectors.rows().last()}))
            }
            Question::Encode { of, tokens } => encode(self.model(&of)?, &self.texts(usize::MAX), tokens),
            Question::Memory { of } => self.memory(&of),
            Question::Tokenise { of, by, times } => {
                let texts = self.texts(usize::MAX);
                tokenising::tokenise(self.model(&of)?, by, &texts, times)
            }
        }
    }

    fn load(&mut self, name: String, folder: &Path, options: &LoadOptions) -> Result<Value, Fault> {
        // One of the same name makes room first, as it would in a program that starts.
        self.models.remove(&name);
        let precision: Precision = options.dtype.as_deref().unwrap_or("f32").parse()?;
        let start = Instant::now();
        let compute = Compute { precision, ..Compute::default() };
        let model = BurnEmbedder::load_as(&ModelFolder::open(folder)?, &self.device, compute)?;
        let vectors = embed(&model, &[FIRST])?;
        let seconds = start.elapsed().as_secs_f64();
        let instructions = model.narrow_instructions();
        self.models.insert(name, model);
        Ok(json!({"seconds": seconds, "vector": vectors.row(0), "instructions": instructions}))
    }

    fn read(&mut self, path: &Path) -> Result<Value, Fault> {
        let told = |what: &dyn std::fmt::Display| Fault::new(format!("{}: {what}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| told(&error))?;
        self.texts = serde_json::from_str(&text).map_err(|error| told(&error))?;
        Ok(json!({"texts": self.texts.len()}))
    }

    /// As the others measure it: the peak above what is resident with the weights and after one short text.
    fn memory(&self, of: &str) -> Result<Value, Fault> {
        let (model, texts) = (self.model(of)?, self.texts(usize::MAX));
        embed(model, &[FIRST])?;
        process_memory::forget_peak()?;
        let base = process_memory::resident()?;
        let vectors = embed(model, &texts)?;
        let peak = process_memory::peak()?;
        Ok(json!({"base": base, "peak": peak, "vector": vectors.rows().last()}))
    }

    fn model(&self, name: &str) -> Result<&BurnEmbedder, Fault> {
        self.models.get(name).ok_or_else(|| Fault::new(format!("no model was loaded as {name:?}")))
    }

    fn texts(&self, count: usize) -> Vec<&str> {
        self.texts.iter().take(count).map(String::as_str).collect()
    }
}

fn embed(model: &BurnEmbedder, texts: &[&str]) -> Result<Vectors, Fault> {
    model.embed(texts).map_err(|error| Fault::new(error.to_string()))
}

/// Texts of like length run together, as they do in a pipeline.
fn encode(model: &BurnEmbedder, texts: &[&str], tokens: usize) -> Result<Value, Fault> {
    let tokenized =
        texts.iter().map(|text| Ok(model.tokenize(text)?.ids)).collect::<Result<Vec<_>, Fault>>()?;
    let mut rows: Vec<&[u32]> = tokenized.iter().map(Vec::as_slice).collect();
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.len()));
    let (mut seconds, mut rest) = (0.0, &rows[..]);
    while let Some(longest) = rest.first() {
        let (batch, behind) = rest.split_at(rest.len().min((tokens / longest.len().max(1)).max(1)));
        let start = Instant::now();
        std::hint::black_box(model.forward(batch)?);
        seconds += start.elapsed().as_secs_f64();
        rest = behind;
    }
    Ok(json!({"seconds": seconds, "tokens": rows.iter().map(|row| row.len()).sum::<usize>()}))
}

/// The fewest seconds of so many runs, and what the last one gave.
fn best<T>(times: usize, mut run: impl FnMut() -> Result<T, Fault>) -> Result<(f64, T), Fault> {
    let (mut fewest, mut found) = (f64::INFINITY, None);
    for _ in 0..times {
        let start = Instant::now();
        found = Some(run()?);
        fewest = fewest.min(start.elapsed().as_secs_f64());
    }
    found.map(|found| (fewest, found)).ok_or_else(|| Fault::new("times is 0"))
}
