//! The oracle is the `tokenizers` crate: token by token, whatever the options, the vocabulary and the text.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokenizers::Tokenizer;

use super::super::Tokens;
use super::super::windows::starts_by_piece;
use crate::{
    Capacity, Character, Chunk, ChunkConfig, ChunkError, ChunkSizer, EmbedFailure, Embedder, Hierarchical,
    Hybrid, Markdown, Recursive, Semantic, Vectors,
};

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

/// A tokenizer of BERT's kind.
fn bert(vocabulary: &[&str], changes: &[(&str, Value)]) -> Tokens {
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
fn added(content: &str, property: &str) -> Value {
    let mut token = json!({"id": 0, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true});
    if !property.is_empty() {
        token[property] = true.into();
    }
    token
}

const SPECIAL: [&str; 3] = ["[UNK]", "[CLS]", "[SEP]"];

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

fn kinds() -> &'static [(&'static str, Tokens)] {
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

/// Texts of every script that something is different about.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[abest]{1,6}",
        2 => "[abest]{12,20}",
        3 => "[A-Za-z0-9]{1,18}",
        8 => Just(" ".to_owned()),
        3 => "[ -~]{1,4}",
        2 => prop::sample::select(vec!["the", "The", "and", "a\u{0}b", "2024", "aaaaaaaaaaaaaaaaaaaab", "don\u{2019}t"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["\n", "\t", "\r\n", "\u{b}", "\u{c}", "\u{85}", "\u{a0}", "\u{3000}", "\u{2028}", "\u{1c}", "\u{7f}", "\0", "\u{fffd}"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec!["é", "e\u{301}", "É", "İ", "ß", "ẞ", "ﬁ", "ŉ", "ǰ", "Å", "Å", "K", "ſ", "ñ", "ở", "≠", "≮", "\u{37e}", "Σ", "ς"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec!["漢", "字", "漢字", "豈", "かな", "、", "。", "각", "한국어", "\u{1100}\u{1161}\u{11a8}", "\u{302e}", "ไทย", "\u{3099}"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec!["नमस्ते", "क्ष", "مَرْحَبًا", "שָׁלוֹם", "привет", "йод", "ё", "\u{345}", "\u{327}\u{301}", "\u{301}\u{327}", "\u{344}", "\u{1d165}", "\u{1d160}"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["👨\u{200d}👩\u{200d}👧", "🇩🇪", "\u{feff}", "\u{200b}", "\u{ad}", "\u{e000}", "\u{10ffff}", "\u{600}"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["[SEP]", "[CLS]", "[sep]", "[UNK", "<mask>", "<MASK>", "<Mask>", "  <mask>  ", "<m\u{301}ask>", "≮mask>", "<mas\u{212a}>", "、a", "、b", "<a>", "{"])
            .prop_map(str::to_owned),
        1 => any::<char>().prop_map(|c| c.to_string()),
        1 => prop::collection::vec(any::<u8>(), 1..12).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if is_full() { 4000 } else { 150 }, ..ProptestConfig::default() })]

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

/// Of every strategy, the chunks.
fn chunks(tokens: &Tokens, text: &str, size: usize) -> Vec<Vec<(Range<usize>, Option<usize>)>> {
    let config = || {
        let capacity = Capacity::new(size, size).unwrap();
        ChunkConfig::new(capacity, tokens).unwrap().with_overlap(size / 5).unwrap()
    };
    let ranges = |chunks: Result<Vec<Chunk<'_>>, ChunkError>| {
        // A grapheme that is too large is an error, with both.
        chunks.map_or_else(
            |_| Vec::new(),
            |chunks| chunks.iter().map(|chunk| (chunk.byte_range(), chunk.level())).collect(),
        )
    };
    let levels =
        Hierarchical::new(tokens, &[size * 9, size * 3, size]).unwrap().with_overlap(size / 5).unwrap();
    vec![
        ranges(Character::new(config()).chunks(text).collect()),
        ranges(Character::new(config()).anchored().chunks(text).collect()),
        ranges(Recursive::new(config()).chunks(text).collect()),
        ranges(Recursive::new(config()).anchored().chunks(text).collect()),
        ranges(Markdown::new(config()).chunks(text).collect()),
        ranges(Markdown::new(config()).with_context_counted().chunks(text).collect()),
        ranges(Hybrid::new(config()).chunks(text).collect()),
        ranges(Semantic::new(config(), Lengths).chunk(text)),
        ranges(levels.chunks(text).collect()),
    ]
}

/// Vectors that differ where texts differ.
struct Lengths;

impl Embedder for Lengths {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let values = texts.iter().flat_map(|text| [text.len() as f32, (text.len() % 7) as f32]);
        Ok(Vectors::new(2, values.collect())?)
    }
}

/// `SEMANTIK_MODEL`, or where `cargo xtask model` puts it.
fn real_tokenizer() -> Option<Tokenizer> {
    let named = std::env::var_os("SEMANTIK_MODEL").map(PathBuf::from);
    let cached =
        || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/semantik/models/all-MiniLM-L6-v2"));
    let path = named.filter(|path| path.is_dir()).or_else(cached)?.join("tokenizer.json");
    path.is_file().then(|| Tokenizer::from_file(path).unwrap())
}

/// This repository's documents and sources; with `SEMANTIK_TEST_FULL` also the readmes of the packages that it is built from.
fn real_texts() -> impl Iterator<Item = String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.clone(), root.join("docs"), root.join("crates/chunk-strategies/tests/it")];
    if is_full()
        && let Some(home) = std::env::var_os("HOME")
    {
        let sources = PathBuf::from(home).join(".cargo/registry/src");
        folders.extend(entries(sources).flat_map(entries));
    }
    let is_text = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "md" || kind == "rs");
    folders
        .into_iter()
        .flat_map(entries)
        .filter(is_text)
        .filter_map(|path| std::fs::read_to_string(path).ok())
}

fn entries(folder: PathBuf) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

fn windows(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (window, behind) = rest.split_at(rest.floor_char_boundary(16 * 1024));
        rest = behind;
        (!window.is_empty()).then_some(window)
    })
}

fn is_full() -> bool {
    std::env::var_os("SEMANTIK_TEST_FULL").is_some()
}
