//! Each kernel beside its formula, on each set of instructions that this processor has.

use super::random::Random;
use crate::cpu::attention::{self, Attention, Head};
use crate::cpu::isa::Isa;
use crate::cpu::norm::{AddNorm, Norm};
use crate::cpu::pack::Panels;
use crate::cpu::product::Product;
use crate::folder::Activation;

/// Rows, inputs and outputs around what tiles, panels and blocks divide. Miri takes the small ones.
fn sizes() -> Vec<(usize, usize, usize)> {
    let mut sizes = vec![(1, 1, 1), (3, 7, 5), (7, 33, 31), (13, 5, 33), (6, 16, 32)];
    if !cfg!(miri) {
        sizes.extend([(8, 384, 64), (11, 385, 48), (97, 770, 65), (5, 1153, 17), (0, 4, 4)]);
    }
    sizes
}

fn product(input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f64> {
    let (inputs, outputs) = (weight.len() / bias.len(), bias.len());
    let row = |row: usize| {
        (0..outputs).map(move |column| {
            let term =
                |k: usize| f64::from(input[row * inputs + k]) * f64::from(weight[k * outputs + column]);
            f64::from(bias[column]) + (0..inputs).map(term).sum::<f64>()
        })
    };
    (0..input.len() / inputs).flat_map(row).collect()
}

#[track_caller]
fn assert_close(got: &[f32], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (index, (got, want)) in got.iter().zip(want).enumerate() {
        let off = (f64::from(*got) - want).abs();
        assert!(off <= tolerance, "{what}: number {index} is {got}, not {want}");
    }
}

#[test]
fn a_product_is_the_sum_of_its_terms() {
    let mut random = Random(1);
    for (rows, inputs, outputs) in sizes() {
        let input = random.values(rows * inputs, 0.0, 1.0);
        let weight = random.values(inputs * outputs, 0.0, 0.3);
        let bias = random.values(outputs, 0.0, 1.0);
        let want = product(&input, &weight, &bias);
        for isa in Isa::all() {
            let panels = Panels::pack(&weight, &bias, isa.columns()).unwrap();
            let mut output = vec![f32::NAN; rows * outputs];
            isa.run(Product::new(&input, &panels, &mut output));
            assert_close(&output, &want, 1e-5, &format!("{rows} × {inputs} × {outputs} on {isa:?}"));
        }
    }
}

#[test]
fn a_part_of_a_products_columns_has_the_same_bits() {
    let mut random = Random(2);
    let (rows, inputs, outputs) = if cfg!(miri) { (3, 9, 70) } else { (29, 390, 150) };
    let input = random.values(rows * inputs, 0.0, 1.0);
    let weight = random.values(inputs * outputs, 0.0, 0.3);
    let bias = random.values(outputs, 0.0, 1.0);
    for isa in Isa::all() {
        let (panels, columns) = (Panels::pack(&weight, &bias, isa.columns()).unwrap(), isa.columns());
        let activation = Some(Activation::Gelu);
        let mut all = vec![0.0; rows * outputs];
        isa.run(Product { activation, ..Product::new(&input, &panels, &mut all) });
        for first in 0..panels.count() {
            for last in first + 1..=panels.count() {
                let (left, right) = (first * columns, (last * columns).min(outputs));
                let mut part = vec![0.0; rows * (right - left)];
                let output = &mut part[..];
                isa.run(Product { input: &input, weights: &panels, panels: first..last, output, activation });
                for (part, all) in part.chunks_exact(right - left).zip(all.chunks_exact(outputs)) {
                    assert_eq!(part, &all[left..right], "panels {first}..{last} on {isa:?}");
                }
            }
        }
    }
}

#[test]
fn attention_is_a_softmax_over_the_text() {
    let mut random = Random(3);
    let mut sizes = vec![(1, 1, 1), (2, 3, 5), (17, 2, 16), (9, 1, 33)];
    if !cfg!(miri) {
        sizes.extend([(128, 2, 32), (512, 1, 64), (33, 3, 195)]);
    }
    for (tokens, heads, width) in sizes {
        let input = random.values(tokens * 3 * heads * width, 0.0, 1.0);
        for isa in Isa::all() {
            for index in 0..heads {
                let mut output = vec![0.0; tokens * width];
                // Left over from other work, and not to be looked at.
                let mut workspace = vec![f32::NAN; attention::workspace(isa, tokens, width)];
                isa.run(Attention {
                    input: &input,
                    head: Head { index, heads, width },
                    bias: None,
                    output: &mut output,
                    stride: width,
                    workspace: &mut workspace,
                });
                let want = softmax(&input, tokens, index, heads, width);
                assert_close(&output, &want, 1e-5, &format!("{tokens} tokens, width {width} on {isa:?}"));
            }
        }
    }
}

fn softmax(input: &[f32], tokens: usize, head: usize, heads: usize, width: usize) -> Vec<f64> {
    let at = |part: usize, token: usize, h: usize| {
        f64::from(input[token * 3 * heads * width + (part * heads + head) * width + h])
    };
    let row = |query: usize| {
        let score = |key: usize| (0..width).map(|h| at(0, query, h) * at(1, key, h)).sum::<f64>();
        let shares: Vec<f64> = (0..tokens).map(|key| score(key).exp()).collect();
        let total: f64 = shares.iter().sum();
        (0..width)
            .map(move |h| (0..tokens).map(|key| shares[key] / total * at(2, key, h)).sum())
            .collect::<Vec<f64>>()
    };
    (0..tokens).flat_map(row).collect()
}

#[test]
fn attention_does_not_hide_what_is_not_a_number() {
    for isa in Isa::all() {
        for part in 0..3 {
            let mut input = vec![0.5; 20 * 3 * 4];
            input[7 * 12 + part * 4] = f32::NAN;
            let mut output = vec![0.0; 20 * 4];
            let mut workspace = vec![0.0; attention::workspace(isa, 20, 4)];
            let head = Head { index: 0, heads: 1, width: 4 };
            isa.run(Attention {
                input: &input,
                head,
                bias: None,
                output: &mut output,
                stride: 4,
                workspace: &mut workspace,
            });
            assert!(output.iter().any(|value| value.is_nan()), "part {part} on {isa:?}");
        }
    }
}

#[test]
fn a_norm_has_mean_0_and_variance_1_before_its_scale() {
    let mut random = Random(4);
    for width in [1, 15, 32, 100, 384] {
        let (to, add) = (random.values(3 * width, 0.0, 2.0), random.values(3 * width, 0.5, 1.0));
        let norm = Norm {
            gamma: random.values(width, 1.0, 0.5),
            beta: random.values(width, 0.0, 0.5),
            epsilon: 1e-5,
        };
        let want: Vec<f64> = to
            .chunks_exact(width)
            .zip(add.chunks_exact(width))
            .flat_map(|(to, add)| {
                let sum: Vec<f64> = to.iter().zip(add).map(|(a, b)| f64::from(a + b)).collect();
                let mean = sum.iter().sum::<f64>() / width as f64;
                let variance = sum.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
                let scale = 1.0 / (variance + 1e-5).sqrt();
                let parameters = norm.gamma.iter().zip(&norm.beta);
                let scaled = |(x, (gamma, beta)): (f64, (&f32, &f32))| {
                    (x - mean) * scale * f64::from(*gamma) + f64::from(*beta)
                };
                sum.into_iter().zip(parameters).map(scaled).collect::<Vec<f64>>()
            })
            .collect();
        for isa in Isa::all() {
            let mut got = to.clone();
            isa.run(AddNorm { to: &mut got, add: &add, norm: &norm });
            assert_close(&got, &want, 2e-6, &format!("{width} numbers on {isa:?}"));
        }
    }
}
