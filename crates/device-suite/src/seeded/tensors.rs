//! The weights.

use super::{SeededModel, Sizes, Stored};

/// Token types; the second is never used, as in real models.
pub(super) const TYPES: usize = 2;

/// Every tensor that a BERT of these sizes has.
pub(super) fn seeded(sizes: &Sizes) -> Vec<Stored> {
    let &Sizes { hidden, layers, wide, positions, .. } = sizes;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut tensors = Vec::new();
    let mut add = |name: String, shape: &[usize], around: f32| {
        let values = (0..shape.iter().product::<usize>())
            .map(|_| {
                // A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                around + ((state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5) * 0.4
            })
            .collect();
        tensors.push(Stored { name, shape: shape.to_vec(), values });
    };
    add("embeddings.word_embeddings.weight".into(), &[SeededModel::VOCABULARY, hidden], 0.0);
    add("embeddings.position_embeddings.weight".into(), &[positions, hidden], 0.0);
    add("embeddings.token_type_embeddings.weight".into(), &[TYPES, hidden], 0.0);
    add("embeddings.LayerNorm.weight".into(), &[hidden], 1.0);
    add("embeddings.LayerNorm.bias".into(), &[hidden], 0.0);
    for layer in 0..layers {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let dense = [
            ("attention.self.query", hidden, hidden),
            ("attention.self.key", hidden, hidden),
            ("attention.self.value", hidden, hidden),
            ("attention.output.dense", hidden, hidden),
            ("intermediate.dense", wide, hidden),
            ("output.dense", hidden, wide),
        ];
        for (part, outputs, inputs) in dense {
            add(name(&format!("{part}.weight")), &[outputs, inputs], 0.0);
            add(name(&format!("{part}.bias")), &[outputs], 0.0);
        }
        for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
            add(name(&format!("{part}.weight")), &[hidden], 1.0);
            add(name(&format!("{part}.bias")), &[hidden], 0.0);
        }
    }
    tensors
}
