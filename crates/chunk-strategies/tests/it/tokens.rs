//! Case in tokens: exact for tokenizers whose counts add up across a cut and for those whose counts do not.

use std::sync::LazyLock;

use chunk_strategies::{Chunk, ChunkConfig, ChunkSizer, Recursive, Tokens};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokenizers::Tokenizer;

use crate::conformance::{Case, every_strategy};
use crate::pieces::Pieces;
use crate::texts::documents;

/// As BERT's: lower case, words and punctuation apart, pieces of words, `[CLS] … [SEP]`; with padding and truncation
/// baked in, as in published models.
pub(crate) fn word_piece() -> &'static Tokens {
    static TOKENS: LazyLock<Tokens> = LazyLock::new(|| from_json(WORD_PIECE));
    &TOKENS
}

/// As GPT-2's: bytes merged to pairs within runs of letters, blanks part of the word behind them. Counts do not add up
/// across a cut within a word.
pub(crate) fn byte_pairs() -> &'static Tokens {
    static TOKENS: LazyLock<Tokens> = LazyLock::new(|| from_json(&byte_pairs_json()));
    &TOKENS
}

/// As `SentencePiece`'s: spaces become part of the word behind them, and a prefix of the first; likely pieces of words.
pub(crate) fn unigram() -> &'static Tokens {
    static TOKENS: LazyLock<Tokens> = LazyLock::new(|| from_json(&unigram_json("always", &Value::Null)));
    &TOKENS
}

/// One of each kind, with windows so short that a short text has many.
fn kinds() -> &'static [(&'static str, Tokens)] {
    static KINDS: LazyLock<Vec<(&'static str, Tokens)>> = LazyLock::new(|| {
        let of = |(name, json): (&'static str, Value)| (name, from_json(&json.to_string()).with_window(64));
        word_piece_kinds().into_iter().chain(byte_pair_kinds()).chain(unigram_kinds()).map(of).collect()
    });
    &KINDS
}

fn word_piece_kinds() -> Vec<(&'static str, Value)> {
    let bert = || WORD_PIECE.parse::<Value>().expect("JSON");
    let with = |part: &str, value: Value| {
        let mut json = bert();
        *json.pointer_mut(part).expect("a part") = value;
        json
    };
    let marks = json!({"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]});
    let mut split = with("/pre_tokenizer", json!({"type": "WhitespaceSplit"}));
    split["normalizer"] = json!({"type": "NFC"});
    vec![
        ("BERT", bert()),
        ("BERT, cased", with("/normalizer/lowercase", false.into())),
        ("BERT, not cleaned", with("/normalizer/clean_text", false.into())),
        ("BERT, ideographs joined", with("/normalizer/handle_chinese_chars", false.into())),
        ("BERT, no normalizer", with("/normalizer", Value::Null)),
        ("BERT, other normalizers", with("/normalizer", marks)),
        ("BERT, words", with("/pre_tokenizer", json!({"type": "Whitespace"}))),
        ("BERT, NFC and white space", split),
        ("MPNet: an added token swallows leftwards", with_added(bert(), "the", "lstrip")),
        ("an added token swallows rightwards", with_added(bert(), "the", "rstrip")),
        ("an added token of punctuation", with_added(bert(), "。a", "special")),
        ("an added token is a single word", with_added(bert(), "word", "single_word")),
        ("an added token has white space", with_added(bert(), "a a", "special")),
        ("an added token is normalized", with_added(bert(), "A漢", "normalized")),
    ]
}

fn byte_pair_kinds() -> Vec<(&'static str, Value)> {
    let gpt = || byte_pairs_json().parse::<Value>().expect("JSON");
    let with = |part: &str, value: Value| {
        let mut json = gpt();
        *json.pointer_mut(part).expect("a part") = value;
        json
    };
    let pattern = |pattern: &str| {
        json!({"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]})
    };
    let llama = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    vec![
        ("GPT-2", gpt()),
        ("GPT-2, a space before all", with("/pre_tokenizer/add_prefix_space", true.into())),
        ("GPT-2, NFC", with("/normalizer", json!({"type": "NFC"}))),
        ("GPT-2, an added token", with_added(gpt(), "<|endoftext|>", "special")),
        ("RoBERTa: an added token swallows leftwards", with_added(gpt(), "the", "lstrip")),
        ("GPT-2, an added token swallows rightwards", with_added(gpt(), "the", "rstrip")),
        ("byte pairs without a pattern", with("/pre_tokenizer/use_regex", false.into())),
        ("Llama 3", with("/pre_tokenizer", pattern(llama))),
        ("a pattern of its own", with("/pre_tokenizer", pattern(r"\w+ ?|."))),
    ]
}

fn unigram_kinds() -> Vec<(&'static str, Value)> {
    let unigram = |prepend, normalizer| unigram_json(prepend, normalizer).parse::<Value>().expect("JSON");
    let joined = json!({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "});
    vec![
        ("SentencePiece", unigram("always", &Value::Null)),
        ("SentencePiece, first", unigram("first", &Value::Null)),
        ("SentencePiece, never", unigram("never", &json!({"type": "NFC"}))),
        ("SentencePiece, spaces joined", unigram("always", &joined)),
    ]
}

/// With one more added token, of which one thing is true.
fn with_added(mut json: Value, content: &str, property: &str) -> Value {
    let mut token = json!({"id": 900, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": false});
    token[property] = true.into();
    json["added_tokens"].as_array_mut().expect("a list").push(token);
    json
}

fn from_json(json: &str) -> Tokens {
    Tokens::new(json.parse::<Tokenizer>().expect("a tokenizer")).expect("sizes")
}

const WORD_PIECE: &str = r###"{
    "version": "1.0",
    "truncation": {"max_length": 16, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
    "padding": {"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
    "added_tokens": [
        {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
        {"id": 1, "content": "[UNK]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
        {"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
        {"id": 3, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}
    ],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
    "decoder": null,
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "##a": 5, "word": 6, "##b": 7, "the": 8, "e": 9, "##e": 10,
            ".": 11, ",": 12, "漢": 13, "字": 14, "s": 15, "##s": 16, "t": 17, "##t": 18, "o": 19, "##o": 20, "aaaa": 21, "##aaaa": 22}}
}"###;

/// The whole byte alphabet with a few merges.
fn byte_pairs_json() -> String {
    let mut alphabet: Vec<char> =
        tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet().into_iter().collect();
    alphabet.sort_unstable();
    let mut vocab: Vec<String> = alphabet.iter().map(char::to_string).collect();
    let merges = ["a a", "aa aa", "t h", "th e", "Ġ a", "Ġ t", "i n", "Ċ Ċ"];
    vocab.extend(merges.iter().map(|merge| merge.replace(' ', "")));
    let vocab: serde_json::Map<String, Value> =
        vocab.into_iter().enumerate().map(|(id, token)| (token, id.into())).collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true},
        "post_processor": null, "decoder": null,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": merges},
    })
    .to_string()
}

/// A few likely pieces, and each letter.
fn unigram_json(prepend: &str, normalizer: &Value) -> String {
    let mut vocab = vec![json!(["<unk>", 0.0]), json!(["\u{2581}", -3.0])];
    vocab.extend(('a'..='z').map(|c| json!([c.to_string(), -5.0])));
    let pieces = [
        "\u{2581}the",
        "\u{2581}a",
        "\u{2581}word",
        "th",
        "in",
        "aa",
        ".",
        "\n",
        "\u{2581}\u{2581}",
        "a\u{2581}",
    ];
    vocab.extend(pieces.map(|piece| json!([piece, -4.0])));
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": normalizer,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": prepend, "split": true},
        "post_processor": null, "decoder": null,
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": false},
    })
    .to_string()
}

#[test]
fn special_tokens_count_and_padding_does_not() {
    assert_eq!(word_piece().special_tokens(), 2);
    assert_eq!(word_piece().size(""), 2);
    assert_eq!(word_piece().size("word word"), 4);
    assert_eq!(word_piece().size(&"word ".repeat(50)), 52, "truncation baked into the file is off");
    assert_eq!(byte_pairs().size("the"), 1);
}

/// More words than one tokenised window holds.
#[test]
fn counts_are_exact_across_windows() {
    let document = "The word a, aaaaaaaa. ".repeat(4_000);
    let case = Case { desired: 256, max: 256, overlap: 25 };
    every_strategy(&document, word_piece(), case);
    every_strategy(&document, byte_pairs(), case);
}

#[test]
fn a_head_is_no_longer_than_it_needs_to_be() {
    let text = "The word a, aaaaaaaa. ".repeat(4_000);
    for count in [1, 10, 256] {
        let at = word_piece().head(&text, count);
        assert!(at <= count * 8 + 22, "{at} bytes for {count} tokens");
    }
    assert_eq!(word_piece().head("The word", 10), 8);
    assert_eq!(word_piece().head(&"a".repeat(5_000), 10), 5_000, "one word, and one token");
    assert!(word_piece().adds_up("query: ", "word") && word_piece().adds_up("query:", "word"));
    assert!(!word_piece().adds_up("query", "word"));
}

#[test]
fn a_run_of_blanks_has_a_byte_ceiling() {
    let document = " ".repeat(10_000);
    let config = chunk_strategies::ChunkConfig::new(10).sizer(word_piece());
    for chunk in chunk_strategies::Recursive::new(config).unwrap().chunks(&document) {
        assert!(chunk.unwrap().text().len() <= 320);
    }
}

#[test]
fn a_tokenizer_without_an_unknown_token_is_refused() {
    let json = WORD_PIECE.replace(r#""unk_token": "[UNK]""#, r#""unk_token": "[NONE]""#);
    assert!(Tokens::new(json.parse::<Tokenizer>().unwrap()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 2000, ..ProptestConfig::default() })]

    /// The oracle: each span, encoded on its own.
    #[test]
    fn c3_sizes_are_those_of_the_text_alone(
        document in documents(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 12),
    ) {
        for (kind, tokens) in kinds() {
            let index = tokens.index(&document);
            for (one, other) in &cuts {
                let ends = [one, other].map(|at| document.floor_char_boundary(at.index(document.len() + 1)));
                let (start, end) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                let span = &document[start..end];
                let alone = tokens.tokenizer().encode_fast(span, true).unwrap().len();
                prop_assert_eq!(index.size(start..end), alone, "{}: {:?} in {:?}", kind, span, &document);
            }
        }
    }

    /// The beginning of a text has the text's first tokens, and what lies behind it the others.
    #[test]
    fn a_head_has_the_first_tokens(document in documents(), count in 0..60_usize, cut in any::<prop::sample::Index>()) {
        for (kind, tokens) in kinds() {
            let ids = |text: &str| tokens.tokenizer().encode_fast(text, false).unwrap().get_ids().to_vec();
            let (all, at) = (ids(&document), tokens.head(&document, count));
            let (head, rest) = (ids(&document[..at]), ids(&document[at..]));
            prop_assert!(at == document.len() || head.len() >= count, "{}: {:?}", kind, &document);
            prop_assert_eq!(&head[..], &all[..head.len()], "{}: {:?}", kind, &document);
            prop_assert_eq!(head.len() + rest.len(), all.len(), "{}: {:?}", kind, &document);
            prop_assert_eq!(tokens.bare_size(&document), all.len(), "{}", kind);

            let (before, behind) = document.split_at(document.floor_char_boundary(cut.index(document.len() + 1)));
            if tokens.adds_up(before, behind) {
                prop_assert_eq!([ids(before), ids(behind)].concat(), all, "{}: {:?} + {:?}", kind, before, behind);
            }
        }
    }

    /// An excerpt with its margins gives the answers of the whole document.
    #[test]
    fn c5_an_excerpt_is_counted_as_the_document(
        document in documents(),
        from in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..40_usize), 12),
    ) {
        let from = document.floor_char_boundary(from.index(document.len() + 1));
        for (kind, tokens) in kinds() {
            let (whole, excerpt) = (tokens.index(&document), tokens.index_excerpt(&document[from..], from));
            let begin = document.ceil_char_boundary((from + tokens.margin()).min(document.len()));
            if from > 0 && begin + 1 > document.len() {
                continue;
            }
            let begin = if from == 0 { 0 } else { begin };
            for (one, other, size) in &cuts {
                let ends = [one, other].map(|at| document.floor_char_boundary(begin + at.index(document.len() - begin + 1)).max(begin));
                let (start, end) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                prop_assert_eq!(whole.size(start..end), excerpt.size(start - from..end - from), "{}, size", kind);
                prop_assert_eq!(whole.reach(start, *size), excerpt.reach(start - from, *size) + from, "{}, reach", kind);
                let clamp = |at: usize| at.max(begin);
                prop_assert_eq!(
                    clamp(whole.reach_back(end, *size)), clamp(excerpt.reach_back(end - from, *size) + from), "{}, back", kind
                );
            }
        }
    }
}

/// Of each kind of tokenizer; a thousand under `cargo xtask test --full`.
fn cases() -> u32 {
    if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 1000 } else { 48 }
}

/// More windows than are in memory at once: the chunks of the document that is read piece by piece are those of the
/// document in memory.
#[test]
fn c5_streams_are_windowed_as_documents_in_memory() {
    let prose = "The word aaaa, a; thesis. Word's end?\n\nA \u{6f22}\u{5b57} e\u{301} text ".repeat(700);
    let document = format!("{prose}{}{prose}", "a".repeat(5_000));
    for (kind, tokens) in [("word piece", word_piece()), ("byte pairs", byte_pairs()), ("unigram", unigram())]
    {
        let tokens = tokens.clone().with_window(1024);
        let config = ChunkConfig::new(100).sizer(tokens).overlap(20);
        let strategy = Recursive::new(config).unwrap();
        let in_memory: Vec<Chunk<'_>> = strategy.chunks(&document).map(Result::unwrap).collect();
        let mut reader = strategy.chunk_reader(Pieces::of(&document, 500)).with_segment(3_001);
        for expected in &in_memory {
            assert_eq!(&reader.next_chunk().unwrap().unwrap(), expected, "{kind}");
        }
        assert!(reader.next_chunk().is_none(), "{kind}");
    }
}

/// Windows do not move cuts: short ones, with the feature `rayon` tokenised several at once, give the chunks of one that
/// holds the whole document.
#[test]
fn c6_the_length_of_windows_moves_no_cut() {
    let document = "The word aaaa, a; thesis. Word's end?\n\nA \u{6f22}\u{5b57} e\u{301} text ".repeat(300);
    for (kind, tokens) in [("word piece", word_piece()), ("byte pairs", byte_pairs()), ("unigram", unigram())]
    {
        let ranges = |bytes: usize| {
            let config = ChunkConfig::new(100).sizer(tokens.clone().with_window(bytes));
            let strategy = Recursive::new(config.overlap(20)).unwrap();
            strategy.chunks(&document).map(|chunk| chunk.unwrap().byte_range()).collect::<Vec<_>>()
        };
        assert_eq!(ranges(256), ranges(1 << 20), "{kind}");
    }
}
