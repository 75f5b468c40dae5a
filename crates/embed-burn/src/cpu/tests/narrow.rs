//! Products of narrow numbers beside f32 and beside themselves, on each set of instructions that this processor has.

use proptest::prelude::*;

use super::model::{Model, borrowed, texts, with_threads};
use super::random::Random;
use crate::cpu::Encoder;
use crate::cpu::activation::activate;
use crate::cpu::arith::Fused;
use crate::cpu::isa::Isa;
use crate::cpu::narrow::{Format, NarrowIsa, NarrowPanels, NarrowProduct};
use crate::cpu::pack::Panels;
use crate::folder::{Activation, Pooling};

pub(super) const FORMATS: [Format; 2] = [Format::Bf16, Format::Int8];

/// Rows, inputs and outputs around what steps, panels and tiles divide.
fn sizes() -> Vec<(usize, usize, usize)> {
    let mut sizes = vec![(1, 1, 1), (3, 7, 5), (7, 33, 31), (6, 64, 32)];
    if !cfg!(miri) {
        sizes.extend([(13, 65, 33), (32, 384, 64), (33, 385, 48), (97, 770, 65), (5, 1153, 17), (0, 4, 4)]);
    }
    sizes
}

fn multiply(panels: &NarrowPanels, input: &[f32], rows: usize, activation: Option<Activation>) -> Vec<f32> {
    // Left over from other work, and not to be looked at.
    let mut slots = vec![f32::NAN; panels.slots(rows)];
    panels.narrow(input, &mut slots);
    let mut output = vec![f32::NAN; rows * panels.outputs()];
    let all = 0..panels.count();
    NarrowProduct { slots: &slots, rows, weights: panels, panels: all, output: &mut output, activation }
        .run();
    output
}

/// What narrowing may cost a sum of products: of `inputs` terms, each off by `2 · rounding` of the largest, at random.
fn tolerance(format: Format, inputs: usize, input: f64, weight: f64) -> f64 {
    let rounding = match format {
        Format::Bf16 => 1.0 / 256.0,
        Format::Int8 => 1.0 / 127.0,
    };
    4.0 * rounding * input * weight * (inputs as f64).sqrt() + 1e-5
}

#[test]
fn a_narrow_product_is_near_the_sum_of_its_terms() {
    let mut random = Random(1);
    for (rows, inputs, outputs) in sizes() {
        // Not around 0: what stands between the least and the largest is what counts.
        let input = random.values(rows * inputs, 0.7, 1.0);
        let weight = random.values(inputs * outputs, 0.0, 0.3);
        let bias = random.values(outputs, 0.0, 1.0);
        for isa in FORMATS.into_iter().flat_map(NarrowIsa::all) {
            let panels = NarrowPanels::pack(&weight, &bias, isa).unwrap();
            let got = multiply(&panels, &input, rows, None);
            let allowed = tolerance(isa.format(), inputs, 1.7, 0.3);
            for row in 0..rows {
                for column in 0..outputs {
                    let term = |k: usize| {
                        f64::from(input[row * inputs + k]) * f64::from(weight[k * outputs + column])
                    };
                    let want = f64::from(bias[column]) + (0..inputs).map(term).sum::<f64>();
                    let got = f64::from(got[row * outputs + column]);
                    assert!(
                        (got - want).abs() <= allowed,
                        "{rows} × {inputs} × {outputs} on {isa:?}: {got}, not {want} ± {allowed}"
                    );
                }
            }
        }
    }
}

#[test]
fn all_instructions_give_what_the_portable_product_gives() {
    let mut random = Random(5);
    for (rows, inputs, outputs) in sizes() {
        let input = random.values(rows * inputs, 0.1, 1.0);
        let weight = random.values(inputs * outputs, 0.0, 0.3);
        let bias = random.values(outputs, 0.0, 1.0);
        for format in FORMATS {
            let result = |isa| {
                let panels = NarrowPanels::pack(&weight, &bias, isa).unwrap();
                multiply(&panels, &input, rows, Some(Activation::Gelu))
            };
            let all: Vec<_> = NarrowIsa::all(format).into_iter().map(|isa| (isa, result(isa))).collect();
            for (isa, got) in &all[1..] {
                for (index, (got, want)) in got.iter().zip(&all[0].1).enumerate() {
                    // Whole numbers are added exactly; numbers in bf16 in f32, in another order, or not rounded between.
                    // Weights of fewer digits are other weights.
                    let allowed = match format {
                        Format::Int8 if isa.largest_weight() < 127 => {
                            tolerance(format, inputs, 1.1, 0.3) as f32
                        }
                        Format::Int8 => 1e-5,
                        Format::Bf16 => 2e-5 * (inputs as f32).sqrt(),
                    };
                    assert!(
                        (got - want).abs() <= allowed * (1.0 + want.abs()),
                        "number {index} of {rows} × {inputs} × {outputs} on {isa:?} is {got}, not {want}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_part_of_a_narrow_products_columns_has_the_same_bits() {
    let mut random = Random(2);
    let (rows, inputs, outputs) = if cfg!(miri) { (3, 9, 70) } else { (37, 390, 150) };
    let input = random.values(rows * inputs, 0.0, 1.0);
    let weight = random.values(inputs * outputs, 0.0, 0.3);
    let bias = random.values(outputs, 0.0, 1.0);
    for isa in FORMATS.into_iter().flat_map(NarrowIsa::all) {
        let panels = NarrowPanels::pack(&weight, &bias, isa).unwrap();
        let all = multiply(&panels, &input, rows, Some(Activation::Relu));
        let mut slots = vec![0.0; panels.slots(rows)];
        panels.narrow(&input, &mut slots);
        for first in 0..panels.count() {
            for last in first + 1..=panels.count() {
                let (left, right) = (first * 32, (last * 32).min(outputs));
                let mut part = vec![0.0; rows * (right - left)];
                let (slots, output) = (&slots[..], &mut part[..]);
                let activation = Some(Activation::Relu);
                NarrowProduct { slots, rows, weights: &panels, panels: first..last, output, activation }
                    .run();
                for (part, all) in part.chunks_exact(right - left).zip(all.chunks_exact(outputs)) {
                    assert_eq!(part, &all[left..right], "panels {first}..{last} on {isa:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_not_a_number_is_not_hidden_and_stays_in_its_row() {
    for isa in FORMATS.into_iter().flat_map(NarrowIsa::all) {
        let panels = NarrowPanels::pack(&[0.5; 40 * 3], &[0.0; 3], isa).unwrap();
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut input = vec![0.25; 4 * 40];
            input[2 * 40 + 37] = bad;
            let got = multiply(&panels, &input, 4, None);
            for (row, got) in got.chunks_exact(3).enumerate() {
                assert_eq!(row == 2, got.iter().all(|value| !value.is_finite()), "{bad} on {isa:?}: {got:?}");
                assert!(row == 2 || got.iter().all(|value| (value - 5.0).abs() < 0.01), "{isa:?}: {got:?}");
            }
        }
    }
}

#[test]
fn gelu_behind_a_narrow_product_is_exact_enough_to_be_narrowed() {
    // Nothing but the bias: what the function is applied to is known to the last bit.
    let bias: Vec<f32> =
        (-5000..=5000).map(|step| step as f32 / 500.0).chain([1e30, -1e30, f32::NAN]).collect();
    let mut want = bias.clone();
    activate::<Fused>(&mut want, Activation::Gelu);
    for isa in FORMATS.into_iter().flat_map(NarrowIsa::all) {
        let panels = NarrowPanels::pack(&vec![0.0; bias.len()], &bias, isa).unwrap();
        let got = multiply(&panels, &[0.0], 1, Some(Activation::Gelu));
        for ((got, want), x) in got.iter().zip(&want).zip(&bias) {
            let off = (got - want).abs();
            assert!(
                got.is_nan() && x.is_nan()
                    || off <= 1.3e-4_f32.max(1e-6 * want) && off <= 3.2e-5 * x.abs() + 1e-12,
                "GELU of {x} is {got}, not {want}, on {isa:?}"
            );
        }
    }
}

#[test]
fn rows_and_columns_of_one_number_only_are_exact() {
    for isa in NarrowIsa::all(Format::Int8) {
        let panels = NarrowPanels::pack(&[0.0, 2.0, 0.0, 2.0, 0.0, 2.0], &[1.0, 1.0], isa).unwrap();
        let got = multiply(&panels, &[3.0, 3.0, 3.0, 0.0, 0.0, 0.0], 2, None);
        let want = [1.0, 19.0, 1.0, 1.0];
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() <= 1e-5), "{isa:?}: {got:?}");
    }
}

#[test]
fn a_matrix_comes_back_as_it_was_packed() {
    let mut random = Random(3);
    for (_, inputs, outputs) in sizes() {
        let (weight, bias) = (random.values(inputs * outputs, 0.0, 1.0), random.values(outputs, 0.0, 1.0));
        for columns in [16, 32] {
            let panels = Panels::pack(&weight, &bias, columns).unwrap();
            assert_eq!(panels.unpacked().unwrap(), (weight.clone(), bias.clone()), "{inputs} × {outputs}");
            let column = |output: usize| weight.iter().skip(output).step_by(outputs);
            let rows: Vec<f32> = (0..outputs).flat_map(column).copied().collect();
            let panels = Panels::of_rows(&rows, &bias, columns).unwrap();
            assert_eq!(
                panels.unpacked().unwrap(),
                (weight.clone(), bias.clone()),
                "rows of {inputs} × {outputs}"
            );
        }
    }
}

fn narrowed(model: Model, isa: NarrowIsa) -> Encoder {
    model.fused(Isa::best()).narrowed(isa).unwrap()
}

#[test]
fn e1_a_narrow_encoder_is_near_the_one_in_f32() {
    let models = [
        Model { hidden: 64, heads: 4, feed_forward: 256, ..Model::SMALL },
        Model {
            hidden: 99,
            heads: 3,
            feed_forward: 130,
            layers: 3,
            activation: Activation::GeluTanh,
            ..Model::SMALL
        },
        Model { padding: Some(1), relative: true, ..Model::SMALL },
        Model { hidden: 384, heads: 12, feed_forward: 1536, layers: 1, ..Model::SMALL },
    ];
    for model in models {
        let texts = texts(&[5, 17, 16, 1, 33, 200]);
        let texts = borrowed(&texts);
        let want = model.fused(Isa::best()).forward(&texts, Pooling::MEAN).unwrap();
        for isa in FORMATS.into_iter().flat_map(NarrowIsa::all) {
            let got = narrowed(model, isa).forward(&texts, Pooling::MEAN).unwrap();
            let least = if isa.format() == Format::Bf16 { 0.9999 } else { 0.998 };
            for (got, want) in got.chunks_exact(model.hidden).zip(want.chunks_exact(model.hidden)) {
                let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
                let cosine = dot(got, want) / (dot(got, got) * dot(want, want)).sqrt();
                assert!(cosine >= least, "{model:?} on {isa:?}: {cosine}");
            }
        }
    }
}

#[test]
fn e2_narrow_numbers_are_the_same_bits_in_any_batch_on_any_number_of_threads() {
    for isa in FORMATS.into_iter().flat_map(NarrowIsa::all) {
        let encoder = narrowed(Model::SMALL, isa);
        let texts = texts(&[1, 200, 3, 17, 64, 12, 90, 130, 31, 8]);
        let alone: Vec<Vec<f32>> = texts
            .iter()
            .map(|text| with_threads(1, || encoder.forward(&[text], Pooling::MEAN).unwrap()))
            .collect();
        for threads in [1, 2, 5] {
            for (first, last) in [(0, 10), (0, 1), (1, 2), (2, 5), (4, 9)] {
                let batch = borrowed(&texts[first..last]);
                let together = with_threads(threads, || encoder.forward(&batch, Pooling::MEAN).unwrap());
                assert!(together == alone[first..last].concat(), "{first}..{last} on {threads} with {isa:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_narrow_batch_works_in_more_than_was_said(
        lengths in prop::collection::vec(prop_oneof![1_usize..20, 1_usize..300], 1..20),
        threads in 1_usize..6,
        int8: bool,
    ) {
        let format = if int8 { Format::Int8 } else { Format::Bf16 };
        let isa = NarrowIsa::all(format).pop().unwrap();
        let encoder = narrowed(Model { layers: 1, ..Model::SMALL }, isa);
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
