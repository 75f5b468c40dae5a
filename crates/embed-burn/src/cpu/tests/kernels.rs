//! Each kernel beside its formula, on each set of instructions that this processor has.

use super::random::Random;
use crate::cpu::gated::Gate;
use crate::cpu::isa::Isa;
use crate::cpu::norm::{Add, AddNorm, Norm, Normalize, SumNorm};
use crate::cpu::pack::Panels;
use crate::cpu::product::Product;
use crate::folder::{Activation, NormKind};

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
pub(super) fn assert_close(got: &[f32], want: &[f64], tolerance: f64, what: &str) {
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

/// What a row gets depends neither on the rows beside it nor on whose instructions it is computed with.
#[test]
fn a_product_has_the_same_bits_in_tiles_of_any_size() {
    let mut random = Random(3);
    let (inputs, outputs) = if cfg!(miri) { (5, 33) } else { (390, 70) };
    let (most, tried) = if cfg!(miri) { (3, 1..=3) } else { (26, 1..=26) };
    let input = random.values(most * inputs, 0.0, 1.0);
    let weight = random.values(inputs * outputs, 0.0, 0.3);
    let bias = random.values(outputs, 0.0, 1.0);
    let mut want: Option<Vec<f32>> = None;
    for isa in Isa::all().into_iter().filter(|isa| isa.is_fused()) {
        let panels = Panels::pack(&weight, &bias, isa.columns()).unwrap();
        for rows in tried.clone() {
            let mut output = vec![f32::NAN; rows * outputs];
            isa.run(Product::new(&input[..rows * inputs], &panels, &mut output));
            let one_by_one = want.get_or_insert_with(|| {
                let mut all = vec![f32::NAN; most * outputs];
                for (row, output) in input.chunks_exact(inputs).zip(all.chunks_exact_mut(outputs)) {
                    isa.run(Product::new(row, &panels, output));
                }
                all
            });
            assert_eq!(output, one_by_one[..rows * outputs], "{rows} rows on {isa:?}");
        }
    }
}

#[test]
fn norms_are_of_rows_and_of_sums_of_rows() {
    let mut random = Random(4);
    for (width, kind) in [1, 15, 32, 100, 384]
        .into_iter()
        .flat_map(|width| [NormKind::Layer, NormKind::RootMeanSquare].map(|kind| (width, kind)))
    {
        let (to, add) = (random.values(3 * width, 0.0, 2.0), random.values(3 * width, 0.5, 1.0));
        let beta = random.values(if width == 32 { 0 } else { width }, 0.0, 0.5);
        let norm = Norm { kind, gamma: random.values(width, 1.0, 0.5), beta, epsilon: 1e-5 };
        let sums: Vec<f32> = to.iter().zip(&add).map(|(a, b)| a + b).collect();
        for isa in Isa::all() {
            let what = format!("{width} numbers, {kind:?}, on {isa:?}");
            let mut got = to.clone();
            isa.run(AddNorm { to: &mut got, add: &add, norm: &norm });
            assert_close(&got, &normed(&sums, &norm), 2e-6, &what);
            let mut got = to.clone();
            isa.run(Normalize { to: &mut got, norm: &norm });
            assert_close(&got, &normed(&to, &norm), 2e-6, &what);
            let (mut sum, mut got) = (to.clone(), add.clone());
            isa.run(SumNorm { sum: &mut sum, to: &mut got, norm: &norm });
            assert_close(&got, &normed(&sums, &norm), 2e-6, &what);
            assert_eq!(sum, sums, "{what}");
            let mut got = to.clone();
            isa.run(Add { to: &mut got, add: &add });
            assert_eq!(got, sums, "{what}");
        }
    }
}

fn normed(rows: &[f32], norm: &Norm) -> Vec<f64> {
    let width = norm.gamma.len();
    let row = |row: &[f32]| {
        let row: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
        let mean = match norm.kind {
            NormKind::Layer => row.iter().sum::<f64>() / width as f64,
            NormKind::RootMeanSquare => 0.0,
        };
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
        let scale = 1.0 / (variance + f64::from(norm.epsilon)).sqrt();
        let number = |(at, x): (usize, f64)| {
            let beta = norm.beta.get(at).copied().unwrap_or(0.0);
            (x - mean) * scale * f64::from(norm.gamma[at]) + f64::from(beta)
        };
        row.into_iter().enumerate().map(number).collect::<Vec<f64>>()
    };
    rows.chunks_exact(width).flat_map(row).collect()
}

#[test]
fn a_gate_multiplies_one_half_with_the_activation_of_the_other() {
    let mut random = Random(5);
    for width in [1, 7, 32, 100] {
        for rows in [0, 1, 2, 5] {
            let values = random.values(rows * 2 * width, 0.0, 3.0);
            let want: Vec<f64> = values
                .chunks_exact(2 * width)
                .flat_map(|row| {
                    let (gate, up) = row.split_at(width);
                    let silu = |x: f64| x / (1.0 + (-x).exp());
                    let both = gate.iter().zip(up);
                    both.map(|(gate, up)| silu(f64::from(*gate)) * f64::from(*up)).collect::<Vec<f64>>()
                })
                .collect();
            for isa in Isa::all() {
                let mut got = values.clone();
                isa.run(Gate { rows: &mut got, width, activation: Activation::Silu });
                assert_close(&got[..rows * width], &want, 1e-5, &format!("{rows} × {width} on {isa:?}"));
            }
        }
    }
}
