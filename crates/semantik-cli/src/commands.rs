//! One module a command.

pub(crate) mod chunk;
pub(crate) mod devices;
pub(crate) mod embed;
mod ending;
mod explain;
pub(crate) mod model;
mod place;
pub(crate) mod plan;
pub(crate) mod search;
pub(crate) mod status;
pub(crate) mod watch;

use std::io::{ErrorKind, IsTerminal};
use std::path::Path;

use semantik::chunk_strategies::{Breakpoints, Fallback, Scope, Strategy};
use semantik::devices::hidden_cards;
use semantik::embed_burn::{Backend, DeviceSpec, ModelFolder};
use semantik::pipeline::{Control, Event, OnFailure, Report, Summary};
use semantik::sink::json;
use semantik::{
    AdaptiveEmbedder, Cancel, ChunkSettings, Chunker, ContextUse, FileNames, Inputs, Meta, Status,
};

use crate::args::{CutArgs, DeviceArgs, Per};
use crate::counted::counted;
use crate::report::Failure;
use crate::say;
use crate::text::one_line;

impl CutArgs {
    /// The strategy that was named, or the one for all that no name decides.
    fn strategy(&self) -> Strategy {
        self.strategy.unwrap_or(Strategy::Recursive)
    }

    fn names(&self) -> FileNames {
        if self.strategy.is_none() && !self.anchored { FileNames::Decide } else { FileNames::Ignored }
    }

    /// How to cut, checked as far as that is possible before anything is loaded.
    fn settings(&self, context: ContextUse) -> Result<ChunkSettings, Failure> {
        let size = |flag, size: &Option<crate::args::Size>| {
            size.as_ref().map(|size| size.in_unit(flag, self.unit)).transpose()
        };
        let settings = ChunkSettings {
            strategy: self.strategy(),
            names: self.names(),
            unit: self.unit,
            size: size("--size", &self.size)?,
            max: size("--max", &self.max)?,
            overlap: size("--overlap", &self.overlap)?,
            levels: self.levels()?,
            anchored: self.anchored,
            breakpoints: self.breakpoints()?,
            buffer: self.buffer,
            scope: self.hybrid_per.map(|per| match per {
                Per::Document => Scope::Document,
                Per::Section => Scope::Section,
            }),
            forced: self.hybrid_use,
            context,
        };
        Chunker::check(&settings)?;
        Ok(settings)
    }

    fn levels(&self) -> Result<Option<Vec<usize>>, Failure> {
        if self.levels.is_empty() {
            return Ok(None);
        }
        self.levels.iter().map(|size| size.in_unit("--levels", self.unit)).collect::<Result<_, _>>().map(Some)
    }

    fn breakpoints(&self) -> Result<Option<Breakpoints>, Failure> {
        let named = |name: &String| Breakpoints::named(name, self.threshold).map_err(semantik::Error::from);
        Ok(self.breakpoints.as_ref().map(named).transpose()?)
    }

    fn find_inputs(&self) -> Result<Inputs, Failure> {
        let mut paths = self.inputs.clone();
        if paths.is_empty() {
            if std::io::stdin().is_terminal() {
                let hint = "name files or folders, or pipe text into it";
                return Err(Failure::usage("nothing to read was given", hint));
            }
            paths.push("-".into());
        }
        let mut inputs = Inputs::new(paths);
        if let Some(output) = &self.output {
            inputs = inputs.excluding(output);
        }
        if let Some(report) = &self.report {
            inputs = inputs.excluding(report);
        }
        inputs.check()?;
        self.check_report()?;
        Ok(if self.lossy { inputs.lossy() } else { inputs })
    }

    /// A report that cannot be written is told before the work, and one that would stand where records do is refused.
    fn check_report(&self) -> Result<(), Failure> {
        let Some(report) = &self.report else { return Ok(()) };
        let at = place::of(report);
        let written = match &self.output {
            Some(output) => {
                let partial = Status::partial_of(output);
                vec![Meta::path_for(output), Meta::path_for(&partial), output.clone(), partial]
            }
            // A file, where it is redirected to one.
            None => vec!["/dev/stdout".into()],
        };
        if written.iter().any(|written| place::of(written) == at) {
            let cause =
                format!("--report is {}, where this run writes records or beside them", report.display());
            return Err(Failure::usage(cause, "give the report a file of its own"));
        }
        let kind = match at.parent().map(Path::is_dir) {
            _ if report.is_dir() => ErrorKind::IsADirectory,
            Some(false) => ErrorKind::NotFound,
            _ => return Ok(()),
        };
        Err(semantik::sink::output_error(report, kind.into()).into())
    }

    /// Whether a failure ends the run: then it is told at its end, and not among others.
    fn tells(&self, event: &Event<'_>) -> bool {
        !(self.fail_fast && matches!(event, Event::Failed { .. }))
    }

    /// Writes what became of every document, if that was asked for.
    fn write_report(&self, report: &Report, summary: Option<&Summary>) -> Result<(), Failure> {
        let Some(path) = &self.report else { return Ok(()) };
        let fail = |error| semantik::sink::output_error(path, error);
        let mut text = Vec::new();
        json::to_writer_pretty(&mut text, &report.to_json(summary)).map_err(fail)?;
        text.push(b'\n');
        Ok(std::fs::write(path, text).map_err(fail)?)
    }

    /// Whether nothing came of a run that was to replace a file: that stays as it is, and is told.
    fn keeps_what_was_there(&self, summary: &Summary) -> bool {
        let Some(there) = self.output.as_deref().filter(|path| path.is_file()) else { return false };
        let keeps = summary.finished == 0 && summary.failed > 0;
        if keeps && !self.quiet {
            say::note(format_args!("no document was finished: {} is as it was", there.display()));
        }
        keeps
    }

    fn control(&self, cancel: &Cancel) -> Control {
        let on_failure = if self.fail_fast { OnFailure::Stop } else { OnFailure::Continue };
        Control { cancel: cancel.clone(), on_failure }
    }

    fn fallback(&self) -> Fallback {
        if self.no_fallback { Fallback::Refuse } else { Fallback::Recursive }
    }
}

impl DeviceArgs {
    /// As [`tell_hidden_cards`], unless no card is wanted.
    fn tell_hidden_cards(&self) {
        if !matches!(self.backend, DeviceSpec::On { backend: Backend::Cpu, .. }) {
            tell_hidden_cards();
        }
    }
}

/// Says why cards are missing, where nobody could tell which of them this process is to use.
fn tell_hidden_cards() {
    if let Some(problem) = hidden_cards() {
        say::note(one_line(problem));
    }
}

/// What is worth knowing of a model that vectors are made with; `what` a prompt is put before, and whether one was asked
/// for.
fn model_notes(folder: &ModelFolder, embedder: &AdaptiveEmbedder, what: &str, asked: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if !folder.names_modules() {
        notes.push(assumed(folder));
    }
    let prompts = folder.prompts();
    match embedder.model().prompt() {
        Some(prompt) => {
            let tokens = embedder.model().prompt_tokens();
            let name = prompt.name.as_deref().map_or_else(String::new, |name| format!(" {}", one_line(name)));
            let pooled = if prompts.pooled { "" } else { ", which are read and not pooled" };
            let text = &prompt.text;
            notes.push(format!(
                "the prompt{name} {text:?} is put before each {what}: {}{pooled}",
                counted(tokens, "token")
            ));
        }
        None if !asked && !prompts.is_empty() => {
            let with_text = prompts.declared.iter().filter(|(_, text)| !text.is_empty());
            let names: Vec<String> = with_text.map(|(name, _)| one_line(name)).collect();
            let names = names.join(", ");
            notes.push(format!(
                "the model has prompts ({names}), and none of them is put before each {what}: --prompt-name names one"
            ));
        }
        None => {}
    }
    notes.extend(embedder.take_problems().iter().map(|problem| one_line(problem)));
    notes
}

/// Keeps what was learned, and says what went wrong beside the work.
fn tell_problems(embedder: &AdaptiveEmbedder, quiet: bool) {
    let problems = embedder.take_problems();
    if !quiet {
        for problem in &problems {
            say::note(one_line(problem));
        }
    }
}

/// What is assumed of a folder that does not say how token vectors become one.
fn assumed(folder: &ModelFolder) -> String {
    format!(
        "{} has no modules.json: mean pooling and vectors that are not normalised are assumed, as \
         sentence-transformers does",
        one_line(&folder.path().display().to_string())
    )
}

/// What a summary says beyond its figures, one clause each.
fn asides(summary: &Summary) -> Vec<String> {
    let of = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    [
        of(summary.failed, "document failed", "documents failed"),
        of(
            summary.decoded,
            "document is in UTF-16 or UTF-32 by its byte order mark; its offsets refer to the decoded text",
            "documents are in UTF-16 or UTF-32 by their byte order mark; their offsets refer to the decoded text",
        ),
        of(
            summary.marked,
            "document begins with a byte order mark, which was left out; its offsets refer to the text behind it",
            "documents begin with a byte order mark, which was left out; their offsets refer to the text behind it",
        ),
        of(
            summary.lossy,
            "document is not valid UTF-8, or not valid as its byte order mark says, and was decoded with replacements; \
             its offsets refer to the decoded text",
            "documents are not valid UTF-8, or not valid as their byte order mark says, and were decoded with \
             replacements; their offsets refer to the decoded text",
        ),
        of(
            summary.blank_chunks,
            "chunk has no letter, digit or symbol, and got no vector",
            "chunks have no letter, digit or symbol, and got no vector",
        ),
        of(
            summary.repeated_texts,
            "text is the same as another and was embedded with it",
            "texts are the same as others and were embedded once",
        ),
        of(
            summary.gone_documents,
            "document is no longer there; its records were left out",
            "documents are no longer there; their records were left out",
        ),
        of(
            summary.fallbacks,
            "document was cut in another way than it should have been; its records say why",
            "documents were cut in another way than they should have been; their records say why",
        ),
        of(
            summary.truncated_chunks,
            "chunk was truncated",
            "chunks were truncated",
        )
        .map(|text| format!("{text}: {} beyond the model's limit, left out", counted(summary.truncated_tokens, "token"))),
    ]
    .into_iter()
    .flatten()
    .collect()
}
