//! [`Windows`]: a document, tokenised window by window as far as the questions reach.

use std::cell::OnceCell;
use std::ops::Range;

use tokenizers::{Model, OffsetReferential, OffsetType, PreTokenizer};
use word_piece::{Token, WordPiece};

use super::Tokens;
use super::seams::Seams;

/// Long enough that a tokenizer's cost per call disappears, short enough that one that is quadratic within a word stays
/// harmless.
pub(super) const WINDOW_BYTES: usize = 16 * 1024;

/// Where tokens start.
///
/// Window number `n` ends at the last seam up to `(n + 1) × length` bytes into the document, looking back half a length,
/// else at that very char. So windows depend on offsets in the document and on what is written there, and not on where
/// an excerpt begins.
pub(super) struct Windows<'a> {
    tokens: &'a Tokens,
    text: &'a str,
    /// Where the text begins in its document.
    offset: usize,
    /// The number of the first window.
    first: usize,
    filled: Vec<OnceCell<Window>>,
    /// Of each window the start, and the end of the last.
    borders: Vec<OnceCell<Border>>,
}

#[derive(Clone, Copy)]
struct Border {
    at: usize,
    is_seam: bool,
}

struct Window {
    start: usize,
    end: usize,
    /// Each token's start, from the window's, ascending; `None` where it cannot be encoded.
    starts: Option<Vec<u32>>,
}

impl Window {
    /// How many tokens start before the offset.
    fn before(&self, at: usize) -> usize {
        self.starts().partition_point(|&start| self.start + (start as usize) < at)
    }

    fn starts(&self) -> &[u32] {
        self.starts.as_deref().unwrap_or_default()
    }
}

impl<'a> Windows<'a> {
    pub(super) fn new(tokens: &'a Tokens, text: &'a str, offset: usize) -> Self {
        let first = offset / tokens.window;
        let count = (offset + text.len()).div_ceil(tokens.window).max(first + 1) - first;
        Windows {
            tokens,
            text,
            offset,
            first,
            filled: std::iter::repeat_with(OnceCell::new).take(count).collect(),
            borders: std::iter::repeat_with(OnceCell::new).take(count + 1).collect(),
        }
    }

    /// How many tokens start between two seams; `None` where the windows do not tell.
    pub(super) fn between(&self, from: usize, to: usize) -> Option<usize> {
        if from >= to {
            return Some(0);
        }
        let (first, last) = (self.at(from), self.at(to - 1));
        let mut count = 0;
        for number in first..=last {
            if number > first && !self.border(number).is_seam {
                return None;
            }
            let window = self.window(number);
            let starts = window.starts.as_ref()?;
            let begin = if number == first { window.before(from) } else { 0 };
            let end = if number == last { window.before(to) } else { starts.len() };
            count += end - begin;
        }
        Some(count)
    }

    /// Where the token begins that has `skipped` others between the offset and itself; `ceiling` if none before it does.
    pub(super) fn ahead(&self, at: usize, skipped: usize, ceiling: usize) -> usize {
        let mut skipped = skipped;
        for number in self.at(at)..self.filled.len() {
            let window = self.window(number);
            let rest = &window.starts()[window.before(at)..];
            if let Some(&start) = rest.get(skipped) {
                return (window.start + start as usize).min(ceiling);
            }
            skipped -= rest.len();
            if window.end >= ceiling {
                break;
            }
        }
        ceiling
    }

    /// Where the last `count` tokens before the offset begin, `count` at least 1; `floor` if that is not behind it.
    pub(super) fn back(&self, at: usize, count: usize, floor: usize) -> usize {
        let mut count = count;
        for number in (0..=self.at(at.saturating_sub(1))).rev() {
            let window = self.window(number);
            let before = window.before(at);
            if let Some(&start) = before.checked_sub(count).and_then(|first| window.starts().get(first)) {
                return (window.start + start as usize).max(floor);
            }
            count -= before;
            if window.start <= floor {
                break;
            }
        }
        floor
    }

    /// Which window the offset lies in.
    fn at(&self, at: usize) -> usize {
        let number = (self.offset + at) / self.tokens.window - self.first;
        // Windows end early, at most by one's half.
        let next = (number + 1).min(self.filled.len() - 1);
        if self.border(next).at <= at { next } else { number.min(next) }
    }

    fn window(&self, number: usize) -> &Window {
        #[cfg(feature = "rayon")]
        self.read_ahead(number);
        self.filled[number].get_or_init(|| tokenised(self.tokens, self.text, self.span(number)))
    }

    fn span(&self, number: usize) -> Range<usize> {
        self.border(number).at..self.border(number + 1).at
    }

    fn border(&self, number: usize) -> Border {
        *self.borders[number].get_or_init(|| {
            let (length, text) = (self.tokens.window, self.text);
            let target = ((self.first + number) * length).saturating_sub(self.offset);
            if target == 0 || target >= text.len() {
                return Border { at: target.min(text.len()), is_seam: true };
            }
            let target = text.floor_char_boundary(target);
            let floor = text.ceil_char_boundary(target.saturating_sub(length / 2));
            match self.tokens.seams {
                // No more than a good guess: a word is whole in one window.
                Seams::Nowhere => {
                    let space = text[floor..target].rfind(char::is_whitespace);
                    let at = space.map_or(target, |space| floor + space);
                    // Not where the window before begins, whatever its length.
                    Border { at: if at == floor { target } else { at }, is_seam: false }
                }
                seams => match seams.last(text, floor, target).filter(|&seam| seam > floor) {
                    Some(at) => Border { at, is_seam: true },
                    None => Border { at: target, is_seam: false },
                },
            }
        })
    }
}

#[cfg(feature = "rayon")]
impl Windows<'_> {
    /// Tokenises this window and some behind it at once, on the caller's pool, where the windows are read one after the
    /// other and enough are left to be worth it.
    fn read_ahead(&self, number: usize) {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};

        let follows = number > 0 && self.filled[number - 1].get().is_some();
        let left = self.filled.len() - number;
        if self.filled[number].get().is_some() || !follows || left < WORTH_IT {
            return;
        }
        let ahead = left.min(2 * rayon::current_num_threads());
        let wanted: Vec<(usize, Range<usize>)> = (number..number + ahead)
            .filter(|&number| self.filled[number].get().is_none())
            .map(|number| (number, self.span(number)))
            .collect();
        let (tokens, text) = (self.tokens, self.text);
        let done: Vec<(usize, Window)> =
            wanted.into_par_iter().map(|(number, span)| (number, tokenised(tokens, text, span))).collect();
        for (number, window) in done {
            // Nobody else fills it.
            let _ = self.filled[number].set(window);
        }
    }
}

/// Fewer windows than this are not worth waking other threads.
#[cfg(feature = "rayon")]
const WORTH_IT: usize = 4;

fn tokenised(tokens: &Tokens, text: &str, span: Range<usize>) -> Window {
    let excerpt = &text[span.clone()];
    let starts = match (&tokens.word_piece, tokens.seams) {
        (Some(words), _) => Some(starts_of_words(words, excerpt)),
        (None, Seams::Nowhere) => starts_by_offset(tokens, excerpt),
        (None, _) => starts_by_piece(tokens, excerpt),
    };
    Window { start: span.start, end: span.end, starts }
}

/// Starts as `word-piece` finds them, behind the white space that an added token may have taken: there may be a seam before
/// it.
fn starts_of_words(words: &WordPiece, text: &str) -> Vec<u32> {
    // English has a token for every four or five bytes.
    let mut starts = Vec::with_capacity(text.len() / 4);
    words.tokens(text).for_each(|Token { start, end, .. }| {
        let is_graphic = text.as_bytes().get(start).is_some_and(u8::is_ascii_graphic);
        let taken =
            if is_graphic { None } else { text.get(start..end).and_then(|token| token.find(is_no_space)) };
        // Windows are of a GiB and a half at most.
        starts.push((start + taken.unwrap_or(0)) as u32);
    });
    starts
}

/// Starts as the tokenizer's own offsets say.
fn starts_by_offset(tokens: &Tokens, text: &str) -> Option<Vec<u32>> {
    let encoding = tokens.tokenizer.encode(text, false).ok()?;
    let mut last = 0;
    let starts = encoding.get_offsets().iter().map(|&(start, _)| {
        // Ascending whatever a normalizer did to the offsets, since they are searched by bisection.
        last = text.floor_char_boundary(start).max(last);
        u32::try_from(last).ok()
    });
    starts.collect()
}

/// Starts within the pieces that the pre-tokenizer makes. No piece spans a seam, so that what matters for exact counts,
/// which side of a seam a token is on, hangs on the pieces' places alone; within a piece, starts are in proportion, good
/// enough to look for a cut. Does without the copies of texts and offsets that an `Encoding` is made of.
fn starts_by_piece(tokens: &Tokens, text: &str) -> Option<Vec<u32>> {
    let tokenizer = &tokens.tokenizer;
    let vocabulary = tokenizer.get_added_vocabulary();
    let mut pieces = vocabulary.extract_and_normalize(tokenizer.get_normalizer(), text);
    if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut pieces).ok()?;
    }
    pieces.tokenize(|piece| tokenizer.get_model().tokenize(piece.get())).ok()?;
    let drops_space = matches!(tokens.seams, Seams::AroundSpace { .. });
    let (mut starts, mut last) = (Vec::new(), 0);
    for (normalized, (start, end), found) in pieces.get_splits(OffsetReferential::Original, OffsetType::Byte)
    {
        let (mut start, end) = (text.floor_char_boundary(start), text.floor_char_boundary(end));
        if drops_space && let Some(lead) = text.get(start..end).and_then(|piece| piece.find(is_no_space)) {
            // An added token may have swallowed white space that has a seam behind it.
            start += lead;
        }
        for token in found.iter().flatten() {
            let share = (end.saturating_sub(start)) * token.offsets.0 / normalized.len().max(1);
            last = text.floor_char_boundary(start + share).max(last);
            starts.push(u32::try_from(last).ok()?);
        }
    }
    Some(starts)
}

fn is_no_space(c: char) -> bool {
    !c.is_whitespace()
}
