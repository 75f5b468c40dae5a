//! Levels, and merging what was found.

use chunk_strategies::{
    AutoMerge, Chunk, ChunkConfig, ChunkErrorKind, ContextPart, DocumentKind, Hierarchical,
};
use proptest::prelude::*;

fn cut(text: &str) -> Vec<Chunk<'_>> {
    let strategy = Hierarchical::new(ChunkConfig::new(12), [200, 50]).unwrap();
    // Chunks borrow from the text alone.
    let chunks: Vec<Chunk<'_>> =
        Box::leak(Box::new(strategy)).chunks(text).collect::<Result<_, _>>().unwrap();
    chunks
}

#[test]
fn levels_share_their_cuts() {
    let text = "One line of a paragraph.\nAnother line.\n\nA paragraph.\n\n".repeat(20);
    let chunks = cut(&text);
    let ends = |level: usize| {
        chunks.iter().filter(move |chunk| chunk.level() == Some(level)).map(|chunk| chunk.byte_range().end)
    };
    for level in 0..2 {
        let below: Vec<usize> = ends(level + 1).collect();
        assert!(ends(level).all(|end| below.contains(&end)), "level {level} cuts where the next does not");
        assert!(below.len() > 2 * ends(level).count());
    }
}

#[test]
fn sizes_that_do_not_decrease_are_refused() {
    for (finest, above, field) in
        [(10, &[10][..], "levels"), (20, &[10], "levels"), (0, &[10], "size"), (15, &[20, 10], "levels")]
    {
        let error = Hierarchical::new(ChunkConfig::new(finest), above.iter().copied()).unwrap_err();
        assert_eq!(error.kind(), ChunkErrorKind::Config, "{finest} in {above:?}: {error}");
        assert_eq!(error.field(), Some(field), "{finest} in {above:?}: {error}");
    }
    let levels = Hierarchical::new(ChunkConfig::new(8..=10), [20]).unwrap();
    assert_eq!(levels.sizes().collect::<Vec<_>>(), [20, 10]);
    let overlapping = Hierarchical::new(ChunkConfig::new(10).overlap(10), [20]);
    assert_eq!(overlapping.unwrap_err().field(), Some("overlap"));
}

proptest! {
    #[test]
    fn merging_loses_nothing_and_repeats_nothing(
        found in proptest::collection::btree_set(0..60_usize, 0..60), share in 0.0..0.99_f64,
    ) {
        let text = "Some words, some more.\nA line.\n\n".repeat(12);
        let chunks = cut(&text);
        let found: Vec<usize> = found.into_iter().filter(|&index| index < chunks.len()).collect();
        let merge = AutoMerge::new(&chunks).with_share(share).unwrap();
        let merged = merge.merge(found.iter().copied());
        let within = |inside: &Chunk<'_>, around: &Chunk<'_>| {
            let (a, b) = (inside.byte_range(), around.byte_range());
            b.start <= a.start && a.end <= b.end
        };
        for &index in &found {
            prop_assert!(merged.iter().any(|&kept| within(&chunks[index], &chunks[kept])), "{} is lost", index);
        }
        for &a in &merged {
            let above = std::iter::successors(chunks[a].parent(), |&index| chunks[index].parent());
            prop_assert!(above.into_iter().all(|parent| !merged.contains(&parent)), "{} is there twice", a);
        }
        prop_assert_eq!(merge.merge(merged.iter().copied()), merged.clone(), "done is done");
        prop_assert!(merged.is_sorted());
    }
}

#[test]
fn merging_goes_up_level_by_level() {
    let text = "One line of a paragraph.\nAnother line.\n\nA paragraph.\n\n".repeat(20);
    let chunks = cut(&text);
    let merge = AutoMerge::new(&chunks);
    let leaves = chunks.iter().filter(|chunk| chunk.level() == Some(2)).map(Chunk::index);
    let coarsest: Vec<usize> =
        chunks.iter().filter(|chunk| chunk.level() == Some(0)).map(Chunk::index).collect();
    assert_eq!(merge.merge(leaves), coarsest);
    assert!(AutoMerge::new(&chunks).with_share(1.0).is_err());
    assert!(merge.merge([]).is_empty());
}

/// Every level is cut where Markdown would be: no table row, fence line or heading is torn from what it belongs to.
#[test]
fn markdown_is_cut_on_its_blocks_on_every_level() {
    let section = |n: usize| {
        let rows: String = (0..6).map(|i| format!("| row {i} of {n} | a value |\n")).collect();
        format!(
            "## Section {n}\n\nA paragraph that says what the table has:\n\n| what | value |\n|---|---|\n{rows}\n\
             ### Use\n\n```sh\nrun {n} --all\nrun {n} --again\n```\n\n"
        )
    };
    let document = format!("# Guide\n\n{}", (0..12).map(section).collect::<String>());
    let strategy = Hierarchical::new(ChunkConfig::new(100), [1200, 300]).unwrap();
    let chunks: Vec<_> =
        strategy.chunks_as(DocumentKind::Markdown, &document).map(|chunk| chunk.unwrap()).collect();
    for level in 0..3 {
        let of_level = chunks.iter().filter(|chunk| chunk.level() == Some(level));
        let text: String = of_level.clone().map(Chunk::text).collect();
        assert_eq!(text, document, "level {level}");
        for chunk in of_level {
            let (first, last) =
                (chunk.text().lines().next().unwrap(), chunk.text().trim_end().lines().last());
            assert!(
                !last.unwrap().starts_with('#'),
                "level {level} leaves a heading behind: {:?}",
                chunk.text()
            );
            assert!(first.is_empty() || document.contains(&format!("\n{first}\n")) || first == "# Guide");
            if chunk.text().starts_with("| row") {
                let context: Vec<&str> = chunk.context().iter().map(ContextPart::text).collect();
                assert_eq!(context.first(), Some(&"# Guide"), "{context:?}");
                assert_eq!(context.last(), Some(&"| what | value |\n|---|---|"), "{context:?}");
            }
        }
    }
    // A section begins a chunk of the middle level, and not the same as of plain text.
    let middle = chunks.iter().filter(|chunk| chunk.level() == Some(1));
    assert!(middle.filter(|chunk| chunk.text().starts_with("## Section")).count() >= 10);
    assert!(chunks.iter().all(|chunk| chunk.byte_range().start == 0 || !chunk.context().is_empty()));
}
