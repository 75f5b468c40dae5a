//! A tokenizer from the JSON that models bring.

mod special;

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[cfg(feature = "tokenizers")]
pub(crate) use self::special::around;
use crate::added::AddedToken;
use crate::builder::{BertNormalizer, WordPieceBuilder};
use crate::error::WordPieceError;
use crate::exact::Step;

/// The parts, first those that say of which kind it is: the vocabulary of another kind is not read.
pub(crate) fn builder(json: &str) -> Result<WordPieceBuilder, WordPieceError> {
    let kinds: Kinds = serde_json::from_str(json).map_err(WordPieceError::json)?;
    let model = kinds.model.kind.unwrap_or_else(|| "of no stated type".to_owned());
    if model != "WordPiece" {
        return Err(WordPieceError::other_kind("model", model, "WordPiece"));
    }
    match kind(&kinds.pre_tokenizer) {
        "BertPreTokenizer" => {}
        other => return Err(WordPieceError::other_kind("pre_tokenizer", other, "BertPreTokenizer")),
    }
    let steps = steps(&kinds.normalizer)?;
    let (before, after) = special::around(&kinds.post_processor)?;
    let Parts { added_tokens, model } = serde_json::from_str(json).map_err(WordPieceError::json)?;
    let builder = WordPieceBuilder::new(model.vocab)
        .with_unknown(model.unk_token)
        .with_prefix(model.continuing_subword_prefix)
        .with_max_word_chars(model.max_input_chars_per_word)
        .with_steps(steps)
        .with_special_tokens(before, after);
    Ok(added_tokens.into_iter().fold(builder, WordPieceBuilder::with_added_token))
}

#[derive(Deserialize)]
struct Kinds {
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    model: Kind,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    #[serde(deserialize_with = "pairs")]
    vocab: Vec<(String, u32)>,
}

/// A vocabulary as it is written: tens of thousands of tokens are sorted later, and looked for by nobody before.
fn pairs<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, u32)>, D::Error> {
    struct Pairs;

    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, u32)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an id for each token")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }

    from.deserialize_map(Pairs)
}

/// What a normalizer does.
pub(crate) fn steps(part: &Value) -> Result<Vec<Step>, WordPieceError> {
    let mut steps = Vec::new();
    normalizer(part, &mut steps)?;
    Ok(steps)
}

/// BERT's, or several that come to the same kinds of steps: a folder that asks for lower case has one more of them.
fn normalizer(part: &Value, steps: &mut Vec<Step>) -> Result<(), WordPieceError> {
    match kind(part) {
        "null" => {}
        "BertNormalizer" => {
            let Bert { clean_text, handle_chinese_chars, strip_accents, lowercase } =
                Bert::deserialize(part).map_err(WordPieceError::json)?;
            let bert = BertNormalizer { clean_text, handle_chinese_chars, strip_accents, lowercase };
            steps.extend(bert.steps());
        }
        "Lowercase" => steps.push(Step::Lowercase),
        "Sequence" => {
            for part in part["normalizers"].as_array().into_iter().flatten() {
                normalizer(part, steps)?;
            }
        }
        other => return Err(WordPieceError::other_kind("normalizer", other, "BertNormalizer")),
    }
    Ok(())
}

#[derive(Deserialize)]
struct Bert {
    clean_text: bool,
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    lowercase: bool,
}

/// The name of a part's type.
fn kind(part: &Value) -> &str {
    match part {
        Value::Null => "null",
        part => part["type"].as_str().unwrap_or("of no stated type"),
    }
}
