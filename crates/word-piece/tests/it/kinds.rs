//! Tokenizers of BERT's kind, with all options: ours, and the crate's.

use std::sync::LazyLock;

use serde_json::{Value, json};
use tokenizers::Tokenizer;
use word_piece::WordPiece;

/// A tokenizer, and the oracle of it.
pub(crate) struct Both {
    pub(crate) ours: WordPiece,
    pub(crate) theirs: Tokenizer,
}

impl Both {
    pub(crate) fn of(json: &str) -> Self {
        let mut theirs: Tokenizer = json.parse().expect("a tokenizer");
        theirs.with_padding(None).with_truncation(None).expect("no truncation");
        Both { ours: WordPiece::from_tokenizer_json(json).expect("of BERT's kind"), theirs }
    }
}

/// A tokenizer of BERT's kind.
pub(crate) fn bert(vocabulary: &[&str], changes: &[(&str, Value)]) -> Both {
    Both::of(&bert_json(vocabulary, changes))
}

pub(crate) fn bert_json(vocabulary: &[&str], changes: &[(&str, Value)]) -> String {
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
    json.to_string()
}

/// An added token of which one thing is true.
pub(crate) fn added(content: &str, property: &str) -> Value {
    let mut token = json!({"id": 0, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true});
    if !property.is_empty() {
        token[property] = true.into();
    }
    token
}

pub(crate) const SPECIAL: [&str; 3] = ["[UNK]", "[CLS]", "[SEP]"];

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

pub(crate) fn kinds() -> &'static [(&'static str, Both)] {
    static KINDS: LazyLock<Vec<(&str, Both)>> = LazyLock::new(make_kinds);
    &KINDS
}

fn make_kinds() -> Vec<(&'static str, Both)> {
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
    let tokens = |list: Value| with(&[("/added_tokens", list)]);
    let also = |token: Value, property: &str| {
        let mut token = token;
        token[property] = true.into();
        token
    };
    let sequence = |steps: Value| with(&[("/normalizer", json!({"type": "Sequence", "normalizers": steps}))]);
    let bert_step = |lowercase: bool| {
        json!({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": true,
            "lowercase": lowercase})
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
        ("white space in a token", token("a the", "special")),
        ("white space at a token's ends", token(" a ", "special")),
        ("white space in a normalized token", token("A The", "normalized")),
        (
            "a normalized token that swallows leftwards",
            tokens(json!([also(added("<Mask>", "normalized"), "lstrip")])),
        ),
        (
            "a normalized token that swallows rightwards",
            tokens(json!([also(added("the", "normalized"), "rstrip")])),
        ),
        ("an ideograph, normalized", token("漢", "normalized")),
        (
            "masks that swallow both ways",
            tokens(json!([
                also(added("<mask>", "lstrip"), "rstrip"),
                added("<a>", "lstrip"),
                added("{", "rstrip"),
                also(added("the", "single_word"), "lstrip"),
            ])),
        ),
        (
            "swallowing before and behind what is normalized",
            tokens(json!([added("<Mask>", "normalized"), added("<a>", "lstrip"), added("{", "rstrip")])),
        ),
        (
            "added twice",
            tokens(json!([
                added("the", "normalized"),
                added("the", "special"),
                added("<a>", "lstrip"),
                added("<a>", "rstrip"),
                added("novel", "normalized"),
                added("new", "normalized"),
            ])),
        ),
        ("lower case before", sequence(json!([{"type": "Lowercase"}, bert_step(false)]))),
        ("lower case behind", sequence(json!([bert_step(false), {"type": "Lowercase"}]))),
        ("BERT twice", sequence(json!([bert_step(true), bert_step(false)]))),
        ("nothing at all", sequence(json!([]))),
    ]
}
