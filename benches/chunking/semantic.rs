//! What does cutting by meaning cost besides the model?

use benches::text;
use chunk_strategies::{Breakpoints, Chars, EmbedFailure, Embedder, Semantic, Vectors};
use criterion::Criterion;

use crate::configs::{SIZE, config, group, row};

/// As all-MiniLM-L6-v2 has.
const DIM: usize = 384;
/// More than a buffer of neighbours, so that distances differ.
const KNOWN: usize = 4096;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = group(c, "semantic without the model");
    for method in Breakpoints::NAMES {
        let Ok(semantic) = Breakpoints::named(method, None).and_then(|method| {
            Semantic::new(config(SIZE, 0, Chars), Precomputed::new())?.with_breakpoints(method)
        }) else {
            continue;
        };
        // One method is enough to see that it stays as fast.
        let sizes = if *method == "percentile" { &["0.5MB", "8MB"][..] } else { &["0.5MB"] };
        for text in sizes.iter().filter_map(|size| text("prose", size)) {
            row(&mut group, method, &text, |text| semantic.chunks(text).count());
        }
    }
    group.finish();
}

/// Gives vectors of length 1 that were made before; all it costs is to copy them.
#[derive(Debug)]
pub(crate) struct Precomputed {
    values: Vec<f32>,
}

impl Precomputed {
    /// Pseudo-random, and the same in every run.
    pub(crate) fn new() -> Self {
        let mut state = 1_u64;
        let mut values: Vec<f32> = (0..KNOWN * DIM)
            .map(|_| {
                // Knuth's linear congruence; the upper bits are the good ones.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
            })
            .collect();
        for row in values.chunks_exact_mut(DIM) {
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            for value in row {
                *value /= length;
            }
        }
        Precomputed { values }
    }
}

impl Embedder for Precomputed {
    fn dim(&self) -> usize {
        DIM
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let values: Vec<f32> = self.values.iter().copied().cycle().take(texts.len() * DIM).collect();
        Ok(Vectors::new(DIM, values)?)
    }
}
