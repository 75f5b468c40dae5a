//! A library with NVML's ABI that answers from a script, for tests of what reads cards of NVIDIA.
//!
//! Built as a `cdylib` it is what a program loads in place of `libnvidia-ml.so.1` and of `libcuda.so.1`: the symbols are
//! real, so the program's own loader, wrapper and mapping of errors run, on machines without a card. What it answers is in
//! a script: `script.txt` beside the library, or the file that `NVML_STANDIN_SCRIPT` names.
//!
//! Linked as a library it gives tests a [`Stand`]: a folder with a copy of the library and a script. Each copy has state of
//! its own, so that tests in one process do not disturb each other.
//!
//! ```no_run
//! use nvml_standin::{Card, Failure, Memory, Script, Stand};
//!
//! let card = Card::new("0000:41:00.0", "GPU-5f1d7c1c-0000-4a3e-8a11-000000000041", "Quick 9000")
//!     .memory(Memory::of(24 << 30, 1 << 30))
//!     .memory(Failure::GPU_LOST);
//! let stand = Stand::new(&Script::new([card]));
//! // To be loaded in place of NVIDIA's library, and of CUDA's driver.
//! # let _ =
//! stand.library();
//! ```
//!
//! # What it does not do
//!
//! It knows the symbols that are asked for here and no others, allocates nothing and computes nothing. Only on systems with
//! `dladdr` (Linux, macOS, the BSDs) does it find the script beside itself; elsewhere the variable has to name it.

mod abi;
mod card;
mod cuda;
mod instance;
mod script;
mod stand;
mod visible;

pub use crate::card::{Card, Failure, Memory, Process};
pub use crate::script::Script;
pub use crate::stand::{Stand, library};
