//! What stands for all of what follows it in plain text: the speaker's name in a transcript, the header of rows.

use std::sync::Arc;

use memchr::memchr_iter;

use crate::chunk::{Context, ContextPart, context_prefix};
use crate::error::ChunkError;
use crate::window::{Cutter, Fit, Span};

/// Tells each span of a cutter which label it stands under.
pub(crate) struct Labelled<C> {
    cutter: C,
    labels: Labels,
    counts_context: bool,
    /// How many bytes of the document lie before the text that is in memory.
    base: usize,
}

/// What labels a document has.
enum Labels {
    /// Nothing is known before the document's start is looked at.
    Unknown {
        are_rows: bool,
    },
    None,
    Header(ContextPart),
    /// The label of the turn at `at`, in the text.
    Turns {
        at: usize,
        turn: Option<ContextPart>,
    },
}

impl<C: Cutter> Labelled<C> {
    /// Of turns, if the document begins like a transcript.
    pub(crate) fn by_turns(cutter: C) -> Self {
        Labelled { cutter, labels: Labels::Unknown { are_rows: false }, counts_context: false, base: 0 }
    }

    /// Of rows under a header.
    pub(crate) fn by_header(cutter: C) -> Self {
        Labelled { cutter, labels: Labels::Unknown { are_rows: true }, counts_context: false, base: 0 }
    }

    /// Leaves room in each chunk for its context.
    pub(crate) fn counting_context(self, counts_context: bool) -> Self {
        Labelled { counts_context, ..self }
    }

    /// The label that the text from `own` stands under, without standing in it.
    fn label(&mut self, text: &str, own: usize) -> Option<ContextPart> {
        if let Labels::Unknown { are_rows } = self.labels {
            self.labels = if are_rows {
                header(text).map_or(Labels::None, Labels::Header)
            } else if begins_as_transcript(text) {
                Labels::Turns { at: 0, turn: None }
            } else {
                Labels::None
            };
        }
        match &mut self.labels {
            Labels::Unknown { .. } | Labels::None => None,
            Labels::Header(header) => {
                Some(header.clone()).filter(|header| header.byte_range().end <= self.base + own)
            }
            Labels::Turns { at, turn } => {
                let starts = memchr_iter(b'\n', &text.as_bytes()[*at..own]).map(|end| *at + end + 1);
                let first = Some(*at).filter(|&at| self.base + at == 0 || text[..at].ends_with('\n'));
                for start in first.into_iter().chain(starts).filter(|&start| start < own) {
                    if let Some(length) = label_in(line_at(text, start)) {
                        let place = self.base + start;
                        *turn = Some(ContextPart::new(place..place + length, &text[start..start + length]));
                    }
                }
                *at = own;
                let begins = text[..own].ends_with('\n') && label_in(line_at(text, own)).is_some();
                turn.clone().filter(|_| !begins)
            }
        }
    }
}

impl<C: Cutter> Cutter for Labelled<C> {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, ChunkError>> {
        if matches!(self.labels, Labels::None) {
            return self.cutter.next_span(fit);
        }
        let own = self.cutter.position();
        let Some(label) = self.label(fit.text(), own) else { return self.cutter.next_span(fit) };
        let parts: Arc<[ContextPart]> = Arc::new([label]);
        let context: Context = Some(Arc::clone(&parts));
        if !self.counts_context {
            return self.cutter.next_span(fit).map(|span| span.map(|span| Span { context, ..span }));
        }
        let prefix = context_prefix(&parts);
        let size = fit.measure(&prefix).saturating_sub(fit.overhead());
        let smaller = fit.smaller_by(size);
        // As in Markdown: no more than a quarter is given to it.
        if size > fit.max() / 4 || !smaller.holds_grapheme(own) {
            return self.cutter.next_span(fit);
        }
        let span = match self.cutter.next_span(&smaller)? {
            Ok(span) => span,
            Err(error) => return Some(Err(error)),
        };
        // Tokens do not always add up.
        let fits = fit.measure(&[&prefix, &fit.text()[span.start..span.end]].concat()) <= fit.max();
        Some(Ok(Span { context: context.filter(|_| fits), ..span }))
    }

    fn position(&self) -> usize {
        self.cutter.position()
    }

    fn needed_from(&self) -> usize {
        self.cutter.needed_from()
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        self.cutter.look_ahead(fit).max(LOOKED_AT_BYTES)
    }

    fn shift(&mut self, bytes: usize) {
        self.base += bytes;
        if let Labels::Turns { at, .. } = &mut self.labels {
            *at -= bytes;
        }
        self.cutter.shift(bytes);
    }
}

/// How much of a document's start tells whether it is a transcript, and how long a header may be.
const LOOKED_AT_BYTES: usize = 4 * 1024;

/// A label is no longer.
const LABEL_BYTES: usize = 64;

/// The first row, if it ends soon.
fn header(text: &str) -> Option<ContextPart> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let limit = text.floor_char_boundary(LOOKED_AT_BYTES);
    let row = text.get(start..limit)?.split(['\n', '\r']).next().unwrap_or_default();
    let is_header = !row.trim().is_empty() && start + row.len() < limit;
    is_header.then(|| ContextPart::new(start..start + row.len(), row))
}

/// Whether lines that begin with a label are a good part of the first, and a label comes again.
fn begins_as_transcript(text: &str) -> bool {
    let text = &text[..text.floor_char_boundary(LOOKED_AT_BYTES)];
    let (mut lines, mut labels) = (0, Vec::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        lines += 1;
        labels.extend(label_in(line).map(|length| name_in(&line[..length])));
    }
    let mut names = labels.clone();
    names.sort_unstable();
    names.dedup();
    labels.len() >= 3 && names.len() < labels.len() && labels.len() * 5 >= lines
}

fn line_at(text: &str, start: usize) -> &str {
    let limit = text.floor_char_boundary(start.saturating_add(LABEL_BYTES + 2));
    text[start..limit].split('\n').next().unwrap_or_default()
}

/// How long the label is that a line begins with: `ANNA:`, `[00:12] Dr. Keller:`, `**Q:**`.
fn label_in(line: &str) -> Option<usize> {
    let line = &line[..line.floor_char_boundary(LABEL_BYTES)];
    let mut from = 0;
    // The colons of a time of day are none.
    loop {
        let colon = from + line[from..].find(':')?;
        let behind = line[colon + 1..].trim_start_matches('*');
        if !behind.is_empty() && !behind.starts_with([' ', '\t', '\r']) {
            from = colon + 1;
            continue;
        }
        let name = name_in(&line[..colon]);
        let words = name.split(' ').filter(|word| !word.is_empty());
        let is_word = |word: &str| {
            word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '(')
                || matches!(word, "de" | "von" | "van" | "of" | "der" | "la" | "and")
        };
        let count = words.clone().count();
        let is_name =
            name.starts_with(char::is_uppercase) && (1..=4).contains(&count) && words.clone().all(is_word);
        return is_name.then(|| line.len() - behind.len());
    }
}

/// The name in a label, without the time before it and emphasis.
fn name_in(label: &str) -> &str {
    let label = label.trim_matches(|c| matches!(c, '*' | ':' | ' ' | '\t'));
    let is_time =
        |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',' | '-' | '[' | ']' | '(' | ')' | ' ');
    label.trim_start_matches(is_time).trim_start_matches('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_from_other_colons() {
        for (line, label) in [
            ("ANNA: Where were you?", Some("ANNA:")),
            ("Dr. Keller: At home.", Some("Dr. Keller:")),
            ("[00:12:03] Ben: Here.", Some("[00:12:03] Ben:")),
            ("**Q:** Why?", Some("**Q:**")),
            ("Speaker 1: Yes.", Some("Speaker 1:")),
            ("see this: it works", None),
            ("It was clear what came next: nothing", None),
            ("https://example.org: no", None),
            ("At 5:30 he left", None),
        ] {
            assert_eq!(label_in(line).map(|length| &line[..length]), label, "{line}");
        }
    }

    #[test]
    fn a_letterhead_is_no_transcript() {
        assert!(begins_as_transcript("ANNA: Hi.\nBEN: Hello.\nANNA: How are you?\n"));
        assert!(!begins_as_transcript("Title: A Book\nAuthor: A Man\nDate: Today\n\nIt was late.\n"));
        assert!(!begins_as_transcript("It was late. He said: go.\n"));
    }
}
