//! [`use_threads`]: how many threads of the processor work.

use std::num::NonZeroUsize;

use rayon::ThreadPoolBuilder;

use crate::error::Error;

/// Has this process work on so many threads of the processor, where it would have taken one a core, or as many as
/// `RAYON_NUM_THREADS` says: for computing, and for cutting and tokenising.
///
/// For programs, at their beginning. A library leaves this to them, and calls what it needs inside a rayon pool of its own.
///
/// # Errors
/// Some work was done already, and settled it; or the system has no so many threads.
pub fn use_threads(count: NonZeroUsize) -> Result<(), Error> {
    let built = ThreadPoolBuilder::new().num_threads(count.get()).build_global();
    built.map_err(|error| Error::no_thread("the processor", std::io::Error::other(error)))
}
