//! How fast are sizes in tokens, and the chunks that they make, beside the tokenizer itself?

use benches::{peer, text, tokenizer};
use chunk_strategies::{ChunkSizer, Recursive, Tokens};
use criterion::Criterion;
use text_splitter::TextSplitter;

use crate::configs::{config, group, right, row};

const SIZE: usize = 256;
/// The peer encodes each candidate anew.
const SHORT_BYTES: usize = 100_000;
/// As our index tokenises: long enough that a call's own cost does not show.
const PIECE_BYTES: usize = 16 * 1024;

pub(crate) fn bench(c: &mut Criterion) {
    let Some(tokenizer) = tokenizer() else { return };
    let Ok(tokens) = Tokens::new(tokenizer.clone()) else { return };
    let mut group = group(c, "prose tokens@256");
    let Some(long) = text("prose", "0.5MB") else { return };
    let short = long.shortened(SHORT_BYTES, "0.1MB");
    for text in [&short, &long] {
        let recursive = right(Recursive::new(config(SIZE, 0, &tokens)));
        row(&mut group, "recursive", text, |text| recursive.chunks(text).count());
        row(&mut group, "sizes alone", text, |text| {
            pieces(text).map(|piece| tokens.size(piece)).sum::<usize>()
        });
        row(&mut group, "tokenizer alone", text, |text| {
            pieces(text)
                .filter_map(|piece| tokenizer.encode_fast(piece, false).ok())
                .map(|found| found.len())
                .sum::<usize>()
        });
    }
    let splitter = TextSplitter::new(peer::config(SIZE, peer::Tokens(&tokenizer)));
    row(&mut group, "text-splitter", &short, |text| splitter.chunks(text).count());
    group.finish();
}

/// The text in pieces that end at a character.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}
