//! Encoders of every kind beside burn's operations on flex.

use burn::tensor::Device;
use proptest::prelude::*;

use super::model::{Model, borrowed, texts, with_threads};
use super::narrow::FORMATS;
use crate::arch::{Head, Ops};
use crate::cpu::Encoder;
use crate::cpu::isa::Isa;
use crate::cpu::narrow::NarrowIsa;
use crate::folder::{Activation, NormPlace, Pooling};

/// Every family, and what none has but the description allows; sizes that no tile divides.
fn models() -> Vec<(&'static str, Model)> {
    let odd = |model: Model| Model { hidden: 36, heads: 3, feed_forward: 41, ..model };
    let mut models = Model::FAMILIES.to_vec();
    models.extend([
        ("odd nomic_bert", odd(Model::NOMIC_BERT)),
        ("odd modernbert", Model { reach: Some(1), ..odd(Model::MODERNBERT) }),
        ("modernbert with biases", Model { biases: true, reach: Some(64), ..Model::MODERNBERT }),
        ("odd t5", Model { width: Some(7), ..odd(Model::T5) }),
        ("odd qwen3", Model { heads: 6, keys: Some(2), width: Some(10), hidden: 20, ..Model::QWEN3 }),
        ("one head of keys", Model { keys: Some(1), width: Some(64), biases: true, ..Model::QWEN3 }),
        ("bert, causal", Model { causal: true, ..Model::SMALL }),
        ("bert, norms before", Model { place: NormPlace::Before, ..Model::SMALL }),
        ("mpnet, gated", Model { gated: true, activation: Activation::GeluTanh, ..Model::MPNET }),
    ]);
    models
}

#[test]
fn e1_every_family_agrees_with_burns_operations() {
    for (name, model) in models() {
        let ops = Ops::new(model.build(), Head::default());
        let encoders: Vec<_> = Isa::all().into_iter().map(|isa| (isa, model.fused(isa))).collect();
        // In one batch and padded, as burn's operations have it; the last is longer than two blocks of keys.
        let batches: &[&[usize]] = &[&[1], &[5, 17, 16, 1, 33], &[40; 9], &[513, 3], &[1100]];
        for lengths in batches {
            let texts = texts(lengths);
            let texts = borrowed(&texts);
            let longest = lengths.iter().copied().max().unwrap();
            let want = ops.token_vectors(&texts, longest, &Device::flex()).unwrap();
            for (isa, encoder) in &encoders {
                // The scalar ones take their time, and have the same loops.
                if longest > 512 && *isa != Isa::best() {
                    continue;
                }
                for threads in if *isa == Isa::best() { vec![1, 3] } else { vec![2] } {
                    let got = with_threads(threads, || encoder.forward(&texts, Pooling::NONE).unwrap());
                    assert_eq!(got.len(), want.len());
                    let tokens = got.chunks_exact(model.hidden).zip(want.chunks_exact(model.hidden));
                    for (token, (got, want)) in tokens.enumerate() {
                        let length = want.iter().map(|value| value * value).sum::<f32>().sqrt();
                        let off = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                        assert!(
                            off <= 2e-5 * length,
                            "{name}, {lengths:?}, {isa:?}, {threads} threads: token {token} is off by {off}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn e2_every_family_has_the_same_bits_in_any_batch_on_any_number_of_threads() {
    for (name, model) in models() {
        let encoder = model.fused(Isa::best());
        let texts = texts(&[1, 200, 3, 17, 64, 12, 90, 130, 31, 8, 8, 8, 600, 16, 15, 1]);
        let alone: Vec<Vec<f32>> = texts
            .iter()
            .map(|text| with_threads(1, || encoder.forward(&[text], Pooling::MEAN).unwrap()))
            .collect();
        // Slices from one text to all: many texts, few and long, few tokens.
        for threads in [1, 2, 3, 5] {
            for (first, last) in [(0, 16), (0, 1), (1, 2), (2, 5), (9, 12), (12, 13), (13, 16), (4, 9)] {
                let batch = borrowed(&texts[first..last]);
                let together = with_threads(threads, || encoder.forward(&batch, Pooling::MEAN).unwrap());
                assert!(
                    together == alone[first..last].concat(),
                    "{name}: texts {first}..{last} on {threads} threads"
                );
            }
        }
    }
}

#[test]
fn e2_every_family_has_the_same_bits_on_all_processors_that_multiply_and_add_at_once() {
    for (name, model) in models() {
        let texts = texts(&[1, 40, 7, 129, 530]);
        let texts = borrowed(&texts);
        let fused = Isa::all().into_iter().filter(|isa| isa.is_fused());
        let all: Vec<_> =
            fused.map(|isa| (isa, model.fused(isa).forward(&texts, Pooling::MEAN).unwrap())).collect();
        for (isa, values) in &all[1..] {
            assert!(values == &all[0].1, "{name}: {isa:?} differs from {:?}", all[0].0);
        }
    }
}

#[test]
fn e1_every_family_in_narrow_numbers_is_near_itself_in_f32() {
    for (name, model) in Model::FAMILIES {
        let texts = texts(&[5, 17, 16, 1, 33, 200]);
        let texts = borrowed(&texts);
        let want = model.fused(Isa::best()).forward(&texts, Pooling::MEAN).unwrap();
        for isa in FORMATS.into_iter().flat_map(NarrowIsa::all) {
            let encoder = model.fused(Isa::best()).narrowed(isa).unwrap();
            let got = encoder.forward(&texts, Pooling::MEAN).unwrap();
            for (got, want) in got.chunks_exact(model.hidden).zip(want.chunks_exact(model.hidden)) {
                let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
                let cosine = dot(got, want) / (dot(got, got) * dot(want, want)).sqrt();
                assert!(cosine >= 0.98, "{name} on {isa:?}: {cosine}");
            }
        }
    }
}

/// Bytes that a batch worked in, and bytes that were said.
fn used_and_said(encoder: &Encoder, lengths: &[usize], threads: usize) -> (u64, u64) {
    let texts = texts(lengths);
    let longest = lengths.iter().copied().max().unwrap_or(0);
    encoder.scratch.release();
    with_threads(threads, || {
        let output = encoder.forward(&borrowed(&texts), Pooling::MEAN).unwrap();
        let used = encoder.scratch.bytes() + (output.len() * size_of::<f32>()) as u64;
        (used, encoder.working_bytes(texts.len(), longest))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_familys_batch_works_in_more_than_was_said(
        lengths in prop::collection::vec(prop_oneof![1_usize..20, 1_usize..200, 500_usize..700], 1..12),
        threads in 1_usize..6,
        family in 0..Model::FAMILIES.len(),
        narrow in prop::option::of(0_usize..2),
    ) {
        let (name, model) = Model::FAMILIES[family];
        let encoder = Model { layers: 1, ..model }.fused(Isa::best());
        let isa = narrow.and_then(|format| NarrowIsa::all(FORMATS[format]).pop());
        let encoder = match isa {
            Some(isa) => encoder.narrowed(isa).unwrap(),
            None => encoder,
        };
        let (used, said) = used_and_said(&encoder, &lengths, threads);
        prop_assert!(used <= said, "{name}: {used} bytes, and {said} were said");
    }
}

/// Of such a model's sizes, and nothing of its weights.
fn counted(model: Model) -> Encoder {
    let Encoder { dimensions, attention, local, .. } = model.fused(Isa::best());
    let local = local.map(|local| local.sight);
    Encoder::to_count(dimensions, None, attention.sight, local, dimensions.hidden)
}

proptest! {
    /// Planners look for the largest batch that fits by bisection.
    #[test]
    fn more_texts_or_longer_ones_are_never_said_to_take_less_of_any_family(
        texts in 0_usize..300, longest in 1_usize..1100, more in 0_usize..100, threads in 1_usize..9,
        family in 0..Model::FAMILIES.len(),
    ) {
        let (name, model) = Model::FAMILIES[family];
        let encoder = counted(Model { layers: 1, ..model });
        let said = |texts, longest| with_threads(threads, || encoder.working_bytes(texts, longest));
        prop_assert!(said(texts, longest) <= said(texts + more, longest), "{name}");
        prop_assert!(said(texts, longest) <= said(texts, longest + more), "{name}");
    }
}

#[test]
fn what_is_narrowed_is_counted_without_weights_as_with_them() {
    // Heads that are wider together than anything else too.
    let wide = ("wide heads", Model { width: Some(64), ..Model::QWEN3 });
    for (name, model) in Model::FAMILIES.into_iter().chain([wide]) {
        for isa in FORMATS.into_iter().filter_map(NarrowIsa::best) {
            let with = model.fused(Isa::best()).narrowed(isa).unwrap();
            let Encoder { dimensions, attention, local, .. } = model.fused(Isa::best());
            let local = local.map(|local| local.sight);
            let without = Encoder::to_count(dimensions, Some(isa), attention.sight, local, dimensions.hidden);
            for (texts, longest) in [(1, 1), (7, 33), (64, 128)] {
                let (with, without) =
                    (with.working_bytes(texts, longest), without.working_bytes(texts, longest));
                assert_eq!(with, without, "{name} on {isa:?}: {texts} × {longest}");
            }
        }
    }
}

#[test]
fn what_is_said_of_a_batch_of_equal_texts_is_near_what_any_family_takes() {
    for (name, model) in Model::FAMILIES {
        let encoder = model.fused(Isa::best());
        for threads in [1, 2, 4] {
            for (items, tokens) in [(1, 128), (32, 128), (64, 32), (256, 16), (2, 1000)] {
                let (used, said) = used_and_said(&encoder, &vec![tokens; items], threads);
                assert!(
                    used <= said && said * 2 <= used * 3,
                    "{name}: {items} × {tokens} on {threads}: {used} of {said} bytes"
                );
            }
        }
    }
}

#[test]
fn working_memory_grows_with_a_texts_length_and_not_with_its_square() {
    let encoder = counted(Model::MODERNBERT);
    let said = |tokens| with_threads(1, || encoder.working_bytes(1, tokens));
    assert!(said(8192) <= 2 * said(4096));
}
