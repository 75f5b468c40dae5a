//! Does the speed hold as the document grows, and in scripts without blanks?

use benches::{peer, text};
use chunk_strategies::{Character, Chars, Recursive};
use criterion::Criterion;
use text_splitter::{Characters, TextSplitter};

use crate::configs::{SIZE, config, group, right, row};

pub(crate) fn bench(c: &mut Criterion) {
    for (kind, sizes) in
        [("prose", &["0.5MB", "8MB", "100MB"][..]), ("code", &["8MB"]), ("cjk", &["0.5MB", "8MB"])]
    {
        let mut group = group(c, &format!("{kind} chars@1000"));
        for text in sizes.iter().filter_map(|size| text(kind, size)) {
            let recursive = right(Recursive::new(config(SIZE, 0, Chars)));
            row(&mut group, "recursive", &text, |text| recursive.chunks(text).count());
            let character = right(Character::new(config(SIZE, 0, Chars)));
            row(&mut group, "character", &text, |text| character.chunks(text).count());
            if kind == "prose" && text.name != "100MB" {
                let anchored = right(Recursive::new(config(SIZE, 0, Chars))).anchored();
                row(&mut group, "recursive, anchored", &text, |text| anchored.chunks(text).count());
            }
            // Its time grows faster than the text: at 8 MB seconds a run, which is enough to see it once.
            if text.name == "0.5MB" || (text.name == "8MB" && kind == "prose") {
                let splitter = TextSplitter::new(peer::config(SIZE, Characters));
                row(&mut group, "text-splitter", &text, |text| splitter.chunks(text).count());
            }
        }
        group.finish();
    }
}
