//! Where tokens stand: a vector for each place, a bias by distance, or queries and keys that are turned.

use burn::tensor::module::embedding;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::uploads::Uploads;
use crate::compute::Compute;
use crate::error::EmbedError;
use crate::folder::RelativePositions;

/// A vector for each place.
#[derive(Debug)]
pub(crate) struct Learned {
    /// `[positions, hidden]`.
    pub(crate) table: Tensor<2>,
    pub(crate) counting: Counting,
}

/// Which row of the table a token has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counting {
    /// The id of padding, if places are counted from behind the row that padding has.
    pub(crate) padding: Option<u32>,
}

impl Counting {
    /// The row of a text's first token.
    pub(crate) fn first(self) -> usize {
        self.padding.map_or(0, |padding| padding as usize + 1)
    }

    /// The row of each token. Padding's id can stand in a text: people write `<pad>`.
    pub(crate) fn rows(self, ids: &[u32]) -> impl Iterator<Item = usize> {
        let first = self.first();
        ids.iter().scan(first, move |next, &id| {
            if self.padding == Some(id) {
                return Some(first - 1);
            }
            *next += 1;
            Some(*next - 1)
        })
    }
}

/// What is added to the scores of attention, by distance and head.
#[derive(Debug)]
pub(crate) struct Relative {
    /// `[buckets, heads]`.
    pub(crate) table: Tensor<2>,
    pub(crate) positions: RelativePositions,
}

impl Relative {
    /// `[1, heads, tokens, tokens]`.
    pub(super) fn bias(&self, tokens: usize, device: &Device) -> Tensor<4> {
        let bucket = |from: usize, to: usize| (self.positions.bucket(from, to) as u32).cast_signed();
        let buckets: Vec<i32> =
            (0..tokens).flat_map(|from| (0..tokens).map(move |to| bucket(from, to))).collect();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(buckets, [1, tokens * tokens]), device);
        let [_, heads] = self.table.dims();
        let bias = embedding(self.table.clone(), ids).reshape([1, tokens, tokens, heads]);
        bias.permute([0, 3, 1, 2])
    }

    pub(super) fn narrowed(self, compute: Compute) -> Self {
        Relative { table: compute.narrowed(self.table), ..self }
    }
}

impl RelativePositions {
    /// The bucket of the distance between a token and one that it attends to: a bucket for each near distance, and ever
    /// wider ones for those beyond.
    pub(crate) fn bucket(self, from: usize, to: usize) -> usize {
        let half = self.buckets / 2;
        let side = if to > from { half } else { 0 };
        let (distance, exact) = (from.abs_diff(to), half / 2);
        if distance < exact {
            return side + distance;
        }
        // In f32, as it was trained.
        let share =
            (distance as f32 / exact as f32).ln() / (self.max_distance as f64 / exact as f64).ln() as f32;
        side + (exact + (share * (half - exact) as f32) as usize).min(half - 1)
    }
}

/// The angles by which queries and keys are turned at each place.
#[derive(Debug)]
pub(crate) struct Angles {
    /// `[positions, width / 2]`.
    cosines: Tensor<2>,
    sines: Tensor<2>,
}

impl Angles {
    /// For heads of `width` numbers and texts of up to `longest` tokens. In f32 from the start, as it was trained.
    pub(crate) fn new(
        base: f32,
        width: usize,
        longest: usize,
        uploads: &Uploads<'_>,
    ) -> Result<Self, EmbedError> {
        let half = width / 2;
        let frequency = |pair: usize| 1.0 / base.powf((2 * pair) as f32 / width as f32);
        let frequencies: Vec<f32> = (0..half).map(frequency).collect();
        let table = |of: fn(f32) -> f32| {
            let row = |place: usize| frequencies.iter().map(move |frequency| of(place as f32 * frequency));
            let values: Vec<f32> = (0..longest).flat_map(row).collect();
            uploads.tensor(values, [longest, half])
        };
        Ok(Angles { cosines: table(f32::cos)?, sines: table(f32::sin)? })
    }

    /// The cosines and the sines, each `[positions, width / 2]`.
    #[cfg(feature = "cpu")]
    pub(crate) fn into_tables(self) -> [Tensor<2>; 2] {
        [self.cosines, self.sines]
    }

    /// Turns `x`, `[batch, heads, tokens, width]`.
    pub(super) fn turn(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, tokens, width] = x.dims();
        let half = width / 2;
        let part = |table: &Tensor<2>| table.clone().narrow(0, 0, tokens).unsqueeze::<4>();
        let (cosines, sines) = (part(&self.cosines), part(&self.sines));
        let (left, right) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
        let turned =
            [left.clone() * cosines.clone() - right.clone() * sines.clone(), right * cosines + left * sines];
        Tensor::cat(turned.into(), 3)
    }

    pub(super) fn narrowed(self, compute: Compute) -> Self {
        Angles { cosines: compute.narrowed(self.cosines), sines: compute.narrowed(self.sines) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_behind_paddings() {
        let rows = |padding, ids: &[u32]| Counting { padding }.rows(ids).collect::<Vec<_>>();
        assert_eq!(rows(None, &[0, 5, 2]), [0, 1, 2]);
        assert_eq!(rows(Some(1), &[0, 5, 2]), [2, 3, 4]);
        // A text in which somebody wrote what stands for padding.
        assert_eq!(rows(Some(1), &[0, 1, 5, 1, 2]), [2, 1, 3, 1, 4]);
        assert_eq!(rows(Some(0), &[0, 5]), [0, 1]);
    }

    /// Where each bucket begins, as transformers' `relative_position_bucket` has it for 32 buckets up to 128.
    #[test]
    fn buckets_are_those_of_the_reference() {
        let positions = RelativePositions { buckets: 32, max_distance: 128 };
        let begins = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
        for distance in 0..600 {
            let want = begins.iter().rposition(|&begin| begin <= distance).unwrap();
            assert_eq!(positions.bucket(distance, 0), want, "{distance} before");
            if distance > 0 {
                assert_eq!(positions.bucket(0, distance), want + 16, "{distance} behind");
            }
        }
    }
}
