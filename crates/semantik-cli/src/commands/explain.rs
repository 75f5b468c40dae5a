//! `semantik chunk --strategy hybrid --explain`: what was chosen, and why.

use std::io::Write;
use std::process::ExitCode;

use semantik::chunk_strategies::{Choice, Strategy};
use semantik::pipeline::{Event, Summary};
use semantik::sink::json;
use semantik::{Cancel, Chunker, Document, Inputs};
use serde_json::{Map, Value, json as value};

use super::asides;
use crate::args::{ChunkArgs, Format};
use crate::output::Output;
use crate::progress::Progress;
use crate::report::{Failure, INTERRUPTED};
use crate::say;

pub(super) fn run(
    args: &ChunkArgs,
    inputs: &Inputs,
    chunker: &Chunker,
    cancel: &Cancel,
) -> Result<ExitCode, Failure> {
    if chunker.strategy() != Strategy::Hybrid {
        let cause = format!("--explain was given with strategy {}", chunker.strategy());
        return Err(Failure::usage(cause, "`--strategy hybrid` is the one that chooses"));
    }
    if args.format == Some(Format::Text) {
        return Err(Failure::usage("--explain writes JSON, and --format is text", "leave --format out"));
    }
    let path = args.cut.output.as_deref();
    let mut output = Output::open(path)?;
    let name = path.unwrap_or_else(|| "standard output".as_ref());
    let found = inputs.find();
    let mut progress = Progress::new(&args.cut);
    found.skipped.iter().for_each(|skipped| progress.event(Event::Skipped { skipped }));
    found.nothing_in.iter().for_each(|nothing| progress.event(Event::NothingIn { nothing }));
    let mut summary = Summary::default();
    let mut failed = |error: &semantik::Error, summary: &mut Summary| {
        summary.failed += 1;
        progress.failed(error);
    };
    found.errors.iter().for_each(|error| failed(error, &mut summary));
    for source in &found.sources {
        if cancel.is_set() || (args.cut.fail_fast && summary.failed > 0) {
            break;
        }
        let document = match inputs.read(source) {
            Ok(document) => document,
            Err(error) => {
                failed(&error, &mut summary);
                continue;
            }
        };
        let choices = chunker.explain(&document).unwrap_or_default();
        if cancel.is_set() {
            break;
        }
        summary.opened(document.encoding);
        summary.lossy += usize::from(document.was_lossy);
        for choice in choices {
            json::to_writer(&mut output, &line(&document, &choice))
                .and_then(|()| output.write_all(b"\n"))
                .map_err(|error| semantik::sink::output_error(name, error))?;
        }
    }
    output.flush().map_err(|error| semantik::sink::output_error(name, error))?;
    output.finish(cancel.is_set())?;
    progress.finish();
    if !args.cut.quiet {
        for aside in asides(&summary) {
            say::note(aside);
        }
    }
    Ok(match (cancel.is_set(), summary.failed > 0) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => Failure::told(),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn line(document: &Document, choice: &Choice) -> Value {
    let features = &choice.features;
    let scores: Map<String, Value> =
        choice.scores.iter().map(|(strategy, score)| (strategy.to_string(), value!(score))).collect();
    value!({
        "document": document.name,
        "byte_start": choice.bytes.start,
        "byte_end": choice.bytes.end,
        "strategy": choice.strategy.as_str(),
        "reason": &*choice.reason,
        "scores": scores,
        "features": {
            "bytes": features.bytes,
            "markup": features.markup,
            "code": features.code,
            "paragraph_bytes": features.paragraph_bytes,
            "line_bytes": features.line_bytes,
            "topic_diversity": features.topic_diversity,
        },
    })
}
