//! Tokenizers that are taken over from the crate, with what was changed on them.

use serde_json::json;
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};
use tokenizers::{AddedToken, Tokenizer};
use word_piece::{WordPiece, WordPieceErrorKind};

use crate::kinds::{SPECIAL, added, bert, bert_json, kinds};

/// Ours, taken over, says of a text what theirs says.
fn check(theirs: &Tokenizer, text: &str) {
    let ours = WordPiece::from_tokenizer(theirs).unwrap();
    let encoded = theirs.encode(text, true).unwrap();
    assert_eq!(ours.encode(text).ids, encoded.get_ids(), "{text:?}");
}

const TEXT: &str = "The Éa[SEP] <mask> <Mask> { 漢字 THE novel <a> New \u{302e}";

#[test]
fn every_kind_can_be_taken_over() {
    for (name, both) in kinds() {
        // What the crate does not tell of a list that has a token twice is refused.
        match WordPiece::from_tokenizer(&both.theirs) {
            Ok(ours) => assert_eq!(ours.encode(TEXT), both.ours.encode(TEXT), "{name}"),
            Err(error) => {
                assert!(*name == "added twice" && error.part() == Some("added_tokens"), "{name}: {error}");
            }
        }
    }
}

#[test]
fn what_was_changed_is_taken_over() {
    let mut theirs =
        bert(&["[UNK]", "[CLS]", "[SEP]", "the", "a"], &[("/normalizer/lowercase", false.into())]).theirs;
    check(&theirs, TEXT);
    let bert = theirs.get_normalizer().unwrap().clone();
    theirs.with_normalizer(Some(NormalizerWrapper::Sequence(Sequence::new(vec![
        NormalizerWrapper::Lowercase(Lowercase),
        bert,
    ]))));
    check(&theirs, TEXT);
    theirs.add_tokens(&[AddedToken::from("novel", false), AddedToken::from("<mask>", true).lstrip(true)]);
    check(&theirs, TEXT);
    theirs.add_tokens(&[AddedToken::from("{", false)]);
    check(&theirs, TEXT);
    theirs.set_encode_special_tokens(true);
    let error = WordPiece::from_tokenizer(&theirs).unwrap_err();
    assert_eq!(error.kind(), WordPieceErrorKind::OtherKind, "{error}");
}

#[test]
fn other_kinds_are_refused() {
    for (part, value) in [
        ("/normalizer", json!({"type": "NFC"})),
        ("/pre_tokenizer", json!({"type": "Whitespace"})),
        (
            "/model",
            json!({"type": "WordLevel", "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}, "unk_token": "[UNK]"}),
        ),
        ("/added_tokens", json!([added("the", "normalized"), added("the", "special")])),
    ] {
        let theirs: Tokenizer = bert_json(&SPECIAL, &[(part, value)]).parse().unwrap();
        let error = WordPiece::from_tokenizer(&theirs).unwrap_err();
        assert_eq!(error.part(), Some(&part[1..]), "{error}");
    }
}
