//! Documents in, vectors out, within the memory there is: the crates of this workspace tied together.
//!
//! # Parts, in the order in which a run uses them
//!
//! - [`ModelCache`]: where a model named without a folder is found; `pull` (feature `hub`) brings one from a hub.
//! - [`ChunkSettings`]: what to cut into, with the defaults, made into a [`Chunker`].
//! - [`AdaptiveEmbedder`]: a model on a device, each batch sized by what memory there is at that moment.
//! - [`Inputs`]: files, folders and standard input, walked in a stated order.
//! - [`pipeline`]: the runs, [`pipeline::chunk`] and [`pipeline::embed`], and what they report on the way.
//! - [`sink`]: where records go; a file appears whole or not at all.
//! - [`search`]: exact nearest neighbours over what `embed` wrote.
//! - [`governor`]: who of this process uses which device, and how much of its memory.
//! - [`devices`]: what there is to compute on, and its memory.
//! - [`plan`]: what would run, before anything is loaded.
//! - [`profiles`]: what was learned of a model on a device, kept for the next run.
//! - [`ledger`]: what the processes of one user hold of a device, and how they share it.
//!
//! The crates below are here too, under their names: [`batch_policy`], [`chunk_strategies`], [`embed_burn`],
//! [`gpu_telemetry`].
//!
//! # When not to use this crate
//!
//! If you need only one of the parts: depend on that crate alone.
//!
//! # Example
//!
//! ```no_run
//! use semantik::{AdaptiveEmbedder, DeviceLimits, ModelCache};
//! use semantik::embed_burn::DeviceSpec;
//!
//! let folder = ModelCache::from_env()?.resolve("all-MiniLM-L6-v2")?;
//! let model = AdaptiveEmbedder::load(&folder, DeviceSpec::Auto, &DeviceLimits::from_env()?)?;
//! let texts = [model.tokenize("Foxes are quick.")?, model.tokenize("Dogs are lazy.")?];
//! let vectors = model.embed_tokenized(&texts, &mut |_| {})?;
//! assert_eq!(vectors.len(), 2);
//! # Ok::<(), semantik::Error>(())
//! ```

pub use {batch_policy, chunk_strategies, embed_burn, gpu_telemetry};

mod adapt;
mod adaptive;
mod blank;
mod cancel;
mod chunker;
pub mod devices;
mod earlier;
mod error;
pub mod governor;
mod input;
pub mod ledger;
mod limits;
mod meta;
mod model_cache;
mod model_card;
mod model_files;
pub mod pipeline;
pub mod plan;
pub mod profiles;
mod prompted;
#[cfg(feature = "hub")]
pub mod pull;
mod record;
pub mod search;
mod settings;
pub mod sink;
mod status;
mod threads;
mod vector_file;

pub use crate::adaptive::{AdaptiveEmbedder, BatchCounts, BatchDone, ReplayDone};
pub use crate::cancel::Cancel;
pub use crate::chunker::{Chunker, Chunks};
pub use crate::earlier::{EarlierVectors, Found as FoundRecords};
pub use crate::error::{Error, ErrorKind};
pub use crate::input::{Document, Encoding, Found, Inputs, NothingIn, SkipReason, Skipped, SkippedCounts};
pub use crate::limits::DeviceLimits;
pub use crate::meta::{Meta, MetaOptions, ModelMeta, RunMeta};
pub use crate::model_cache::ModelCache;
pub use crate::model_card::ModelCard;
pub use crate::model_files::ModelFiles;
pub use crate::record::Record;
pub use crate::settings::{ChunkSettings, ContextUse, FileNames, Sizer, Unit};
pub use crate::status::{FileStatus, Status};
pub use crate::threads::use_threads;
pub use crate::vector_file::{Opened, Resume, VectorClaim, VectorFile};

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
