//! What only semantic chunking promises.

use chunk_strategies::{
    Capacity, Chars, ChunkConfig, ChunkErrorKind, EmbedFailure, Embedder, Fallback, Semantic, Strategy,
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
    ChunkConfig::new(Capacity::new(size, size).unwrap(), Chars).unwrap()
}

#[test]
fn it_cuts_where_the_topic_turns() {
    let semantic = Semantic::new(config(1000), Topics).with_buffer(0).with_percentile(90.0).unwrap();
    let chunks = semantic.chunk(DOCUMENT).unwrap();
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
    let semantic = Semantic::new(config(80), Topics).with_percentile(100.0).unwrap();
    for chunk in semantic.chunk(&document).unwrap() {
        assert!(chunk.size() <= 80);
        assert_eq!(chunk.boundary_score().is_some(), chunk.index() > 0, "every cut lies at a sentence's end");
    }
}

#[test]
fn c7_a_failing_embedder_is_told() {
    let semantic = Semantic::new(config(40), Failing);
    let chunks = semantic.chunk(DOCUMENT).unwrap();
    assert_eq!(chunks.iter().map(|chunk| chunk.byte_range().len()).sum::<usize>(), DOCUMENT.len());
    for chunk in &chunks {
        assert_eq!(chunk.strategy(), Strategy::Recursive);
        let reason = chunk.reason().expect("a reason");
        assert!(reason.contains("the device is lost"), "{reason}");
    }
    let refused = Semantic::new(config(40), Failing).with_fallback(Fallback::Refuse);
    assert_eq!(refused.chunk(DOCUMENT).unwrap_err().kind(), ChunkErrorKind::Embedder);
}

#[test]
fn wrong_vectors_are_refused() {
    for (values, what) in [(vec![1.0, 2.0], "too few"), (vec![f32::NAN; 16], "not finite")] {
        let semantic = Semantic::new(config(40), Wrong(values)).with_fallback(Fallback::Refuse);
        assert_eq!(semantic.chunk(DOCUMENT).unwrap_err().kind(), ChunkErrorKind::Embedder, "{what}");
    }
}

#[test]
fn a_percentile_out_of_bounds_is_named() {
    let error = Semantic::new(config(40), LetterCounts).with_percentile(101.0).unwrap_err();
    assert_eq!((error.field(), error.value()), (Some("percentile"), Some("101")));
    assert!(Semantic::new(config(40), LetterCounts).with_percentile(f64::NAN).is_err());
}
