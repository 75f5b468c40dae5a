//! Every strategy cuts with the tokens that `word-piece` finds where it cuts with the tokenizer's own.

use std::ops::Range;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;

use super::Tokens;
use crate::{
    Character, Chunk, ChunkConfig, ChunkError, EmbedFailure, Embedder, Hierarchical, Hybrid, Markdown,
    Recursive, Semantic, Vectors,
};

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    let pieces = [
        "[UNK]", "[CLS]", "[SEP]", "a", "##a", "b", "e", "##e", "s", "##s", "t", "##t", "the", "and",
        "##and", ".", "漢",
    ];
    let vocab: serde_json::Map<String, serde_json::Value> =
        pieces.into_iter().enumerate().map(|(id, piece)| (piece.to_owned(), id.into())).collect();
    let added = |id: u32, content: &str, lstrip: bool| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": lstrip, "rstrip": false, "normalized": false,
            "special": true})
    };
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "decoder": null,
        "added_tokens": [added(2, "[SEP]", false), added(17, "<mask>", true)],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
            "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab},
    });
    let tokens = Tokens::new(json.to_string().parse().unwrap()).unwrap().with_window(64);
    assert!(tokens.word_piece.is_some());
    tokens
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn chunks_are_those_that_the_tokenizer_gives(
        words in prop::collection::vec("[abest]{1,6} ?|[ -~]{1,4}|[漢字]{1,3}|\\[SEP\\]|  ?<mask>|\n\n?|(the |and ){1,5}", 0..60),
        size in 8..40_usize,
    ) {
        let text = words.concat();
        let slow = Tokens { word_piece: None, ..TOKENS.clone() };
        prop_assert_eq!(chunks(&TOKENS, &text, size), chunks(&slow, &text, size), "{:?}", &text);
    }
}

/// Of every strategy, the chunks.
fn chunks(tokens: &Tokens, text: &str, size: usize) -> Vec<Vec<(Range<usize>, Option<usize>)>> {
    let config = || ChunkConfig::new(size).sizer(tokens).overlap(size / 5);
    let ranges = |chunks: Result<Vec<Chunk<'_>>, ChunkError>| {
        // A grapheme that is too large is an error, with both.
        chunks.map_or_else(
            |_| Vec::new(),
            |chunks| chunks.iter().map(|chunk| (chunk.byte_range(), chunk.level())).collect(),
        )
    };
    let levels = Hierarchical::new(config(), [size * 9, size * 3]).unwrap();
    vec![
        ranges(Character::new(config()).unwrap().chunks(text).collect()),
        ranges(Character::new(config()).unwrap().anchored().chunks(text).collect()),
        ranges(Recursive::new(config()).unwrap().chunks(text).collect()),
        ranges(Recursive::new(config()).unwrap().anchored().chunks(text).collect()),
        ranges(Markdown::new(config()).unwrap().chunks(text).collect()),
        ranges(Markdown::new(config()).unwrap().with_context_counted().chunks(text).collect()),
        ranges(Hybrid::new(config()).unwrap().chunks(text).collect()),
        ranges(Semantic::new(config(), Lengths).unwrap().chunks(text).collect()),
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
