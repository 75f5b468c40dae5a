//! What `semantik plan` takes.

// Comments are the help that a terminal shows, where backticks are noise.
#![allow(clippy::doc_markdown)]

use std::path::PathBuf;

use clap::Args;
use semantik::gpu_telemetry::ByteCount;

use super::{DeviceArgs, ListFormat};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PlanArgs {
    /// A model's folder, or its name in the cache or in that of a hub.
    #[arg(value_name = "DIR|NAME", default_value = semantik::ModelCache::DEFAULT)]
    pub(crate) model: String,

    /// For a card of so much memory in all, such as 24GiB or 80GB; it need not be here. Default: for cards of
    /// 4 GiB to 141 GiB, and for the device at hand.
    #[arg(long, value_name = "BYTES")]
    pub(crate) gpu_memory: Option<ByteCount>,

    /// How much of that card others use [default: 0].
    #[arg(long, value_name = "BYTES", requires = "gpu_memory")]
    pub(crate) used: Option<ByteCount>,

    /// Plan texts of these lengths too: a file with one number of tokens on each line. What is computed and what is
    /// padding is told, of our batches and of the formula's.
    #[arg(long, value_name = "FILE")]
    pub(crate) lengths: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) device: DeviceArgs,

    /// text or json (bytes, null where not known).
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ListFormat,
}

const AFTER_HELP: &str = "\
Examples:
  semantik plan                                        cards from 4 to 141 GiB, and what is here
  semantik plan --gpu-memory 24GiB --used 18GiB        what is left beside a neighbour
  semantik plan --backend cpu --memory-limit 512MiB    on the processor, within half a GiB
  semantik plan --lengths tokens.txt --gpu-memory 8GiB a job whose texts are known";
