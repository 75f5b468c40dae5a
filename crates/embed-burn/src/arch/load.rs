//! [`load`]: an encoder's weights, from their files to a device.

use burn::tensor::Tensor;

use super::layer::{Layer, Linear, Matrix, Norm};
use super::names::{Names, Parts};
use super::positions::{Angles, Counting, Learned, Relative};
use super::transformer::{Local, Transformer};
use super::uploads::Uploads;
use crate::compute::{Attention, Compute};
use crate::error::EmbedError;
use crate::folder::{EncoderConfig, Heads, NormPlace, Weights};
use crate::pieces;

/// Reads the encoder that `config` describes. What `linear` makes of a matrix is kept; the next is read when it is made, so that
/// no more than one lies beside those that are kept.
///
/// # Errors
/// A tensor is missing, has another shape, or a number that is not finite; of words, each text that has one will be told.
pub(crate) fn load<L>(
    weights: &Weights,
    config: &EncoderConfig,
    uploads: &Uploads<'_>,
    linear: impl Fn(Matrix) -> Result<L, EmbedError>,
) -> Result<Transformer<L>, EmbedError> {
    let names = Names::of(config.architecture);
    let loader = Loader { weights, config, names, uploads, linear };
    let (words, positions) = loader.embeddings()?;
    let angles = |base: f32| Angles::new(base, config.heads.width, config.longest, uploads);
    let relative = config.relative.map(|positions| {
        let shape = [positions.buckets, config.heads.queries];
        Ok::<_, EmbedError>(Relative { table: loader.matrix(names.relative, shape)?, positions })
    });
    Ok(Transformer {
        words,
        positions,
        relative: relative.transpose()?,
        norm: config.embedding_norm.then(|| loader.norm(names.embedding_norm)).transpose()?,
        layers: (0..config.layers).map(|index| loader.layer(index)).collect::<Result<_, _>>()?,
        last_norm: has_last_norm(config).then(|| loader.norm(names.last_norm)).transpose()?,
        norm_place: config.norm.place,
        rotary: config.rotary.map(|rotary| angles(rotary.base)).transpose()?,
        local: match &config.local {
            Some(local) => Some(Local { reach: local.reach, angles: angles(local.base)? }),
            None => None,
        },
        heads: config.heads,
        activation: config.activation,
        gated: config.gated,
        causal: config.causal,
        fused: is_fused(config, uploads.compute()),
        compute: Compute::default(),
    })
}

/// The names of all tensors that [`load`] takes.
pub(crate) fn needed(config: &EncoderConfig) -> Vec<String> {
    each_needed(config).into_iter().map(|(name, _)| name).collect()
}

/// Of those, in their order, whether each stays in f32 whatever the encoder computes in: norms do.
pub(crate) fn stays_wide(config: &EncoderConfig) -> Vec<bool> {
    each_needed(config).into_iter().map(|(_, is_wide)| is_wide).collect()
}

fn each_needed(config: &EncoderConfig) -> Vec<(String, bool)> {
    let names = Names::of(config.architecture);
    let mut needed = Vec::new();
    let mut push = |name: &str, bias: bool, is_wide: bool| {
        needed.push((format!("{name}.weight"), is_wide));
        if bias {
            needed.push((format!("{name}.bias"), is_wide));
        }
    };
    let mut need = |name: &str, bias: bool| push(name, bias, false);
    need(names.words, false);
    if config.learned.is_some() {
        need(names.positions, false);
    }
    if config.types > 0 {
        need(names.types, false);
    }
    if config.relative.is_some() {
        need(names.relative, false);
    }
    let mut need_norm = |name: &str, bias: bool| push(name, bias, true);
    if config.embedding_norm {
        need_norm(names.embedding_norm, config.norm.bias);
    }
    if has_last_norm(config) {
        need_norm(names.last_norm, config.norm.bias);
    }
    for index in 0..config.layers {
        let layer = names.layer(index);
        let mut need_norm = |part: &str, bias: bool| push(&format!("{layer}{part}"), bias, true);
        if !(index == 0 && names.first_norm_is_absent) {
            need_norm(names.attended_norm, config.norm.bias);
        }
        if config.normed_heads {
            names.head_norms.iter().for_each(|part| need_norm(part, false));
        }
        need_norm(names.down_norm, config.norm.bias);
        let mut need = |part: &str, bias: bool| push(&format!("{layer}{part}"), bias, false);
        names.qkv.each().iter().for_each(|part| need(part, config.biases.attention));
        need(names.attended, config.biases.attention);
        if config.gated {
            names.up.gated.each().iter().for_each(|part| need(part, config.biases.feed_forward));
        } else {
            need(names.up.plain, config.biases.feed_forward);
        }
        need(names.down, config.biases.feed_forward);
    }
    needed
}

/// How many numbers each tensor has that is made, and not read.
pub(crate) fn more(config: &EncoderConfig) -> Vec<u64> {
    let tables = usize::from(config.rotary.is_some()) + usize::from(config.local.is_some());
    // Cosines and sines.
    vec![(config.longest as u64).saturating_mul(config.heads.width as u64 / 2); 2 * tables]
}

/// The numbers of the largest matrix that is put together: queries, keys and values, or both halves of a gated part.
pub(crate) fn largest(config: &EncoderConfig) -> u64 {
    let wide = if config.gated { 2 * config.feed_forward } else { config.feed_forward };
    (wide.max(config.heads.all()) as u64).saturating_mul(config.hidden as u64)
}

/// Whether attention is burn's own: it scales scores as models do, and knows a mask of truths and nothing that is added.
pub(crate) fn is_fused(config: &EncoderConfig, compute: Compute) -> bool {
    compute.attention == Attention::Fused && config.scaled && config.relative.is_none()
}

/// Norms before each part leave the last sum as it is.
fn has_last_norm(config: &EncoderConfig) -> bool {
    config.norm.place == NormPlace::Before
}

impl<const N: usize> Parts<N> {
    fn each(&self) -> &[&'static str] {
        match self {
            Parts::Apart(names) => names,
            Parts::Together(name) => std::slice::from_ref(name),
        }
    }
}

struct Loader<'a, F> {
    weights: &'a Weights,
    config: &'a EncoderConfig,
    names: &'static Names,
    uploads: &'a Uploads<'a>,
    linear: F,
}

impl<L, F: Fn(Matrix) -> Result<L, EmbedError>> Loader<'_, F> {
    /// What words and places begin as. All texts have the first token type: its vector is added to whichever is smaller.
    fn embeddings(&self) -> Result<(Tensor<2>, Option<Learned>), EmbedError> {
        let EncoderConfig { hidden, vocabulary, learned, types, .. } = *self.config;
        // A word that is not finite is the fault of texts that have it, and not of the others.
        let mut words = self.weights.take(&format!("{}.weight", self.names.words), &[vocabulary, hidden])?;
        let mut positions = match learned {
            Some(learned) => Some(self.take(self.names.positions, &[learned.rows, hidden])?),
            None => None,
        };
        if types > 0 {
            let types = self.take(self.names.types, &[types, hidden])?;
            let table = positions.as_mut().unwrap_or(&mut words);
            for row in table.chunks_exact_mut(hidden) {
                row.iter_mut().zip(&types).for_each(|(value, add)| *value += add);
            }
        }
        let positions = match learned.zip(positions) {
            Some((learned, values)) => Some(Learned {
                table: self.uploads.tensor(values, [learned.rows, hidden])?,
                counting: Counting { padding: learned.padding },
            }),
            None => None,
        };
        Ok((self.uploads.tensor(words, [vocabulary, hidden])?, positions))
    }

    fn layer(&self, index: usize) -> Result<Layer<L>, EmbedError> {
        let EncoderConfig { hidden, feed_forward: wide, heads, biases, .. } = *self.config;
        let names = self.names;
        let layer = names.layer(index);
        let name = |part: &str| format!("{layer}{part}");
        // burn's attention scales by itself, and by any other scale not in one kernel.
        let is_ours = self.config.scaled && !is_fused(self.config, self.uploads.compute());
        let scale = if is_ours { 1.0 / (heads.width as f32).sqrt() } else { 1.0 };
        let (in_weights, in_norm) = if self.config.normed_heads { (1.0, scale) } else { (scale, 1.0) };
        let up = if self.config.gated {
            self.joined(&layer, names.up.gated, [wide, wide], biases.feed_forward, 1.0)?
        } else {
            self.linear(&name(names.up.plain), [hidden, wide], biases.feed_forward)?
        };
        let has_norm = !(index == 0 && names.first_norm_is_absent);
        let Heads { queries, keys, width } = heads;
        let outputs = [queries * width, keys * width, keys * width];
        Ok(Layer {
            qkv: self.joined(&layer, names.qkv, outputs, biases.attention, in_weights)?,
            head_norms: match names.head_norms {
                [of_queries, of_keys] if self.config.normed_heads => {
                    let of_queries = self.norm_of(&name(of_queries), width, false, in_norm)?;
                    Some([of_queries, self.norm_of(&name(of_keys), width, false, 1.0)?])
                }
                _ => None,
            },
            attended: self.linear(&name(names.attended), [queries * width, hidden], biases.attention)?,
            attended_norm: has_norm.then(|| self.norm(&name(names.attended_norm))).transpose()?,
            up,
            down: self.linear(&name(names.down), [wide, hidden], biases.feed_forward)?,
            down_norm: self.norm(&name(names.down_norm))?,
            is_local: self.config.local.as_ref().is_some_and(|local| local.layers.get(index) == Some(&true)),
        })
    }

    /// Several matrices of `hidden` inputs as one, `outputs` of each; the first is scaled.
    fn joined<const N: usize>(
        &self,
        layer: &str,
        parts: Parts<N>,
        outputs: [usize; N],
        bias: bool,
        scale: f32,
    ) -> Result<L, EmbedError> {
        let hidden = self.config.hidden;
        let all: usize = outputs.iter().sum();
        let (mut rows, mut biases) = (Vec::new(), Vec::new());
        match parts {
            Parts::Apart(names) => {
                rows.reserve_exact(all * hidden);
                for (name, outputs) in names.into_iter().zip(outputs) {
                    rows.extend(self.take(&format!("{layer}{name}"), &[outputs, hidden])?);
                    if bias {
                        biases.extend(self.take_bias(&format!("{layer}{name}"), outputs)?);
                    }
                }
            }
            Parts::Together(name) => {
                rows = self.take(&format!("{layer}{name}"), &[all, hidden])?;
                if bias {
                    biases = self.take_bias(&format!("{layer}{name}"), all)?;
                }
            }
        }
        let first = outputs.first().copied().unwrap_or(0);
        rows.iter_mut().take(first * hidden).for_each(|value| *value *= scale);
        biases.iter_mut().take(first).for_each(|value| *value *= scale);
        (self.linear)(Matrix { rows, bias: bias.then_some(biases), inputs: hidden, outputs: all })
    }

    fn linear(&self, name: &str, [inputs, outputs]: [usize; 2], bias: bool) -> Result<L, EmbedError> {
        let rows = self.take(name, &[outputs, inputs])?;
        let bias = bias.then(|| self.take_bias(name, outputs)).transpose()?;
        (self.linear)(Matrix { rows, bias, inputs, outputs })
    }

    fn norm(&self, name: &str) -> Result<Norm, EmbedError> {
        self.norm_of(name, self.config.hidden, self.config.norm.bias, 1.0)
    }

    /// What it gives is scaled.
    fn norm_of(&self, name: &str, width: usize, bias: bool, scale: f32) -> Result<Norm, EmbedError> {
        let mut gamma = self.take(name, &[width])?;
        for value in &mut gamma {
            *value *= scale;
        }
        let beta = bias.then(|| self.take_bias(name, width)).transpose()?;
        let uploads = self.uploads.wide();
        Ok(Norm {
            kind: self.config.norm.kind,
            gamma: uploads.tensor(gamma, [width])?,
            beta: beta.map(|beta| uploads.tensor(beta, [width])).transpose()?,
            epsilon: self.config.norm.epsilon,
        })
    }

    fn matrix(&self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>, EmbedError> {
        let values = self.take(name, &shape)?;
        self.uploads.tensor(values, shape)
    }

    fn take(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        self.weights.take_finite(&format!("{name}.weight"), shape)
    }

    fn take_bias(&self, name: &str, width: usize) -> Result<Vec<f32>, EmbedError> {
        self.weights.take_finite(&format!("{name}.bias"), &[width])
    }
}

impl Linear {
    /// As tensors.
    pub(crate) fn upload(matrix: Matrix, uploads: &Uploads<'_>) -> Result<Self, EmbedError> {
        let Matrix { rows, bias, inputs, outputs } = matrix;
        let weight = uploads.tensor(transposed(&rows, inputs), [inputs, outputs])?;
        let bias = bias.map(|bias| uploads.tensor(bias, [outputs])).transpose()?;
        Ok(Linear { weight, bias })
    }
}

/// Rows of `columns` numbers, turned into columns. Squares are turned that lie in a core's cache as rows and as columns.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns.max(1);
    let mut turned = vec![0.0; values.len()];
    pieces::for_each(&mut turned, SQUARE * rows, |strip, turned: &mut [f32]| {
        for first in (0..rows).step_by(SQUARE) {
            let past = rows.min(first + SQUARE);
            for (column, turned) in turned.chunks_exact_mut(rows).enumerate() {
                let from = values[first * columns..].iter().skip(strip * SQUARE + column).step_by(columns);
                turned[first..past].iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
    });
    turned
}

/// The side of a square: a line of the cache has so many numbers.
const SQUARE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert!(transposed(&[], 3).is_empty());
        for (rows, columns) in [(1, 1), (1, 40), (40, 1), (16, 16), (17, 33), (31, 48)] {
            let values: Vec<f32> = (0..rows * columns).map(|value| value as f32).collect();
            let turned = transposed(&values, columns);
            let expected = (0..columns).flat_map(|column| (0..rows).map(move |row| row * columns + column));
            assert!(turned.into_iter().eq(expected.map(|value| value as f32)), "{rows} × {columns}");
        }
    }
}
