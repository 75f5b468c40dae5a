//! Text for people: chunks, and what drivers say.

use std::io::Write;
use std::path::PathBuf;

use semantik::Record;
use semantik::sink::{JsonLines, Sink};

/// Writes each record as a heading and its text.
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
        let mut text = format!(
            "── {}:{}-{}  #{}  {} {}",
            record.document, record.line_start, record.line_end, record.index, record.size, record.unit
        );
        if let Some(level) = record.level {
            text += &format!("  level {level}");
        }
        if record.overlap_bytes > 0 {
            text += &format!("  repeats {} bytes", record.overlap_bytes);
        }
        if let Some(reason) = record.reason {
            text += &format!("  ({reason})");
        }
        if !record.context.is_empty() {
            text += &format!("  under {}", record.context.join(" › "));
        }
        text.push('\n');
        text += record.text;
        if !record.text.ends_with('\n') {
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

/// Text from a driver, without what would move the cursor of a terminal or end a line.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_cannot_write_to_the_terminal() {
        assert_eq!(one_line("a\u{1b}[2Jb\nc\t d\r\u{9b}e"), "a [2Jb c d e");
    }
}
