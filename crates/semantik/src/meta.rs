//! [`Meta`]: what is written beside a file of vectors.

use std::path::{Path, PathBuf};

use chunk_strategies::{Scope, Strategy};
use embed_burn::{ModelIdentity, Prompt};
use gpu_telemetry::{ByteCount, HostMonitor};
use serde::{Deserialize, Serialize};

use crate::adaptive::AdaptiveEmbedder;
use crate::chunker::Chunker;
use crate::error::Error;
use crate::pipeline::{EmbedLevels, EmbedOptions, Summary, Truncation};
use crate::settings::ContextUse;

/// What made a file of vectors, and its counts. Written beside it as `FILE.meta.json`.
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
    /// Documents that were embedded.
    pub documents: usize,
    /// Documents that failed.
    pub failed: usize,
    /// Records.
    pub chunks: usize,
    /// Tokens that the model read, special tokens included and padding not.
    pub tokens: usize,
    /// Records whose text is longer than the model reads.
    pub truncated_chunks: usize,
    /// Tokens that were left out of these.
    pub truncated_tokens: usize,
    /// Seconds from the first document to the last record.
    pub seconds: f64,
    /// Records a second.
    pub chunks_per_second: f64,
    /// Tokens a second.
    pub tokens_per_second: f64,
    /// The most memory of the host that the process had, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// What the device's pool held at the end, for devices with a pool.
    pub device_pool_bytes: Option<u64>,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
}

/// What was asked of a strategy and of embedding; absent where it was not said and the default holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetaOptions {
    /// Whether a chunk's context is in its vector: `beside` or `prefix`.
    pub context: String,
    /// Which levels have vectors: `leaves` or `all`.
    pub embed_levels: String,
    /// Whether a text that is too long was cut or refused: `cut` or `error`.
    pub truncate: String,
    /// Whether cuts depend on the text around them only.
    pub anchored: bool,
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
            breakpoints: settings.breakpoints.map(|breakpoints| format!("{breakpoints:?}")),
            buffer: settings.buffer,
            hybrid_per: is_hybrid.then(|| per.to_owned()),
            hybrid_use: settings.forced.map(|strategy| strategy.to_string()),
        }
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
    /// Of a run that is over.
    pub fn new(
        model: ModelMeta,
        chunker: &Chunker,
        embedder: &AdaptiveEmbedder,
        options: EmbedOptions,
        summary: &Summary,
    ) -> Self {
        let (size, max, overlap) = chunker.sizes();
        let device = embedder.model().device();
        Meta {
            model,
            prompt: embedder.model().prompt().cloned(),
            strategy: chunker.strategy().to_string(),
            unit: chunker.unit().to_string(),
            size,
            max,
            overlap,
            levels: chunker.levels().to_vec(),
            options: MetaOptions::new(chunker, options),
            backend: device.backend().to_string(),
            device: device.name().to_owned(),
            documents: summary.documents,
            failed: summary.failed,
            chunks: summary.chunks,
            tokens: summary.tokens,
            truncated_chunks: summary.truncated_chunks,
            truncated_tokens: summary.truncated_tokens,
            seconds: summary.elapsed.as_secs_f64(),
            chunks_per_second: summary.rate(summary.chunks),
            tokens_per_second: summary.rate(summary.tokens),
            peak_memory_bytes: HostMonitor::new().process_peak().ok().map(ByteCount::get),
            device_pool_bytes: device.pool_usage().map(|pool| pool.reserved),
            interrupted: summary.interrupted,
        }
    }

    /// The file that belongs to a file of vectors.
    pub fn path_for(vectors: &Path) -> PathBuf {
        let mut name = vectors.as_os_str().to_owned();
        name.push(".meta.json");
        name.into()
    }

    /// Reads what belongs to a file of vectors.
    ///
    /// # Errors
    /// It is not there, or is no such file.
    pub fn read_for(vectors: &Path) -> Result<Self, Error> {
        let path = Meta::path_for(vectors);
        let bytes = std::fs::read(&path).map_err(|error| Error::vectors(&path, error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::vectors(&path, error.to_string()))
    }

    /// Writes what belongs to a file of vectors.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_for(&self, vectors: &Path) -> Result<(), Error> {
        let path = Meta::path_for(vectors);
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| Error::output(&path, error.into()))?;
        bytes.push(b'\n');
        std::fs::write(&path, bytes).map_err(|error| Error::output(&path, error))
    }
}
