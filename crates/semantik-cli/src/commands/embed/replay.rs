//! `embed --replay`: what batches take, found out before the first.

use semantik::embed_burn::Backend;
use semantik::{AdaptiveEmbedder, ErrorKind};

use crate::args::ReplayWhen;
use crate::counted::counted;
use crate::progress::Progress;
use crate::text::one_line;

/// Replays where that was asked for, and says so. This program gives burn no work but through the embedder; a replay that
/// fails costs nothing but what it would have told.
pub(super) fn run(when: ReplayWhen, embedder: &AdaptiveEmbedder, progress: &Progress) {
    let device = embedder.model().device();
    let replays = match when {
        ReplayWhen::Auto => !device.is_host_memory() && !device.is_software(),
        ReplayWhen::Always => true,
        ReplayWhen::Never => false,
    };
    if !replays {
        return;
    }
    if when == ReplayWhen::Always && device.backend() == Backend::Cpu {
        progress
            .note("--replay always: on the processor what batches take is known, and nothing is replayed");
        return;
    }
    match embedder.replay() {
        Ok(Some(done)) => progress.note(&format!(
            "replayed {} of batch, up to {}, in {:.1} s: what they take is known, and kept for later runs",
            counted(done.shapes, "shape"),
            counted(done.tokens, "token"),
            done.seconds
        )),
        Ok(None) => {}
        // The run itself ends for it.
        Err(error) if error.kind() == ErrorKind::Interrupted => {}
        Err(error) => progress.note(&format!(
            "shapes of batch cannot be replayed, and batches are sized without: {}",
            one_line(&error.to_string())
        )),
    }
}
