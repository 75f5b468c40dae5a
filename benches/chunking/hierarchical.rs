//! What do three levels cost, beside one?

use benches::{peer, text};
use chunk_strategies::{Chars, Hierarchical, Recursive};
use criterion::Criterion;
use text_splitter::{Characters, TextSplitter};

use crate::configs::{SIZE, config, group, right, row};

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = group(c, "prose, levels of 16000, 4000 and 1000 chars");
    let levels = right(Hierarchical::new(config(SIZE, 0, Chars), [16 * SIZE, 4 * SIZE]));
    for text in ["0.5MB", "8MB"].iter().filter_map(|size| text("prose", size)) {
        row(&mut group, "hierarchical", &text, |text| levels.chunks(text).count());
        let recursive = right(Recursive::new(config(SIZE, 0, Chars)));
        row(&mut group, "recursive, one level", &text, |text| recursive.chunks(text).count());
        if text.name == "0.5MB" {
            let splitter = TextSplitter::new(peer::config(SIZE, Characters));
            row(&mut group, "text-splitter", &text, |text| splitter.chunks(text).count());
        }
    }
    group.finish();
}
