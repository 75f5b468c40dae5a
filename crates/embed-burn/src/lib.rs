//! Text to vectors: sentence-transformers models on burn, on a backend chosen at run time.
//!
//! A model is a folder, as sentence-transformers saves it; nothing is downloaded. Vectors match sentence-transformers to
//! within 1e-5 on the CPU and 1e-4 on a GPU, tested for each architecture and shown on all-MiniLM-L6-v2 and
//! all-mpnet-base-v2. A text's vector does not depend on its neighbours in the batch. A text over the model's limit is cut,
//! and what was left out is counted; however long it is, it is encoded only as far as it is read.
//!
//! # Parts
//!
//! - [`ModelFolder`]: reads and checks a model's configuration. BERT, RoBERTa and XLM-RoBERTa, DistilBERT, MPNet, ModernBERT,
//!   NomicBERT, T5 and Qwen3 are run, with each of sentence-transformers' poolings, several at once, and with dense,
//!   normalising and layer-norm steps behind them; anything else is an error that names what is not.
//! - [`Prompts`]: what the model wants to stand before a document's texts and before a question.
//! - [`BurnDevice`]: an open device, from a [`DeviceSpec`] such as `auto`, `cpu` or `wgpu:1`; [`backends`] lists what
//!   there is.
//! - [`BurnEmbedder`]: the model on the device. It implements [`chunk_strategies::Embedder`].
//!
//! On the CPU an encoder is one operation of this crate's own instead of a sequence of burn's: texts are not padded, and a
//! text's vector is the same to the last bit whatever the batch and the number of threads. Its working memory is counted:
//! [`BurnEmbedder::scratch_bytes`].
//!
//! # Memory
//!
//! What a load takes is known before it begins: [`BurnEmbedder::load_bytes`]. What a batch will take of a GPU's memory is
//! told by the allocator's own rules, without running it: [`BurnEmbedder::replay_table`].
//!
//! # When not to use this crate
//!
//! For generating text, for training, or for models in other formats than safetensors and `pytorch_model.bin`.
//!
//! # Example
//!
//! ```no_run
//! use embed_burn::{BurnDevice, BurnEmbedder, DeviceSpec, ModelFolder};
//!
//! let folder = ModelFolder::open("models/all-MiniLM-L6-v2")?;
//! let model = BurnEmbedder::load(&folder, &BurnDevice::open(DeviceSpec::Auto)?)?;
//! let text = model.tokenize("Foxes are quick.")?;
//! let vectors = model.forward(&[&text.ids])?;
//! assert_eq!(vectors.row(0).map(<[f32]>::len), Some(folder.dim()));
//! # Ok::<(), embed_burn::EmbedError>(())
//! ```
//!
//! # Failure
//!
//! Backends panic where memory runs out. Work runs guarded: the panic becomes an [`EmbedError`] whose
//! [`kind`](EmbedError::kind) says whether less work, a new device or nothing will help. Opening the first device wraps
//! the process's panic hook so that the text of these panics, and of no others, is not printed. A profile with
//! `panic = "abort"` would turn each of them into the end of the process.
//!
//! A device of a graphics API that is lost, for want of memory in an upload or because its driver went, is opened anew by
//! [`BurnEmbedder::reload`], with the weights on it. One of CUDA or ROCm stays lost for the life of the process.
//!
//! # Features
//!
//! - `cpu` (default): the processor, without a driver.
//! - `wgpu`: any GPU with a Vulkan, Metal or DirectX 12 driver, with kernels in WGSL.
//! - `vulkan`, `metal`: the same GPUs through one API, with kernels in its own language; `webgpu` in browsers.
//! - `cuda`: cards of NVIDIA. It is built with an LLVM 23, which burn downloads meanwhile, or `cargo xtask setup-llvm` brings
//!   as a Python package. It runs with NVIDIA's driver and `libdevice.10.bc`, which [`provide_libdevice`] finds.
//! - `rocm`: cards of AMD, with ROCm. It is built with an LLVM that burn downloads meanwhile.
//! - `replay`, with every backend for GPUs: what batches take of a device's memory is told before they run.
//! - `tuned`: kernels fused, and the fastest of several chosen by trial. For real GPUs: Mesa's software Vulkan crashes on
//!   such kernels.

mod arch;
mod backend;
mod compute;
#[cfg(feature = "cpu")]
mod cpu;
mod embedder;
mod error;
mod folder;
mod pieces;
mod pooling;
mod tokenize;
mod zeros;

pub use crate::backend::{
    Allocation, Backend, BackendInfo, BurnDevice, Card, DeviceSpec, LibdevicePlaces, PoolUsage, VisibleCards,
    automatic, backend_among, backends, backends_among, libdevice, provide_libdevice,
};
#[cfg(feature = "wgpu")]
pub use crate::backend::{GraphicsDevice, adapter};
pub use crate::compute::{Attention, Compute, Precision};
pub use crate::embedder::{BatchDone, BurnEmbedder, LoadBytes, QueuedBatch, Replay, Replayed, TokenVectors};
pub use crate::error::{EmbedError, EmbedErrorKind};
pub use crate::folder::{EncoderShape, ModelFolder, ModelIdentity, Pooling, PoolingMode, Prompt, Prompts};
pub use crate::tokenize::TokenizedText;

/// The framework that computes, and its version: another one has other kernels.
pub const FRAMEWORK: &str = "burn 0.22.1";

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
