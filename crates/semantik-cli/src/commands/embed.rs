//! `semantik embed`: documents to vectors.

mod output;
mod replay;
mod told;

use std::process::ExitCode;
use std::sync::Arc;

use semantik::chunk_strategies::Strategy;
use semantik::pipeline::{self, EmbedJob, EmbedLevels, EmbedOptions, Event, Report, Summary, Truncation};
use semantik::{Cancel, Chunker, ContextUse, ModelCache};

use self::output::Target;
use super::{ending, model_notes, tell_problems};
use crate::args::{EmbedArgs, Levels, Truncate, Where};
use crate::progress::Progress;
use crate::report::{Failure, INTERRUPTED};

pub(crate) fn run(args: &EmbedArgs, cancel: &Cancel) -> Result<ExitCode, Failure> {
    let cut = &args.cut;
    let path = cut.output.as_deref();
    ending::check(path, cut.quiet)?;
    let options = args.options();
    let settings = cut.settings(options.context)?;
    if args.embed_levels == Levels::All && cut.strategy() != Strategy::Hierarchical {
        let cause = format!("--embed-levels was given with strategy {}", cut.strategy());
        return Err(Failure::usage(cause, "only hierarchical has levels"));
    }
    let inputs = cut.find_inputs()?;
    let limits = args.device.limits()?;
    let folder = ModelCache::from_env()?.resolve(&args.model)?;
    let prompt = args.prompt.choose(&folder, folder.prompts().for_documents())?;
    // Before the model is loaded: a wrong path should not cost that time.
    let target = Target::claim(path)?;

    if !cut.quiet {
        args.device.tell_hidden_cards();
    }
    // Hashing the weights takes about as long as loading them.
    let identity = target.identity_of(&folder);
    let embedder = args.device.load(&folder, &limits)?;
    let embedder = Arc::new(embedder.with_prompt(prompt.as_ref())?.with_cancel(cancel.clone()));
    let chunker = Chunker::for_embedding(&settings, &folder, &embedder, cut.fallback())?;
    let mut progress = Progress::new(cut);
    told::choices(args, &chunker, &embedder, &progress);
    for note in model_notes(&folder, &embedder, "text", args.prompt.is_given()) {
        progress.note(&note);
    }

    replay::run(args.replay, &embedder, &progress);

    let job = EmbedJob { chunker: &chunker, embedder: &embedder, options };
    let mut output = target.open(identity, &folder, &job, args.resume())?;
    told::opened(&output, &progress);
    let mut report = Report::new();
    let (vectors, mut is_zero_told) = (output.vector_counts(), false);
    let result = pipeline::embed(&inputs, &job, output.sink(), &cut.control(cancel), &mut |event| {
        report.event(&event);
        if let Event::Finished { document } = &event
            && vectors.zero() > 0
            && !std::mem::replace(&mut is_zero_told, true)
        {
            progress.note(&told::zero(document.name));
        }
        if cut.tells(&event) {
            progress.event(event);
        }
    });
    progress.finish();
    tell_problems(&embedder, cut.quiet);
    let (summary, failure) = match result {
        Ok(summary) => (summary, None),
        // A device or a full disk that ends the run keeps what was finished before it.
        Err(error) => (Summary { interrupted: true, ..Summary::default() }, Some(error)),
    };
    let reported = cut.write_report(&report, failure.is_none().then_some(&summary));
    let written = output.finish(summary.interrupted || cut.keeps_what_was_there(&summary));
    if let Some(error) = failure {
        told::what_is_kept(path);
        return Err(error.into());
    }
    let (written, meta) = match written {
        Ok(written) => written,
        Err(error) => {
            told::what_is_kept(path);
            return Err(error.into());
        }
    };
    reported?;
    if !cut.quiet {
        told::summary(&summary, meta.as_ref(), written.as_deref(), &embedder);
    }
    if vectors.zero() > 0 && vectors.zero() == vectors.written() {
        let cause =
            format!("every vector is all zeros: the weights in {} hold nothing", folder.path().display());
        return Err(Failure::failed(cause, "copy the model again, or bring it with `semantik model pull`"));
    }
    Ok(match (summary.interrupted, summary.failed) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => Failure::told(),
    })
}

impl EmbedArgs {
    fn options(&self) -> EmbedOptions {
        EmbedOptions {
            truncation: match self.truncate {
                Truncate::Cut => Truncation::Cut,
                Truncate::Error => Truncation::Refuse,
            },
            levels: match self.embed_levels {
                Levels::Leaves => EmbedLevels::Leaves,
                Levels::All => EmbedLevels::All,
            },
            context: match self.context {
                Where::Auto => ContextUse::Auto,
                Where::Beside => ContextUse::Beside,
                Where::Prefix => ContextUse::Prefix,
            },
        }
    }

    fn resume(&self) -> semantik::Resume {
        match (self.no_resume, self.update) {
            (true, _) => semantik::Resume::Anew,
            (false, true) => semantik::Resume::Update,
            (false, false) => semantik::Resume::GoOn,
        }
    }
}
