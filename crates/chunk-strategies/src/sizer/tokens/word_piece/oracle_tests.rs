//! The oracle is the `tokenizers` crate: token by token, whatever the options, the vocabulary and the text.

mod chunks;
mod kinds;
mod texts;

use proptest::prelude::*;
use serde_json::{Value, json};

use self::chunks::chunks;
use self::kinds::{SPECIAL, added, bert, kinds};
use self::texts::{real_texts, real_tokenizer, texts, windows};
use super::super::Tokens;
use super::super::windows::starts_by_piece;
use crate::ChunkSizer;

/// All that is learned of a text is what the tokenizer says.
fn check(name: &str, tokens: &Tokens, text: &str) {
    let words = tokens.word_piece.as_ref().unwrap_or_else(|| panic!("{name} is known"));
    let starts = starts_by_piece(tokens, text).unwrap();
    let found = words.starts(tokens, text).unwrap();
    if found != starts {
        let at = found.iter().zip(&starts).position(|(one, other)| one != other);
        let near = starts[at.unwrap_or(found.len().min(starts.len()).saturating_sub(1))] as usize;
        let excerpt =
            &text[text.floor_char_boundary(near.saturating_sub(20))..text.ceil_char_boundary(near + 20)];
        panic!("{name}: starts differ near byte {near}, {excerpt:?}");
    }
    let encoded = tokens.tokenizer.encode_fast(text, false).unwrap();
    assert_eq!(words.count(tokens, text), Some(encoded.len()), "{name}: {text:?}");
    assert_eq!(
        tokens.size(text),
        tokens.tokenizer.encode_fast(text, true).unwrap().len(),
        "{name}: {text:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if is_full() { 2000 } else { 48 }, ..ProptestConfig::default() })]

    #[test]
    fn tokens_are_those_of_the_tokenizer(texts in prop::collection::vec(texts(), 4)) {
        for (name, tokens) in kinds() {
            for text in &texts {
                check(name, tokens, text);
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
        let tokens = bert(&vocabulary, &[
            ("/model/max_input_chars_per_word", max_chars.into()),
            ("/normalizer/strip_accents", options[0].into()),
            ("/normalizer/lowercase", options[1].unwrap_or(true).into()),
            ("/normalizer/clean_text", options[2].unwrap_or(true).into()),
            ("/normalizer/handle_chinese_chars", options[3].unwrap_or(true).into()),
        ]);
        check("some", &tokens, &text);
    }

    /// Where nothing but ASCII is in a text, starts are the offsets that `encode` tells.
    #[test]
    fn offsets_are_those_of_encode(text in "[ -~]{0,200}") {
        for (name, tokens) in kinds().iter().filter(|(name, _)| !name.contains("swallows")) {
            let encoded = tokens.tokenizer.encode(&*text, false).unwrap();
            let offsets: Vec<u32> = encoded.get_offsets().iter().map(|&(start, _)| start as u32).collect();
            let words = tokens.word_piece.as_ref().unwrap();
            prop_assert_eq!(words.starts(tokens, &text).unwrap(), offsets, "{}: {:?}", name, &text);
        }
    }

    /// Every strategy cuts where it cuts with the tokenizer's own tokens.
    #[test]
    fn chunks_are_those_that_the_tokenizer_gives(text in texts(), size in 8..40_usize) {
        for (name, tokens) in kinds() {
            let tokens = tokens.clone().with_window(64);
            let slow = Tokens { word_piece: None, ..tokens.clone() };
            prop_assert_eq!(chunks(&tokens, &text, size), chunks(&slow, &text, size), "{}: {:?}", name, &text);
        }
    }
}

/// Each character on its own, within a word and behind one, a few thousand in a text.
#[test]
fn every_character_is_what_the_tokenizer_makes_of_it() {
    let step = if is_full() { 1 } else { 61 };
    let all = (0..0x3400).chain((0x3400..=u32::from(char::MAX)).step_by(step)).filter_map(char::from_u32);
    let all: Vec<char> = all.collect();
    for (name, tokens) in kinds().iter().take(9) {
        for some in all.chunks(2_000) {
            let text: String =
                some.iter().map(|c| format!("a{c}b {c} the{c}\u{327} {c}\u{301}a\n")).collect();
            check(name, tokens, &text);
        }
    }
}

/// The real vocabulary and real prose, where the model is.
#[test]
fn real_texts_have_the_tokens_of_the_real_tokenizer() {
    let Some(tokenizer) = real_tokenizer() else {
        eprintln!("left out: what needs a model; `cargo xtask model` brings it");
        return;
    };
    let tokens = Tokens::new(tokenizer).unwrap();
    let slow = Tokens { word_piece: None, ..tokens.clone() };
    let mut checked = 0;
    for text in real_texts() {
        for window in windows(&text) {
            check("MiniLM", &tokens, window);
        }
        if checked < 4 {
            assert_eq!(chunks(&tokens, &text, 128), chunks(&slow, &text, 128));
        }
        checked += 1;
    }
    assert!(checked > 3, "{checked} texts");
}

#[test]
fn a_tokenizer_with_parts_that_are_not_known_is_left_to_the_crate() {
    let known: Vec<&str> = SPECIAL.to_vec();
    for changes in [
        ("/normalizer", json!({"type": "Lowercase"})),
        (
            "/normalizer",
            json!({"type": "Sequence", "normalizers": [{"type": "BertNormalizer", "clean_text": true,
            "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}]}),
        ),
        ("/pre_tokenizer", json!({"type": "Whitespace"})),
        ("/pre_tokenizer", Value::Null),
        ("/added_tokens", json!([added("a a", "")])),
        ("/added_tokens", json!([added("漢a", "")])),
        ("/added_tokens", json!([added("é漢", "normalized")])),
        (
            "/model",
            json!({"type": "WordLevel", "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}, "unk_token": "[UNK]"}),
        ),
    ] {
        let told = format!("{changes:?}");
        assert!(bert(&known, &[changes]).word_piece.is_none(), "{told}");
    }
    assert!(bert(&known, &[]).word_piece.is_some());
}

fn is_full() -> bool {
    std::env::var_os("SEMANTIK_TEST_FULL").is_some()
}
