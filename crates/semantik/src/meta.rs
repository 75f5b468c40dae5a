//! [`Meta`]: what is written beside a file of vectors.

mod run;

use std::path::{Path, PathBuf};

use chunk_strategies::{Scope, Strategy};
use embed_burn::{ModelIdentity, Prompt};
use gpu_telemetry::{ByteCount, HostMonitor};
use serde::{Deserialize, Serialize};

pub use self::run::RunMeta;
use crate::chunker::Chunker;
use crate::error::Error;
use crate::pipeline::{EmbedJob, EmbedLevels, EmbedOptions, Summary, Truncation};
use crate::settings::ContextUse;
use crate::sink::{Beside, discard, json, meta_of, with};

/// What made a file of vectors, and its counts. Written beside it as `FILE.meta.json`: before the first record, about once
/// a second while the run goes on, and at its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The model.
    pub model: ModelMeta,
    /// What was put before each text; none, too, in what was written by a version that did not use prompts.
    #[serde(default)]
    pub prompt: Option<Prompt>,
    /// The strategy that was asked for.
    pub strategy: String,
    /// What sizes count.
    pub unit: String,
    /// The size that chunks should have.
    pub size: usize,
    /// The size that no chunk exceeds.
    pub max: usize,
    /// How much chunks repeat at most.
    pub overlap: usize,
    /// The sizes of the levels, the coarsest first; one for a strategy without levels.
    pub levels: Vec<usize>,
    /// What else was asked of the strategy and of embedding.
    #[serde(default)]
    pub options: MetaOptions,
    /// The backend that computed the vectors.
    pub backend: String,
    /// The device, by its own name.
    pub device: String,
    /// Documents that were read.
    pub documents: usize,
    /// Documents that failed.
    pub failed: usize,
    /// Records.
    pub chunks: usize,
    /// Tokens that the model read in the last run, special tokens included and padding not.
    pub tokens: usize,
    /// Records whose text is longer than the model reads.
    pub truncated_chunks: usize,
    /// Tokens that were left out of these.
    pub truncated_tokens: usize,
    /// Seconds of the last run, from the first document to the last record.
    pub seconds: f64,
    /// Records that were made, a second.
    pub chunks_per_second: f64,
    /// Tokens a second.
    pub tokens_per_second: f64,
    /// The most memory of the host that the process had, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// What the device's pool held at the end, for devices with a pool.
    pub device_pool_bytes: Option<u64>,
    /// Whether the run has not come to its end: it goes on, or was stopped.
    pub interrupted: bool,
    /// How far the run came, and when.
    #[serde(default)]
    pub run: RunMeta,
}

/// What was asked of a strategy and of embedding; absent where it was not said and the default holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetaOptions {
    /// Whether a chunk's context is in its vector: `beside`, `prefix`, or `auto`: of source code it is, of all else not.
    pub context: String,
    /// Which levels have vectors: `leaves` or `all`.
    pub embed_levels: String,
    /// Whether a text that is too long was cut or refused: `cut` or `error`.
    pub truncate: String,
    /// Whether cuts depend on the text around them only.
    pub anchored: bool,
    /// Whether Markdown by its name was cut by markdown, though another strategy cut all else.
    pub markdown_by_name: bool,
    /// How semantic chose its cuts, with its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakpoints: Option<String>,
    /// How many sentences counted on each side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer: Option<usize>,
    /// What hybrid chose for: `document` or `section`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hybrid_per: Option<String>,
    /// What hybrid was told to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hybrid_use: Option<String>,
}

impl MetaOptions {
    fn new(chunker: &Chunker, options: EmbedOptions) -> Self {
        let settings = chunker.settings();
        let is_hybrid = settings.strategy == Strategy::Hybrid;
        let per = match settings.scope {
            Scope::Document => "document",
            Scope::Section => "section",
        };
        MetaOptions {
            context: match options.context {
                ContextUse::Beside => "beside",
                ContextUse::Prefix => "prefix",
                ContextUse::Auto => "auto",
            }
            .to_owned(),
            embed_levels: match options.levels {
                EmbedLevels::Leaves => "leaves",
                EmbedLevels::All => "all",
            }
            .to_owned(),
            truncate: match options.truncation {
                Truncation::Cut => "cut",
                Truncation::Refuse => "error",
            }
            .to_owned(),
            anchored: settings.anchored,
            markdown_by_name: chunker.knows_names(),
            breakpoints: settings.breakpoints.map(|breakpoints| format!("{breakpoints:?}")),
            buffer: settings.buffer,
            hybrid_per: is_hybrid.then(|| per.to_owned()),
            hybrid_use: settings.forced.map(|strategy| strategy.to_string()),
        }
    }

    /// Each option by its name, here and there.
    fn pairs(&self, other: &Self) -> impl Iterator<Item = (&'static str, String, String)> {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "the default".to_owned());
        let buffer = |value: &MetaOptions| text(&value.buffer.map(|buffer| buffer.to_string()));
        [
            ("context", self.context.clone(), other.context.clone()),
            ("embed-levels", self.embed_levels.clone(), other.embed_levels.clone()),
            ("truncate", self.truncate.clone(), other.truncate.clone()),
            ("anchored", self.anchored.to_string(), other.anchored.to_string()),
            ("markdown-by-name", self.markdown_by_name.to_string(), other.markdown_by_name.to_string()),
            ("breakpoints", text(&self.breakpoints), text(&other.breakpoints)),
            ("buffer", buffer(self), buffer(other)),
            ("hybrid-per", text(&self.hybrid_per), text(&other.hybrid_per)),
            ("hybrid-use", text(&self.hybrid_use), text(&other.hybrid_use)),
        ]
        .into_iter()
    }
}

/// A model, by what its vectors depend on and by where it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelMeta {
    /// The folder that it was read from.
    pub path: PathBuf,
    /// What its vectors depend on.
    #[serde(flatten)]
    pub identity: ModelIdentity,
}

impl Meta {
    /// Of a run that begins.
    pub fn new(model: ModelMeta, job: &EmbedJob<'_>) -> Self {
        let dtype = job.embedder.model().compute().precision.to_string();
        let model = ModelMeta { identity: ModelIdentity { dtype, ..model.identity }, ..model };
        let (size, max, overlap) = job.chunker.sizes();
        let device = job.embedder.model().device();
        Meta {
            model,
            prompt: job.embedder.model().prompt().cloned(),
            strategy: job.chunker.strategy().to_string(),
            unit: job.chunker.unit().to_string(),
            size,
            max,
            overlap,
            levels: job.chunker.levels().to_vec(),
            options: MetaOptions::new(job.chunker, job.options),
            backend: device.backend().to_string(),
            device: device.name().to_owned(),
            documents: 0,
            failed: 0,
            chunks: 0,
            tokens: 0,
            truncated_chunks: 0,
            truncated_tokens: 0,
            seconds: 0.0,
            chunks_per_second: 0.0,
            tokens_per_second: 0.0,
            peak_memory_bytes: None,
            device_pool_bytes: None,
            interrupted: true,
            run: RunMeta::now(),
        }
    }

    /// As an earlier run left it, which this one goes on with from `documents` and `chunks` that are there.
    pub(crate) fn going_on(self, earlier: Meta, (documents, chunks): (usize, usize)) -> Self {
        let run = RunMeta { updated: self.run.updated, ..earlier.run };
        let (backend, device) = (self.backend, self.device);
        Meta { backend, device, documents, chunks, run, interrupted: true, ..earlier }
    }

    /// Whether what a chunk stands under is in its vector.
    pub(crate) fn has_context_in_vectors(&self) -> bool {
        self.options.context != "beside"
    }

    /// Takes in how far the run came.
    pub fn update(&mut self, summary: &Summary) {
        self.documents = summary.documents;
        self.failed = summary.failed;
        self.chunks = summary.chunks;
        self.tokens = summary.tokens;
        self.truncated_chunks = summary.truncated_chunks;
        self.truncated_tokens = summary.truncated_tokens;
        self.seconds = summary.elapsed.as_secs_f64();
        self.chunks_per_second = summary.rate(summary.made());
        self.tokens_per_second = summary.rate(summary.tokens);
        self.peak_memory_bytes = HostMonitor::new().process_peak().ok().map(ByteCount::get);
        self.device_pool_bytes = summary.device_pool_bytes;
        self.run.update(summary);
    }

    /// What is configured otherwise than in `other`, as far as records depend on it: each with both values.
    pub fn differences(&self, other: &Meta) -> Vec<String> {
        let mut differ = self.model.identity.differences(&other.model.identity);
        let mut compare = |what: &str, here: String, there: String| {
            if here != there {
                differ.push(format!("{what} {there} instead of {here}"));
            }
        };
        let prompt = |of: &Meta| {
            of.prompt.as_ref().map_or_else(|| "none".to_owned(), |prompt| format!("{:?}", prompt.text))
        };
        compare("prompt", prompt(self), prompt(other));
        compare("strategy", self.strategy.clone(), other.strategy.clone());
        compare("unit", self.unit.clone(), other.unit.clone());
        compare("size", self.size.to_string(), other.size.to_string());
        compare("max", self.max.to_string(), other.max.to_string());
        compare("overlap", self.overlap.to_string(), other.overlap.to_string());
        compare("levels", format!("{:?}", self.levels), format!("{:?}", other.levels));
        for (what, here, there) in self.options.pairs(&other.options) {
            compare(what, here, there);
        }
        differ
    }

    /// The file that belongs to a file of vectors.
    pub fn path_for(vectors: &Path) -> PathBuf {
        meta_of(vectors)
    }

    /// Reads what belongs to a file of vectors.
    ///
    /// # Errors
    /// It is not there, or is no such file.
    pub fn read_for(vectors: &Path) -> Result<Self, Error> {
        let mut path = meta_of(vectors);
        let partial = Beside::new(vectors).partial();
        let left = meta_of(&partial);
        if left.exists() && !partial.exists() {
            // A run ended between putting the file in its place and writing this.
            path = left;
        }
        let bytes = std::fs::read(&path).map_err(|error| Error::vectors(&path, error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::vectors(&path, error.to_string()))
    }

    /// Writes what belongs to a file of vectors: as a whole, whatever happens meanwhile.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_for(&self, vectors: &Path) -> Result<(), Error> {
        let path = meta_of(vectors);
        let fail = |error: std::io::Error| Error::output(&path, error);
        let mut bytes = Vec::new();
        json::to_writer_pretty(&mut bytes, self).map_err(fail)?;
        bytes.push(b'\n');
        let new = with(&path, ".tmp");
        let written = std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &path));
        written.map_err(|error| {
            discard(&new);
            fail(error)
        })
    }
}
