//! The encoder as its paper writes it, in f64, one text at a time: slow, and obviously right.

use crate::tiny::{HEADS, HIDDEN, LAYERS, Tiny, WIDE};

type Matrix = Vec<Vec<f64>>;

/// The vector of a text's token ids, mean-pooled and normalised as asked.
pub(crate) fn vector(tiny: &Tiny, ids: &[u32], mean: bool, normalize: bool, act: fn(f64) -> f64) -> Vec<f64> {
    let words = tensor(tiny, "embeddings.word_embeddings.weight", HIDDEN);
    let positions = tensor(tiny, "embeddings.position_embeddings.weight", HIDDEN);
    let types = tensor(tiny, "embeddings.token_type_embeddings.weight", HIDDEN);
    let embedded: Matrix = ids
        .iter()
        .enumerate()
        .map(|(at, &id)| {
            (0..HIDDEN).map(|h| words[id as usize][h] + positions[at][h] + types[0][h]).collect()
        })
        .collect();
    let mut x = norm(tiny, "embeddings.LayerNorm", &embedded);
    for layer in 0..LAYERS {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let attended = dense(tiny, &name("attention.output.dense"), HIDDEN, &attention(tiny, layer, &x));
        x = norm(tiny, &name("attention.output.LayerNorm"), &sum(&x, &attended));
        let mut wide = dense(tiny, &name("intermediate.dense"), HIDDEN, &x);
        wide.iter_mut().flatten().for_each(|value| *value = act(*value));
        let down = dense(tiny, &name("output.dense"), WIDE, &wide);
        x = norm(tiny, &name("output.LayerNorm"), &sum(&x, &down));
    }
    let mut pooled = if mean {
        (0..HIDDEN).map(|h| x.iter().map(|row| row[h]).sum::<f64>() / x.len() as f64).collect()
    } else {
        x[0].clone()
    };
    if normalize {
        let length = pooled.iter().map(|value| value * value).sum::<f64>().sqrt();
        for value in &mut pooled {
            *value /= length;
        }
    }
    pooled
}

/// x · Φ(x), Φ by its series, which converges for every x and loses nothing that matters below |x| = 6.
pub(crate) fn gelu(x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-18 {
        term *= x * x / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    x * (0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt())
}

fn attention(tiny: &Tiny, layer: usize, x: &Matrix) -> Matrix {
    let part = |part: &str| dense(tiny, &format!("encoder.layer.{layer}.attention.self.{part}"), HIDDEN, x);
    let (queries, keys, values) = (part("query"), part("key"), part("value"));
    let width = HIDDEN / HEADS;
    let mut out = vec![vec![0.0; HIDDEN]; x.len()];
    for head in 0..HEADS {
        let span = head * width..(head + 1) * width;
        for (row, query) in out.iter_mut().zip(&queries) {
            let score =
                |key: &Vec<f64>| span.clone().map(|h| query[h] * key[h]).sum::<f64>() / (width as f64).sqrt();
            let shares: Vec<f64> = keys.iter().map(|key| score(key).exp()).collect();
            let total: f64 = shares.iter().sum();
            for h in span.clone() {
                row[h] = shares.iter().zip(&values).map(|(share, value)| share / total * value[h]).sum();
            }
        }
    }
    out
}

fn dense(tiny: &Tiny, name: &str, inputs: usize, x: &Matrix) -> Matrix {
    let weight = tensor(tiny, &format!("{name}.weight"), inputs);
    let bias = &tensor(tiny, &format!("{name}.bias"), weight.len())[0];
    let output = |row: &Vec<f64>| {
        weight.iter().zip(bias).map(|(w, b)| b + w.iter().zip(row).map(|(w, x)| w * x).sum::<f64>()).collect()
    };
    x.iter().map(output).collect()
}

fn norm(tiny: &Tiny, name: &str, x: &Matrix) -> Matrix {
    let gamma = &tensor(tiny, &format!("{name}.weight"), HIDDEN)[0];
    let beta = &tensor(tiny, &format!("{name}.bias"), HIDDEN)[0];
    let normed = |row: &Vec<f64>| {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / row.len() as f64;
        let scaled = |(value, (gamma, beta)): (&f64, (&f64, &f64))| {
            (value - mean) / (variance + 1e-12).sqrt() * gamma + beta
        };
        row.iter().zip(gamma.iter().zip(beta)).map(scaled).collect()
    };
    x.iter().map(normed).collect()
}

fn sum(a: &Matrix, b: &Matrix) -> Matrix {
    let row = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    a.iter().zip(b).map(row).collect()
}

fn tensor(tiny: &Tiny, name: &str, columns: usize) -> Matrix {
    let stored = tiny.tensors.iter().find(|tensor| tensor.name == name).expect(name);
    stored.values.chunks_exact(columns).map(|row| row.iter().map(|&value| value.into()).collect()).collect()
}
