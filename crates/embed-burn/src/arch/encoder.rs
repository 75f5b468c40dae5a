//! [`Encoder`]: a model in the form in which its device runs it best.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::head::Head;
use super::layer::Linear;
use super::load::load;
use super::transformer::{Padded, Transformer};
use super::uploads::Uploads;
#[cfg(feature = "cpu")]
use crate::backend::Backend;
use crate::backend::{BurnDevice, Work};
use crate::compute::Compute;
#[cfg(feature = "cpu")]
use crate::cpu;
use crate::error::EmbedError;
use crate::folder::{EncoderShape, ModelFolder, Pooling, Weights};
use crate::pooling;

/// A model that is loaded.
#[derive(Debug)]
pub(crate) enum Encoder {
    /// As a sequence of burn's operations, on any device. The oracle of the other.
    Ops(Box<Ops>),
    /// As one operation of ours on the processor.
    #[cfg(feature = "cpu")]
    Fused(Box<cpu::Encoder>),
}

/// The operations.
#[derive(Debug)]
pub(crate) struct Ops {
    pub(super) transformer: Transformer,
    head: Head,
}

impl Encoder {
    /// Reads the model in the form that suits its device, to be computed and pooled in this way.
    ///
    /// # Errors
    /// As for [`load`]; or the model's steps behind pooling cannot be read.
    pub(crate) fn load(
        (weights, folder): (&Weights, &ModelFolder),
        device: &BurnDevice,
        compute: Compute,
    ) -> Result<Self, EmbedError> {
        let (config, uploads) = (folder.config(), Uploads::new(device, compute));
        // What stands behind pooling computes in f32.
        let head = || Head::load(folder.steps(), &uploads.wide());
        #[cfg(feature = "cpu")]
        if device.backend() == Backend::Cpu
            && compute == Compute::default()
            && cpu::Encoder::serves(config.relative)
        {
            let pack = |matrix| device.run(Work::Load, |_| cpu::Encoder::pack(matrix));
            let (model, head) = (load(weights, config, &uploads, pack)?, head()?);
            let take = |_: &Device| cpu::Encoder::take(model, head, folder.pooling());
            return Ok(Encoder::Fused(Box::new(device.run(Work::Load, take)?)));
        }
        let model = load(weights, config, &uploads, |matrix| Linear::upload(matrix, &uploads))?;
        let model = device.run(Work::Load, |_| Ok(model.computing(compute)))?;
        Ok(Encoder::Ops(Box::new(Ops::new(model, head()?))))
    }

    /// The dimensions by which its memory is predicted. A bias by distance is as large as one text's scores, and there beside
    /// the two of them that are counted.
    pub(crate) fn predicted_by(&self, shape: EncoderShape) -> EncoderShape {
        match self {
            Encoder::Ops(ops) if ops.transformer.relative.is_some() => {
                EncoderShape { heads: shape.heads + shape.heads.div_ceil(2), ..shape }
            }
            _ => shape,
        }
    }

    /// Gives up attention in narrow numbers. Whether there was any.
    #[cfg(feature = "cpu")]
    pub(crate) fn widen_attention(&mut self) -> bool {
        match self {
            Encoder::Ops(_) => false,
            Encoder::Fused(fused) => fused.widen_attention(),
        }
    }

    /// So many tokens of each text, its first, are not pooled. What runs as burn's operations is told with each batch.
    #[cfg_attr(not(feature = "cpu"), allow(unused_variables, clippy::needless_pass_by_ref_mut))]
    pub(crate) fn skip(&mut self, tokens: usize) {
        match self {
            Encoder::Ops(_) => {}
            #[cfg(feature = "cpu")]
            Encoder::Fused(fused) => fused.skipped = tokens,
        }
    }
}

impl Ops {
    pub(crate) fn new(transformer: Transformer, head: Head) -> Self {
        Ops { transformer, head }
    }

    /// What a batch comes to, read at once.
    #[cfg(all(test, feature = "cpu"))]
    pub(crate) fn vectors(
        &self,
        rows: &[&[u32]],
        tokens: usize,
        pooling: (Pooling, usize),
        device: &Device,
    ) -> Result<Vec<f32>, String> {
        let pooled = self.pooled(rows, tokens, pooling, device);
        pooled.try_into_vec_as::<f32>().map_err(|error| error.to_string())
    }

    /// One vector for each row of token ids, `[rows, numbers]`, before it is normalised at the end; each row is padded to `tokens`
    /// with its own first token: a row meets no number that is not its own, so that what is not finite in a row comes from that
    /// row. So many tokens at the beginning of each row are not pooled.
    pub(crate) fn pooled(
        &self,
        rows: &[&[u32]],
        tokens: usize,
        (pooling, skipped): (Pooling, usize),
        device: &Device,
    ) -> Tensor<2> {
        let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
        let lengths = lengths.iter().any(|&length| length < tokens).then_some(&lengths[..]);
        self.head.apply(pooling::pool(self.tokens(rows, tokens, device), lengths, pooling, skipped))
    }

    /// Each row's vectors of its tokens, `[tokens, hidden]`, one row behind the other.
    pub(crate) fn token_vectors(
        &self,
        rows: &[&[u32]],
        tokens: usize,
        device: &Device,
    ) -> Result<Vec<f32>, String> {
        let vectors = self.tokens(rows, tokens, device);
        let [_, _, hidden] = vectors.dims();
        let values = vectors.try_into_vec_as::<f32>().map_err(|error| error.to_string())?;
        let own = rows.iter().zip(values.chunks_exact(tokens * hidden));
        Ok(own.flat_map(|(row, values)| values.iter().take(row.len() * hidden)).copied().collect())
    }

    /// `[rows, tokens, hidden]`, in f32.
    fn tokens(&self, rows: &[&[u32]], tokens: usize, device: &Device) -> Tensor<3> {
        let transformer = &self.transformer;
        let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
        let padded = lengths.iter().any(|&length| length < tokens).then_some(Padded { lengths: &lengths });
        let ids = |row: &&[u32]| {
            let first = row.first().copied().unwrap_or(0);
            let padding = std::iter::repeat_n(first, tokens - row.len());
            row.iter().copied().chain(padding).map(u32::cast_signed).collect::<Vec<i32>>()
        };
        let places = transformer.positions.as_ref().and_then(|positions| {
            let counting = positions.counting;
            let are_in_order =
                |row: &&[u32]| counting.rows(row).eq(counting.first()..counting.first() + row.len());
            if padded.is_none() && rows.iter().all(are_in_order) {
                return None;
            }
            let places = |row: &&[u32]| {
                let first = row.first().map_or(0, |_| counting.rows(row).next().unwrap_or(0));
                let padding = std::iter::repeat_n(first, tokens - row.len());
                counting.rows(row).chain(padding).map(index).collect::<Vec<i32>>()
            };
            Some(rows.iter().flat_map(places).collect::<Vec<i32>>())
        });
        let matrix = |values: Vec<i32>| {
            Tensor::<2, Int>::from_data(TensorData::new(values, [rows.len(), tokens]), device)
        };
        let ids = matrix(rows.iter().flat_map(ids).collect());
        transformer.compute.widened(transformer.forward(ids, places.map(matrix), padded))
    }
}

/// A row of a table as a tensor has it: no table has as many as an i32 counts.
fn index(place: usize) -> i32 {
    (place as u32).cast_signed()
}
