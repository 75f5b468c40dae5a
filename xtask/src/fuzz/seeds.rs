//! Where fuzzing starts: texts that broke other chunkers, in a few configurations.

use std::fs;
use std::path::Path;

use crate::error::XtaskError;

/// Pieces, each repeated up to a few hundred bytes.
const PIECES: [&str; 27] = [
    "A sentence. Another one! A third? ",
    "A line.\nAnother line.\n\nA paragraph; with a clause, and one more: this.\n\n",
    "word ",
    "a",
    "\n",
    " \t",
    "漢字かな交じり文",
    "吾輩は猫である。名前はまだ無い。\n",
    "ฉันรักเธอมาก",
    "한국어 문장입니다. ",
    "שלום עולם. مرحبا، ",
    "👨‍👩‍👧‍👦 e\u{301}\r\n",
    "🇩🇪🇫🇷",
    " \u{301}\u{302}",
    "a line\r\nanother\rthird\n\n",
    "a line\u{2028}another\u{2029}third\u{85}fourth\u{b}fifth\u{c}. ",
    "Dr. Smith (Ph.D.) paid $5,120.50 to J. R. R. Co. on Jan. 3. ",
    "<|endoftext|>\u{feff}\u{200b}\0\u{7} [SEP][CLS][PAD] ",
    "# A heading\n\n> quoted\n\n- item\n  - inner\n\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "```rust\nfn main() {}\n```\n\n",
    "क्ष नमस्ते\u{200d}\u{600}1 ",
    "/// Doc.\n#[test]\nfn a(x: u8) -> u8 {\n    if x > 1 { return 2; }\n    x\n}\n\n",
    "class X:\n    @dec\n    def y(self):\n        \"\"\"Doc.\"\"\"\n        return [1,\n            2]\n\n",
    "// a\nnamespace a {\npublic:\n#if X\nclass B { void c() { d(\"}\", '\\''); } };\n#endif\n}\n",
    "const f=async(a)=>{for(let i of a){await b(`${i}`);}};!function(){return!0}();",
    "{\"a\": 1, \"b\": \"text. More\"}\n{\"a\": 2}\n",
];
/// As fuzz/src/case.rs reads them: unit, desired size, how much larger the maximum is, overlap.
const CONFIGS: [[u8; 4]; 6] =
    [[0, 37, 0, 30], [1, 20, 0, 4], [1, 60, 30, 0], [2, 16, 4, 3], [3, 8, 0, 2], [1, 200, 0, 20]];
const BYTES: usize = 400;

/// Writes them into a corpus.
pub(super) fn write(corpus: &Path) -> Result<(), XtaskError> {
    for (number, piece) in PIECES.iter().enumerate() {
        for (which, config) in CONFIGS.iter().enumerate() {
            let text = piece.repeat(BYTES.div_ceil(piece.len()));
            let path = corpus.join(format!("seed-{number}-{which}"));
            fs::write(&path, [&config[..], text.as_bytes()].concat()).map_err(XtaskError::io(&path))?;
        }
    }
    Ok(())
}
