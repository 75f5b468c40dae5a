//! Decides what cuts each part of a document, and lets it cut.

use std::ops::Range;
use std::sync::Arc;

use super::rules::Part;
use super::sections;
use super::{Choice, Features, Hybrid, Scope};
use crate::character::ChooseCharacter;
use crate::chunk::{Context, ContextPart, CutBy};
use crate::code_lines::ByLines;
use crate::embedder::Embedder;
use crate::error::ChunkError;
use crate::kind::DocumentKind;
use crate::labels::{Labelled, under_turns};
use crate::markdown::{self, Block, MarkdownCutter};
use crate::records::ChooseRecords;
use crate::recursive::ChooseRecursive;
use crate::rows::ChooseRows;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::window::{Cutter, FrontToBack, Span, Spans};

/// A choice, and what is known of its part.
pub(super) struct Decision {
    pub(super) choice: Choice,
    /// Markdown: which blocks of the document are the part's.
    blocks: Range<usize>,
    /// The headings that the part stands under, with their levels.
    above: Vec<(u8, ContextPart)>,
    /// The heading that it begins with, and where what is under it begins.
    heading: Option<(ContextPart, usize)>,
    /// What the part is known to be, or looks like: code, rows under a header, records.
    kind: DocumentKind,
}

/// All decisions of a document, and its blocks if it was parsed.
pub(super) struct Decisions {
    pub(super) all: Vec<Decision>,
    pub(super) blocks: Arc<[Block]>,
}

impl<S: ChunkSizer, E: Embedder> Hybrid<S, E> {
    /// What is chosen for each part, the parts in order.
    pub(super) fn decide(&self, kind: DocumentKind, text: &str) -> Decisions {
        if text.is_empty() {
            return Decisions { all: Vec::new(), blocks: Arc::from([]) };
        }
        let capacity = self.config.capacity.max();
        // The first chunk's stands for all: to measure each section would be to tokenise it twice.
        let beginning = &text[..text.floor_char_boundary(self.config.sizer.byte_ceiling(capacity))];
        let chunk_bytes = self.config.sizer.index(beginning).reach(0, capacity);
        // Topics count only where something can be done about them.
        let features = if self.embedder.is_some() { Features::of } else { Features::of_lines };
        let part = |bytes: Range<usize>| Part {
            features: features(&text[bytes.clone()]),
            bytes,
            chunk_bytes,
            kind,
            has_embedder: self.embedder.is_some(),
        };
        let mut choice = self.rules.choose(part(0..text.len()));
        let looks_like_code = choice.strategy == Strategy::Recursive && self.rules.is_code(&choice);
        let kind = if looks_like_code && kind == DocumentKind::Unknown { DocumentKind::Code } else { kind };
        if let Some(strategy) = self.forced {
            choice = Choice { strategy, reason: "asked for".into(), ..choice };
        }
        let is_markdown = choice.strategy == Strategy::Markdown;
        let blocks: Arc<[Block]> = if is_markdown { markdown::blocks(text).into() } else { Arc::from([]) };
        let all = if is_markdown && self.forced.is_none() && self.scope == Scope::Section {
            self.decide_by_section(text, &blocks, &choice, chunk_bytes, part)
        } else {
            vec![Decision { choice, blocks: 0..blocks.len(), above: Vec::new(), heading: None, kind }]
        };
        Decisions { all, blocks }
    }

    fn decide_by_section(
        &self,
        text: &str,
        blocks: &[Block],
        of_document: &Choice,
        chunk_bytes: usize,
        part: impl Fn(Range<usize>) -> Part,
    ) -> Vec<Decision> {
        let mut all: Vec<Decision> = Vec::new();
        sections::each(text, blocks, |section, path| {
            let beside = || part(section.heading_end..section.bytes.end);
            let other = self.rules.choose_over_markdown(&section, chunk_bytes, beside);
            match (all.last_mut(), &other) {
                // Cut as one, so that small sections share chunks.
                (Some(before), None) if before.choice.strategy == Strategy::Markdown => {
                    before.choice.bytes.end = section.bytes.end;
                    before.blocks.end = section.blocks.end;
                }
                _ => {
                    let (above, own) = sections::headings(text, blocks, &section, path);
                    let bytes = section.bytes.clone();
                    all.push(Decision {
                        choice: other.unwrap_or_else(|| Choice { bytes, ..of_document.clone() }),
                        blocks: section.blocks,
                        above,
                        heading: own.map(|own| (own, section.heading_end)),
                        kind: DocumentKind::Unknown,
                    });
                }
            }
        });
        all
    }

    /// The spans of what was decided on, with the document's offsets.
    pub(super) fn spans<'a>(
        &'a self,
        text: &'a str,
        decision: Decision,
        blocks: &[Block],
    ) -> Box<dyn Iterator<Item = Result<Span, ChunkError>> + Send + 'a> {
        let Decision { choice, blocks: range, above, heading, kind } = decision;
        let (from, within) = (choice.bytes.start, &text[choice.bytes]);
        let overlap = self.config.overlap;
        if choice.strategy == Strategy::Markdown {
            let cutter = MarkdownCutter::over(overlap, &blocks[range], from, above)
                .counting_context(self.counts_context);
            let place = placed(choice.strategy, choice.reason, from, |_| None);
            return Box::new(Spans::new(within, &self.config, self.turns(from, cutter)).map(place));
        }
        // Markdown knows what its chunks stand under; the others leave no room for it where it counts.
        let heading_end = heading.as_ref().map_or(0, |(_, end)| *end);
        let outer: Vec<ContextPart> = above.into_iter().map(|(_, part)| part).collect();
        let inner: Vec<ContextPart> =
            outer.iter().cloned().chain(heading.into_iter().map(|(part, _)| part)).collect();
        let contexts: [Context; 2] = [outer, inner].map(|parts| {
            Some(parts.into()).filter(|parts: &Arc<[_]>| !parts.is_empty() && !self.counts_context)
        });
        let under = move |own: usize| contexts[usize::from(own >= heading_end)].clone();
        let place = placed(choice.strategy, choice.reason, from, under);
        match (choice.strategy, &self.embedder) {
            (Strategy::Character, _) => {
                let turns = self.turns(from, FrontToBack::new(overlap, ChooseCharacter));
                Box::new(Spans::new(within, &self.config, turns).map(place))
            }
            (Strategy::Semantic, Some(embedder)) => {
                let spans = self.semantic.spans(within, &self.config, embedder);
                if self.counts_context {
                    return Box::new(spans.map(place));
                }
                let mut under_turns = under_turns(within, from);
                Box::new(spans.map(move |span| span.map(&mut under_turns)).map(place))
            }
            _ if kind == DocumentKind::Records => {
                Box::new(Spans::new(within, &self.config, FrontToBack::new(0, ChooseRecords)).map(place))
            }
            _ if kind == DocumentKind::Rows => {
                let rows = Labelled::by_header(FrontToBack::new(0, ChooseRows))
                    .counting_context(self.counts_context);
                Box::new(Spans::new(within, &self.config, rows).map(place))
            }
            _ if kind == DocumentKind::Code && self.forced.is_none() => {
                Box::new(Spans::new(within, &self.config, FrontToBack::new(overlap, ByLines)).map(place))
            }
            _ => {
                let turns = self.turns(from, FrontToBack::new(overlap, ChooseRecursive));
                Box::new(Spans::new(within, &self.config, turns).map(place))
            }
        }
    }

    /// With the turns of a transcript, over a part that begins so many bytes into the document.
    fn turns<C: Cutter>(&self, from: usize, cutter: C) -> Labelled<C> {
        Labelled::by_turns(cutter).over(from).counting_context(self.counts_context)
    }
}

/// Moves the spans of a part to the document, and says of each what cut it and what it stands under.
fn placed(
    strategy: Strategy,
    reason: Arc<str>,
    from: usize,
    context: impl Fn(usize) -> Context,
) -> impl Fn(Result<Span, ChunkError>) -> Result<Span, ChunkError> {
    let cut_by = CutBy { strategy, reason: Some(reason), is_fallback: false };
    move |span| {
        let span = span.map_err(|error| error.moved(from))?;
        let own = span.own + from;
        Ok(Span {
            start: span.start + from,
            own,
            end: span.end + from,
            cut_by: span.cut_by.or_else(|| Some(cut_by.clone())),
            context: joined(context(own), span.context),
            ..span
        })
    }
}

/// What a part stands under, and in it a span.
fn joined(outer: Context, inner: Context) -> Context {
    match (outer, inner) {
        (Some(outer), Some(inner)) => Some(outer.iter().chain(&*inner).cloned().collect()),
        (outer, inner) => outer.or(inner),
    }
}
