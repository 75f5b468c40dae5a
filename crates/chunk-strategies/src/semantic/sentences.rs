//! The sentences that semantic chunking embeds.

use std::ops::Range;

use crate::boundary::Boundaries;
use crate::config::ChunkConfig;
use crate::embedder::Embedder;
use crate::error::ChunkError;
use crate::recursive::ChooseRecursive;
use crate::sizer::ChunkSizer;
use crate::window::{Choose, FrontToBack, Spans, Window};

/// The sentences of a document, which tile it.
#[derive(Default)]
pub(super) struct Sentences {
    pub(super) spans: Vec<Range<usize>>,
    /// The size of each, measured on its own.
    pub(super) sizes: Vec<usize>,
}

impl Sentences {
    fn push(&mut self, span: Range<usize>, size: usize) {
        self.spans.push(span);
        self.sizes.push(size);
    }
}

/// The document's sentences, those cut that exceed the maximum or what the embedder reads.
pub(super) fn split<S: ChunkSizer>(
    text: &str,
    config: &ChunkConfig<S>,
    embedder: &impl Embedder,
) -> Result<Sentences, ChunkError> {
    let sizer = &config.sizer;
    let whole = ChunkConfig::new(config.capacity).sizer(sizer);
    let max = config.capacity.max();
    let ceiling = sizer.byte_ceiling(max);
    let mut sentences = Sentences::default();
    for sentence in sentences_of(text) {
        let offset = sentence.start;
        let within = &text[sentence.clone()];
        let size = Some(within.len()).filter(|&bytes| bytes <= ceiling).map(|_| sizer.size(within));
        if let Some(size) = size.filter(|&size| size <= max) {
            split_to_fit(text, sentence, size, sizer, embedder, &mut sentences);
            continue;
        }
        for span in Spans::new(within, &whole, FrontToBack::new(0, ChooseRecursive)) {
            let span = span.map_err(|error| error.moved(offset))?;
            let part = offset + span.own..offset + span.end;
            split_to_fit(text, part, span.size, sizer, embedder, &mut sentences);
        }
    }
    Ok(sentences)
}

/// Halves a span at good boundaries until the embedder reads each part whole.
fn split_to_fit(
    text: &str,
    span: Range<usize>,
    size: usize,
    sizer: &impl ChunkSizer,
    embedder: &impl Embedder,
    parts: &mut Sentences,
) {
    // Known of the whole; parts are measured when they are found.
    let mut known = Some(size);
    let mut rest = vec![span];
    while let Some(span) = rest.pop() {
        let size = known.take();
        let fits = embedder.fits(&text[span.clone()]);
        if let Some(cut) = Some(&span).filter(|_| !fits).and_then(|span| half(text, span)) {
            // The second part waits below the first, so that parts come out in order.
            rest.extend([cut..span.end, span.start..cut]);
        } else {
            let size = size.unwrap_or_else(|| sizer.size(&text[span.clone()]));
            parts.push(span, size);
        }
    }
}

/// The best boundary in the first half of a span; `None` of a single grapheme.
fn half(text: &str, span: &Range<usize>) -> Option<usize> {
    let boundaries = Boundaries::new(text, span.start);
    // Up to the half and not beyond: the span's own end would be the strongest boundary there.
    let half = text.floor_char_boundary(span.start + span.len() / 2);
    let window = Window { boundaries, own: span.start, desired: half, max: half, may_have_pages: true };
    let cut = ChooseRecursive.choose(&window).or_else(|| boundaries.next_grapheme(span.start));
    cut.filter(|&cut| cut < span.end)
}

/// The sentences; what is blank belongs to the one before, at the document's start to the one behind.
fn sentences_of(text: &str) -> impl Iterator<Item = Range<usize>> {
    let last = Some(text.len()).filter(|&end| end > 0);
    let mut start = 0;
    let ends = Boundaries::new(text, 0).sentence_ends().chain(last);
    let mut bounds = ends.map(move |end| std::mem::replace(&mut start, end)..end).peekable();
    let is_blank = |span: &Range<usize>| text[span.clone()].chars().all(char::is_whitespace);
    std::iter::from_fn(move || {
        let mut sentence = bounds.next()?;
        // At the document's start.
        let mut leads = is_blank(&sentence);
        while leads && let Some(next) = bounds.next() {
            leads = is_blank(&next);
            sentence.end = next.end;
        }
        while let Some(next) = bounds.next_if(is_blank) {
            sentence.end = next.end;
        }
        Some(sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(text: &str) -> Vec<&str> {
        sentences_of(text).map(|span| &text[span]).collect()
    }

    #[test]
    fn wrapped_lines_are_one_sentence() {
        assert_eq!(
            sentences("A line that\ngoes on. Next.\n\nNew\n"),
            ["A line that\ngoes on. ", "Next.\n\n", "New\n"]
        );
    }

    #[test]
    fn blank_lines_belong_to_what_is_before() {
        assert_eq!(sentences("\n \nOne.\n \n\t\nTwo."), ["\n \nOne.\n \n\t\n", "Two."]);
    }

    #[test]
    fn headings_and_lists_stay_apart() {
        assert_eq!(sentences("# Title\n- Item\n- Other\n").len(), 3);
    }
}
