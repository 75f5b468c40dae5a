//! `semantik chunk --strategy hybrid --explain`: what was chosen, and why.

use std::io::Write;
use std::process::ExitCode;

use semantik::chunk_strategies::{Choice, Strategy};
use semantik::pipeline::Summary;
use semantik::{Cancel, Chunker, Document, Inputs};
use serde_json::{Map, Value, json};

use super::asides;
use crate::args::{ChunkArgs, Format};
use crate::output::Output;
use crate::report::{Failure, INTERRUPTED};

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
    let mut summary = Summary { binaries: found.binaries, ..Summary::default() };
    let mut failures = found.errors;
    for source in &found.sources {
        if cancel.is_set() || (args.cut.fail_fast && !failures.is_empty()) {
            break;
        }
        let document = match inputs.read(source) {
            Ok(document) => document,
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        let choices = chunker.explain(&document).unwrap_or_default();
        if cancel.is_set() {
            break;
        }
        summary.lossy += usize::from(document.was_lossy);
        for choice in choices {
            writeln!(output, "{}", line(&document, &choice))
                .map_err(|error| semantik::sink::output_error(name, error))?;
        }
    }
    output.flush().map_err(|error| semantik::sink::output_error(name, error))?;
    output.finish(cancel.is_set())?;
    if !args.cut.quiet {
        for aside in asides(&summary) {
            eprintln!("note: {aside}");
        }
    }
    let failed = !failures.is_empty();
    for error in failures {
        let _ = Failure::from(error).print();
    }
    Ok(match (cancel.is_set(), failed) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => Failure::told(),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn line(document: &Document, choice: &Choice) -> Value {
    let features = &choice.features;
    let scores: Map<String, Value> =
        choice.scores.iter().map(|(strategy, score)| (strategy.to_string(), json!(score))).collect();
    json!({
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
