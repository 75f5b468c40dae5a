//! What only semantic chunking promises.

use std::cell::Cell;

use chunk_strategies::{
    Breakpoints, Chars, ChunkConfig, ChunkErrorKind, EmbedFailure, Embedder, Fallback, Semantic, Strategy,
    Vectors,
};

use crate::texts::LetterCounts;

/// Says of each sentence whether it is about foxes or about money.
struct Topics;

impl Embedder for Topics {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let values = texts.iter().flat_map(|text| if text.contains("fox") { [1.0, 0.1] } else { [0.1, 1.0] });
        Ok(Vectors::new(2, values.collect())?)
    }
}

/// Fails as a device does.
struct Failing;

impl Embedder for Failing {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, _: &[&str]) -> Result<Vectors, EmbedFailure> {
        Err("the device is lost".into())
    }
}

/// Gives something else than one finite vector a text.
struct Wrong(Vec<f32>);

impl Embedder for Wrong {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, _: &[&str]) -> Result<Vectors, EmbedFailure> {
        Ok(Vectors::new(2, self.0.clone())?)
    }
}

const DOCUMENT: &str = "A fox runs. The fox eats. Every fox sleeps. The fox wakes. A bank lends. The bank pays. Banks fail. Money talks.";

fn config(size: usize) -> ChunkConfig<Chars> {
    ChunkConfig::new(size)
}

#[test]
fn it_cuts_where_the_topic_turns() {
    let semantic = Semantic::new(config(1000), Topics)
        .unwrap()
        .with_buffer(0)
        .with_breakpoints(Breakpoints::Percentile { percentile: 90.0 })
        .unwrap();
    let chunks = semantic.chunks(DOCUMENT).collect::<Result<Vec<_>, _>>().unwrap();
    let texts: Vec<&str> = chunks.iter().map(chunk_strategies::Chunk::text).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[1].starts_with("A bank"), "{texts:?}");
    assert_eq!(chunks[0].boundary_score(), None);
    // 1 − (1·0.1 + 0.1·1) / 1.01
    assert!((chunks[1].boundary_score().unwrap() - 0.80198).abs() < 1e-4, "{:?}", chunks[1].boundary_score());
}

#[test]
fn a_part_over_the_maximum_is_cut_at_its_largest_distance() {
    let document = format!("{DOCUMENT} {DOCUMENT}");
    let semantic = Semantic::new(config(80), Topics)
        .unwrap()
        .with_breakpoints(Breakpoints::Percentile { percentile: 100.0 })
        .unwrap();
    for chunk in semantic.chunks(&document).collect::<Result<Vec<_>, _>>().unwrap() {
        assert!(chunk.size() <= 80);
        assert_eq!(chunk.boundary_score().is_some(), chunk.index() > 0, "every cut lies at a sentence's end");
    }
}

#[test]
fn c7_a_failing_embedder_is_told() {
    let semantic = Semantic::new(config(40), Failing).unwrap();
    let chunks = semantic.chunks(DOCUMENT).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(chunks.iter().map(|chunk| chunk.byte_range().len()).sum::<usize>(), DOCUMENT.len());
    for chunk in &chunks {
        assert_eq!(chunk.strategy(), Strategy::Recursive);
        let reason = chunk.reason().expect("a reason");
        assert!(reason.contains("the device is lost"), "{reason}");
    }
    let refused = Semantic::new(config(40), Failing).unwrap().with_fallback(Fallback::Refuse);
    assert_eq!(refused.chunks(DOCUMENT).last().unwrap().unwrap_err().kind(), ChunkErrorKind::Embedder);
}

#[test]
fn wrong_vectors_are_refused() {
    for (values, what) in [(vec![1.0, 2.0], "too few"), (vec![f32::NAN; 16], "not finite")] {
        let semantic = Semantic::new(config(40), Wrong(values)).unwrap().with_fallback(Fallback::Refuse);
        assert_eq!(
            semantic.chunks(DOCUMENT).last().unwrap().unwrap_err().kind(),
            ChunkErrorKind::Embedder,
            "{what}"
        );
    }
}

#[test]
fn a_parameter_out_of_bounds_is_named() {
    let with = |percentile| {
        Semantic::new(config(40), LetterCounts)
            .unwrap()
            .with_breakpoints(Breakpoints::Percentile { percentile })
    };
    let error = with(101.0).unwrap_err();
    assert_eq!((error.field(), error.value()), (Some("percentile"), Some("101")));
    assert!(error.to_string().contains("between 0 and 100"), "{error}");
    assert!(with(f64::NAN).is_err());
}

/// A vector for each sentence that says which it is.
struct Fixed(Vec<[f32; 2]>);

impl Embedder for Fixed {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        Ok(Vectors::new(2, self.0[..texts.len()].concat())?)
    }
}

fn every_method() -> impl Iterator<Item = Breakpoints> {
    Breakpoints::NAMES.iter().map(|name| name.parse().unwrap())
}

#[test]
fn every_method_cuts_where_the_topic_turns() {
    let document =
        "A fox runs. The fox eats. Every fox sleeps. ".repeat(5) + &"A bank lends. Banks fail. ".repeat(6);
    for breakpoints in every_method() {
        // Two parts are what the target is.
        let desired = if breakpoints == Breakpoints::Target { document.len().div_ceil(2) } else { 1000 };
        let config = ChunkConfig::new(desired..=1000);
        let semantic =
            Semantic::new(config, Topics).unwrap().with_buffer(0).with_breakpoints(breakpoints).unwrap();
        let chunks = semantic.chunks(&document).collect::<Result<Vec<_>, _>>().unwrap();
        // The gradient is as steep on both sides of a turn, and the boundary before it is the first of them.
        let turns = if breakpoints.name() == "gradient" { 2..=3 } else { 2..=2 };
        assert!(turns.contains(&chunks.len()), "{breakpoints}: {chunks:?}");
        assert!(
            breakpoints.name() == "gradient" || chunks[1].text().starts_with("A bank"),
            "{breakpoints}: {chunks:?}"
        );
    }
}

#[test]
fn c3_bounded_where_all_vectors_are_equal() {
    let document = DOCUMENT.repeat(40);
    for breakpoints in every_method() {
        let embedder = Fixed(vec![[0.6, 0.8]; 400]);
        let with_overlap = config(100).overlap(30);
        let semantic = Semantic::new(with_overlap, embedder).unwrap().with_breakpoints(breakpoints).unwrap();
        let chunks = semantic.chunks(&document).collect::<Result<Vec<_>, _>>().unwrap();
        assert!(chunks.iter().all(|chunk| chunk.size() <= 100), "{breakpoints}");
        assert!(chunks.len() < document.len() / 40, "{breakpoints}: {} chunks", chunks.len());
    }
}

/// C6: vectors that differ as those of two backends do.
#[test]
fn c6_near_ties_do_not_move_cuts() {
    let document = DOCUMENT.repeat(20);
    // Four directions, so that many distances are equal but for the noise.
    let vectors = |noise: f32| -> Vec<[f32; 2]> {
        let turned = |i: u16| {
            let angle = f32::from(i * 7 % 4) * 0.4 + noise * (f32::from(i * 31 % 17) - 8.0);
            [angle.cos(), angle.sin()]
        };
        (0..400).map(turned).collect()
    };
    for breakpoints in every_method() {
        let cuts = |noise| {
            let semantic = Semantic::new(config(300), Fixed(vectors(noise)))
                .unwrap()
                .with_breakpoints(breakpoints)
                .unwrap();
            let chunks = semantic.chunks(&document).collect::<Result<Vec<_>, _>>().unwrap();
            chunks.iter().map(chunk_strategies::Chunk::byte_range).collect::<Vec<_>>()
        };
        assert_eq!(cuts(0.0), cuts(1e-7), "{breakpoints}");
    }
}

#[test]
fn a_part_that_fills_the_maximum_is_not_cut_for_overlap() {
    // Two parts of 53 and 54 characters.
    let parts = |overlap| {
        let with_overlap = config(60).overlap(overlap);
        let semantic =
            Semantic::new(with_overlap, Topics).unwrap().with_breakpoints(Breakpoints::Optimal).unwrap();
        let chunks = semantic.chunks(DOCUMENT).collect::<Result<Vec<_>, _>>().unwrap();
        chunks.iter().map(|chunk| (chunk.byte_range().end, chunk.overlap_bytes())).collect::<Vec<_>>()
    };
    let (without, with) = (parts(0), parts(40));
    assert_eq!(
        with.iter().map(|part| part.0).collect::<Vec<_>>(),
        without.iter().map(|part| part.0).collect::<Vec<_>>()
    );
    assert_eq!(without.len(), 2, "{without:?}");
    assert!(with[1].1 > 0 && with[1].1 <= 10, "overlap takes the room there is: {with:?}");
}

/// Runs in batches, and fails in one of them.
struct FailingHalfWay(Cell<usize>);

impl Embedder for FailingHalfWay {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let mut values = Vec::new();
        for batch in texts.chunks(3) {
            if self.0.get() >= texts.len() / 2 {
                return Err(format!("out of memory after {} texts", self.0.get()).into());
            }
            values.extend(Topics.embed(batch)?.into_inner());
            self.0.set(self.0.get() + batch.len());
        }
        Ok(Vectors::new(2, values)?)
    }
}

#[test]
fn c7_an_embedder_that_fails_half_way_is_told() {
    for breakpoints in every_method() {
        let embedder = FailingHalfWay(Cell::new(0));
        let semantic = Semantic::new(config(40), &embedder).unwrap().with_breakpoints(breakpoints).unwrap();
        let chunks = semantic.chunks(DOCUMENT).collect::<Result<Vec<_>, _>>().unwrap();
        assert!(embedder.0.get() > 0, "it began");
        let text: String = chunks.iter().map(chunk_strategies::Chunk::text).collect();
        assert_eq!(text, DOCUMENT, "nothing is lost");
        for chunk in &chunks {
            assert_eq!(chunk.strategy(), Strategy::Recursive, "{breakpoints}");
            assert_eq!(chunk.boundary_score(), None, "{breakpoints}");
            assert!(chunk.reason().unwrap().contains("out of memory after"), "{:?}", chunk.reason());
        }
    }
}

/// Reads a few bytes, and is never given more.
struct Short(Cell<usize>);

impl Embedder for Short {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        self.0.set(self.0.get() + texts.len());
        assert!(texts.iter().all(|text| self.fits(text)), "{texts:?}");
        Topics.embed(texts)
    }

    fn fits(&self, text: &str) -> bool {
        text.len() <= 20
    }
}

#[test]
fn a_sentence_longer_than_the_embedder_takes_is_split_and_each_part_embedded_once() {
    let document = "The quick brown fox jumps over the lazy dog and then sleeps. ".repeat(3);
    let embedder = Short(Cell::new(0));
    let semantic = Semantic::new(config(1000), &embedder).unwrap();
    let chunks = semantic.chunks(&document).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(chunks.iter().map(|chunk| chunk.text().len()).sum::<usize>(), document.len());
    let texts = embedder.0.get();
    assert!((12..=24).contains(&texts), "{texts} texts of up to 20 bytes for {} bytes", document.len());
}
