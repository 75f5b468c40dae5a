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

    /// The oracle: each span, measured on its own.
    #[test]
    fn c3_sizes_in_words_and_graphemes_are_those_of_the_text_alone(
        document in documents(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..30_usize), 12),
    ) {
        let sizers: [(&str, &dyn ChunkSizer); 2] = [("words", &Words), ("graphemes", &Graphemes)];
        for (unit, sizer) in sizers {
            let index = sizer.index(&document);
            for (one, other, size) in &cuts {
                let ends = [one, other].map(|at| document.floor_char_boundary(at.index(document.len() + 1)));
                let (start, end) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                let span = &document[start..end];
                prop_assert_eq!(index.size(start..end), sizer.size(span), "{}: {:?}", unit, span);
                let reach = index.reach(start, *size);
                prop_assert_eq!(index.size(start..reach), sizer.size(&document[start..reach]), "{}: reach", unit);
            }
        }
    }

    #[test]
    fn c1_to_c6_with_a_sizer_of_ones_own(document in documents(), case in sizes()) {
        every_strategy(&document, &Odd, case);
    }

    #[cfg(feature = "tokenizers")]
    #[test]
    fn c1_to_c6_in_tokens(document in documents(), case in sizes()) {
        let case = Case { desired: case.desired + 3, max: case.max + 3, overlap: case.overlap };
        every_strategy(&document, crate::tokens::word_piece(), case);
        every_strategy(&document, crate::tokens::byte_pairs(), case);
        every_strategy(&document, crate::tokens::unigram(), case);
    }
}

/// A thousand each under `cargo xtask test --full`.
fn cases() -> u32 {
    if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 1000 } else { 128 }
}
