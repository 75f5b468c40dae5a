//! Texts that are hard to cut: each is one thing without end.

/// Of each text.
const BYTES: usize = 8_000_000;
/// What a parser that descends once for each of them does not survive.
const BRACKETS: usize = 100_000;

/// Name and text.
pub(super) fn texts() -> [(&'static str, String); 9] {
    [
        ("one-line", fill("These are words of one line, and no line ends. ")),
        ("no-spaces", fill("abcdefghij")),
        ("blank-lines", fill("\n")),
        ("blanks", fill(" ")),
        ("brackets", format!("{}{}\n", "[".repeat(BRACKETS), "]".repeat(BRACKETS))),
        ("flags", fill("🇩🇪🇫🇷")),
        ("emoji", fill("👨‍👩‍👧‍👦")),
        ("fence", format!("```rust\n{}```\n", fill("    let value = other + 1;\n"))),
        ("table", format!("| a | b |\n|---|---|\n{}", fill("| a cell | another cell |\n"))),
    ]
}

fn fill(piece: &str) -> String {
    piece.repeat(BYTES / piece.len())
}
