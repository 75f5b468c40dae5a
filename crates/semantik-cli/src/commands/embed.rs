//! `semantik embed`: documents to vectors.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use semantik::chunk_strategies::Strategy;
use semantik::embed_burn::{DeviceSpec, ModelFolder};
use semantik::gpu_telemetry::ByteCount;
use semantik::pipeline::{self, EmbedLevels, EmbedOptions, Summary, Truncation};
use semantik::{AdaptiveEmbedder, Cancel, Chunker, ContextUse, Meta, ModelCache, ModelMeta};

use super::{asides, model_notes};
use crate::args::{EmbedArgs, Format, Levels, Truncate, Where};
use crate::output::Output;
use crate::progress::Progress;
use crate::report::{Failure, INTERRUPTED};
use crate::text::one_line;

pub(crate) fn run(args: &EmbedArgs, cancel: &Cancel) -> Result<ExitCode, Failure> {
    let cut = &args.cut;
    let path = cut.output.as_deref();
    refuse_what_is_not_built(path)?;
    let context = match args.context {
        Where::Beside => ContextUse::Beside,
        Where::Prefix => ContextUse::Prefix,
    };
    let settings = cut.settings(context)?;
    if args.embed_levels == Levels::All && cut.strategy != Strategy::Hierarchical {
        let cause = format!("--embed-levels was given with strategy {}", cut.strategy);
        return Err(Failure::usage(cause, "only hierarchical has levels"));
    }
    let inputs = cut.find_inputs()?;
    let limits = args.device.limits()?;
    let folder = ModelCache::from_env()?.resolve(&args.model)?;
    let prompt = args.prompt.choose(&folder, folder.prompts().for_documents())?;
    // Before the model is loaded: a wrong path should not cost that time.
    let output = Output::open(path)?;

    if !cut.quiet {
        args.device.tell_hidden_cards();
    }
    let embedder = AdaptiveEmbedder::load(&folder, args.device.backend, &limits)?;
    let embedder = Arc::new(embedder.with_prompt(prompt.as_ref())?.with_cancel(cancel.clone()));
    let chunker = Chunker::for_embedding(&settings, &folder, &embedder, cut.fallback())?;
    let mut progress = Progress::new(cut.quiet);
    tell_choices(args, &chunker, &embedder, &progress);
    for note in model_notes(&folder, &embedder, "text", args.prompt.is_given()) {
        progress.note(&note);
    }

    // Hashing the weights takes about as long as loading them, and nothing waits for it until the end.
    let identity = path.map(|_| {
        let folder: ModelFolder = folder.clone();
        std::thread::spawn(move || folder.identity())
    });
    let mut sink = output.sink(Some(Format::Jsonl), path);
    let truncation = match args.truncate {
        Truncate::Cut => Truncation::Cut,
        Truncate::Error => Truncation::Refuse,
    };
    let levels = match args.embed_levels {
        Levels::Leaves => EmbedLevels::Leaves,
        Levels::All => EmbedLevels::All,
    };
    let options = EmbedOptions { truncation, levels, context };
    let result = pipeline::embed(
        &inputs,
        &chunker,
        &embedder,
        options,
        &mut sink,
        &cut.control(cancel),
        &mut |event| progress.event(event),
    );
    progress.finish();
    // A device or a full run that fails in the middle keeps what was finished before it.
    let (summary, failure) = match result {
        Ok(summary) => (summary, None),
        Err(error) => (Summary { interrupted: true, ..Summary::default() }, Some(error)),
    };
    let written = sink.into_inner().finish(summary.interrupted)?;
    if let Some(error) = failure {
        if let Some(path) = &written {
            eprintln!("note: what was finished is in {}", path.display());
        }
        return Err(error.into());
    }
    let meta = match identity.map(std::thread::JoinHandle::join) {
        Some(Ok(identity)) => {
            let path = folder.path().canonicalize().unwrap_or_else(|_| folder.path().to_owned());
            let identity = identity.map_err(semantik::Error::from)?;
            Some(Meta::new(ModelMeta { path, identity }, &chunker, &embedder, options, &summary))
        }
        _ => None,
    };
    if let (Some(meta), Some(path)) = (&meta, written.as_deref().filter(|path| path.is_file())) {
        meta.write_for(path)?;
    }
    if !cut.quiet {
        tell_summary(&summary, meta.as_ref(), written.as_deref(), &embedder);
    }
    Ok(match (summary.interrupted, summary.failed) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => Failure::told(),
    })
}

fn refuse_what_is_not_built(path: Option<&Path>) -> Result<(), Failure> {
    if path.and_then(Path::extension).is_some_and(|extension| extension.eq_ignore_ascii_case("parquet")) {
        return Err(Failure::usage("writing Parquet is not built yet", "give a name that ends in .jsonl"));
    }
    Ok(())
}

fn tell_choices(args: &EmbedArgs, chunker: &Chunker, embedder: &AdaptiveEmbedder, progress: &Progress) {
    let device = embedder.model().device();
    if args.device.backend == DeviceSpec::Auto {
        progress.note(&format!("auto chose {}: {}", device.backend(), one_line(device.name())));
        if let Some(reason) = device.passed_over() {
            progress.note(&format!("a GPU is there and did not open: {}", one_line(reason)));
        }
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

fn tell_summary(summary: &Summary, meta: Option<&Meta>, path: Option<&Path>, embedder: &AdaptiveEmbedder) {
    for aside in asides(summary) {
        eprintln!("note: {aside}");
    }
    let mut line = format!(
        "{} chunks, {} tokens of {} documents in {:.1} s on {}: {:.1} chunks/s, {:.0} tokens/s",
        summary.chunks,
        summary.tokens,
        summary.documents,
        summary.elapsed.as_secs_f64(),
        embedder.model().device().backend(),
        summary.rate(summary.chunks),
        summary.rate(summary.tokens),
    );
    if let Some(peak) = meta.and_then(|meta| meta.peak_memory_bytes) {
        line += &format!(", at most {} of the host's memory", ByteCount::new(peak));
    }
    if let Some(path) = path {
        line += &format!(" → {}", path.display());
    }
    eprintln!("{line}");
}
