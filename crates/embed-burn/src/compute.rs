//! [`Compute`]: in which numbers an encoder computes, and how its attention does.

use std::fmt;
use std::str::FromStr;

use crate::error::EmbedError;

/// How an encoder computes. The default is what vectors are promised for to the digit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Compute {
    /// The numbers that weights are kept in, and that layers compute with.
    pub precision: Precision,
    /// How attention is computed.
    pub attention: Attention,
}

/// A format of floating-point numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32 bits, 24 of them the number's digits.
    #[default]
    F32,
    /// 16 bits, 11 of them the number's digits; nothing above 65504.
    F16,
    /// 16 bits, 8 of them the number's digits; the range of 32 bits.
    Bf16,
    /// Whole numbers of 8 bits, with a scale for each column of weights and each token. On the processor only.
    Int8,
}

/// How attention is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Attention {
    /// Scores, mask, softmax and product, each an operation: memory grows with the square of a text's length.
    #[default]
    Explicit,
    /// burn's own attention: one kernel where the backend has one and, with the feature `tuned`, finds it faster. Models that add
    /// a bias by distance to their scores (MPNet, T5) have the explicit one all the same: no such kernel knows a bias.
    Fused,
}

impl Precision {
    /// All, the most exact first.
    pub const ALL: &'static [Precision] = &[Precision::F32, Precision::F16, Precision::Bf16, Precision::Int8];

    /// The name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::F16 => "f16",
            Precision::Bf16 => "bf16",
            Precision::Int8 => "int8",
        }
    }

    /// Bytes of one number.
    pub const fn bytes(self) -> usize {
        match self {
            Precision::F32 => 4,
            Precision::F16 | Precision::Bf16 => 2,
            Precision::Int8 => 1,
        }
    }

    /// The instructions that this processor computes narrow products with: `AVX512-BF16`, `AMX-INT8` and the like. `None` for
    /// f32 and f16, which need none, and for numbers that it has none for: a model computes in f32 then.
    pub fn instructions(self) -> Option<&'static str> {
        #[cfg(feature = "cpu")]
        return crate::cpu::Format::of(self)
            .and_then(crate::cpu::NarrowIsa::best)
            .map(crate::cpu::NarrowIsa::name);
        #[cfg(not(feature = "cpu"))]
        None
    }

    /// How near to its vector in f32 a text's vector has to be on the processor, as a cosine, for a model to be run in these
    /// numbers there.
    pub const fn least_cosine(self) -> f64 {
        match self {
            Precision::F32 => 0.99999,
            Precision::F16 => 0.9999,
            Precision::Bf16 => 0.9995,
            Precision::Int8 => 0.99,
        }
    }

    /// How far a number may be from the nearest that can be written, as a share of it; in whole numbers, as a share of the
    /// largest of its row.
    pub const fn rounding(self) -> f64 {
        match self {
            Precision::F32 => 1.0 / (1u64 << 24) as f64,
            Precision::F16 => 1.0 / (1u64 << 11) as f64,
            Precision::Bf16 => 1.0 / (1u64 << 8) as f64,
            Precision::Int8 => 1.0 / 254.0,
        }
    }
}

impl Attention {
    /// What `auto` stands for: no card was measured that is faster with the other.
    pub const AUTO: Attention = Attention::Explicit;

    /// All.
    pub const ALL: &'static [Attention] = &[Attention::Explicit, Attention::Fused];

    /// The name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Attention::Explicit => "explicit",
            Attention::Fused => "fused",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Precision {
    type Err = EmbedError;

    fn from_str(name: &str) -> Result<Self, EmbedError> {
        named(Precision::ALL, Precision::as_str, name, "precision", &[])
    }
}

impl FromStr for Attention {
    type Err = EmbedError;

    /// Reads a name as [`Attention::as_str`] gives it, or `auto`.
    fn from_str(name: &str) -> Result<Self, EmbedError> {
        if name == "auto" {
            return Ok(Attention::AUTO);
        }
        named(Attention::ALL, Attention::as_str, name, "way to compute attention", &["auto"])
    }
}

fn named<T: Copy>(
    all: &[T],
    name_of: fn(T) -> &'static str,
    name: &str,
    what: &str,
    more: &[&str],
) -> Result<T, EmbedError> {
    let unknown = || {
        let known: Vec<&str> = more.iter().copied().chain(all.iter().map(|&one| name_of(one))).collect();
        EmbedError::input(format!("no {what} is called {name:?}; known are {}", known.join(", ")))
    };
    all.iter().copied().find(|&one| name_of(one) == name).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_an_unknown_one_lists_the_known() {
        for &precision in Precision::ALL {
            assert_eq!(precision.to_string().parse::<Precision>().ok(), Some(precision));
        }
        for &attention in Attention::ALL {
            assert_eq!(attention.to_string().parse::<Attention>().ok(), Some(attention));
        }
        let error = "f8".parse::<Precision>().unwrap_err().to_string();
        assert!(error.contains("\"f8\"") && error.contains("f32, f16, bf16, int8"), "{error}");
        assert_eq!("auto".parse::<Attention>().ok(), Some(Attention::AUTO));
        let error = "flash".parse::<Attention>().unwrap_err().to_string();
        assert!(error.contains("auto, explicit, fused"), "{error}");
    }

    #[test]
    fn roundings_are_those_of_the_formats() {
        let f16 = |value: f64| half::f16::from_f64(value).to_f64();
        let bf16 = |value: f64| half::bf16::from_f64(value).to_f64();
        for (precision, round) in [(Precision::F16, &f16 as &dyn Fn(f64) -> f64), (Precision::Bf16, &bf16)] {
            let worst = (0..4096).map(|at| 1.0 + f64::from(at) / 4096.0).map(|x| (round(x) - x).abs() / x);
            let worst = worst.fold(0.0, f64::max);
            assert!(
                worst <= precision.rounding() && worst > precision.rounding() / 2.0,
                "{precision}: {worst}"
            );
        }
    }
}
