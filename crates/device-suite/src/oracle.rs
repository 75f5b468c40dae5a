//! The encoder as its paper writes it, in f64, one text at a time: slow, and obviously right.

use crate::fault::Fault;
use crate::seeded::SeededModel;

type Matrix = Vec<Vec<f64>>;

/// The vector of a text's token ids, mean-pooled (or the first token's) and normalised as asked.
///
/// # Errors
/// The model lacks a tensor.
pub fn vector(
    model: &SeededModel,
    ids: &[u32],
    mean: bool,
    normalize: bool,
    act: fn(f64) -> f64,
) -> Result<Vec<f64>, Fault> {
    let hidden = model.sizes.hidden;
    let words = tensor(model, "embeddings.word_embeddings.weight", hidden)?;
    let positions = tensor(model, "embeddings.position_embeddings.weight", hidden)?;
    let types = tensor(model, "embeddings.token_type_embeddings.weight", hidden)?;
    let embedded: Matrix = ids
        .iter()
        .enumerate()
        .map(|(at, &id)| {
            (0..hidden).map(|h| words[id as usize][h] + positions[at][h] + types[0][h]).collect()
        })
        .collect();
    let mut x = norm(model, "embeddings.LayerNorm", &embedded)?;
    for layer in 0..model.sizes.layers {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let attended = dense(model, &name("attention.output.dense"), &attention(model, layer, &x)?)?;
        x = norm(model, &name("attention.output.LayerNorm"), &sum(&x, &attended))?;
        let mut wide = dense(model, &name("intermediate.dense"), &x)?;
        wide.iter_mut().flatten().for_each(|value| *value = act(*value));
        let down = dense(model, &name("output.dense"), &wide)?;
        x = norm(model, &name("output.LayerNorm"), &sum(&x, &down))?;
    }
    let mut pooled = if mean {
        (0..hidden).map(|h| x.iter().map(|row| row[h]).sum::<f64>() / x.len() as f64).collect()
    } else {
        x[0].clone()
    };
    if normalize {
        let length = pooled.iter().map(|value| value * value).sum::<f64>().sqrt();
        for value in &mut pooled {
            *value /= length;
        }
    }
    Ok(pooled)
}

/// x · Φ(x), Φ by its series, which converges for every x and loses nothing that matters below |x| = 6.
pub fn gelu(x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-18 {
        term *= x * x / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    x * (0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt())
}

fn attention(model: &SeededModel, layer: usize, x: &Matrix) -> Result<Matrix, Fault> {
    let part = |part: &str| dense(model, &format!("encoder.layer.{layer}.attention.self.{part}"), x);
    let (queries, keys, values) = (part("query")?, part("key")?, part("value")?);
    let (hidden, heads) = (model.sizes.hidden, model.sizes.heads);
    let width = hidden / heads;
    let mut out = vec![vec![0.0; hidden]; x.len()];
    for head in 0..heads {
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
    Ok(out)
}

fn dense(model: &SeededModel, name: &str, x: &Matrix) -> Result<Matrix, Fault> {
    let weight = tensor(model, &format!("{name}.weight"), x.first().map_or(1, Vec::len))?;
    let bias = tensor(model, &format!("{name}.bias"), weight.len())?;
    let output = |row: &Vec<f64>| {
        weight
            .iter()
            .zip(&bias[0])
            .map(|(w, b)| b + w.iter().zip(row).map(|(w, x)| w * x).sum::<f64>())
            .collect()
    };
    Ok(x.iter().map(output).collect())
}

fn norm(model: &SeededModel, name: &str, x: &Matrix) -> Result<Matrix, Fault> {
    let gamma = tensor(model, &format!("{name}.weight"), model.sizes.hidden)?;
    let beta = tensor(model, &format!("{name}.bias"), model.sizes.hidden)?;
    let normed = |row: &Vec<f64>| {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / row.len() as f64;
        let scaled = |(value, (gamma, beta)): (&f64, (&f64, &f64))| {
            (value - mean) / (variance + 1e-12).sqrt() * gamma + beta
        };
        row.iter().zip(gamma[0].iter().zip(&beta[0])).map(scaled).collect()
    };
    Ok(x.iter().map(normed).collect())
}

fn sum(a: &Matrix, b: &Matrix) -> Matrix {
    let row = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    a.iter().zip(b).map(row).collect()
}

fn tensor(model: &SeededModel, name: &str, columns: usize) -> Result<Matrix, Fault> {
    let stored = model.tensors.iter().find(|tensor| tensor.name == name);
    let stored = stored.ok_or_else(|| Fault::new(format!("the model has no tensor {name}")))?;
    let row = |row: &[f32]| row.iter().map(|&value| value.into()).collect();
    Ok(stored.values.chunks_exact(columns).map(row).collect())
}
