//! Text for people: chunks.

use std::io::Write;
use std::path::PathBuf;

use semantik::Record;
use semantik::sink::{JsonLines, Sink, VectorCounts};

use crate::counted::counted;
use crate::shown;
pub(crate) use crate::shown::one_line;

/// Writes each record as a heading and its text, both as they are shown.
#[derive(Debug)]
pub(crate) struct TextLines<W: Write> {
    // The JSON sink writes errors as they should be told; this one only needs its name for them.
    out: W,
    name: PathBuf,
}

impl<W: Write> TextLines<W> {
    pub(crate) fn new(out: W, name: PathBuf) -> Self {
        TextLines { out, name }
    }

    pub(crate) fn into_inner(self) -> W {
        self.out
    }
}

impl<W: Write> Sink for TextLines<W> {
    fn write(&mut self, record: &Record<'_>) -> Result<(), semantik::Error> {
        let mut heading = format!(
            "── {}:{}-{}  #{}  {} {}",
            record.document, record.line_start, record.line_end, record.index, record.size, record.unit
        );
        if let Some(level) = record.level {
            heading += &format!("  level {level}");
        }
        if record.overlap_bytes > 0 {
            heading += &format!("  repeats {}", counted(record.overlap_bytes, "byte"));
        }
        if let Some(reason) = record.reason {
            heading += &format!("  ({reason})");
        }
        if !record.context.is_empty() {
            heading += &format!("  under {}", record.context.join(" › "));
        }
        let mut text = format!("{}\n{}", shown::line(&heading), shown::text(record.text));
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let written = self.out.write_all(text.as_bytes());
        written.map_err(|error| semantik::sink::output_error(&self.name, error))
    }

    fn flush(&mut self) -> Result<(), semantik::Error> {
        self.out.flush().map_err(|error| semantik::sink::output_error(&self.name, error))
    }
}

/// Either form of output.
pub(crate) enum AnySink<W: Write> {
    Json(JsonLines<W>),
    Text(TextLines<W>),
}

impl<W: Write> AnySink<W> {
    /// Counts of the vectors that are written; text has none.
    pub(crate) fn vector_counts(&self) -> VectorCounts {
        match self {
            AnySink::Json(sink) => sink.vector_counts(),
            AnySink::Text(_) => VectorCounts::default(),
        }
    }

    pub(crate) fn into_inner(self) -> W {
        match self {
            AnySink::Json(sink) => sink.into_inner(),
            AnySink::Text(sink) => sink.into_inner(),
        }
    }
}

impl<W: Write> Sink for AnySink<W> {
    fn write(&mut self, record: &Record<'_>) -> Result<(), semantik::Error> {
        match self {
            AnySink::Json(sink) => sink.write(record),
            AnySink::Text(sink) => sink.write(record),
        }
    }

    fn flush(&mut self) -> Result<(), semantik::Error> {
        match self {
            AnySink::Json(sink) => sink.flush(),
            AnySink::Text(sink) => sink.flush(),
        }
    }
}
