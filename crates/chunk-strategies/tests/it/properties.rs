//! The conformance suite over generated documents and sizes.

use chunk_strategies::{Bytes, Chars, ChunkSizer, Graphemes, Words};
use proptest::prelude::*;

use crate::conformance::{Case, every_strategy};
use crate::texts::documents;

/// A sizer of the kind that users write: one method, sizes that neither add up nor grow steadily.
struct Odd;

impl ChunkSizer for Odd {
    fn size(&self, text: &str) -> usize {
        let dots = text.matches('.').count();
        (text.len() / 3 + 1).saturating_sub(dots)
    }
}

fn sizes() -> impl Strategy<Value = Case> {
    (2_usize..120, 0_usize..40, 0_usize..60).prop_map(|(desired, extra, overlap)| Case {
        desired,
        max: desired + extra,
        overlap: overlap.min(desired - 2),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn c1_to_c6_in_chars(document in documents(), case in sizes()) {
        every_strategy(&document, &Chars, case);
    }

    #[test]
    fn c1_to_c6_in_bytes(document in documents(), case in sizes()) {
        every_strategy(&document, &Bytes, case);
    }

    #[test]
    fn c1_to_c6_in_graphemes(document in documents(), case in sizes()) {
        every_strategy(&document, &Graphemes, case);
    }

    #[test]
    fn c1_to_c6_in_words(document in documents(), case in sizes()) {
        every_strategy(&document, &Words, case);
    }

    #[test]
    fn c1_to_c6_with_a_sizer_of_ones_own(document in documents(), case in sizes()) {
        every_strategy(&document, &Odd, case);
    }

    #[test]
    fn c1_to_c6_in_tokens(document in documents(), case in sizes()) {
        let case = Case { desired: case.desired + 3, max: case.max + 3, overlap: case.overlap };
        every_strategy(&document, crate::tokens::word_piece(), case);
        every_strategy(&document, crate::tokens::byte_pairs(), case);
    }
}

/// A thousand each under `cargo xtask test --full`.
fn cases() -> u32 {
    if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 1000 } else { 128 }
}
