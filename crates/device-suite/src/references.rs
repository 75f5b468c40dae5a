//! Vectors that were computed elsewhere, and how far a device may be from them.

use std::path::Path;

use chunk_strategies::Embedder;
use embed_burn::{BurnDevice, BurnEmbedder, Precision};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// A text and its vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// The text.
    pub text: String,
    /// Its vector.
    pub vector: Vec<f32>,
}

impl Reference {
    /// Reads a file of them: a JSON list of `{"text", "vector"}`.
    ///
    /// # Errors
    /// The file cannot be read, or is no such list.
    pub fn read(path: &Path) -> Result<Vec<Reference>, Fault> {
        let told = |what: &dyn std::fmt::Display| Fault::new(format!("{}: {what}", path.display()));
        let bytes = std::fs::read(path).map_err(|error| told(&error))?;
        serde_json::from_slice(&bytes).map_err(|error| told(&error))
    }
}

/// How far a vector is from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Deviation {
    /// The largest difference of two numbers, as a share of the wanted vector's length.
    pub largest: f64,
    /// The cosine of the two.
    pub cosine: f64,
}

impl std::fmt::Display for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2e} of its length (cosine {:.9})", self.largest, self.cosine)
    }
}

/// How far a vector may be from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tolerance {
    /// The largest difference of two numbers, as a share of the vector's length.
    pub largest: f64,
    /// The least cosine.
    pub cosine: f64,
}

impl Tolerance {
    /// E1: what f32 leaves on a processor, and on a GPU, whose exp and erf are approximations.
    pub fn e1(device: &BurnDevice) -> Self {
        Tolerance { largest: if is_processor(device) { 1e-5 } else { 1e-4 }, cosine: 0.99999 }
    }

    /// For a model that computes with such numbers. In f16 each rounding costs up to 2⁻¹¹, in bf16 up to 2⁻⁸; over some
    /// twenty of them in a row, as many as six layers have, that is √20 times as much: 2.2e-3 and 1.7e-2 of the length.
    pub fn of(device: &BurnDevice, precision: Precision) -> Self {
        let largest = precision.rounding() * 20_f64.sqrt();
        match precision {
            Precision::F32 => Tolerance::e1(device),
            Precision::F16 => Tolerance { largest, cosine: 0.9999 },
            Precision::Bf16 => Tolerance { largest, cosine: 0.999 },
            Precision::Int8 => Tolerance { largest, cosine: precision.least_cosine() },
        }
    }

    /// How far `got` is from `want`; infinitely far if they differ in length.
    pub fn deviation<T: Copy + Into<f64>>(&self, got: &[f32], want: &[T]) -> Deviation {
        if got.len() != want.len() {
            return Deviation { largest: f64::INFINITY, cosine: 0.0 };
        }
        let pairs = || got.iter().map(|&value| f64::from(value)).zip(want.iter().map(|&value| value.into()));
        let length =
            |of: &dyn Fn((f64, f64)) -> f64| pairs().map(of).map(|value| value * value).sum::<f64>().sqrt();
        let (mine, wanted) = (length(&|(got, _)| got), length(&|(_, want)| want));
        let furthest = pairs().map(|(got, want)| (got - want).abs()).fold(0.0, f64::max);
        let dot: f64 = pairs().map(|(got, want)| got * want).sum();
        Deviation { largest: furthest / wanted, cosine: dot / (mine * wanted) }
    }

    /// Whether that is near enough; what is no number is not.
    pub fn allows(&self, off: Deviation) -> bool {
        off.largest <= self.largest && off.cosine >= self.cosine
    }
}

/// A device's vectors beside the references.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parity {
    /// How many texts were compared.
    pub texts: usize,
    /// The text that is furthest off, its beginning if it is long.
    pub furthest: String,
    /// How far it is.
    pub deviation: Deviation,
    /// How far it may be.
    pub tolerance: Tolerance,
    /// The texts that are too far off, each with how far.
    pub failures: Vec<String>,
}

/// Embeds the texts and compares.
///
/// # Errors
/// There is nothing to compare, or the model fails.
pub fn compare(model: &BurnEmbedder, references: &[Reference]) -> Result<Parity, Fault> {
    let texts: Vec<&str> = references.iter().map(|reference| reference.text.as_str()).collect();
    let vectors = model.embed(&texts).map_err(|failure| Fault::new(failure.to_string()))?;
    let tolerance = Tolerance::of(model.device(), model.compute().precision);
    let offs: Vec<(&str, Deviation)> = references
        .iter()
        .zip(vectors.rows())
        .map(|(want, got)| (want.text.as_str(), tolerance.deviation(got, &want.vector)))
        .collect();
    let (furthest, deviation) = offs
        .iter()
        .max_by(|(_, a), (_, b)| a.largest.total_cmp(&b.largest))
        .ok_or_else(|| Fault::new("there are no references to compare with"))?;
    let failed = offs.iter().filter(|(_, off)| !tolerance.allows(*off));
    Ok(Parity {
        texts: offs.len(),
        furthest: beginning(furthest),
        deviation: *deviation,
        tolerance,
        failures: failed.map(|(text, off)| format!("{:?} is off by {off}", beginning(text))).collect(),
    })
}

/// Enough of a text to know it by.
fn beginning(text: &str) -> String {
    let end = text.floor_char_boundary(60);
    if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() }
}

/// Backends on GPUs limit their tensors.
fn is_processor(device: &BurnDevice) -> bool {
    device.largest_tensor().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: Tolerance = Tolerance { largest: 1e-5, cosine: 0.99999 };

    #[test]
    fn a_deviation_is_a_share_of_the_wanted_vectors_length() {
        let off = NEAR.deviation(&[30.0, 40.5], &[30.0_f64, 40.0]);
        assert!((off.largest - 0.01).abs() < 1e-12, "{off}");
        assert_eq!(NEAR.deviation(&[3.0, 4.0], &[3.0_f32, 4.0]), Deviation { largest: 0.0, cosine: 1.0 });
    }

    #[test]
    fn what_is_far_or_turned_or_no_number_or_of_another_length_is_not_allowed() {
        for got in [&[1.0, 2e-5][..], &[-1.0, 0.0], &[f32::NAN, 0.0], &[1.0], &[0.0, 0.0]] {
            assert!(!NEAR.allows(NEAR.deviation(got, &[1.0_f64, 0.0])), "{got:?}");
        }
        assert!(NEAR.allows(NEAR.deviation(&[1.0, 5e-6], &[1.0_f64, 0.0])));
    }
}
