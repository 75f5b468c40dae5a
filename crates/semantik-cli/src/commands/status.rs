//! `semantik status`: how far a run is, or was when it ended.

use std::io::Write;
use std::process::ExitCode;

use semantik::gpu_telemetry::ByteCount;
use semantik::sink::json;
use semantik::{FileStatus, Status};

use crate::args::{ListFormat, StatusArgs};
use crate::output::Output;
use crate::report::Failure;
use crate::shown;
use crate::text::one_line;

/// How many failures are shown.
const SHOWN: usize = 10;

pub(crate) fn run(args: &StatusArgs) -> Result<ExitCode, Failure> {
    let status = Status::of(&args.file)?;
    let mut out = Output::open(None)?;
    let written = match args.format {
        ListFormat::Json => json::to_writer_pretty(&mut out, &status).and_then(|()| out.write_all(b"\n")),
        ListFormat::Text => shown::write(&mut out, &for_people(&status)),
    };
    let written = written.and_then(|()| out.flush());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

fn for_people(status: &Status) -> String {
    let mut text = String::new();
    if let Some(finished) = &status.finished {
        text += &file(finished, "finished");
    }
    if let Some(partial) = &status.partial {
        let state = match (status.is_being_written, status.writer) {
            (true, Some(pid)) => format!("being written by process {pid}"),
            (true, None) => "being written".to_owned(),
            (false, _) => "stopped before its end; the same command goes on from it".to_owned(),
        };
        text += &file(partial, &state);
    }
    text
}

fn file(status: &FileStatus, state: &str) -> String {
    let mut text = format!(
        "{}: {state}\n  records    {} ({})\n",
        one_line(&status.file.to_string_lossy()),
        status.records,
        ByteCount::new(status.bytes)
    );
    let Some(meta) = &status.meta else {
        return text
            + "  nothing that can be read is written beside it: it cannot be searched or gone on with\n";
    };
    let run = &meta.run;
    text += &format!(
        "  documents  {} finished of {} found, {} failed, {} left\n",
        run.finished,
        run.found,
        meta.failed,
        status.left.unwrap_or(0)
    );
    text += &format!("  when       {} to {}\n", run.started, run.updated);
    text += &format!(
        "  model      {} (on {}: {})\n",
        one_line(&meta.model.path.to_string_lossy()),
        one_line(&meta.backend),
        one_line(&meta.device)
    );
    text +=
        &format!("  cut by     {}, {} {}, overlap {}\n", meta.strategy, meta.size, meta.unit, meta.overlap);
    for failure in run.failures.iter().take(SHOWN) {
        text += &format!("  failed     {}\n", one_line(failure));
    }
    for document in run.stale_documents.iter().take(SHOWN) {
        text += &format!(
            "  as before  {}: it failed, and has the records of an earlier run\n",
            one_line(document)
        );
    }
    if run.failures.len() > SHOWN {
        text += &format!("  and {} more\n", meta.failed - SHOWN);
    }
    text
}
