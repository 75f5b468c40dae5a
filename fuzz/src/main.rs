//! Does a strategy keep its guarantees on texts that coverage led to?
//!
//! Run by `cargo xtask fuzz`, which says which strategy in `SEMANTIK_FUZZ_STRATEGY`. With `SEMANTIK_FUZZ_SHOW` set, an
//! input is printed as Rust instead of being run.

#![no_main]

mod case;
#[path = "../../crates/chunk-strategies/tests/it/conformance.rs"]
#[allow(dead_code)]
mod conformance;
#[path = "../../crates/chunk-strategies/tests/it/letter_counts.rs"]
mod letter_counts;
#[path = "../../crates/chunk-strategies/tests/it/pieces.rs"]
mod pieces;
mod strategies;

/// Where the suite looks for its embedder.
mod texts {
    pub(crate) use crate::letter_counts::LetterCounts;
}

use std::sync::LazyLock;

use chunk_strategies::{Bytes, Chars, ChunkSizer, Graphemes, Words};
use libfuzzer_sys::fuzz_target;

use crate::case::{Input, Unit};
use crate::strategies::Check;

static STRATEGY: LazyLock<String> = LazyLock::new(|| {
    std::env::var("SEMANTIK_FUZZ_STRATEGY").expect("SEMANTIK_FUZZ_STRATEGY names a strategy")
});
static SHOW: LazyLock<bool> = LazyLock::new(|| std::env::var_os("SEMANTIK_FUZZ_SHOW").is_some());

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = Input::read(bytes) else { return };
    if *SHOW {
        println!("{}", input.shown(&STRATEGY));
        return;
    }
    match input.unit {
        Unit::Bytes => run(&input, &Bytes),
        Unit::Chars => run(&input, &Chars),
        Unit::Graphemes => run(&input, &Graphemes),
        Unit::Words => run(&input, &Words),
    }
});

fn run<S: ChunkSizer>(input: &Input, sizer: &S) {
    let check: Check<S> = strategies::named(&STRATEGY).expect("a strategy that is known");
    check(&input.text, sizer, input.case);
}
