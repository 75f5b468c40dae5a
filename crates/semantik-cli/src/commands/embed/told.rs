//! What `embed` tells besides its records.

use std::path::Path;

use semantik::embed_burn::DeviceSpec;
use semantik::gpu_telemetry::ByteCount;
use semantik::pipeline::Summary;
use semantik::{AdaptiveEmbedder, Chunker, Meta, Status};

use super::super::asides;
use super::output::EmbedOutput;
use crate::args::EmbedArgs;
use crate::progress::Progress;
use crate::say;
use crate::text::one_line;

/// What was chosen where the command line left it open.
pub(super) fn choices(args: &EmbedArgs, chunker: &Chunker, embedder: &AdaptiveEmbedder, progress: &Progress) {
    let device = embedder.model().device();
    if args.device.backend == DeviceSpec::Auto {
        progress.note(&format!("auto chose {}: {}", device.backend(), one_line(device.name())));
        if let Some(reason) = device.passed_over() {
            progress.note(&format!("a GPU is there and did not open: {}", one_line(reason)));
        }
    }
    if let Some(note) = args.device.dtype_note(embedder) {
        progress.note(&note);
    }
    if chunker.knows_names() {
        progress.note(
            "Markdown by its name is cut by markdown, all else by recursive; --strategy names one for all",
        );
    }
    if let Some(default) = chunker.lowered_from() {
        let (size, _, overlap) = chunker.sizes();
        let unit = chunker.unit();
        progress.note(&format!(
            "size {size} {unit} (overlap {overlap}), the most that the model reads, instead of {default}"
        ));
    }
    if !embedder.is_measured() {
        progress.note("the device's free memory is not known: batches stay within --memory-limit, or 1 GiB");
    }
}

/// What was there before.
pub(super) fn opened(output: &EmbedOutput, progress: &Progress) {
    let Some(opened) = output.opened() else { return };
    if let Some((aside, why)) = &opened.moved_aside {
        progress.note(&format!("what an earlier run left is now {}: {why}", aside.display()));
    }
    if let Some((documents, chunks)) = opened.goes_on {
        progress.note(&format!("going on from {chunks} chunks of {documents} documents (--no-resume: anew)"));
    }
    if let Some((documents, chunks)) = opened.updates {
        progress.note(&format!("updating {chunks} chunks of {documents} documents"));
    }
}

/// Where what was finished is, after a run that ended before its end.
pub(super) fn what_is_kept(path: Option<&Path>) {
    let partial = path.map(Status::partial_of);
    if let Some(partial) = partial.filter(|partial| partial.is_file()) {
        say::note(format_args!(
            "what was finished is in {}: `semantik search` takes it, and the same command goes on from it",
            partial.display()
        ));
    }
}

/// What the run came to.
pub(super) fn summary(
    summary: &Summary,
    meta: Option<&Meta>,
    path: Option<&Path>,
    embedder: &AdaptiveEmbedder,
) {
    for aside in asides(summary) {
        say::note(aside);
    }
    if summary.kept_documents + summary.reused_vectors > 0 {
        say::note(format_args!(
            "{} chunks of {} documents were kept, and {} vectors of others; {} chunks are new",
            summary.kept_chunks,
            summary.kept_documents,
            summary.reused_vectors,
            summary.made() - summary.reused_vectors.min(summary.made()),
        ));
    }
    let mut line = format!(
        "{} chunks, {} tokens of {} documents in {:.1} s on {}: {:.1} chunks/s, {:.0} tokens/s",
        summary.chunks,
        summary.tokens,
        summary.documents,
        summary.elapsed.as_secs_f64(),
        embedder.model().device().backend(),
        summary.rate(summary.made()),
        summary.rate(summary.tokens),
    );
    if let Some(peak) = meta.and_then(|meta| meta.peak_memory_bytes) {
        line += &format!(", at most {} of the host's memory", ByteCount::new(peak));
    }
    if let Some(path) = path.filter(|path| path.exists()) {
        line += &format!(" → {}", path.display());
    }
    say::line(line);
    if summary.interrupted && path.is_some_and(Path::exists) {
        say::note("the same command goes on from there");
    }
}
