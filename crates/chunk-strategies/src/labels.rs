//! What stands for all of what follows it in plain text: the speaker's name in a transcript, the header of rows.

use std::sync::Arc;

use memchr::memchr_iter;

use crate::chunk::{Context, ContextPart, context_prefix};
use crate::window::{Cutter, Fit, NoRoom, Span};

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
    /// Whether it is a transcript of long turns is seen as it goes on.
    Watched(Watched),
    /// The label of the turn at `at`, in the text.
    Turns {
        at: usize,
        turn: Option<ContextPart>,
    },
}

/// What was seen of a document that may be a transcript.
#[derive(Default)]
struct Watched {
    /// Up to where, in the text.
    at: usize,
    /// Whether that lies within a line.
    is_in_line: bool,
    /// Whether the last line was blank.
    follows_blank: bool,
    paragraphs: usize,
    labels: usize,
    names: Vec<String>,
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
            } else {
                match beginning(text) {
                    Beginning::Transcript => Labels::Turns { at: 0, turn: None },
                    Beginning::LongTurn => {
                        Labels::Watched(Watched { follows_blank: true, ..Watched::default() })
                    }
                    Beginning::Other => Labels::None,
                }
            };
        }
        if let Labels::Watched(watched) = &mut self.labels {
            match watched.turns_at(text, own) {
                Some(at) => self.labels = Labels::Turns { at, turn: None },
                None if self.base + own > WATCHED_BYTES => self.labels = Labels::None,
                None => {}
            }
        }
        match &mut self.labels {
            Labels::Unknown { .. } | Labels::None | Labels::Watched(_) => None,
            Labels::Header(header) => {
                Some(header.clone()).filter(|header| header.byte_range().end <= self.base + own)
            }
            Labels::Turns { at, turn } => {
                let starts = memchr_iter(b'\n', &text.as_bytes()[*at..own]).map(|end| *at + end + 1);
                let first = Some(*at).filter(|&at| self.base + at == 0 || text[..at].ends_with('\n'));
                for start in first.into_iter().chain(starts).filter(|&start| start < own) {
                    if is_heading(line_at(text, start)) {
                        *turn = None;
                    }
                    if let Some(length) = label_in(line_at(text, start)) {
                        let place = self.base + start;
                        *turn = Some(ContextPart::new(place..place + length, &text[start..start + length]));
                    }
                }
                *at = own;
                let line = line_at(text, own);
                let begins = text[..own].ends_with('\n') && (label_in(line).is_some() || is_heading(line));
                turn.clone().filter(|_| !begins)
            }
        }
    }
}

impl<C: Cutter> Cutter for Labelled<C> {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, NoRoom>> {
        if matches!(self.labels, Labels::None) {
            return self.cutter.next_span(fit);
        }
        let own = self.cutter.position();
        let Some(label) = self.label(fit.text(), own) else { return self.cutter.next_span(fit) };
        if !self.counts_context {
            let under = |span: Span| Span { context: with_label(span.context.as_deref(), &label), ..span };
            return self.cutter.next_span(fit).map(|span| span.map(under));
        }
        let prefix = context_prefix(std::slice::from_ref(&label));
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
        let context = with_label(span.context.as_deref(), &label);
        let prefix = context.as_deref().map(context_prefix).unwrap_or_default();
        let fits = fit.measure(&[&prefix, &fit.text()[span.start..span.end]].concat()) <= fit.max();
        Some(Ok(if fits { Span { context, ..span } } else { span }))
    }

    fn position(&self) -> usize {
        self.cutter.position()
    }

    /// With the character before, which says whether a line begins there.
    fn needed_from(&self) -> usize {
        self.cutter.needed_from().saturating_sub(1)
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        self.cutter.look_ahead(fit).max(LOOKED_AT_BYTES)
    }

    fn shift(&mut self, bytes: usize) {
        self.base += bytes;
        if let Labels::Turns { at, .. } | Labels::Watched(Watched { at, .. }) = &mut self.labels {
            *at -= bytes;
        }
        self.cutter.shift(bytes);
    }
}

/// What a text stands under, with the label of its turn at its place; a heading behind that ends the turn.
fn with_label(above: Option<&[ContextPart]>, label: &ContextPart) -> Context {
    let start = label.byte_range().start;
    let above = above.unwrap_or_default();
    let at = above.partition_point(|part| part.byte_range().start < start);
    let (before, behind) = above.split_at(at);
    let is_over = behind.iter().any(|part| part.text().starts_with('#'));
    let label = (!is_over).then_some(label);
    let parts: Arc<[ContextPart]> = before.iter().chain(label).chain(behind).cloned().collect();
    Some(parts).filter(|parts| !parts.is_empty())
}

impl Watched {
    /// Where the turn begins that tells the document to be a transcript, if one does before `own`: half of the
    /// paragraphs begin with labels, and one of them comes again.
    fn turns_at(&mut self, text: &str, own: usize) -> Option<usize> {
        while self.at < own {
            if self.is_in_line {
                let end = memchr::memchr(b'\n', &text.as_bytes()[self.at..own]);
                self.is_in_line = end.is_none();
                self.at = end.map_or(own, |end| self.at + end + 1);
                continue;
            }
            let line = line_at(text, self.at);
            let is_blank = line.trim().is_empty();
            let begins = std::mem::replace(&mut self.follows_blank, is_blank) && !is_blank;
            self.is_in_line = true;
            if !begins {
                continue;
            }
            self.paragraphs += 1;
            let Some(name) = label_in(line).map(|length| name_in(&line[..length])) else { continue };
            self.labels += 1;
            let is_known = self.names.iter().any(|known| known == name);
            if is_known && self.names.len() > 1 && self.labels >= 3 && self.labels * 2 >= self.paragraphs {
                return Some(self.at);
            }
            if !is_known && self.names.len() < MOST_NAMES {
                self.names.push(name.to_owned());
            }
        }
        None
    }
}

/// So many speakers are told apart.
const MOST_NAMES: usize = 32;

/// A label comes again within so much of a transcript.
const WATCHED_BYTES: usize = 256 * 1024;

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

/// What a document's start looks like.
#[derive(Debug, PartialEq)]
enum Beginning {
    Transcript,
    /// As a transcript with turns so long that no label has come again.
    LongTurn,
    Other,
}

/// A transcript, if lines that begin with a label are a good part of the first, and a label comes again.
fn beginning(text: &str) -> Beginning {
    let start = &text[..text.floor_char_boundary(LOOKED_AT_BYTES)];
    let (mut lines, mut labels, mut places) = (0, Vec::new(), Vec::new());
    for line in start.lines().filter(|line| !line.trim().is_empty()) {
        lines += 1;
        if let Some(length) = label_in(line) {
            labels.push(name_in(&line[..length]));
            places.push(line.as_ptr().addr() - start.as_ptr().addr());
        }
    }
    let mut names = labels.clone();
    names.sort_unstable();
    names.dedup();
    if labels.len() >= 3 && names.len() < labels.len() && labels.len() * 5 >= lines {
        return Beginning::Transcript;
    }
    // The labels of a letter's head stand close to each other.
    let are_apart = places.windows(2).all(|pair| pair[1] - pair[0] >= LONG_TURN_BYTES);
    let is_long = places.last().is_some_and(|&last| start.len() - last >= LONG_TURN_BYTES);
    if are_apart && is_long { Beginning::LongTurn } else { Beginning::Other }
}

/// A turn is long that is longer.
const LONG_TURN_BYTES: usize = 300;

fn line_at(text: &str, start: usize) -> &str {
    let limit = text.floor_char_boundary(start.saturating_add(LABEL_BYTES + 2));
    text[start..limit].split('\n').next().unwrap_or_default()
}

/// Whether a heading of Markdown or HTML stands on the line, which ends a turn.
fn is_heading(line: &str) -> bool {
    line.trim_start_matches('#').starts_with(' ') && line.starts_with('#')
        || matches!(line.as_bytes(), [b'<', b'h' | b'H', b'1'..=b'6', ..])
}

/// How long the label is that a line begins with: `ANNA:`, `[00:12] Dr. Keller:`, `**Q:**`; or that it is: `Anna (00:12)`.
fn label_in(line: &str) -> Option<usize> {
    if stamped_name(line).is_some() {
        return Some(line.trim_end().len());
    }
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
        return is_name(name).then(|| line.len() - behind.len());
    }
}

fn is_name(name: &str) -> bool {
    let words = name.split(' ').filter(|word| !word.is_empty());
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '(')
            || matches!(word, "de" | "von" | "van" | "of" | "der" | "la" | "and")
    };
    let count = words.clone().count();
    name.starts_with(char::is_uppercase) && (1..=4).contains(&count) && words.clone().all(is_word)
}

/// The name on a line that has nothing but it and a time behind it: `**Anna Berg** (00:12)`.
fn stamped_name(line: &str) -> Option<&str> {
    let line = line.trim();
    let stamp = line.rsplit([' ', '\t']).next()?;
    let time = stamp.trim_matches(['(', ')', '[', ']']);
    let are_digits =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = (2..=3).contains(&time.split(':').count()) && time.split(':').all(are_digits);
    let name = line.strip_suffix(stamp)?.trim_matches([' ', '\t', '*']);
    // Before a time that is not in brackets, a blank is not enough: `Monday 10:30` is no speaker.
    let is_apart =
        stamp.len() > time.len() || line.starts_with("**") || line.contains("  ") || line.contains('\t');
    (line.len() <= LABEL_BYTES && is_time && is_apart && is_name(name)).then_some(name)
}

/// The name in a label, without the time before it and emphasis.
fn name_in(label: &str) -> &str {
    if let Some(name) = stamped_name(label) {
        return name;
    }
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
            ("**Anna Berg** (00:12)", Some("**Anna Berg** (00:12)")),
            ("Anna Berg  0:12:45", Some("Anna Berg  0:12:45")),
            ("Monday 10:30", None),
        ] {
            assert_eq!(label_in(line).map(|length| &line[..length]), label, "{line}");
        }
    }

    #[test]
    fn a_letterhead_is_no_transcript() {
        assert_eq!(beginning("ANNA: Hi.\nBEN: Hello.\nANNA: How are you?\n"), Beginning::Transcript);
        assert_eq!(
            beginning("Title: A Book\nAuthor: A Man\nDate: Today\n\nIt was late.\n"),
            Beginning::Other
        );
        assert_eq!(beginning("It was late. He said: go.\n"), Beginning::Other);
        let long = "It was late, and nobody was there to open the door for them. ".repeat(20);
        assert_eq!(beginning(&format!("ANNA: {long}\n\nBEN: {long}\n")), Beginning::LongTurn);
        assert_eq!(beginning(&format!("Title: A Book\nAuthor: A Man\n\n{long}\n")), Beginning::Other);
    }
}
