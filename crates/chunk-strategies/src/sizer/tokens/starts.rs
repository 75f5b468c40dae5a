//! Where tokens start in a text.

use tokenizers::{Model, OffsetReferential, OffsetType, PreTokenizer};
use word_piece::{Token, WordPiece};

use super::Tokens;
use crate::sizer::tokenised::Seams;

/// Each token's start, ascending; `None` where the text cannot be encoded.
pub(super) fn starts(tokens: &Tokens, text: &str) -> Option<Vec<u32>> {
    match (&tokens.word_piece, tokens.seams) {
        (Some(words), _) => Some(starts_of_words(words, text)),
        (None, Seams::Nowhere) => starts_by_offset(tokens, text),
        (None, _) => starts_by_piece(tokens, text),
    }
}

/// Starts as `word-piece` finds them, behind the white space that an added token may have taken: there may be a seam before
/// it.
fn starts_of_words(words: &WordPiece, text: &str) -> Vec<u32> {
    // English has a token for every four or five bytes.
    let mut starts = Vec::with_capacity(text.len() / 4);
    words.tokens(text).for_each(|Token { start, end, .. }| {
        let is_graphic = text.as_bytes().get(start).is_some_and(u8::is_ascii_graphic);
        let taken =
            if is_graphic { None } else { text.get(start..end).and_then(|token| token.find(is_no_space)) };
        // Windows are of a GiB and a half at most.
        starts.push((start + taken.unwrap_or(0)) as u32);
    });
    starts
}

/// Starts as the tokenizer's own offsets say.
fn starts_by_offset(tokens: &Tokens, text: &str) -> Option<Vec<u32>> {
    let encoding = tokens.tokenizer.encode(text, false).ok()?;
    let mut last = 0;
    let starts = encoding.get_offsets().iter().map(|&(start, _)| {
        // Ascending whatever a normalizer did to the offsets, since they are searched by bisection.
        last = text.floor_char_boundary(start).max(last);
        u32::try_from(last).ok()
    });
    starts.collect()
}

/// Starts within the pieces that the pre-tokenizer makes. No piece spans a seam, so that what matters for exact counts,
/// which side of a seam a token is on, hangs on the pieces' places alone; within a piece, starts are in proportion, good
/// enough to look for a cut. Does without the copies of texts and offsets that an `Encoding` is made of.
fn starts_by_piece(tokens: &Tokens, text: &str) -> Option<Vec<u32>> {
    let tokenizer = &tokens.tokenizer;
    let vocabulary = tokenizer.get_added_vocabulary();
    let mut pieces = vocabulary.extract_and_normalize(tokenizer.get_normalizer(), text);
    if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut pieces).ok()?;
    }
    pieces.tokenize(|piece| tokenizer.get_model().tokenize(piece.get())).ok()?;
    let drops_space = matches!(tokens.seams, Seams::AroundSpace { .. });
    let (mut starts, mut last) = (Vec::new(), 0);
    for (normalized, (start, end), found) in pieces.get_splits(OffsetReferential::Original, OffsetType::Byte)
    {
        let (mut start, end) = (text.floor_char_boundary(start), text.floor_char_boundary(end));
        if drops_space && let Some(lead) = text.get(start..end).and_then(|piece| piece.find(is_no_space)) {
            // An added token may have swallowed white space that has a seam behind it.
            start += lead;
        }
        for token in found.iter().flatten() {
            let share = (end.saturating_sub(start)) * token.offsets.0 / normalized.len().max(1);
            last = text.floor_char_boundary(start + share).max(last);
            starts.push(u32::try_from(last).ok()?);
        }
    }
    Some(starts)
}

fn is_no_space(c: char) -> bool {
    !c.is_whitespace()
}
