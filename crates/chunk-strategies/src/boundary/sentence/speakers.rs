//! [`names_speaker`]: who said what was quoted, in English.

use super::chars::{goes_on, is_blank, is_mark};
use super::function_words::{Languages, languages_of};

/// Whether what stands behind a quotation is a name, or `I`, and a verb of speech: `Peter asked`, `Mr. Gray cried`. English
/// sets neither in small letters, and so nothing else tells that the sentence goes on.
pub(super) fn names_speaker(behind: &str) -> bool {
    let mut words = behind.split(|c| is_blank(c) || c == '\n').filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return false };
    let mut next = words.next();
    if first != "I" {
        if !is_name(first) {
            return false;
        }
        for _ in 0..NAMES {
            next = match next {
                Some(word) if is_name(word) => words.next(),
                other => other,
            };
        }
    }
    next.is_some_and(is_speech)
}

fn is_name(word: &str) -> bool {
    let letters = word.strip_suffix('.').unwrap_or(word);
    letters.starts_with(char::is_uppercase)
        && letters.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
        && languages_of(&letters.to_lowercase()) == Languages::NONE
}

fn is_speech(word: &str) -> bool {
    let verb = word.trim_end_matches(|c| is_mark(c) || goes_on(c));
    VERBS.contains(&verb)
}

/// Verbs that stand with speech and with little else.
const VERBS: [&str; 32] = [
    "added",
    "answered",
    "answers",
    "asked",
    "asks",
    "begged",
    "cried",
    "cries",
    "demanded",
    "enquired",
    "exclaimed",
    "gasped",
    "groaned",
    "inquired",
    "insisted",
    "joked",
    "murmured",
    "muttered",
    "protested",
    "replied",
    "replies",
    "responded",
    "said",
    "says",
    "screamed",
    "shouted",
    "shouts",
    "shrieked",
    "snapped",
    "whispered",
    "wondered",
    "yelled",
];

/// So many names one has behind the first, a title among them.
const NAMES: usize = 3;

/// So much is read of who spoke.
pub(super) const SPEAKER_BYTES: usize = 64;
