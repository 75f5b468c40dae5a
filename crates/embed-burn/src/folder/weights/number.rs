//! [`Number`]: the types of numbers that weights are stored in.

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

    /// All numbers in some bytes, as f32.
    pub(super) fn all(self, bytes: &[u8]) -> Vec<f32> {
        let (pairs, _) = bytes.as_chunks::<2>();
        match self {
            Number::F32 => bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect(),
            Number::F16 => pairs.iter().map(|&pair| half::f16::from_le_bytes(pair).to_f32()).collect(),
            Number::Bf16 => pairs.iter().map(|&pair| half::bf16::from_le_bytes(pair).to_f32()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_each_type_are_read() {
        let values = [0.0, 1.0, -2.5, 65504.0];
        let f16: Vec<u8> =
            values.iter().flat_map(|&value| half::f16::from_f32(value).to_le_bytes()).collect();
        assert_eq!(Number::F16.all(&f16), values);
        let bf16: Vec<u8> = values[..3].iter().flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect();
        assert_eq!(Number::Bf16.all(&bf16), values[..3]);
        let f32: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(Number::F32.all(&f32), values);
    }
}
