//! The default model's tokenizer.

use tokenizers::Tokenizer;

/// The tokenizer in the file that `SEMANTIK_BENCH_TOKENIZER` names (`cargo xtask bench` sets it where the model is), without
/// padding and truncation; `None` with a note where there is none.
pub fn tokenizer() -> Option<Tokenizer> {
    let Some(path) = std::env::var_os("SEMANTIK_BENCH_TOKENIZER") else {
        eprintln!("left out: what needs a tokenizer; `cargo xtask model` brings it");
        return None;
    };
    let mut tokenizer = Tokenizer::from_file(path).ok()?;
    tokenizer.with_padding(None).with_truncation(None).ok()?;
    Some(tokenizer)
}
