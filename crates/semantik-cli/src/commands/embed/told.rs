//! What `embed` tells besides its records.

use std::path::Path;

use semantik::embed_burn::DeviceSpec;
use semantik::gpu_telemetry::ByteCount;
use semantik::pipeline::Summary;
use semantik::{AdaptiveEmbedder, Chunker, Meta, RunMeta, Status};

use super::super::asides;
use super::output::EmbedOutput;
use crate::args::EmbedArgs;
use crate::counted::counted;
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
            "names of files decide: Markdown is cut by markdown, all else by recursive (source code on its syntax or by \
             lines, CSV and TSV by rows, JSON lines by records); --strategy names one for all",
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
        progress.note(&format!(
            "going on from {} of {} (--no-resume: anew)",
            counted(chunks, "chunk"),
            counted(documents, "document")
        ));
    }
    if let Some((documents, chunks)) = opened.updates {
        progress.note(&format!(
            "updating {} of {}",
            counted(chunks, "chunk"),
            counted(documents, "document")
        ));
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
            "kept: {} of {}, and {} of others; new: {}",
            counted(summary.kept_chunks, "chunk"),
            counted(summary.kept_documents, "document"),
            counted(summary.reused_vectors, "vector"),
            counted(summary.made() - summary.reused_vectors.min(summary.made()), "chunk"),
        ));
    }
    if let Some(run) = meta.map(|meta| &meta.run).filter(|run| !run.stale_documents.is_empty()) {
        say::note(stale(run));
    }
    let mut line = format!(
        "{}, {} of {} in {:.1} s on {}: {:.1} chunks/s, {:.0} tokens/s",
        counted(summary.chunks, "chunk"),
        counted(summary.tokens, "token"),
        counted(summary.documents, "document"),
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

/// What a vector of zeros means.
pub(super) fn zero(document: &str) -> String {
    format!(
        "{}: a vector is all zeros, which is near to nothing: the model's weights may hold nothing",
        one_line(document)
    )
}

/// How many documents are named whose records are old.
const NAMED: usize = 3;

/// Whose records are those of an earlier run, since their documents failed.
fn stale(run: &RunMeta) -> String {
    let names: Vec<String> = run.stale_documents.iter().take(NAMED).map(|name| one_line(name)).collect();
    let more = match run.stale_documents.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "of what failed, the records of an earlier run were kept as they were: {} of {}{more}",
        counted(run.stale_chunks, "chunk"),
        names.join(", ")
    )
}
