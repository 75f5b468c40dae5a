//! Texts for the suite, and its embedder.

use proptest::prelude::*;

pub(crate) use crate::letter_counts::LetterCounts;

/// Generated documents: pieces of scripts, emoji, marks, line ends, control characters and markup, in any order.
pub(crate) fn documents() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-z]{1,9}",
        6 => Just(" ".to_owned()),
        2 => prop::sample::select(vec![". ", "? ", ", ", "; ", ": ", "... ", "Dr. ", "5,120.50 ", "(a) ", "\u{201c}Yes.\u{201d} "])
            .prop_map(str::to_owned),
        3 => prop::sample::select(vec!["\n", "\n\n", "\r\n", "\r", "\n \t\n", "\u{2028}", "\u{2029}", "\u{85}", "\u{b}", "\u{c}"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec!["# ", "- ", "> ", "```\n", "| a | b |\n", "[x](y)", "$$", "---\n"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["漢字", "かな。", "名前はまだ無い。", "ไทย", "한국어 ", "שלום ", "مرحبا، ", "नमस्ते "])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec!["👨‍👩‍👧‍👦", "🇩🇪", "🇫", "e\u{301}", " \u{301}", "\u{200d}", "\u{feff}", "क्ष", "\u{600}1", "각"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["<|endoftext|>", "[SEP]", "[CLS] ", "\0", "\u{7}", "\u{a0}", "\u{200b}"]).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9]{30,120}",
        1 => any::<char>().prop_map(|c| c.to_string()),
    ];
    prop::collection::vec(piece, 0..160).prop_map(|pieces| pieces.concat())
}
