//! `semantik chunk`: documents to chunks.

use std::process::ExitCode;
use std::sync::Arc;

use semantik::chunk_strategies::Strategy;
use semantik::pipeline::{self, Report};
use semantik::{Cancel, Chunker, ContextUse, ModelCache};

use super::{asides, ending, explain, tell_problems};
use crate::args::{ChunkArgs, Format};
use crate::counted::counted;
use crate::output::Output;
use crate::progress::Progress;
use crate::report::{Failure, INTERRUPTED};
use crate::say;

pub(crate) fn run(args: &ChunkArgs, cancel: &Cancel) -> Result<ExitCode, Failure> {
    let cut = &args.cut;
    let settings = cut.settings(ContextUse::Beside)?;
    let inputs = cut.find_inputs()?;
    let limits = args.device.limits()?;
    let folder = match &args.model {
        Some(model) => Some(ModelCache::from_env()?.resolve(model)?),
        None => None,
    };
    let embedder = match &folder {
        Some(folder) if matches!(cut.strategy(), Strategy::Semantic | Strategy::Hybrid) => {
            if !cut.quiet {
                args.device.tell_hidden_cards();
            }
            let embedder = args.device.load(folder, &limits)?;
            // Sentences are embedded as the chunks will be.
            let prompt = folder.prompts().for_documents();
            Some(Arc::new(embedder.with_prompt(prompt.as_ref())?.with_cancel(cancel.clone())))
        }
        _ => None,
    };
    let chunker = Chunker::new(&settings, folder.as_ref(), embedder.clone(), cut.fallback())?;
    if args.explain {
        return explain::run(args, &inputs, &chunker, cancel);
    }
    let path = cut.output.as_deref();
    if args.format != Some(Format::Text) {
        ending::check(path, cut.quiet)?;
    }
    let output = Output::open(path)?;
    let mut progress = Progress::new(cut);
    if let Some(aside) = output.moved_aside() {
        progress.note(&format!("what an earlier run left is now {}", aside.display()));
    }
    let mut sink = output.sink(args.format, path);
    let mut report = Report::new();
    let result = pipeline::chunk(&inputs, &chunker, &mut sink, &cut.control(cancel), &mut |event| {
        report.event(&event);
        if cut.tells(&event) {
            progress.event(event);
        }
    });
    progress.finish();
    if let Some(embedder) = &embedder {
        tell_problems(embedder, cut.quiet);
    }
    let summary = match result {
        Ok(summary) => summary,
        Err(error) => {
            cut.write_report(&report, None)?;
            return Err(error.into());
        }
    };
    cut.write_report(&report, Some(&summary))?;
    let is_cut_short = summary.interrupted || cut.keeps_what_was_there(&summary);
    let written = sink.into_inner().finish(is_cut_short)?;
    if !cut.quiet {
        for aside in asides(&summary) {
            say::note(aside);
        }
        if let Some(path) = &written {
            let seconds = summary.elapsed.as_secs_f64();
            let (chunks, documents) =
                (counted(summary.chunks, "chunk"), counted(summary.documents, "document"));
            let path = path.display();
            say::line(format_args!("{chunks} of {documents} in {seconds:.2} s → {path}"));
        }
    }
    Ok(match (summary.interrupted, summary.failed) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => Failure::told(),
    })
}
