//! Files of texts that all programs read: lists of strings, as JSON.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::XtaskError;
use crate::sentences::sentences;

/// How many sentences are embedded.
pub(super) const SENTENCES: usize = 5000;
/// Of so many sentences the last is not measured: `OpenVINO`'s int8 takes its scales of those.
const EVERY: usize = 17;
/// No text is cut at the model's limit of 256 tokens, so that all programs have the same work.
const MOST_BYTES: usize = 700;
/// A piece of a document: within the limit of 256 tokens whatever it holds, so that both find all ids.
const PIECE_BYTES: usize = 250;

/// Files of `measured` sentences, and of others from the same prose.
pub(super) fn write_sentences(work: &Path, measured: usize) -> Result<[PathBuf; 2], XtaskError> {
    let all = sentences((SENTENCES * EVERY).div_ceil(EVERY - 1), MOST_BYTES)?;
    let [kept, apart] = shared_out(all, measured);
    Ok([write(&work.join("sentences.json"), kept)?, write(&work.join("calibration.json"), apart)?])
}

/// `measured` of the sentences, evenly spread, and those that are kept apart.
fn shared_out(all: Vec<String>, measured: usize) -> [Vec<String>; 2] {
    let (apart, kept): (Vec<_>, Vec<_>) =
        all.into_iter().enumerate().partition(|(index, _)| index % EVERY == EVERY - 1);
    let step = (kept.len() / measured.max(1)).max(1);
    let kept = kept.into_iter().step_by(step).take(measured).map(|(_, text)| text).collect();
    [kept, apart.into_iter().map(|(_, text)| text).collect()]
}

/// A text in pieces, as documents are read in chunks.
pub(super) fn write_pieces(work: &Path, name: &str, text: &str) -> Result<(PathBuf, usize), XtaskError> {
    let pieces = pieces(text);
    let bytes = pieces.iter().map(String::len).sum();
    Ok((write(&work.join(format!("pieces-{name}.json")), pieces)?, bytes))
}

fn pieces(text: &str) -> Vec<String> {
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        pieces.push(piece.to_owned());
        rest = behind;
    }
    pieces
}

/// Writes a file of them.
pub(super) fn write(path: &Path, texts: Vec<String>) -> Result<PathBuf, XtaskError> {
    fs::write(path, Value::from(texts).to_string()).map_err(XtaskError::io(path))?;
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_and_what_is_kept_apart_have_nothing_in_common() {
        let all: Vec<String> = (0..(SENTENCES * EVERY).div_ceil(EVERY - 1)).map(|n| n.to_string()).collect();
        for measured in [SENTENCES, 250, 1] {
            let [kept, apart] = shared_out(all.clone(), measured);
            assert_eq!(kept.len(), measured);
            assert!(apart.len() > 300 && kept.iter().all(|text| !apart.contains(text)));
        }
    }

    #[test]
    fn pieces_are_the_whole_text_cut_between_characters() {
        let text = "Die Brücke ".repeat(200);
        let pieces = pieces(&text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.len() > 3 && pieces.iter().all(|piece| piece.len() <= PIECE_BYTES));
    }
}
