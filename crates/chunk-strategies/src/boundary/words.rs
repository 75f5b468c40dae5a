//! Words: where scripts write no blanks, by Unicode's rules (UAX #29), and of Thai, Lao, Khmer and Burmese, where those know
//! letters only, by dictionaries.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::LOOK_AHEAD_BYTES;

/// The boundaries between words in `(window.start, window.end]`, ascending; nothing before `from` is looked at.
pub(super) fn starts<'d>(
    text: &'d str,
    from: usize,
    window: &Range<usize>,
) -> impl Iterator<Item = usize> + use<'d> {
    let Range { start, end } = *window;
    let bounds = beyond(text, window).split_word_bound_indices().map(move |(at, _)| start + at);
    let bounds = bounds.skip_while(move |&at| at <= start).take_while(move |&at| at <= end);
    let mut words = Words::new(text, from, window);
    bounds.filter(move |&at| !leads(text.as_bytes(), at) && words.end_at(at))
}

/// The same, descending.
pub(super) fn starts_back<'d>(
    text: &'d str,
    from: usize,
    window: &Range<usize>,
) -> impl Iterator<Item = usize> + use<'d> {
    let Range { start, end } = *window;
    let bounds = beyond(text, window).split_word_bound_indices().rev().map(move |(at, _)| start + at);
    let bounds = bounds.skip_while(move |&at| at > end).take_while(move |&at| at > start);
    let mut words = Words::new(text, from, window);
    bounds.filter(move |&at| !leads(text.as_bytes(), at) && words.end_at(at))
}

/// The window and a little more, since a boundary depends on what is behind it.
fn beyond<'d>(text: &'d str, window: &Range<usize>) -> &'d str {
    &text[window.start..text.floor_char_boundary(window.end.saturating_add(LOOK_AHEAD_BYTES))]
}

/// Whether `!` or `?` before this place belongs to what follows, as in code: `!done`, `a?.b`.
pub(crate) fn leads(bytes: &[u8], at: usize) -> bool {
    let is_mark = at.checked_sub(1).is_some_and(|before| matches!(bytes[before], b'!' | b'?'));
    is_mark && bytes.get(at).is_some_and(|next| next.is_ascii_graphic() && !b")]}\"',;:".contains(next))
}

/// Whether a word ends at a place of this excerpt, of which nothing else is known.
pub(crate) fn ends_within(excerpt: &str, at: usize) -> bool {
    Words::new(excerpt, 0, &(0..excerpt.len())).end_at(at)
}

/// Tells the letters of a script with dictionaries from its words.
struct Words<'d> {
    text: &'d str,
    /// What is looked at.
    around: Range<usize>,
    /// The stretch of such letters that was asked about last, and where its words begin.
    run: Range<usize>,
    starts: Vec<usize>,
}

/// How far before a window a stretch of letters is looked at, so that words are found as from its start.
const LOOK_BACK_BYTES: usize = 256;

impl<'d> Words<'d> {
    fn new(text: &'d str, from: usize, window: &Range<usize>) -> Self {
        let start = text.ceil_char_boundary(window.start.saturating_sub(LOOK_BACK_BYTES)).max(from);
        let end = text.floor_char_boundary(window.end.saturating_add(LOOK_AHEAD_BYTES));
        Words { text, around: start.min(window.start)..end, run: 0..0, starts: Vec::new() }
    }

    /// Whether a boundary between letters is one between words.
    fn end_at(&mut self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        // All these letters have three bytes.
        let may_be = |byte: Option<&u8>| byte.is_some_and(|&byte| byte >= 0x80);
        if !may_be(bytes.get(at)) || !may_be(at.checked_sub(1).and_then(|before| bytes.get(before))) {
            return true;
        }
        if !self.run.contains(&at) || at == self.run.start {
            let before = self.text[self.around.start.min(at)..at].trim_end_matches(is_unspaced).len();
            let start = self.around.start.min(at) + before;
            let behind = &self.text[at..self.around.end.max(at)];
            let end = at + (behind.len() - behind.trim_start_matches(is_unspaced).len());
            if start == at || end == at {
                return true;
            }
            let words = dictionary::words(&self.text[start..end]);
            self.starts = with_syllables(&self.text[start..end], &words).map(|word| start + word).collect();
            self.run = start..end;
        }
        self.starts.binary_search(&at).is_ok()
    }
}

/// These places, and in words of Burmese that are so long that the dictionary has hardly known them, where syllables begin.
fn with_syllables<'d>(letters: &'d str, words: &'d [usize]) -> impl Iterator<Item = usize> + use<'d> {
    let firsts = words.first().copied();
    let inside = words.windows(2).flat_map(|word| {
        let known = &letters[word[0]..word[1]];
        let is_long = known.len() > LONGEST_WORD_BYTES && known.starts_with(is_burmese);
        let places =
            known.char_indices().skip(1).filter(move |&(at, _)| is_long && begins_syllable(known, at));
        places.map(move |(at, _)| word[0] + at).chain([word[1]])
    });
    firsts.into_iter().chain(inside)
}

/// Most words of Burmese have no more: twelve letters and signs.
const LONGEST_WORD_BYTES: usize = 36;

fn is_burmese(c: char) -> bool {
    matches!(c, '\u{1000}'..='\u{109f}')
}

/// Whether a syllable of Burmese begins here: a consonant or a vowel that stands by itself, unless it only ends the syllable
/// before or is written under or over it.
fn begins_syllable(letters: &str, at: usize) -> bool {
    let is_first = |c: char| matches!(c, '\u{1000}'..='\u{102a}' | '\u{103f}'..='\u{104f}');
    let mut behind = letters[at..].chars();
    let (stacked, killed) = ('\u{1039}', '\u{103a}');
    let is_last = |c: Option<char>| c.is_some_and(|c| c == stacked || c == killed);
    behind.next().is_some_and(is_first)
        && {
            let mut marks = behind.skip_while(|&c| c == '\u{1037}');
            !is_last(marks.next())
        }
        && !letters[..at].ends_with(stacked)
}

/// Letters of Thai, Lao, Burmese and Khmer.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}')
}

#[cfg(feature = "dictionaries")]
mod dictionary {
    use std::sync::LazyLock;

    use icu_segmenter::options::LineBreakOptions;
    use icu_segmenter::{LineSegmenter, LineSegmenterBorrowed};

    static SEGMENTER: LazyLock<LineSegmenterBorrowed<'static>> =
        LazyLock::new(|| LineSegmenter::new_dictionary(LineBreakOptions::default()));

    /// Where words begin, and the end: a line may be broken there and nowhere else in these scripts.
    pub(super) fn words(letters: &str) -> Vec<usize> {
        SEGMENTER.segment_str(letters).collect()
    }
}

#[cfg(not(feature = "dictionaries"))]
mod dictionary {
    /// Every letter begins a word as far as is known.
    pub(super) fn words(letters: &str) -> Vec<usize> {
        letters.char_indices().map(|(at, _)| at).chain([letters.len()]).collect()
    }
}

#[cfg(all(test, feature = "dictionaries"))]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let bounds: Vec<usize> =
            [0].into_iter().chain(starts(text, 0, &(0..text.len()))).chain([text.len()]).collect();
        bounds.windows(2).map(|pair| &text[pair[0]..pair[1]]).filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn long_words_of_burmese_are_parted_between_syllables() {
        let text = "မြန်မာနိုင်ငံ၏ရုံးသုံးဘာသာ";
        assert_eq!(words(text), ["မြန်", "မာ", "နိုင်", "ငံ", "၏", "ရုံး", "သုံး", "ဘာ", "သာ"]);
        assert_eq!(words("ဘာသာစကား"), ["ဘာသာစကား"]);
    }

    #[test]
    fn words_are_those_of_the_dictionaries() {
        assert_eq!(words("ฉันรักภาษาไทย"), ["ฉัน", "รัก", "ภาษา", "ไทย"]);
        assert_eq!(words("see ฉันรัก, ok"), ["see", " ", "ฉัน", "รัก", ",", " ", "ok"]);
        // Lao, Khmer, Burmese: of many letters, a few words.
        for text in ["ຂ້ອຍຮັກພາສາລາວຫຼາຍ", "ខ្ញុំស្រឡាញ់ភាសាខ្មែរណាស់", "ကျွန်တော်မြန်မာစကားကိုချစ်တယ်"]
        {
            let words = words(text);
            assert_eq!(words.concat(), text);
            let letters = text.chars().count();
            assert!(words.len() >= 3 && words.len() * 2 <= letters, "{words:?} of {letters} letters");
        }
    }
}
