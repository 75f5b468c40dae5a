//! A model on the processor with products of narrow numbers, held against itself in f32 before it is used.

use std::sync::{Arc, PoisonError};

use chunk_strategies::{EmbedFailure, Embedder, Vectors};

use super::BurnEmbedder;
use super::load::Loaded;
use crate::arch::Encoder;
use crate::backend::Work;
use crate::compute::{Compute, Precision};
use crate::cpu;
use crate::error::EmbedError;

/// Texts of one word to a paragraph, in a few languages and of code: what narrow numbers do to a model's vectors is seen
/// on a handful.
const PROBES: &[&str] = &[
    "harbour",
    "The quick brown fox jumps over the lazy dog.",
    "How long may a passport be expired before it can no longer be renewed by post?",
    "Interest is charged daily on the outstanding balance, at 4.35% a year, and added on the first of each month.",
    "fn parse(input: &str) -> Result<Vec<Token>, ParseError> { input.split(';').map(Token::from_str).collect() }",
    "Die Werft wurde 1911 gegründet und baute bis 1974 über vierhundert Schiffe, die meisten davon Frachter.",
    "El río crece cada primavera, cuando se derrite la nieve de las montañas, y baja otra vez en julio.",
    "病人被送往医院，经过三天的治疗后情况好转。",
    "- two eggs\n- a cup of flour\n- a pinch of salt\n\nBeat the eggs, fold in the flour, and rest the batter for an hour.",
    "When the committee met again in September, nobody could say where the minutes of the spring session had gone. The \
     secretary had sent them to the printer; the printer remembered a parcel; and the parcel, it turned out much later, \
     had been signed for by a man who no longer worked there. So the members voted from memory, and the vote was close.",
];

impl BurnEmbedder {
    /// The same model with narrow products, or as it is where the processor has no instructions for them: it is then
    /// faster in f32, and more exact. As it is too where it runs as burn's operations.
    pub(super) fn narrowed(mut self, precision: Precision) -> Result<Self, EmbedError> {
        let device = self.device.name().to_owned();
        if !matches!(self.loaded()?.encoder, Encoder::Fused(_)) {
            return Ok(self);
        }
        let Some(format) =
            cpu::Format::of(precision).filter(|&format| cpu::NarrowIsa::best(format).is_some())
        else {
            return Ok(self);
        };
        let want = self.probed()?;
        let slot = self.loaded.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = slot.take().and_then(Arc::into_inner) {
            *slot = Some(Arc::new(loaded.narrowed(format, &device)?));
        }
        self.compute = Compute { precision, ..self.compute };
        self.shape.element_bytes = precision.bytes();
        let bound = precision.least_cosine();
        let mut farthest = Farthest::of(&want, &self.probed()?);
        if !farthest.is_within(bound) && self.widens_attention() {
            farthest = Farthest::of(&want, &self.probed()?);
        }
        if farthest.is_within(bound) {
            Ok(self)
        } else {
            Err(EmbedError::imprecise(precision.as_str(), farthest.cosine, bound, farthest.text))
        }
    }

    fn probed(&self) -> Result<Vectors, EmbedError> {
        let told = |failure: EmbedFailure| EmbedError::failed(self.device.name(), failure.to_string());
        self.embed(PROBES).map_err(told)
    }

    /// Gives up attention in narrow numbers, which some models' scores are too large for. Whether there was any.
    fn widens_attention(&mut self) -> bool {
        let slot = self.loaded.get_mut().unwrap_or_else(PoisonError::into_inner);
        let loaded = slot.as_mut().and_then(Arc::get_mut);
        self.attends_wide = loaded.is_some_and(|loaded| loaded.encoder.widen_attention());
        self.attends_wide
    }
}

/// The probe whose vector moved the furthest.
struct Farthest {
    text: &'static str,
    cosine: f64,
}

impl Farthest {
    fn of(want: &Vectors, got: &Vectors) -> Self {
        let cosines = want.rows().zip(got.rows()).map(|(want, got)| cosine(want, got));
        let start = Farthest { text: PROBES[0], cosine: f64::INFINITY };
        PROBES.iter().zip(cosines).fold(start, |farthest, (text, cosine)| {
            // What is no number is the furthest.
            if cosine < farthest.cosine || cosine.is_nan() { Farthest { text, cosine } } else { farthest }
        })
    }

    /// Written so that what is no number is not.
    fn is_within(&self, bound: f64) -> bool {
        self.cosine >= bound
    }
}

impl Loaded {
    /// With narrow products, where the processor has instructions for them.
    pub(super) fn narrowed(self, format: cpu::Format, device: &str) -> Result<Self, EmbedError> {
        let encoder = match (self.encoder, cpu::NarrowIsa::best(format)) {
            (Encoder::Fused(fused), Some(isa)) => {
                let narrowed = fused.narrowed(isa);
                let refused = |_| EmbedError::out_of_memory(device, Work::Load, None, None);
                Encoder::Fused(Box::new(narrowed.map_err(refused)?))
            }
            (encoder, _) => encoder,
        };
        Ok(Loaded { encoder, ..self })
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
