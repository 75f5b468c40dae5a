//! Tokenizers of BERT's kind, with all options.

use std::sync::LazyLock;

use serde_json::{Value, json};
use tokenizers::Tokenizer;

use super::super::super::Tokens;

/// A tokenizer of BERT's kind.
pub(super) fn bert(vocabulary: &[&str], changes: &[(&str, Value)]) -> Tokens {
    let vocab: serde_json::Map<String, Value> =
        vocabulary.iter().enumerate().map(|(id, token)| ((*token).to_owned(), id.into())).collect();
    let mut json = json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [added("[UNK]", ""), added("[CLS]", ""), added("[SEP]", "")],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
            "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab},
    });
    for (part, value) in changes {
        if let (Some(list), Some(more)) =
            (json.pointer_mut(part).and_then(Value::as_array_mut), value.as_array())
        {
            list.extend_from_slice(more);
        } else {
            *json.pointer_mut(part).expect("a part") = value.clone();
        }
    }
    for (id, token) in json["added_tokens"].as_array_mut().expect("a list").iter_mut().enumerate() {
        token["id"] = id.into();
    }
    Tokens::new(json.to_string().parse::<Tokenizer>().expect("a tokenizer")).expect("sizes")
}

/// An added token of which one thing is true.
pub(super) fn added(content: &str, property: &str) -> Value {
    let mut token = json!({"id": 0, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true});
    if !property.is_empty() {
        token[property] = true.into();
    }
    token
}

pub(super) const SPECIAL: [&str; 3] = ["[UNK]", "[CLS]", "[SEP]"];

/// Pieces of all that the texts below are made of, some words as a whole, and no single letters for some scripts.
const PIECES: [&str; 66] = [
    "a",
    "##a",
    "b",
    "##b",
    "c",
    "##c",
    "e",
    "##e",
    "i",
    "##i",
    "o",
    "##o",
    "s",
    "##s",
    "t",
    "##t",
    "th",
    "the",
    "##the",
    "and",
    "##and",
    "aa",
    "##aa",
    "aaaaaaaaaaaaaaaaaaaa",
    "##aaaaaaaaaaaaaaaaaaaa",
    "x",
    "##x",
    "1",
    "##1",
    "2024",
    "##0",
    ".",
    ",",
    "-",
    "'",
    "[",
    "]",
    "<",
    ">",
    "#",
    "##",
    "é",
    "##é",
    "e\u{301}",
    "É",
    "A",
    "B",
    "The",
    "ß",
    "##ß",
    "ss",
    "i\u{307}",
    "ﬁ",
    "##ﬁ",
    "漢",
    "字",
    "##字",
    "\u{1100}\u{1161}",
    "##\u{11a8}",
    "##\u{1161}",
    "각",
    "##국",
    "म",
    "##स",
    "##\u{94d}",
    "п",
];

pub(super) fn kinds() -> &'static [(&'static str, Tokens)] {
    static KINDS: LazyLock<Vec<(&str, Tokens)>> = LazyLock::new(make_kinds);
    &KINDS
}

fn make_kinds() -> Vec<(&'static str, Tokens)> {
    let all: Vec<&str> = SPECIAL.iter().chain(&PIECES).copied().collect();
    let few: Vec<&str> =
        SPECIAL.iter().copied().chain(["a", "##b", "the", "##s", "漢", "é", "##e"]).collect();
    let at_signs: Vec<String> = all.iter().map(|piece| piece.replace("##", "@")).collect();
    let at_signs: Vec<&str> = at_signs.iter().map(String::as_str).collect();
    let with = |changes: &[(&str, Value)]| bert(&all, changes);
    let option = |name: &str, value: Value| with(&[(&format!("/normalizer/{name}"), value)]);
    let token = |content: &str, property: &str| with(&[("/added_tokens", json!([added(content, property)]))]);
    let strip = |lowercase: bool, strip: bool| {
        with(&[("/normalizer/lowercase", lowercase.into()), ("/normalizer/strip_accents", strip.into())])
    };
    vec![
        ("uncased", with(&[])),
        ("few pieces", bert(&few, &[])),
        ("cased", option("lowercase", false.into())),
        ("cased without accents", strip(false, true)),
        ("uncased with accents", strip(true, false)),
        ("not cleaned", option("clean_text", false.into())),
        (
            "neither cleaned nor stripped",
            with(&[
                ("/normalizer/clean_text", false.into()),
                ("/normalizer/strip_accents", false.into()),
                ("/normalizer/handle_chinese_chars", false.into()),
            ]),
        ),
        ("ideographs joined", option("handle_chinese_chars", false.into())),
        ("no normalizer", with(&[("/normalizer", Value::Null)])),
        ("another prefix", bert(&at_signs, &[("/model/continuing_subword_prefix", "@".into())])),
        ("no prefix", with(&[("/model/continuing_subword_prefix", "".into())])),
        ("short words", with(&[("/model/max_input_chars_per_word", 5.into())])),
        ("no words", with(&[("/model/max_input_chars_per_word", 0.into())])),
        ("a mask that swallows leftwards", token("<mask>", "lstrip")),
        ("a mask that swallows rightwards", token("<mask>", "rstrip")),
        ("a mask, normalized", token("<Mask>", "normalized")),
        ("a word", token("the", "special")),
        ("a word on its own", token("the", "single_word")),
        ("a word, normalized", token("The", "normalized")),
        ("a comma with a letter", token("、a", "special")),
        ("a letter with an accent", token("é", "special")),
        (
            "many",
            with(&[(
                "/added_tokens",
                json!([added("<a>", ""), added("the", ""), added("{", ""), added("é", "")]),
            )]),
        ),
    ]
}
