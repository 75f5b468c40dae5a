//! The special tokens around each text, from the part that puts them there.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::kind;
use crate::error::WordPieceError;

/// Those before and those behind.
pub(crate) fn around(part: &Value) -> Result<(Vec<u32>, Vec<u32>), WordPieceError> {
    match kind(part) {
        "null" => Ok((Vec::new(), Vec::new())),
        "BertProcessing" | "RobertaProcessing" => {
            let Pair { cls, sep } = Pair::deserialize(part).map_err(WordPieceError::json)?;
            Ok((vec![cls.1], vec![sep.1]))
        }
        "TemplateProcessing" => template(&Template::deserialize(part).map_err(WordPieceError::json)?),
        other => Err(WordPieceError::other_kind("post_processor", other, KNOWN)),
    }
}

const KNOWN: &str = "TemplateProcessing with the text in it once, BertProcessing or RobertaProcessing";

#[derive(Deserialize)]
struct Pair {
    cls: (String, u32),
    sep: (String, u32),
}

#[derive(Deserialize)]
struct Template {
    single: Vec<Piece>,
    special_tokens: HashMap<String, Special>,
}

#[derive(Deserialize)]
enum Piece {
    SpecialToken { id: String },
    Sequence { id: String },
}

#[derive(Deserialize)]
struct Special {
    ids: Vec<u32>,
}

fn template(template: &Template) -> Result<(Vec<u32>, Vec<u32>), WordPieceError> {
    let (mut before, mut after, mut texts) = (Vec::new(), Vec::new(), 0);
    for piece in &template.single {
        match piece {
            Piece::SpecialToken { id } => {
                let special = template.special_tokens.get(id);
                let special = special.ok_or_else(|| WordPieceError::missing(id, "the template names"))?;
                let side = if texts == 0 { &mut before } else { &mut after };
                side.extend_from_slice(&special.ids);
            }
            Piece::Sequence { id } if id == "A" => texts += 1,
            Piece::Sequence { .. } => texts += 2,
        }
    }
    if texts == 1 {
        return Ok((before, after));
    }
    let found = "TemplateProcessing with another number of texts";
    Err(WordPieceError::other_kind("post_processor", found, KNOWN))
}
