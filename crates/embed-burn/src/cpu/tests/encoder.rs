//! The whole encoder beside burn's operations on flex.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use super::model::{Model, borrowed, texts, with_threads};
use crate::arch::transformer::Transformer;
use crate::arch::{Head, Ops};
use crate::cpu::Encoder;
use crate::cpu::isa::Isa;
use crate::cpu::take::panels;
use crate::folder::{Activation, Pooling, PoolingMode};

#[test]
fn e1_the_operation_agrees_with_burns() {
    let models = [
        Model::SMALL,
        Model { activation: Activation::GeluTanh, ..Model::SMALL },
        Model { activation: Activation::Relu, layers: 1, ..Model::SMALL },
        // Heads of 12, 8 and 33 numbers; more than one block of inputs; nothing that a tile divides.
        Model { hidden: 36, heads: 3, feed_forward: 50, ..Model::SMALL },
        Model { hidden: 40, heads: 5, feed_forward: 401, ..Model::SMALL },
        Model { hidden: 99, heads: 3, feed_forward: 1, layers: 3, ..Model::SMALL },
        Model { hidden: 1, heads: 1, feed_forward: 3, ..Model::SMALL },
        Model { hidden: 384, heads: 12, feed_forward: 1536, layers: 1, ..Model::SMALL },
        Model { padding: Some(1), activation: Activation::Silu, ..Model::SMALL },
        Model { hidden: 36, heads: 3, padding: Some(1), relative: true, ..Model::SMALL },
    ];
    let all = Pooling::several(PoolingMode::ALL).unwrap();
    for model in models {
        let ops = Ops::new(model.build(), Head::default());
        let few: &[&[usize]] = &[&[1], &[512, 3], &[5, 17, 16, 1, 33], &[40; 9]];
        for lengths in few {
            let texts = texts(lengths);
            let texts = borrowed(&texts);
            let longest = lengths.iter().copied().max().unwrap_or(0);
            // The third leaves nothing of some texts.
            for (pooling, skipped) in
                [(Pooling::MEAN, 0), (Pooling::CLS, 0), (Pooling::MEAN, 3), (Pooling::CLS, 3), (all, 0)]
            {
                let want = ops.vectors(&texts, longest, (pooling, skipped), &Device::flex()).unwrap();
                for isa in Isa::all() {
                    let encoder = Encoder { skipped, ..model.fused(isa) };
                    let got = encoder.forward(&texts, pooling).unwrap();
                    assert_eq!(got.len(), want.len());
                    for (got, want) in got.chunks_exact(model.hidden).zip(want.chunks_exact(model.hidden)) {
                        let length = want.iter().map(|value| value * value).sum::<f32>().sqrt();
                        let off = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                        assert!(off <= 1e-5 * length, "{model:?}, {lengths:?}, {isa:?}: off by {off}");
                    }
                }
            }
        }
    }
}

#[test]
fn without_pooling_each_token_has_its_vector() {
    let model = Model { padding: Some(1), relative: true, ..Model::SMALL };
    let ops = Ops::new(model.build(), Head::default());
    let encoder = model.fused(Isa::best());
    // Few tokens, few long texts, many texts.
    for (lengths, threads) in
        [(vec![3, 9, 1], 2), (vec![130, 40, 200], 3), (vec![20; 60], 2), (vec![7; 20], 1)]
    {
        let texts = texts(&lengths);
        let texts = borrowed(&texts);
        let longest = lengths.iter().copied().max().unwrap();
        let want = ops.token_vectors(&texts, longest, &Device::flex()).unwrap();
        let got = with_threads(threads, || encoder.forward(&texts, Pooling::NONE).unwrap());
        assert_eq!(got.len(), lengths.iter().sum::<usize>() * model.hidden);
        let off = got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(got.len() == want.len() && off < 1e-4, "{lengths:?}: off by {off}");
    }
}

#[test]
fn e2_the_same_bits_in_any_batch_on_any_number_of_threads() {
    let models = [Model::SMALL, Model { padding: Some(1), relative: true, ..Model::SMALL }];
    for (isa, model) in Isa::all().into_iter().flat_map(|isa| models.map(|model| (isa, model))) {
        let encoder = model.fused(isa);
        let texts = texts(&[1, 200, 3, 17, 64, 12, 90, 130, 31, 8, 8, 8, 250, 16, 15, 1]);
        let alone: Vec<Vec<f32>> = texts
            .iter()
            .map(|text| with_threads(1, || encoder.forward(&[text], Pooling::MEAN).unwrap()))
            .collect();
        // Slices from one text to all: many texts, few and long, few tokens.
        for threads in [1, 2, 3, 5, 16] {
            for (first, last) in [(0, 16), (0, 1), (1, 2), (2, 5), (9, 12), (12, 13), (13, 16), (4, 9)] {
                let batch = borrowed(&texts[first..last]);
                let together = with_threads(threads, || encoder.forward(&batch, Pooling::MEAN).unwrap());
                let want = alone[first..last].concat();
                assert!(together == want, "texts {first}..{last} on {threads} threads with {isa:?}");
            }
        }
    }
}

#[test]
fn e2_the_same_bits_on_all_processors_that_multiply_and_add_at_once() {
    let texts = texts(&[1, 40, 7, 129]);
    let texts = borrowed(&texts);
    let model = Model { hidden: 40, heads: 5, feed_forward: 401, ..Model::SMALL };
    let fused = Isa::all().into_iter().filter(|isa| isa.is_fused());
    let all: Vec<_> =
        fused.map(|isa| (isa, model.fused(isa).forward(&texts, Pooling::MEAN).unwrap())).collect();
    for (isa, values) in &all[1..] {
        assert!(values == &all[0].1, "{isa:?} differs from {:?}", all[0].0);
    }
}

#[test]
fn no_text_gives_no_vector() {
    assert!(Model::SMALL.fused(Isa::best()).forward(&[], Pooling::MEAN).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_batch_works_in_more_than_was_said(
        lengths in prop::collection::vec(prop_oneof![1_usize..20, 1_usize..300], 1..20),
        threads in 1_usize..6,
    ) {
        let encoder = Model { layers: 1, ..Model::SMALL }.fused(Isa::best());
        let texts = texts(&lengths);
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let (used, said) = with_threads(threads, || {
            let output = encoder.forward(&borrowed(&texts), Pooling::MEAN).unwrap();
            let used = encoder.scratch.bytes() + (output.len() * size_of::<f32>()) as u64;
            (used, encoder.working_bytes(texts.len(), longest))
        });
        prop_assert!(used <= said, "{used} bytes, and {said} were said");
    }
}

proptest! {
    /// Planners look for the largest batch that fits by bisection.
    #[test]
    fn more_texts_or_longer_ones_are_never_said_to_take_less(
        texts in 0_usize..300, longest in 1_usize..600, more in 0_usize..100, threads in 1_usize..9,
    ) {
        let encoder = Model { layers: 1, ..Model::SMALL }.fused(Isa::best());
        let said = |texts, longest| with_threads(threads, || encoder.working_bytes(texts, longest));
        prop_assert!(said(texts, longest) <= said(texts + more, longest));
        prop_assert!(said(texts, longest) <= said(texts, longest + more));
    }
}

#[test]
fn what_is_said_of_a_batch_of_equal_texts_is_near_what_it_takes() {
    let encoder = Model::SMALL.fused(Isa::best());
    for threads in [1, 2, 4] {
        for (items, tokens) in [(1, 128), (32, 128), (64, 32), (256, 16)] {
            let texts = texts(&vec![tokens; items]);
            encoder.scratch.release();
            let (used, said) = with_threads(threads, || {
                let output = encoder.forward(&borrowed(&texts), Pooling::MEAN).unwrap();
                let used = encoder.scratch.bytes() + (output.len() * size_of::<f32>()) as u64;
                (used, encoder.working_bytes(items, tokens))
            });
            assert!(
                used <= said && said * 2 <= used * 3,
                "{items} × {tokens} on {threads}: {used} of {said} bytes"
            );
        }
    }
}

#[test]
fn what_is_not_finite_in_a_text_stays_in_it_to_the_last_bit() {
    const BAD: u32 = 7;
    let poisoned = || {
        let model = Model::SMALL.build();
        let [rows, hidden] = model.words.dims();
        let mut words = model.words.clone().try_into_vec_as::<f32>().unwrap();
        words[BAD as usize * hidden..][..hidden].fill(f32::NAN);
        let words = Tensor::from_data(TensorData::new(words, [rows, hidden]), &Device::flex());
        Transformer { words, ..model }
    };
    // Few tokens, few long texts, many texts: each has its own way through the encoder.
    let shapes: [&[usize]; 3] = [&[3, 9, 1, 16], &[130, 40, 200], &[20; 60]];
    for isa in Isa::all() {
        let encoder = Encoder::take_for(poisoned(), isa, |linear| panels(linear, isa)).unwrap();
        for (lengths, threads) in shapes.into_iter().flat_map(|shape| [(shape, 1), (shape, 3)]) {
            let good: Vec<Vec<u32>> = texts(lengths)
                .into_iter()
                .map(|text| text.into_iter().map(|id| if id == BAD { 8 } else { id }).collect())
                .collect();
            let forward = |texts: &[&[u32]]| with_threads(threads, || encoder.forward(texts, Pooling::MEAN));
            let want = forward(&borrowed(&good)).unwrap();
            for (at, bad) in [(0, vec![BAD]), (1, vec![1, BAD, 2]), (good.len(), vec![BAD; 33])] {
                let mut all = borrowed(&good);
                all.insert(at, &bad);
                let mut got = forward(&all).unwrap();
                let own: Vec<f32> = got.drain(at * 32..(at + 1) * 32).collect();
                assert!(own.iter().all(|value| value.is_nan()), "{own:?}");
                let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                assert_eq!(
                    bits(&got),
                    bits(&want),
                    "{lengths:?}, {threads} threads, {isa:?}, beside {bad:?}"
                );
            }
            assert_eq!(forward(&borrowed(&good)).unwrap(), want, "memory that was used before");
        }
    }
}
