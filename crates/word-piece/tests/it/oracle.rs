//! The oracle is the `tokenizers` crate: token by token, whatever the options, the vocabulary and the text.

use std::ops::Range;

use proptest::prelude::*;
use word_piece::Token;

use crate::kinds::{Both, SPECIAL, bert, kinds};
use crate::texts::{is_full, real_texts, real_tokenizer, texts};

/// Every token is the crate's, with its place; and the tokens, to look at them further.
fn check_tokens(name: &str, both: &Both, text: &str) -> Vec<Token> {
    let encoded = both.theirs.encode(text, false).unwrap();
    let offsets = encoded.get_offsets().iter();
    let expected: Vec<Token> =
        encoded.get_ids().iter().zip(offsets).map(|(&id, &(start, end))| Token { id, start, end }).collect();
    let found: Vec<Token> = both.ours.tokens(text).collect();
    if found != expected {
        let at = found.iter().zip(&expected).position(|(one, other)| one != other);
        let at = at.unwrap_or(found.len().min(expected.len()));
        let near = expected.get(at).or(expected.last()).map_or(0, |token| token.start);
        let excerpt = text.floor_char_boundary(near.saturating_sub(20))
            ..text.ceil_char_boundary((near + 20).min(text.len()));
        panic!(
            "{name}: tokens differ at number {at}, near byte {near}, {:?}: {:?} and not {:?}",
            &text[excerpt],
            found.get(at),
            expected.get(at)
        );
    }
    expected
}

/// Everything that can be asked about a text is what the crate says.
fn check(name: &str, both: &Both, text: &str) {
    let expected = check_tokens(name, both, text);
    let Both { ours, theirs } = both;
    let whole = theirs.encode(text, true).unwrap();
    let (ids, encoding) = (whole.get_ids(), ours.encode(text));
    assert_eq!(encoding.ids, ids, "{name}: {text:?}");
    let ranges: Vec<Range<usize>> = whole.get_offsets().iter().map(|&(start, end)| start..end).collect();
    assert_eq!(encoding.offsets, ranges, "{name}: {text:?}");
    assert_eq!(ours.count(text), ids.len(), "{name}: {text:?}");
    assert_eq!(ours.count_bare(text), expected.len(), "{name}: {text:?}");
    let mut appended = vec![9];
    ours.encode_into(text, &mut appended);
    assert_eq!(appended[1..], *ids, "{name}: {text:?}");
    let mut next = ours.tokens(text);
    assert!(
        expected.iter().all(|token| next.next() == Some(*token)) && next.next().is_none(),
        "{name}: {text:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if is_full() { 2000 } else { 48 }, ..ProptestConfig::default() })]

    #[test]
    fn tokens_are_those_of_the_tokenizer(texts in prop::collection::vec(texts(), 4)) {
        for (name, both) in kinds() {
            for text in &texts {
                check(name, both, text);
            }
        }
    }

    /// A vocabulary of pieces of the text.
    #[test]
    fn tokens_are_those_of_the_tokenizer_whatever_the_vocabulary(
        text in texts(),
        pieces in prop::collection::btree_set("(##)?[abest]{1,4}|(##)?[A-Z0-9]|(##)?[\u{e0}-\u{ff}]|##\\PC{1,3}", 0..60),
        max_chars in prop_oneof![Just(100_usize), 1..20_usize],
        options in any::<[Option<bool>; 4]>(),
    ) {
        let vocabulary: Vec<&str> = SPECIAL.iter().copied().chain(pieces.iter().map(String::as_str)).collect();
        let both = bert(&vocabulary, &[
            ("/model/max_input_chars_per_word", max_chars.into()),
            ("/normalizer/strip_accents", options[0].into()),
            ("/normalizer/lowercase", options[1].unwrap_or(true).into()),
            ("/normalizer/clean_text", options[2].unwrap_or(true).into()),
            ("/normalizer/handle_chinese_chars", options[3].unwrap_or(true).into()),
        ]);
        check("some", &both, &text);
    }

    /// The beginning of a text as far as a model reads it, and how much it does not.
    #[test]
    fn the_first_ids_are_those_of_a_text_that_was_cut(text in texts(), most in 2..40_usize) {
        for (name, both) in kinds() {
            let ids = both.ours.encode(&text).ids;
            let mut first = vec![9];
            let left_out = both.ours.encode_first_into(&text, most, &mut first);
            let room = most - both.ours.special_tokens();
            let bare = &ids[1..ids.len() - 1];
            let expected = [&[9, ids[0]], &bare[..room.min(bare.len())], &ids[ids.len() - 1..]].concat();
            prop_assert_eq!(first, expected, "{}: {:?}", name, &text);
            prop_assert_eq!(left_out, bare.len().saturating_sub(room), "{}: {:?}", name, &text);
        }
    }
}

/// Each character of Unicode within a word and on its own; with all options, and between marks of several classes, those up
/// to where scripts end and some of the others.
#[test]
fn every_character_is_what_the_tokenizer_makes_of_it() {
    let all = || (0..=u32::from(char::MAX)).filter_map(char::from_u32);
    let some = |step: usize| all().filter(move |&c| c < '\u{3400}' || (c as usize).is_multiple_of(step));
    let texts = |chars: Vec<char>, text: fn(char) -> String| {
        chars.chunks(2_000).map(|some| some.iter().copied().map(text).collect()).collect::<Vec<String>>()
    };
    let (uncased, others) = kinds().split_first().expect("kinds");
    for text in texts(all().collect(), |c| format!("a{c}b {c}\n")) {
        check_tokens(uncased.0, &uncased.1, &text);
    }
    let hard = texts(some(if is_full() { 1 } else { 127 }).collect(), |c| {
        format!("a{c}b {c} the{c}\u{327} {c}\u{301}a\u{302e}{c}\u{323} \u{301}{c}\n")
    });
    for (name, both) in others.iter().take(8).chain([uncased]) {
        for text in &hard {
            check_tokens(name, both, text);
        }
    }
}

/// The real vocabulary and real prose, where the model is.
#[test]
fn real_texts_have_the_tokens_of_the_real_tokenizer() {
    let Some(json) = real_tokenizer() else {
        eprintln!("left out: what needs a model; `cargo xtask model` brings it");
        return;
    };
    let both = Both::of(&json);
    let mut checked = 0;
    for text in real_texts() {
        check("MiniLM", &both, &text);
        checked += 1;
    }
    assert!(checked > 3, "{checked} texts");
}

/// Long texts, and such as have nothing where a pass could rest.
#[test]
fn long_texts_have_the_tokens_of_the_tokenizer() {
    for text in [
        "The lazy dogs, 漢字 and foxes are quick.\n".repeat(500),
        "the".repeat(5_000),
        "\u{302e}".repeat(5_000),
        format!("{}[SEP]{}", " ".repeat(50_000), "é".repeat(1_000)),
        "<mask> ".repeat(1_000),
        "[SEP]".repeat(1_000),
        "[SEP".repeat(1_000),
        "a\u{302e} [SEP] ".repeat(1_000),
    ] {
        for (name, both) in kinds() {
            check_tokens(name, both, &text);
        }
    }
}
