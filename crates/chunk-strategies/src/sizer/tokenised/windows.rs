//! [`TokenWindows`]: a document, tokenised window by window as far as the questions reach.

use std::cell::OnceCell;
use std::ops::Range;

use super::Tokenise;
use super::seams::Seams;

/// Where tokens start.
///
/// Window number `n` ends at the last seam up to `(n + 1) × length` bytes into the document, looking back half a length,
/// else at that very char. So windows depend on offsets in the document and on what is written there, and not on where
/// an excerpt begins.
pub(super) struct TokenWindows<'a, T> {
    tokens: &'a T,
    text: &'a str,
    /// Where the text begins in its document.
    offset: usize,
    /// The number of the first window.
    first: usize,
    filled: Vec<OnceCell<TokenWindow>>,
    /// Of each window the start, and the end of the last.
    borders: Vec<OnceCell<Border>>,
}

#[derive(Clone, Copy)]
struct Border {
    at: usize,
    is_seam: bool,
}

struct TokenWindow {
    start: usize,
    end: usize,
    /// Each token's start, from the window's, ascending; `None` where it cannot be encoded.
    starts: Option<Vec<u32>>,
}

impl TokenWindow {
    /// How many tokens start before the offset.
    fn before(&self, at: usize) -> usize {
        self.starts().partition_point(|&start| self.start + (start as usize) < at)
    }

    fn starts(&self) -> &[u32] {
        self.starts.as_deref().unwrap_or_default()
    }
}

impl<'a, T: Tokenise> TokenWindows<'a, T> {
    pub(super) fn new(tokens: &'a T, text: &'a str, offset: usize) -> Self {
        let first = offset / tokens.window();
        let count = (offset + text.len()).div_ceil(tokens.window()).max(first + 1) - first;
        TokenWindows {
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
        let number = (self.offset + at) / self.tokens.window() - self.first;
        // Windows end early, at most by one's half.
        let next = (number + 1).min(self.filled.len() - 1);
        if self.border(next).at <= at { next } else { number.min(next) }
    }

    fn window(&self, number: usize) -> &TokenWindow {
        #[cfg(feature = "rayon")]
        self.read_ahead(number);
        self.filled[number].get_or_init(|| tokenised(self.tokens, self.text, self.span(number)))
    }

    fn span(&self, number: usize) -> Range<usize> {
        self.border(number).at..self.border(number + 1).at
    }

    fn border(&self, number: usize) -> Border {
        *self.borders[number].get_or_init(|| {
            let (length, text) = (self.tokens.window(), self.text);
            let target = ((self.first + number) * length).saturating_sub(self.offset);
            if target == 0 || target >= text.len() {
                return Border { at: target.min(text.len()), is_seam: true };
            }
            let target = text.floor_char_boundary(target);
            let floor = text.ceil_char_boundary(target.saturating_sub(length / 2));
            match self.tokens.seams() {
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
impl<T: Tokenise> TokenWindows<'_, T> {
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
        let done: Vec<(usize, TokenWindow)> =
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

fn tokenised(tokens: &impl Tokenise, text: &str, span: Range<usize>) -> TokenWindow {
    TokenWindow { start: span.start, end: span.end, starts: tokens.starts(&text[span]) }
}
