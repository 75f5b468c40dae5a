//! Attention in bf16 beside its formula and beside itself, on each set of instructions that this processor has.

use super::random::Random;
use crate::cpu::distances::{Bias, Distances};
use crate::cpu::narrow::{Format, NarrowAttention, NarrowIsa, Places, workspace};

/// Tokens, heads and numbers of a head, around what steps, panels and blocks divide.
fn sizes() -> Vec<(usize, usize, usize)> {
    let mut sizes = vec![(1, 1, 1), (3, 2, 16), (13, 1, 33), (17, 2, 32)];
    if !cfg!(miri) {
        sizes.extend([(31, 2, 64), (32, 1, 32), (33, 3, 20), (65, 2, 96), (97, 2, 7), (200, 1, 40)]);
    }
    sizes
}

/// `[tokens, heads · width]`.
fn attend(isa: NarrowIsa, input: &[f32], heads: usize, width: usize, bias: Option<Bias<'_>>) -> Vec<f32> {
    let tokens = input.len() / (3 * heads * width);
    let mut output = vec![f32::NAN; tokens * heads * width];
    // Left over from other work, and not to be looked at.
    let mut memory = vec![f32::NAN; workspace(tokens, width)];
    for head in 0..heads {
        let [query, key, value] = [0, 1, 2].map(|part| (part * heads + head) * width);
        let places = Places { stride: 3 * heads * width, query, key, value, width };
        let (output, workspace) = (&mut output[head * width..], &mut memory[..]);
        NarrowAttention { input, places, bias, output, stride: heads * width, workspace }.run(isa);
    }
    output
}

/// The formula.
fn exact(input: &[f32], heads: usize, width: usize, bias: Option<Bias<'_>>) -> Vec<f64> {
    let (hidden, tokens) = (heads * width, input.len() / (3 * heads * width));
    let number =
        |token: usize, part: usize, at: usize| f64::from(input[token * 3 * hidden + part * hidden + at]);
    let mut output = vec![0.0; tokens * hidden];
    for (row, head) in (0..tokens).flat_map(|row| (0..heads).map(move |head| (row, head))) {
        let places = head * width..(head + 1) * width;
        let score = |token: usize| {
            let product: f64 = places.clone().map(|at| number(row, 0, at) * number(token, 1, at)).sum();
            let mut added = [0.0];
            if let Some(bias) = bias {
                bias.add(&mut added, row, token);
            }
            product + f64::from(added[0])
        };
        let shares: Vec<f64> = (0..tokens).map(|token| score(token).exp()).collect();
        let all: f64 = shares.iter().sum();
        for at in places.clone() {
            let sum: f64 = (0..tokens).map(|token| shares[token] * number(token, 2, at)).sum();
            output[row * hidden + at] = sum / all;
        }
    }
    output
}

#[test]
fn narrow_attention_is_near_its_formula() {
    let mut random = Random(11);
    for (tokens, heads, width) in sizes() {
        let input = random.values(tokens * 3 * heads * width, 0.1, 1.0);
        let values = random.values(2 * 256 + 1, 0.0, 2.0);
        let distances = Distances::new(1, 256, |_, from, to| values[256 + to - from]);
        for bias in [None, Some(distances.of(0))] {
            let want = exact(&input, heads, width, bias);
            for isa in NarrowIsa::all(Format::Bf16) {
                let got = attend(isa, &input, heads, width, bias);
                for (at, (&got, &want)) in got.iter().zip(&want).enumerate() {
                    let off = (f64::from(got) - want).abs();
                    // A value is off by 1/512 of it; a share by what its score is, of `width` products at random.
                    assert!(
                        off <= 0.02,
                        "number {at} of {tokens} × {heads} × {width} on {isa:?}: {got}, not {want}"
                    );
                }
            }
        }
    }
}

#[test]
fn all_instructions_attend_as_the_portable_ones_do() {
    let mut random = Random(12);
    for (tokens, heads, width) in sizes() {
        let input = random.values(tokens * 3 * heads * width, -0.2, 1.5);
        let all = NarrowIsa::all(Format::Bf16);
        let want = attend(all[0], &input, heads, width, None);
        for &isa in &all[1..] {
            let got = attend(isa, &input, heads, width, None);
            for (at, (got, want)) in got.iter().zip(&want).enumerate() {
                // Sums in another order: now and then a share is rounded to its other neighbour in bf16.
                let off = (got - want).abs();
                assert!(
                    off <= 2e-3,
                    "number {at} of {tokens} × {heads} × {width} on {isa:?}: {got}, not {want}"
                );
            }
        }
    }
}

#[test]
fn a_row_attends_the_same_whatever_stands_in_the_workspace_and_in_other_texts() {
    let mut random = Random(13);
    let input = random.values(45 * 3 * 2 * 32, 0.0, 1.0);
    for isa in NarrowIsa::all(Format::Bf16) {
        let first = attend(isa, &input, 2, 32, None);
        let (mut output, mut memory) = (vec![0.0; 45 * 32], vec![1e30; workspace(45, 32) + 100]);
        let places = Places { stride: 192, query: 32, key: 96, value: 160, width: 32 };
        let (output, workspace) = (&mut output[..], &mut memory[..]);
        NarrowAttention { input: &input, places, bias: None, output, stride: 32, workspace }.run(isa);
        for (alone, together) in output.chunks_exact(32).zip(first.chunks_exact(64)) {
            assert_eq!(alone, &together[32..], "{isa:?}");
        }
    }
}

#[test]
fn who_is_far_more_alike_than_all_others_has_the_whole_share() {
    for isa in NarrowIsa::all(Format::Bf16) {
        for tokens in [2, 15, 32, 33] {
            let mut input = vec![0.0; tokens * 3];
            for (token, row) in input.chunks_exact_mut(3).enumerate() {
                // Scores of ±2000: e^-4000 is far below what f32 has.
                let key = if token == 1 { 200.0 } else { -200.0 };
                row.copy_from_slice(&[10.0, key, token as f32]);
            }
            let got = attend(isa, &input, 1, 1, None);
            assert!(
                got.iter().all(|value| (value - 1.0).abs() < 1e-3),
                "{tokens} tokens on {isa:?}: {got:?}"
            );
        }
    }
}

#[test]
fn what_is_not_a_number_is_not_hidden_by_attention() {
    for isa in NarrowIsa::all(Format::Bf16) {
        // A query is its own row's, keys are everybody's, and a value is of one column.
        for (part, rows) in [(0, 1), (1, 40), (2, 40)] {
            let mut input = vec![0.25; 40 * 3 * 32];
            input[17 * 96 + part * 32 + 5] = f32::NAN;
            let got = attend(isa, &input, 1, 32, None);
            let bad = got.chunks_exact(32).filter(|row| row[5].is_nan()).count();
            assert_eq!(bad, rows, "part {part} on {isa:?}");
        }
    }
}
