//! [`Number`]: the types of numbers that weights are stored in.

use std::path::Path;

use crate::error::EmbedError;
use crate::pieces::{self, CACHED};
use crate::zeros::zeros;

/// A type of numbers, little-endian.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    F32,
    F16,
    Bf16,
}

impl Number {
    /// What to say of a tensor of other numbers.
    pub(super) fn unsupported(path: &Path, tensor: &str, found: &dyn std::fmt::Debug) -> EmbedError {
        let what = format!("the number type of tensor {tensor},");
        EmbedError::unsupported(path, what, format!("{found:?}"), "F32, F16 and BF16")
    }

    /// Reads so many bytes of numbers as f32, a piece at a time on each thread of the caller's pool: it is turned while it is in
    /// a core's cache, and memory is that of the numbers. `read` fills a piece with the bytes from a place on.
    pub(super) fn read(
        self,
        bytes: usize,
        read: impl Fn(usize, &mut [u8]) -> std::io::Result<()> + Sync,
    ) -> std::io::Result<Vec<f32>> {
        let size = if let Number::F32 = self { 4 } else { 2 };
        let mut values = zeros(bytes / size).map_err(|_| std::io::ErrorKind::OutOfMemory)?;
        pieces::each(&mut values, CACHED, |index, piece| -> std::io::Result<()> {
            let first = index * CACHED * size;
            if let Number::F32 = self {
                read(first, bytemuck::cast_slice_mut(piece))?;
                if cfg!(target_endian = "big") {
                    for value in piece {
                        *value = f32::from_bits(value.to_bits().swap_bytes());
                    }
                }
                return Ok(());
            }
            let mut halves = vec![0; piece.len() * size];
            read(first, &mut halves)?;
            self.widen(&halves, piece);
            Ok(())
        })?;
        Ok(values)
    }

    /// The same of bytes that are in memory.
    pub(super) fn of_bytes(self, bytes: &[u8]) -> std::io::Result<Vec<f32>> {
        self.read(bytes.len(), |first, piece| {
            let found = bytes.get(first..first + piece.len()).ok_or(std::io::ErrorKind::UnexpectedEof)?;
            piece.copy_from_slice(found);
            Ok(())
        })
    }

    fn widen(self, bytes: &[u8], values: &mut [f32]) {
        let pairs = bytes.as_chunks::<2>().0.iter().zip(values);
        match self {
            Number::F32 => {}
            Number::F16 => pairs.for_each(|(&pair, value)| *value = half::f16::from_le_bytes(pair).to_f32()),
            Number::Bf16 => {
                pairs.for_each(|(&pair, value)| *value = half::bf16::from_le_bytes(pair).to_f32());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(number: Number, bytes: &[u8]) -> Vec<f32> {
        number.of_bytes(bytes).unwrap()
    }

    #[test]
    fn a_tensor_of_many_pieces_is_read_whole_and_one_that_is_cut_short_is_an_error() {
        let values: Vec<f32> = (0..2 * CACHED as u32 + 5).map(|value| value as f32).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(all(Number::F32, &bytes) == values);
        let cut = |_, _: &mut [u8]| Err(std::io::ErrorKind::UnexpectedEof.into());
        assert!(Number::F32.read(bytes.len(), cut).is_err());
        let halves: Vec<u8> =
            values.iter().flat_map(|&value| half::bf16::from_f32(value).to_le_bytes()).collect();
        let rounded = values.iter().map(|&value| half::bf16::from_f32(value).to_f32());
        assert!(all(Number::Bf16, &halves).into_iter().eq(rounded));
    }

    #[test]
    fn numbers_of_each_type_are_read() {
        let values = [0.0, 1.0, -2.5, 65504.0];
        let f16: Vec<u8> =
            values.iter().flat_map(|&value| half::f16::from_f32(value).to_le_bytes()).collect();
        assert_eq!(all(Number::F16, &f16), values);
        let bf16: Vec<u8> = values[..3].iter().flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect();
        assert_eq!(all(Number::Bf16, &bf16), values[..3]);
        let f32: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(all(Number::F32, &f32), values);
    }
}
