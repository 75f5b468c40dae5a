//! Does the speed hold on texts that are hard to cut?

use benches::pathological;
use chunk_strategies::{Character, Chars, Markdown, Recursive};
use criterion::Criterion;

use crate::configs::{SIZE, config, group, right, row};

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = group(c, "hard to cut, chars@1000");
    for text in pathological() {
        let recursive = right(Recursive::new(config(SIZE, 0, Chars)));
        row(&mut group, "recursive", &text, |text| recursive.chunks(text).count());
        let character = right(Character::new(config(SIZE, 0, Chars)));
        row(&mut group, "character", &text, |text| character.chunks(text).count());
        let markdown = right(Markdown::new(config(SIZE, 0, Chars)));
        row(&mut group, "markdown", &text, |text| markdown.chunks(text).count());
    }
    group.finish();
}
