//! What a tokenizer is made of: what is known, what is refused and why.

use serde_json::{Value, json};
use word_piece::{AddedToken, BertNormalizer, WordPiece, WordPieceErrorKind};

use crate::kinds::{SPECIAL, added, bert, bert_json};

#[test]
fn a_tokenizer_of_another_kind_is_refused_with_the_part_that_is() {
    for (part, value, named) in [
        ("/normalizer", json!({"type": "NFKC"}), "normalizer is NFKC"),
        (
            "/normalizer",
            json!({"type": "Sequence", "normalizers": [{"type": "StripAccents"}]}),
            "StripAccents",
        ),
        ("/pre_tokenizer", json!({"type": "Whitespace"}), "pre_tokenizer is Whitespace"),
        ("/pre_tokenizer", Value::Null, "pre_tokenizer is null"),
        ("/post_processor", json!({"type": "ByteLevel"}), "post_processor is ByteLevel"),
        (
            "/post_processor",
            json!({"type": "TemplateProcessing", "pair": [], "special_tokens": {},
                "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}),
            "another number of texts",
        ),
        ("/model", json!({"type": "Unigram", "vocab": [["a", -1.0]], "unk_id": 0}), "model is Unigram"),
        ("/model", json!({"vocab": {}}), "model is of no stated type"),
    ] {
        let error = WordPiece::from_tokenizer_json(&bert_json(&SPECIAL, &[(part, value)])).unwrap_err();
        assert_eq!(error.kind(), WordPieceErrorKind::OtherKind, "{error}");
        assert_eq!(error.part(), Some(&part[1..]), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[test]
fn what_is_no_tokenizer_is_refused() {
    for json in ["", "{}", "[1]", "{\"model\": 3}", "\0"] {
        let error = WordPiece::from_tokenizer_json(json).unwrap_err();
        assert_eq!(error.kind(), WordPieceErrorKind::Json, "{json:?}: {error}");
    }
    let without = bert_json(&["[CLS]", "[SEP]"], &[]);
    let error = WordPiece::from_tokenizer_json(&without).unwrap_err();
    assert_eq!(error.kind(), WordPieceErrorKind::Vocabulary, "{error}");
    assert!(error.to_string().contains("[UNK]"), "{error}");
    let error = WordPiece::from_vocabulary("[UNK]\n[CLS]\nfox").unwrap_err();
    assert!(error.to_string().contains("[SEP]"), "{error}");
    let nothing = json!([added("\u{301}", "normalized")]);
    let error =
        WordPiece::from_tokenizer_json(&bert_json(&SPECIAL, &[("/added_tokens", nothing)])).unwrap_err();
    assert_eq!(error.part(), Some("added_tokens"), "{error}");
}

#[test]
fn special_tokens_are_put_where_the_part_for_them_says() {
    let around = |part: Value| {
        let both = bert(&["[UNK]", "[CLS]", "[SEP]", "a"], &[("/post_processor", part)]);
        let ids = both.ours.encode("a").ids;
        assert_eq!(ids, both.theirs.encode("a", true).unwrap().get_ids());
        assert_eq!(both.ours.special_tokens(), ids.len() - 1);
        assert_eq!([both.ours.special_before(), &[3], both.ours.special_after()].concat(), ids);
        ids
    };
    assert_eq!(around(Value::Null), [3]);
    let roberta = json!({"type": "RobertaProcessing", "sep": ["b", 2], "cls": ["a", 1], "trim_offsets": true, "add_prefix_space": false});
    assert_eq!(around(roberta), [1, 3, 2]);
    let template = json!({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "x", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "y", "type_id": 0}}, {"SpecialToken": {"id": "x", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"x": {"id": "x", "ids": [1, 7], "tokens": ["x", "z"]}, "y": {"id": "y", "ids": [2], "tokens": ["y"]}}});
    assert_eq!(around(template), [1, 7, 3, 2, 1, 7]);
}

/// Built by hand or read, they are the same.
#[test]
fn a_vocabulary_and_a_file_make_the_same_tokenizer() {
    let pieces = ["[UNK]", "[CLS]", "[SEP]", "fox", "##es", "é", "Fox"];
    let read = bert(&pieces, &[("/normalizer/lowercase", false.into())]).ours;
    let built = SPECIAL.iter().fold(WordPiece::builder(pieces.into_iter().zip(0..)), |builder, special| {
        builder.with_added_token(AddedToken::special(*special))
    });
    let built = built
        .with_normalizer(BertNormalizer { lowercase: false, ..BertNormalizer::default() })
        .with_special_tokens([1], [2])
        .build()
        .unwrap();
    let lines = WordPiece::from_vocabulary(&pieces.join("\n")).unwrap();
    for text in ["foxes é", "Foxes[SEP] É", "", "[sep] fox\u{301}"] {
        assert_eq!(built.encode(text), read.encode(text), "{text:?}");
        assert_eq!(lines.encode(text), bert(&pieces, &[]).ours.encode(text), "{text:?}");
    }
    assert_eq!(built.encode("Foxes[SEP] É").ids, [1, 6, 4, 2, 0, 2]);
}

#[test]
fn threads_share_one() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let words = bert(&SPECIAL, &[]).ours;
    shared(&words);
    let texts = ["É", "漢", "\u{302e}", "ﬁ"];
    let found: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| texts.map(|text| words.encode(text)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.iter().all(|encodings| *encodings == found[0]));
}
