//! Where a command's result goes.

use std::io::{BufWriter, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};

use semantik::sink::{Destination, Ended, JsonLines};

use crate::args::Format;
use crate::text::{AnySink, TextLines};

/// A file, or standard output.
#[derive(Debug)]
pub(crate) enum Output {
    File(Destination),
    Stdout(BufWriter<Stdout>),
}

impl Output {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, semantik::Error> {
        Ok(match path {
            Some(path) => Output::File(Destination::create(path)?),
            None => Output::Stdout(BufWriter::with_capacity(1 << 16, std::io::stdout())),
        })
    }

    /// Where what an earlier run left went.
    pub(crate) fn moved_aside(&self) -> Option<&Path> {
        match self {
            Output::File(file) => file.moved_aside(),
            Output::Stdout(_) => None,
        }
    }

    /// In the form asked for; by default text for people and JSONL for programs and files.
    pub(crate) fn sink(self, format: Option<Format>, path: Option<&Path>) -> AnySink<Output> {
        let name = path.map_or_else(|| PathBuf::from("standard output"), Path::to_owned);
        match format.unwrap_or_else(|| default_format(path)) {
            Format::Jsonl => AnySink::Json(JsonLines::new(self, name)),
            Format::Text => AnySink::Text(TextLines::new(self, name)),
        }
    }

    /// Where the result is, if in a file.
    pub(crate) fn finish(self, interrupted: bool) -> Result<Option<PathBuf>, semantik::Error> {
        match self {
            Output::File(file) => {
                file.finish(if interrupted { Ended::Interrupted } else { Ended::Done }).map(Some)
            }
            // The run has flushed it.
            Output::Stdout(_) => Ok(None),
        }
    }
}

pub(crate) fn default_format(path: Option<&Path>) -> Format {
    if path.is_none() && std::io::stdout().is_terminal() { Format::Text } else { Format::Jsonl }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Output::File(out) => out.write(bytes),
            Output::Stdout(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Output::File(out) => out.flush(),
            Output::Stdout(out) => out.flush(),
        }
    }
}
