//! The command line's grammar.

// Each flag is a bool of its own, and comments are the help that a terminal shows, where backticks are noise.
#![allow(clippy::struct_excessive_bools, clippy::doc_markdown)]

mod interval;
mod plan;
mod size;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use semantik::chunk_strategies::Strategy;
use semantik::embed_burn::{Attention, Backend, Compute, DeviceSpec, ModelFolder, Precision, Prompt};
use semantik::gpu_telemetry::ByteCount;
use semantik::{AdaptiveEmbedder, DeviceLimits, Unit};

pub(crate) use self::plan::PlanArgs;
pub(crate) use self::size::Size;
pub(crate) use self::watch::{WatchArgs, WatchFormat};

/// Chunks and embeds documents on whatever accelerator a machine has, and never runs it out of memory.
#[derive(Debug, Parser)]
#[command(name = "semantik", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Work on N threads of the processor, 1 to 1024. Default: what RAYON_NUM_THREADS says, or one a core.
    #[arg(long, value_name = "N", global = true, value_parser = value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

const AFTER_HELP: &str = "\
Examples:
  semantik model pull                             bring the model, once
  semantik embed docs/ -o docs.jsonl              chunk and embed a folder
  semantik embed docs/ -o docs.jsonl              the same again after Ctrl-C or a crash: it goes on
  semantik embed docs/ -o docs.jsonl --update     only what has changed since
  semantik search docs.jsonl \"how does it work?\"  ask it something
  semantik chunk book.txt --size 1000             only chunk, in characters
  semantik devices                                what is there to compute on
  semantik watch                                  how much memory of it is used
  semantik plan --gpu-memory 24GiB                how many texts would run together there

Exit codes: 0 done; 1 a document, model, device or output failed; 2 the command line or the
environment is wrong; 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Cut documents into chunks.
    Chunk(ChunkArgs),
    /// Cut documents into chunks and embed them: the main job.
    Embed(EmbedArgs),
    /// Find the chunks nearest to a question in what `embed` wrote.
    Search(SearchArgs),
    /// How far a run of `embed` is, or was when it ended.
    Status(StatusArgs),
    /// List the devices, and what memory they have.
    Devices(DevicesArgs),
    /// Watch the memory of every device.
    Watch(WatchArgs),
    /// Bring, list and describe models.
    Model(ModelArgs),
    /// What batches would run on a card of so much memory, or on the device at hand.
    ///
    /// Nothing is loaded and no device is opened: the model's configuration is enough. For each length of text it says what a token
    /// costs, how many texts have room at once, how many would run together (no more than keep a device busy: that begins at 16384
    /// tokens on a card and 4096 on a processor, and is learned while batches run), and what these take at most. Beside it stands
    /// the formula that all this replaces: free × safety ÷ 50, 100 or 150 MiB a text by the model's name, from 4 to 128, whatever
    /// the texts' length.
    Plan(PlanArgs),
    #[command(hide = true)]
    Compare,
}

/// What both `chunk` and `embed` take.
#[derive(Debug, Args)]
pub(crate) struct CutArgs {
    /// Files, folders, or `-` for standard input. Folders are walked in order; hidden files, files that
    /// are not text (a NUL in the first 8 KiB), links, what .gitignore names, and what `embed` and `chunk`
    /// wrote before (outputs, their meta files and reports, saved notes, whatever begins with
    /// FILE.partial) are skipped, counted, and the first ten are named at the end. A file that is named is read
    /// whatever it is. Text is UTF-8, or UTF-16 or UTF-32 with a byte order mark. Default: standard input,
    /// if it is no terminal.
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    /// How to cut: recursive (paragraphs, lines, sentences, words), character (windows cut back to the
    /// nearest boundary), markdown (blocks under their headings), semantic (where meaning turns; embeds
    /// every sentence), hierarchical (small chunks inside large ones), or hybrid (looks at each document and
    /// chooses; its records say what and why). Default: the file's name decides: markdown for Markdown, recursive
    /// for all else: source code of twelve languages on its syntax, CSV and TSV by rows with their header, JSON
    /// lines by records. With --anchored: recursive.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) strategy: Option<Strategy>,

    /// The size chunks should have, in UNIT. Default: 600 tokens or 2400 chars for recursive (400 or 1600 for
    /// source code, told by its file's name), 128 or 512 for the finest level of hierarchical, 1000 or 4000
    /// for the others; in `embed` no more than the model reads.
    /// Half of that finds more in a limited room.
    #[arg(long, value_name = "N")]
    pub(crate) size: Option<Size>,

    /// The size no chunk exceeds, in UNIT. Default: the size.
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<Size>,

    /// What sizes count: bytes, chars, graphemes, words or tokens. Default: tokens where there is a model,
    /// else chars.
    #[arg(long, value_name = "UNIT")]
    pub(crate) unit: Option<Unit>,

    /// How much of the chunk before each chunk repeats at most, in UNIT. Default: 100 tokens or 400 chars for
    /// recursive (50 or 200 for source code), 200 or 800 for character, 0 for the others; never more than a
    /// fifth of the size.
    #[arg(long, value_name = "N")]
    pub(crate) overlap: Option<Size>,

    /// Where to write. Default: standard output. A file appears when it is complete; until then, and whatever
    /// ends the run, what is finished is in FILE.partial.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Read documents that are no UTF-8 too (or not what their byte order mark says), with U+FFFD for what is
    /// invalid; offsets refer to that text.
    #[arg(long)]
    pub(crate) lossy: bool,

    /// Write what became of every document to FILE, as JSON: its chunks, tokens, truncations and seconds, or its
    /// error.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Stop at the first document that fails. Default: do the others, report at the end.
    #[arg(long)]
    pub(crate) fail_fast: bool,

    /// Let a document fail where its strategy cannot cut it, instead of cutting it recursively.
    #[arg(long)]
    pub(crate) no_fallback: bool,

    /// No progress, notes or summary; errors only.
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Name everything that was skipped and every document that failed. Default: the first ten of each.
    #[arg(long, short, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Character and recursive: cut where the text around a cut says so and nothing further away, so that
    /// an edit changes no chunk beyond two MAX from it, and the others keep their ids. Sizes vary more.
    #[arg(long, help_heading = "Strategies")]
    pub(crate) anchored: bool,

    /// Hierarchical: the sizes of the levels in UNIT, the coarsest first, such as 2048,512,128. Default: 16,
    /// 4 and 1 times the size.
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', help_heading = "Strategies")]
    pub(crate) levels: Vec<Size>,

    /// Semantic, and hybrid where it chooses semantic: which boundaries between sentences are cut. percentile,
    /// deviation, interquartile or gradient: where the distance (or its slope) is above a threshold of the
    /// document; minima: where the smoothed similarity is lowest; target: the largest distances, as many as give
    /// chunks of the size; optimal: the cuts that fit the meaning best of all, never above MAX. Default:
    /// optimal.
    #[arg(long, value_name = "METHOD", help_heading = "Strategies")]
    pub(crate) breakpoints: Option<String>,

    /// The threshold of METHOD, with `--breakpoints`. Default: 3 (standard deviations), 95 (percent) for
    /// percentile and gradient, 1.5 (interquartile ranges), 50 (percent) for minima.
    #[arg(
        long,
        value_name = "X",
        requires = "breakpoints",
        allow_negative_numbers = true,
        help_heading = "Strategies"
    )]
    pub(crate) threshold: Option<f64>,

    /// Semantic, and hybrid where it chooses semantic: how many sentences on each side of a sentence count for
    /// its meaning. Default: 1.
    #[arg(long, value_name = "N", help_heading = "Strategies")]
    pub(crate) buffer: Option<usize>,

    /// Hybrid: choose for each section of a Markdown document, or for the document as a whole. Default:
    /// section.
    #[arg(long, value_name = "WHAT", help_heading = "Strategies")]
    pub(crate) hybrid_per: Option<Per>,

    /// Hybrid: take this strategy whatever a document looks like: character, recursive, markdown, or with a
    /// model semantic.
    #[arg(long, value_name = "NAME", help_heading = "Strategies")]
    pub(crate) hybrid_use: Option<Strategy>,
}

/// The device, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct DeviceArgs {
    /// What computes: auto, cpu, wgpu, or one of several as wgpu:1; `semantik devices` lists them. auto
    /// takes a GPU if there is one.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(crate) backend: DeviceSpec,

    /// The numbers that the model computes in: f32, f16, bf16 or int8. On the processor bf16 and int8 are for those
    /// with instructions for them, and about two and three times as fast; vectors differ a little, and a model whose
    /// vectors differ too much is refused. On GPUs f16 and bf16, where the device has them.
    #[arg(long, value_name = "TYPE", default_value = "f32")]
    pub(crate) dtype: Precision,

    /// How attention is computed: explicit, an operation after the other; fused, the framework's own, one kernel where the GPU
    /// has one for the model and the numbers; auto, which is explicit until a card was measured that gains by the other.
    #[arg(long, value_name = "HOW", default_value = "auto", hide_default_value = true, help_heading = "GPU")]
    pub(crate) attention: Attention,

    /// How many batches a GPU is given before the first of them has come back: 1 or 2. With two it does not stand still while
    /// vectors are read and the next batch is planned; the second is given only where memory has room for both.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2,
        value_parser = clap::value_parser!(u8).range(1..=2),
        help_heading = "GPU"
    )]
    pub(crate) in_flight: u8,

    /// The fewest texts in a batch, where memory allows [env: SEMANTIK_MIN_BATCH_SIZE] [default: 4].
    #[arg(long, value_name = "N", help_heading = "Memory")]
    min_batch_size: Option<usize>,

    /// The most texts in a batch; 0: memory decides [env: SEMANTIK_MAX_BATCH_SIZE] [default: 0].
    #[arg(long, value_name = "N", help_heading = "Memory")]
    max_batch_size: Option<usize>,

    /// The share of the free memory that batches may use [env: GPU_MEMORY_SAFETY_FACTOR] [default: 0.7].
    #[arg(long, value_name = "F", help_heading = "Memory")]
    safety_factor: Option<f64>,

    /// The most memory that batches may use, such as 512MiB or 2GB [env: SEMANTIK_MEMORY_LIMIT].
    #[arg(long, value_name = "BYTES", help_heading = "Memory")]
    memory_limit: Option<ByteCount>,
}

impl DeviceArgs {
    /// Loads a model as it was asked for.
    pub(crate) fn load(
        &self,
        folder: &ModelFolder,
        limits: &DeviceLimits,
    ) -> Result<AdaptiveEmbedder, semantik::Error> {
        let compute = Compute { precision: self.dtype, attention: self.attention };
        let embedder = AdaptiveEmbedder::load_as(folder, self.backend, limits, compute)?;
        Ok(embedder.with_batches_in_flight(self.in_flight.into()))
    }

    /// What became of the numbers that were asked for.
    pub(crate) fn dtype_note(&self, embedder: &AdaptiveEmbedder) -> Option<String> {
        let used = embedder.model().compute().precision;
        if used != self.dtype {
            return Some(format!(
                "this processor has no instructions for {} that are faster than f32: computing in {used}",
                self.dtype
            ));
        }
        if used == Precision::F16 && embedder.model().device().backend() == Backend::Cpu {
            return Some("in f16 the processor is slower than in f32: bf16 and int8 are for it".to_owned());
        }
        let instructions = embedder.model().narrow_instructions()?;
        Some(format!("computing in {used}, with {instructions}"))
    }

    /// The limits of the command line, and those of the environment where it says nothing.
    pub(crate) fn limits(&self) -> Result<DeviceLimits, semantik::Error> {
        let given = DeviceLimits {
            min_batch: self.min_batch_size,
            max_batch: self.max_batch_size,
            safety_factor: self.safety_factor,
            memory_limit: self.memory_limit,
        };
        let limits = given.or(DeviceLimits::from_env()?);
        // Checked here, before anything is loaded.
        limits.to_policy()?;
        Ok(limits)
    }
}

/// What is put before each text, as models are trained with it.
#[derive(Debug, Args)]
pub(crate) struct PromptArgs {
    /// Which of the model's prompts is put before each text; `semantik model info` lists them. Default in `embed`:
    /// its prompt called document, in `search` the one called query, else the default that it names, else
    /// none. A prompt counts to the size of a chunk in tokens.
    #[arg(long, value_name = "NAME", conflicts_with = "prompt")]
    prompt_name: Option<String>,

    /// A prompt of one's own instead, put before each text as it is; '' for none.
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
}

impl PromptArgs {
    /// Whether anything was asked for.
    pub(crate) fn is_given(&self) -> bool {
        self.prompt.is_some() || self.prompt_name.is_some()
    }

    /// What was asked for, else `default`.
    pub(crate) fn choose(
        &self,
        folder: &ModelFolder,
        default: Option<Prompt>,
    ) -> Result<Option<Prompt>, semantik::Error> {
        match (&self.prompt, &self.prompt_name) {
            (Some(text), _) => Ok(Prompt::new(text)),
            (None, Some(name)) => Ok(folder.prompts().named(name)?),
            (None, None) => Ok(default),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ChunkArgs {
    #[command(flatten)]
    pub(crate) cut: CutArgs,

    /// A model's folder, or its name in the cache or in that of a hub: counts tokens, and embeds for semantic and
    /// hybrid.
    #[arg(long, value_name = "DIR|NAME")]
    pub(crate) model: Option<String>,

    /// jsonl or text. Default: text on a terminal, else jsonl.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,

    /// Hybrid: write no chunks, but what was chosen for each part of each document, and why: one JSON
    /// object a line with the features and the scores.
    #[arg(long)]
    pub(crate) explain: bool,

    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EmbedArgs {
    #[command(flatten)]
    pub(crate) cut: CutArgs,

    /// A model's folder, or its name in the cache, or in that of a hub (ORGANISATION/NAME, with @REVISION behind it
    /// for one of several), which is looked for in SENTENCE_TRANSFORMERS_HOME, HF_HUB_CACHE, HF_HOME and the user's
    /// cache folder. This command asks no network: `semantik model pull` brings a model there.
    #[arg(long, value_name = "DIR|NAME", default_value = semantik::ModelCache::DEFAULT)]
    pub(crate) model: String,

    #[command(flatten)]
    pub(crate) prompt: PromptArgs,

    #[command(flatten)]
    pub(crate) device: DeviceArgs,

    /// Whether to find out first how much memory batches take, by a dry run of some dozens of batch sizes; what is
    /// found is kept for later runs. Without it, batches are sized by the model's dimensions and by what earlier ones
    /// took, and are smaller where memory is scarce. auto does it on GPUs with memory of their own, where it takes
    /// seconds; always does it on others too, where compiling kernels can take minutes; never sizes batches without.
    /// Processors need none: what they take is known.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) replay: ReplayWhen,

    /// What to do with a text longer than the model reads: cut leaves its end out and counts it, error
    /// lets its document fail.
    #[arg(long, value_name = "HOW", default_value = "cut")]
    pub(crate) truncate: Truncate,

    /// Whether what a chunk stands under (its headings, a table's header, the class and function around it) is
    /// embedded: beside keeps it out of the vector, prefix puts it before the text, where it counts to the
    /// size; auto is prefix for source code in a known language, where it finds more, and beside for all
    /// else. The record's text is the same in any case.
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    pub(crate) context: Where,

    /// Which levels of hierarchical get vectors: leaves, the finest, or all.
    #[arg(long, value_name = "WHICH", default_value = "leaves")]
    pub(crate) embed_levels: Levels,

    /// Begin anew, and move what is in FILE.partial aside. Default: go on from it, where the same model and
    /// options made it; documents whose content is the same are not done again.
    #[arg(long, conflicts_with = "update")]
    pub(crate) no_resume: bool,

    /// Keep what FILE has of documents that are as they were, and the vectors of chunks that are as they were;
    /// leave out documents that are gone.
    #[arg(long, requires = "output")]
    pub(crate) update: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// What `embed` wrote, as JSONL; its FILE.meta.json is read too.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The question.
    #[arg(value_name = "QUESTION")]
    pub(crate) question: String,

    /// How many chunks to show.
    #[arg(short, value_name = "K", default_value_t = 5)]
    pub(crate) k: usize,

    /// The model's folder, or its name in the cache or in that of a hub. Default: the folder that the file was made
    /// with. It must be the same model.
    #[arg(long, value_name = "DIR|NAME")]
    pub(crate) model: Option<String>,

    #[command(flatten)]
    pub(crate) prompt: PromptArgs,

    #[command(flatten)]
    pub(crate) device: DeviceArgs,

    /// jsonl (each record without its vector, and its score) or text. Default: text on a terminal, else
    /// jsonl.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// What `embed -o FILE` writes or wrote; FILE.partial means the same.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// text or json.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct DevicesArgs {
    /// Also the processes that use each device, as far as its driver or the system tells.
    #[arg(short = 'v', long)]
    pub(crate) verbose: bool,
    /// text or json (a list; memory in bytes, null where it is not known).
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub(crate) command: ModelCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Bring a model from a hub into the hub's cache, where `--model NAME` and programs in Python find it.
    ///
    /// What an embedding model needs is brought and nothing else: configuration, tokenizer, weights (in safetensors; where there
    /// are none, those of PyTorch). What is there already is checked and not brought again; after Ctrl-C, or when the connection
    /// breaks, the same command goes on. Prints the model's folder.
    #[command(after_help = PULL_HELP)]
    Pull(PullArgs),
    /// The models that are here, by name: in the cache, and in that of a hub.
    List,
    /// What a model is: architecture, sizes, numbers, pooling, prompts, licence, identity, and what its batches take here.
    Info {
        /// A folder, or a name in the cache or in that of a hub.
        #[arg(value_name = "DIR|NAME", default_value = semantik::ModelCache::DEFAULT)]
        model: String,
        /// text or json.
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: ListFormat,
        /// The same as --format json.
        #[arg(long, conflicts_with = "format")]
        json: bool,
        /// The device whose batches are told of: auto, cpu, wgpu, …; `semantik devices` lists them. No device is
        /// opened.
        #[arg(long, value_name = "NAME", default_value = "auto")]
        backend: DeviceSpec,
    },
    /// A model's folder.
    Path {
        /// A folder, or a name in the cache or in that of a hub.
        #[arg(value_name = "DIR|NAME", default_value = semantik::ModelCache::DEFAULT)]
        model: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// ORGANISATION/NAME, or NAME for one of sentence-transformers; with @REVISION behind it for a branch, a tag
    /// or a commit.
    #[arg(value_name = "NAME[@REVISION]", default_value = semantik::ModelCache::DEFAULT)]
    pub(crate) model: String,

    /// No progress, notes or summary; errors only.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

const PULL_HELP: &str = "\
Environment:
  HF_HUB_CACHE     where models are put [default: hub in HF_HOME]
  HF_HOME          [default: huggingface in the user's cache folder]
  HF_TOKEN         sent to the hub, for models that are private or gated; HF_TOKEN_PATH
                   names a file that holds it [default: token in HF_HOME]
  HF_ENDPOINT      another hub, or a mirror
  HF_HUB_OFFLINE   1: ask nobody
  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE: as elsewhere

Examples:
  semantik model pull                             the model that is used where none is named
  semantik model pull ORGANISATION/NAME           another
  semantik embed docs/ --model ORGANISATION/NAME -o docs.jsonl";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Jsonl,
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Per {
    Document,
    Section,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Where {
    Auto,
    Beside,
    Prefix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Levels {
    Leaves,
    All,
}

/// When batches are run dry before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayWhen {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Truncate {
    Cut,
    Error,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }
}
