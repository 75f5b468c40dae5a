//! [`Number`]: the types of numbers that weights are stored in.

use std::io::Read;
use std::path::Path;

use crate::error::EmbedError;

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

    /// Reads so many bytes of numbers as f32, a piece at a time: it is turned while it is in a core's cache, and memory is that
    /// of the numbers.
    pub(super) fn read(self, from: &mut impl Read, bytes: usize) -> std::io::Result<Vec<f32>> {
        let size = if let Number::F32 = self { 4 } else { 2 };
        let mut values = Vec::with_capacity(bytes / size);
        let mut piece = vec![0; bytes.min(PIECE)];
        let mut rest = bytes;
        while rest > 0 {
            let piece = &mut piece[..rest.min(PIECE)];
            from.read_exact(piece)?;
            self.extend(&mut values, piece);
            rest -= piece.len();
        }
        Ok(values)
    }

    fn extend(self, values: &mut Vec<f32>, bytes: &[u8]) {
        let (pairs, _) = bytes.as_chunks::<2>();
        match self {
            Number::F32 => {
                values.extend(bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)));
            }
            Number::F16 => values.extend(pairs.iter().map(|&pair| half::f16::from_le_bytes(pair).to_f32())),
            Number::Bf16 => values.extend(pairs.iter().map(|&pair| half::bf16::from_le_bytes(pair).to_f32())),
        }
    }
}

/// A whole number of numbers of each type.
const PIECE: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(number: Number, mut bytes: &[u8]) -> Vec<f32> {
        let length = bytes.len();
        number.read(&mut bytes, length).unwrap()
    }

    #[test]
    fn a_tensor_of_many_pieces_is_read_whole_and_one_that_is_cut_short_is_an_error() {
        let values: Vec<f32> = (0..PIECE as u32 / 2 + 5).map(|value| value as f32).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(all(Number::F32, &bytes) == values);
        assert!(Number::F32.read(&mut &bytes[..], bytes.len() + 4).is_err());
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
