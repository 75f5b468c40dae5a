//! Case in tokens: exact for tokenizers whose counts add up across a cut and for those whose counts do not.

use std::sync::LazyLock;

use chunk_strategies::{ChunkSizer, Tokens};
use tokenizers::Tokenizer;

use crate::conformance::{Case, every_strategy};

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
    let vocab: serde_json::Map<String, serde_json::Value> =
        vocab.into_iter().enumerate().map(|(id, token)| (token, id.into())).collect();
    serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true},
        "post_processor": null, "decoder": null,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": merges},
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
fn a_run_of_blanks_has_a_byte_ceiling() {
    let document = " ".repeat(10_000);
    let config =
        chunk_strategies::ChunkConfig::new(chunk_strategies::Capacity::new(10, 10).unwrap(), word_piece())
            .unwrap();
    for chunk in chunk_strategies::Recursive::new(config).chunks(&document) {
        assert!(chunk.unwrap().text().len() <= 320);
    }
}

#[test]
fn a_tokenizer_without_an_unknown_token_is_refused() {
    let json = WORD_PIECE.replace(r#""unk_token": "[UNK]""#, r#""unk_token": "[NONE]""#);
    assert!(Tokens::new(json.parse::<Tokenizer>().unwrap()).is_err());
}
