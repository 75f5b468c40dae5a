//! Attention beside its formula, and queries and keys beside theirs, on each set of instructions that this processor has.

use super::kernels::assert_close;
use super::random::Random;
use crate::cpu::attention::{self, Attention, Head, Sight};
use crate::cpu::distances::Distances;
use crate::cpu::encoder::Table;
use crate::cpu::isa::Isa;
use crate::cpu::norm::Norm;
use crate::cpu::rotary::{Angles, Prepare};
use crate::folder::{Heads, NormKind};

/// What each head of queries gives, `[tokens, width]`.
fn attend(isa: Isa, input: &[f32], head: Head, sight: Sight, distances: Option<&Distances>) -> Vec<f32> {
    let width = head.heads.width;
    let tokens = input.len() / head.heads.all();
    // Left over from other work, and not to be looked at.
    let mut output = vec![f32::NAN; tokens * width];
    let mut workspace = vec![f32::NAN; attention::workspace(isa, tokens, width)];
    isa.run(Attention {
        input,
        head,
        sight,
        bias: distances.map(|distances| distances.of(head.index)),
        output: &mut output,
        stride: width,
        workspace: &mut workspace,
    });
    output
}

/// A step from one distance to the next, so that a bias in the wrong place is seen.
fn distances(heads: usize) -> Distances {
    Distances::new(heads, 9, |head, from, to| ((from * 7 + to * 5 + head) % 11) as f32 / 5.0)
}

fn oracle(input: &[f32], head: Head, sight: Sight, distances: Option<&Distances>) -> Vec<f64> {
    let Heads { queries, keys, width } = head.heads;
    let all = head.heads.all();
    let tokens = input.len() / all;
    let shared = head.index * keys / queries;
    let at = |token: usize, h: usize| f64::from(input[token * all + h]);
    let sees = |from: usize, to: usize| {
        from.saturating_sub(to) <= sight.before && to.saturating_sub(from) <= sight.behind
    };
    let row = |query: usize| {
        let mut bias = vec![0.0; tokens];
        if let Some(distances) = distances {
            distances.of(head.index).add(&mut bias, query, 0);
        }
        let score = |key: usize| {
            let product =
                |h: usize| at(query, head.index * width + h) * at(key, (queries + shared) * width + h);
            (0..width).map(product).sum::<f64>() + f64::from(bias[key])
        };
        let exponentials: Vec<f64> =
            (0..tokens).map(|key| if sees(query, key) { score(key).exp() } else { 0.0 }).collect();
        let total: f64 = exponentials.iter().sum();
        let value = |key: usize, h: usize| at(key, (queries + keys + shared) * width + h);
        (0..width)
            .map(|h| (0..tokens).map(|key| exponentials[key] / total * value(key, h)).sum())
            .collect::<Vec<f64>>()
    };
    (0..tokens).flat_map(row).collect()
}

const SIGHTS: [Sight; 5] = [
    Sight::ALL,
    Sight::CAUSAL,
    Sight { before: 4, behind: 4 },
    Sight { before: 64, behind: 64 },
    Sight { before: 700, behind: 0 },
];

#[test]
fn attention_is_a_softmax_over_what_is_seen() {
    let mut random = Random(3);
    let heads = |queries, keys, width| Heads { queries, keys, width };
    let mut sizes =
        vec![(1, heads(1, 1, 1)), (2, heads(3, 3, 5)), (17, heads(4, 2, 16)), (9, heads(1, 1, 33))];
    if !cfg!(miri) {
        // Around one block of keys, and more than two of them.
        sizes.extend([(128, heads(2, 2, 32)), (512, heads(2, 1, 64)), (513, heads(1, 1, 64))]);
        sizes.extend([(33, heads(3, 1, 195)), (1100, heads(2, 1, 8))]);
    }
    for (tokens, heads) in sizes {
        let input = random.values(tokens * heads.all(), 0.0, 1.0);
        for (sight, biased) in SIGHTS.into_iter().flat_map(|sight| [(sight, false), (sight, true)]) {
            let distances = biased.then(|| distances(heads.queries));
            for index in 0..heads.queries {
                let head = Head { index, heads };
                let want = oracle(&input, head, sight, distances.as_ref());
                for isa in Isa::all() {
                    let got = attend(isa, &input, head, sight, distances.as_ref());
                    let what = format!("{tokens} tokens, {head:?}, {sight:?}, bias: {biased}, on {isa:?}");
                    assert_close(&got, &want, 1e-5, &what);
                }
            }
        }
    }
}

#[test]
fn attention_has_the_same_bits_on_all_processors_that_multiply_and_add_at_once() {
    let mut random = Random(7);
    let heads = Heads { queries: 1, keys: 1, width: 20 };
    let input = random.values(if cfg!(miri) { 40 } else { 1100 } * heads.all(), 0.0, 2.0);
    let head = Head { index: 0, heads };
    for sight in SIGHTS {
        let fused = Isa::all().into_iter().filter(|isa| isa.is_fused());
        let all: Vec<_> = fused.map(|isa| (isa, attend(isa, &input, head, sight, None))).collect();
        for (isa, values) in &all[1..] {
            assert!(values == &all[0].1, "{sight:?}: {isa:?} differs from {:?}", all[0].0);
        }
    }
}

#[test]
fn attention_does_not_hide_what_is_not_a_number() {
    let heads = Heads { queries: 1, keys: 1, width: 4 };
    let tokens = if cfg!(miri) { 20 } else { 700 };
    for (isa, sight) in Isa::all().into_iter().flat_map(|isa| SIGHTS.map(|sight| (isa, sight))) {
        for part in 0..3 {
            for bad in [7, tokens - 1] {
                let mut input = vec![0.5; tokens * 12];
                input[bad * 12 + part * 4] = f32::NAN;
                let got = attend(isa, &input, Head { index: 0, heads }, sight, None);
                let own = &got[bad * 4..][..4];
                assert!(own.iter().any(|value| value.is_nan()), "part {part}, {sight:?}, on {isa:?}");
            }
        }
    }
}

/// Numbers of a test.
struct Own(Vec<f32>);

impl Table for Own {
    fn values(&self) -> &[f32] {
        &self.0
    }
}

#[test]
fn queries_and_keys_are_normalised_and_turned_and_values_left() {
    let mut random = Random(8);
    for (queries, keys, width) in [(1, 1, 2), (4, 2, 12), (2, 1, 64), (3, 3, 66)] {
        let heads = Heads { queries, keys, width };
        let (place, rows, half) = (3, 5, width / 2);
        let angle = |place: usize, pair: usize| (place as f32) * 0.7_f32.powf(pair as f32);
        let table = |of: fn(f32) -> f32| {
            let values = (0..place + rows).flat_map(|at| (0..half).map(move |pair| of(angle(at, pair))));
            Box::new(Own(values.collect()))
        };
        let angles = Angles { cosines: table(f32::cos), sines: table(f32::sin) };
        let mut norm = || Norm {
            kind: NormKind::RootMeanSquare,
            gamma: random.values(width, 1.0, 0.5),
            beta: Vec::new(),
            epsilon: 1e-6,
        };
        let norms = [norm(), norm()];
        let input = random.values(rows * heads.all(), 0.2, 1.0);
        for (norms, turns) in [(None, true), (Some(&norms), false), (Some(&norms), true)] {
            let mut want = Vec::new();
            for (row, values) in input.chunks_exact(heads.all()).enumerate() {
                for (index, head) in values.chunks_exact(width).enumerate() {
                    let mut head: Vec<f64> = head.iter().map(|&x| f64::from(x)).collect();
                    if let Some(norms) = norms.filter(|_| index < queries + keys) {
                        let gamma = &norms[usize::from(index >= queries)].gamma;
                        let mean = head.iter().map(|x| x * x).sum::<f64>() / width as f64;
                        for (x, gamma) in head.iter_mut().zip(gamma) {
                            *x *= f64::from(*gamma) / (mean + 1e-6).sqrt();
                        }
                    }
                    if turns && index < queries + keys {
                        for pair in 0..half {
                            let (sine, cosine) = f64::from(angle(place + row, pair)).sin_cos();
                            let (x, y) = (head[pair], head[pair + half]);
                            (head[pair], head[pair + half]) = (x * cosine - y * sine, y * cosine + x * sine);
                        }
                    }
                    want.extend(head);
                }
            }
            for isa in Isa::all() {
                let mut got = input.clone();
                let turns = turns.then(|| angles.from(place, width));
                isa.run(Prepare { rows: &mut got, heads, norms, turns });
                assert_close(&got, &want, 3e-6, &format!("{heads:?} on {isa:?}"));
            }
        }
    }
}
