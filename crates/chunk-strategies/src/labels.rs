//! What stands for all of what follows it in plain text: the speaker's name in a transcript, the header of rows.

mod line;
mod transcript;

use std::sync::Arc;

use memchr::{memchr2_iter, memchr3_iter};

use self::line::{
    CUE_BYTES, Fence, Label, UNDERLINED_BYTES, behind_cue, is_heading, is_underline, is_underlined, line_at,
};
use self::transcript::{Beginning, MOST_NAMES, Watched, beginning};
use crate::boundary::is_line_start;
use crate::chunk::{ContextPart, context_prefix};
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
    Turns(Turns),
}

impl Labels {
    /// Of turns, if the document begins like a transcript.
    const OF_TURNS: Labels = Labels::Unknown { are_rows: false };

    /// Looks at the start of a document, or of a part that begins `base` bytes into it.
    fn known(self, text: &str, base: usize) -> Self {
        match self {
            Labels::Unknown { are_rows: true } => header(text, base).map_or(Labels::None, Labels::Header),
            Labels::Unknown { are_rows: false } => match beginning(text) {
                Beginning::Transcript { is_bold } => Labels::Turns(Turns::from(0, is_bold)),
                Beginning::LongTurn => Labels::Watched(Watched::default()),
                Beginning::Other => Labels::None,
            },
            known => known,
        }
    }

    /// The label that the text from `own` stands under, without standing in it; the text begins `base` bytes into the
    /// document.
    fn label(&mut self, text: &str, own: usize, base: usize) -> Option<ContextPart> {
        if matches!(self, Labels::Unknown { .. }) {
            *self = std::mem::replace(self, Labels::None).known(text, base);
        }
        if let Labels::Watched(watched) = self {
            match watched.turns_at(text, own) {
                Some(found) => *self = Labels::Turns(Turns::from(found.at, found.is_bold)),
                None if watched.is_over() => *self = Labels::None,
                None => {}
            }
        }
        match self {
            Labels::Unknown { .. } | Labels::None | Labels::Watched(_) => None,
            Labels::Header(header) => {
                Some(header.clone()).filter(|header| header.byte_range().end <= base + own)
            }
            Labels::Turns(turns) => {
                turns.pass(text, own, base);
                turns.turn.clone().filter(|_| !turns.begins(text, base))
            }
        }
    }
}

/// Tells each span of a document, or of a part that begins `base` bytes into it, which turn it stands in.
pub(crate) fn under_turns(text: &str, base: usize) -> impl FnMut(Span) -> Span {
    let mut labels = Labels::OF_TURNS;
    move |span| match labels.label(text, span.own, base) {
        Some(label) => Span { context: Some(with_label(span.context.as_deref(), &label)), ..span },
        None => span,
    }
}

impl<C: Cutter> Labelled<C> {
    /// Of turns, if the document begins like a transcript.
    pub(crate) fn by_turns(cutter: C) -> Self {
        Labelled { cutter, labels: Labels::OF_TURNS, counts_context: false, base: 0 }
    }

    /// Of rows under a header.
    pub(crate) fn by_header(cutter: C) -> Self {
        Labelled { cutter, labels: Labels::Unknown { are_rows: true }, counts_context: false, base: 0 }
    }

    /// Leaves room in each chunk for its context.
    pub(crate) fn counting_context(self, counts_context: bool) -> Self {
        Labelled { counts_context, ..self }
    }

    /// Over a part of a document that begins so many bytes into it.
    pub(crate) fn over(self, base: usize) -> Self {
        Labelled { base, ..self }
    }

    /// With a look at the document, of which a cutter inside others sees a part at a time.
    pub(crate) fn having_seen(self, document: &str) -> Self {
        Labelled { labels: self.labels.known(document, self.base), ..self }
    }

    /// Whether a heading ends the turn before the span that was last found.
    fn is_over(&self, label: &ContextPart) -> bool {
        label.byte_range().start < self.cutter.heading_end()
    }
}

impl<C: Cutter> Cutter for Labelled<C> {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, NoRoom>> {
        if matches!(self.labels, Labels::None) {
            return self.cutter.next_span(fit);
        }
        let own = self.cutter.position();
        let Some(label) = self.labels.label(fit.text(), own, self.base) else {
            return self.cutter.next_span(fit);
        };
        if !self.counts_context {
            let span = match self.cutter.next_span(fit)? {
                Ok(span) if !self.is_over(&label) => span,
                found => return Some(found),
            };
            let context = Some(with_label(span.context.as_deref(), &label));
            return Some(Ok(Span { context, ..span }));
        }
        let prefix = context_prefix(std::slice::from_ref(&label));
        let size = fit.measure(&prefix).saturating_sub(fit.overhead());
        let smaller = fit.smaller_by(size);
        // As in Markdown: no more than a quarter is given to it.
        if size > fit.max() / 4 || !smaller.holds_grapheme(own) {
            return self.cutter.next_span(fit);
        }
        let span = match self.cutter.next_span(&smaller)? {
            Ok(span) if !self.is_over(&label) => span,
            found => return Some(found),
        };
        // Tokens do not always add up.
        let context = with_label(span.context.as_deref(), &label);
        let prefix = context_prefix(&context);
        let fits = fit.measure(&[&prefix, &fit.text()[span.start..span.end]].concat()) <= fit.max();
        Some(Ok(if fits { Span { context: Some(context), ..span } } else { span }))
    }

    fn position(&self) -> usize {
        self.cutter.position()
    }

    /// With the character before, which says whether a line begins there.
    fn needed_from(&self) -> usize {
        self.cutter.needed_from().saturating_sub(1)
    }

    /// With what tells whether a turn or a section begins behind the blanks that come next.
    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        self.cutter.look_ahead(fit).max(LOOKED_AT_BYTES + 2 * CUE_BYTES + UNDERLINED_BYTES)
    }

    fn heading_end(&self) -> usize {
        self.cutter.heading_end()
    }

    fn shift(&mut self, bytes: usize) {
        self.base += bytes;
        match &mut self.labels {
            Labels::Turns(turns) => turns.at -= bytes,
            Labels::Watched(watched) => watched.shift(bytes),
            Labels::Unknown { .. } | Labels::None | Labels::Header(_) => {}
        }
        self.cutter.shift(bytes);
    }
}

/// What a text stands under, with the label of its turn at its place.
fn with_label(above: Option<&[ContextPart]>, label: &ContextPart) -> Arc<[ContextPart]> {
    let start = label.byte_range().start;
    let above = above.unwrap_or_default();
    let at = above.partition_point(|part| part.byte_range().start < start);
    let (before, behind) = above.split_at(at);
    before.iter().chain([label]).chain(behind).cloned().collect()
}

/// Whose turn it is at a place that moves along a transcript.
struct Turns {
    /// The place, in the text.
    at: usize,
    /// The label of the turn.
    turn: Option<ContextPart>,
    /// Whether labels are bold; what is not is none.
    is_bold: bool,
    fence: Fence,
    /// Where in the document the fence was opened.
    fenced_from: usize,
    /// Who has spoken.
    names: Vec<String>,
    /// Whether the line before holds text.
    follows_text: bool,
    /// Whether it begins with a label: no line under it makes a heading of what is said.
    follows_label: bool,
}

impl Turns {
    fn from(at: usize, is_bold: bool) -> Self {
        Turns {
            at,
            turn: None,
            is_bold,
            fence: Fence::default(),
            fenced_from: 0,
            names: Vec::new(),
            follows_text: false,
            follows_label: false,
        }
    }

    /// Goes on to `own`, past all lines that begin before it.
    fn pass(&mut self, text: &str, own: usize, base: usize) {
        let bytes = text.as_bytes();
        let at = if self.at == 0 && base == 0 { mark_end(text) } else { self.at };
        let first = Some(at).filter(|&at| begins_line(text, at, base));
        let from = self.at;
        let ends = memchr2_iter(b'\n', b'\r', &bytes[from..own]).map(|end| from + end + 1);
        let starts = ends.filter(|&start| is_line_start(text, start));
        for start in first.into_iter().chain(starts).filter(|&start| start < own) {
            let line = line_at(text, start);
            if self.is_fenced(text, start, base) {
                // What follows a fence stands by itself.
                self.follows_text = self.fence.is_open() && !line.trim().is_empty();
                self.follows_label = false;
                continue;
            }
            let follows_text = std::mem::replace(&mut self.follows_text, !line.trim().is_empty());
            let follows_label = std::mem::take(&mut self.follows_label);
            if is_heading(line) || (follows_text && !follows_label && is_underline(line)) {
                (self.turn, self.follows_text) = (None, false);
            }
            if let Some(label) = self.label_of(line) {
                self.follows_label = true;
                if self.names.len() < MOST_NAMES && !self.names.iter().any(|known| known == label.name) {
                    self.names.push(label.name.to_owned());
                }
                let place = base + start;
                self.turn = Some(ContextPart::new(place..place + label.text.len(), label.text));
            }
        }
        self.at = own;
    }

    /// Whether the line, which comes next, is in a fence. One that was never closed ends where someone speaks who has spoken
    /// before; where another may, or after a while, nothing is known of who does.
    fn is_fenced(&mut self, text: &str, start: usize, base: usize) -> bool {
        let was_open = self.fence.is_open();
        let label = self.label_in_fence(line_at(text, start), !self.follows_text).filter(|_| was_open);
        if label.is_some_and(|label| self.names.iter().any(|known| known == label.name)) {
            self.fence = Fence::default();
            self.follows_text = false;
            return false;
        }
        let is_fenced = self.fence.holds(text, start);
        if is_fenced && !was_open {
            self.fenced_from = base + start;
        }
        if label.is_some() || (is_fenced && base + start - self.fenced_from > FENCED_BYTES) {
            self.turn = None;
        }
        is_fenced
    }

    /// The label of a line in a fence that may have been left open: behind a blank line, and not further in as code is.
    fn label_in_fence<'t>(&self, line: &'t str, is_apart: bool) -> Option<Label<'t>> {
        self.label_of(line).filter(|_| is_apart && !line.starts_with([' ', '\t']))
    }

    /// Whether another turn, or a section, begins with the first line of text from the place.
    fn begins(&self, text: &str, base: usize) -> bool {
        let limit = text.floor_char_boundary(self.at + LOOKED_AT_BYTES);
        let behind = &text[self.at..limit];
        let blanks = &behind[..behind.len() - behind.trim_start().len()];
        let start = blanks.rfind(['\n', '\r']).map_or(self.at, |end| self.at + end + 1);
        let start = behind_cue(text, start);
        if !begins_line(text, start, base) {
            return false;
        }
        let line = line_at(text, start);
        let is_apart = start > self.at || !self.follows_text;
        if self.fence.is_open() {
            return self.label_in_fence(line, is_apart).is_some();
        }
        self.label_of(line).is_some() || is_heading(line) || (is_apart && is_underlined(text, start))
    }

    fn label_of<'t>(&self, line: &'t str) -> Option<Label<'t>> {
        Label::of(line).filter(|label| label.is_bold() || !self.is_bold)
    }
}

/// A fence that is open for longer may have been left open.
const FENCED_BYTES: usize = 16 * 1024;

/// Whether a line begins here, of a text that begins `base` bytes into its document: only there is a byte order mark one.
fn begins_line(text: &str, at: usize, base: usize) -> bool {
    is_line_start(text, at) || (base == 0 && at == mark_end(text))
}

/// Behind the byte order mark that the text begins with, if it does.
fn mark_end(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// How much of a document's start tells whether it is a transcript, and how long a header may be.
const LOOKED_AT_BYTES: usize = 4 * 1024;

/// The first row of values, if it ends soon, of a text that begins `base` bytes into its document: behind blank lines, notes
/// (`# made by hand`) and the line that tells some programs the separator.
fn header(text: &str, base: usize) -> Option<ContextPart> {
    let limit = text.floor_char_boundary(LOOKED_AT_BYTES);
    let mut start = mark_end(text);
    let mut note = None;
    loop {
        let row = first_row(text.get(start..limit)?)?;
        let place = start..start + row.len();
        let is_note = row.starts_with('#');
        if !(is_note || row.trim().is_empty() || (row.len() == 5 && row.starts_with("sep="))) {
            // `#id,city` is a header, too.
            let is_header = |place: &std::ops::Range<usize>| counts_as(row, &text[place.clone()]);
            let place = note.filter(is_header).unwrap_or(place);
            return Some(ContextPart::new(base + place.start..base + place.end, &text[place]));
        }
        start = place.end + 1;
        if is_note {
            note = Some(place);
        }
    }
}

/// The row that the text begins with, if it ends there. A line end between quotation marks ends none, unless they are never
/// closed.
fn first_row(text: &str) -> Option<&str> {
    let mut is_quoted = false;
    let end = memchr3_iter(b'"', b'\n', b'\r', text.as_bytes()).find(|&at| {
        let is_mark = text.as_bytes()[at] == b'"';
        is_quoted ^= is_mark;
        !is_mark && !is_quoted
    });
    let end = end.or_else(|| memchr2_iter(b'\n', b'\r', text.as_bytes()).next())?;
    Some(&text[..end])
}

/// Whether another line has as many values as the row.
fn counts_as(row: &str, line: &str) -> bool {
    let count = |line: &str, separator: char| line.matches(separator).count();
    [',', '\t', ';', '|']
        .into_iter()
        .max_by_key(|&separator| count(row, separator))
        .is_some_and(|separator| count(row, separator) > 0 && count(row, separator) == count(line, separator))
}
