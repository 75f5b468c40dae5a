//! The sentences that semantic chunking embeds.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::boundary::Boundaries;
use crate::config::ChunkConfig;
use crate::embedder::Embedder;
use crate::error::ChunkError;
use crate::recursive::Largest;
use crate::sizer::ChunkSizer;
use crate::window::{Choose, Spans, Window, Windows};

/// Spans that tile the document: its sentences, those cut that exceed the maximum or what the embedder reads.
pub(super) fn split<S: ChunkSizer>(
    text: &str,
    config: &ChunkConfig<S>,
    embedder: &impl Embedder,
) -> Result<Vec<Range<usize>>, ChunkError> {
    let whole = ChunkConfig::new(config.capacity(), config.sizer())?;
    let max = config.capacity().max();
    let ceiling = config.sizer().byte_ceiling(max);
    let mut sentences = Vec::new();
    for sentence in sentences_of(text) {
        let offset = sentence.start;
        let within = &text[sentence.clone()];
        if within.len() <= ceiling && config.sizer().size(within) <= max {
            split_to_fit(text, sentence, embedder, &mut sentences);
            continue;
        }
        for span in Spans::new(within, &whole, Windows::new(0, Largest)) {
            let span = span?;
            split_to_fit(text, offset + span.own..offset + span.end, embedder, &mut sentences);
        }
    }
    Ok(sentences)
}

/// Halves a span at good boundaries until the embedder reads each part whole.
fn split_to_fit(text: &str, span: Range<usize>, embedder: &impl Embedder, parts: &mut Vec<Range<usize>>) {
    let mut rest = vec![span];
    while let Some(span) = rest.pop() {
        let window = Window {
            boundaries: Boundaries::new(text, span.start),
            own: span.start,
            desired: text.floor_char_boundary(span.start + span.len() / 2),
            max: span.end,
        };
        let cut = if embedder.fits(&text[span.clone()]) {
            None
        } else {
            Largest.choose(&window).filter(|&cut| cut < span.end)
        };
        match cut {
            // The second part waits below the first, so that parts come out in order.
            Some(cut) => rest.extend([cut..span.end, span.start..cut]),
            None => parts.push(span),
        }
    }
}

/// Sentences by Unicode's rules, with two corrections: a line end within a sentence does not end it (the next line goes
/// on in lower case), and what is blank belongs to the sentence before.
fn sentences_of(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut bounds =
        text.split_sentence_bound_indices().map(|(at, sentence)| at..at + sentence.len()).peekable();
    std::iter::from_fn(move || {
        let mut sentence = bounds.next()?;
        while let Some(next) = bounds.peek() {
            if !continues(text, &sentence, next) {
                break;
            }
            sentence.end = next.end;
            bounds.next();
        }
        Some(sentence)
    })
}

/// Whether `next` goes on with `sentence`.
fn continues(text: &str, sentence: &Range<usize>, next: &Range<usize>) -> bool {
    let (before, after) = (&text[sentence.clone()], &text[next.clone()]);
    let wrapped = || {
        before.ends_with(['\n', '\r'])
            && !before.trim_end().ends_with(['.', '!', '?', ':', '。', '！', '？'])
            && after.trim_start().starts_with(char::is_lowercase)
    };
    after.chars().all(char::is_whitespace) || wrapped()
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
        assert_eq!(sentences("\n \nOne.\n \n\t\nTwo."), ["\n \n", "One.\n \n\t\n", "Two."]);
    }

    #[test]
    fn headings_and_lists_stay_apart() {
        assert_eq!(sentences("# Title\n- Item\n- Other\n").len(), 3);
    }
}
