//! [`play`]: one policy in one scenario.

use std::time::Duration;

use batch_policy::{Analytic, Bytes, CostModel, Limits, ModelShape, Pooled};
use serde::Deserialize;

use crate::device::Device;
use crate::error::SimError;
use crate::policy::{Counted, Ours, Policy, Reference, Step};
use crate::scenario::{Card, Lengths, Matrix, Model, Neighbour};
use crate::texts::Texts;

/// Which policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Player {
    /// What `semantik` does, from the dimensions' formula on.
    Ours,
    /// The same with a table of replayed shapes, and with pages that have their size before the first batch.
    Replayed,
    /// The report's formula and rules.
    Reference,
    /// 32 texts, sorted by length within calls of 2,048.
    #[serde(rename = "fixed-32")]
    Fixed32,
    /// 16,384 tokens, in the order in which texts come.
    #[serde(rename = "tokens-16384")]
    Tokens16384,
}

impl Player {
    /// All of them.
    pub const ALL: [Player; 5] =
        [Player::Ours, Player::Replayed, Player::Reference, Player::Fixed32, Player::Tokens16384];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Player::Ours => "ours",
            Player::Replayed => "ours, replayed",
            Player::Reference => "reference",
            Player::Fixed32 => "fixed 32",
            Player::Tokens16384 => "16,384 tokens",
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Batches, those that failed included.
    pub batches: usize,
    /// Texts that have a vector.
    pub texts: usize,
    /// Their tokens.
    pub tokens: usize,
    /// Tokens that were computed, padding included.
    pub padded: usize,
    /// The same of each batch; sorted.
    pub sizes: Vec<u32>,
    /// Seconds of the device's time.
    pub seconds: f64,
    /// Texts that have none.
    pub lost: usize,
    /// Batches for which memory ran out though others took no more since the reading than was kept back for them.
    pub out_within: usize,
    /// Those for which it ran out since others took more.
    pub out_beyond: usize,
    /// Batches of which a tensor was over the device's limit.
    pub never: usize,
    /// Of the batches that memory ended, the shares of what batches were allowed that they were predicted to take; sorted.
    pub shares: Vec<f64>,
    /// Predicted peaks by those that the pool had; sorted.
    pub ratios: Vec<f64>,
    /// Batches under pressure.
    pub pressure: usize,
    /// How long it took to decide, on the machine that simulates.
    pub deciding: Duration,
}

impl Outcome {
    /// Tokens of texts a second.
    pub fn speed(&self) -> f64 {
        self.tokens as f64 / self.seconds
    }

    fn add(&mut self, step: &Step) {
        self.batches += 1;
        self.texts += step.texts;
        self.tokens += step.tokens;
        self.padded += step.padded;
        self.sizes.push(u32::try_from(step.padded).unwrap_or(u32::MAX));
        self.lost += step.lost;
        self.pressure += usize::from(step.pressure);
        match step.failed {
            Some(failed) if failed.never => self.never += 1,
            Some(failed) if failed.stepped <= failed.kept_back => self.out_within += 1,
            Some(_) => self.out_beyond += 1,
            None => {}
        }
        self.shares.extend(step.share);
        self.ratios.extend(step.predicted.map(|(predicted, taken)| predicted as f64 / taken as f64));
        self.deciding += step.deciding;
    }

    /// Texts a batch that ran.
    pub fn texts_a_batch(&self) -> f64 {
        self.texts as f64 / (self.batches - self.out_within - self.out_beyond - self.never).max(1) as f64
    }
}

/// One of the scenarios of a file.
#[derive(Clone, Copy, Debug)]
pub struct Scenario<'a> {
    /// The file.
    pub matrix: &'a Matrix,
    /// The device.
    pub card: &'a Card,
    /// The model.
    pub model: &'a Model,
    /// How long texts are.
    pub lengths: &'a Lengths,
    /// What else runs there.
    pub neighbour: &'a Neighbour,
}

impl<'a> Scenario<'a> {
    /// All of a file.
    pub fn all(matrix: &'a Matrix) -> Vec<Scenario<'a>> {
        let mut all = Vec::new();
        for card in &matrix.cards {
            for model in &matrix.models {
                for lengths in &matrix.lengths {
                    let beside = matrix.neighbours.iter();
                    all.extend(beside.map(|neighbour| Scenario { matrix, card, model, lengths, neighbour }));
                }
            }
        }
        all
    }

    /// Whether it is the same.
    pub(crate) fn is(&self, other: &Scenario<'_>) -> bool {
        self.is_beside_others(other) && std::ptr::eq(self.neighbour, other.neighbour)
    }

    /// Whether it is the same but for the neighbour.
    pub(crate) fn is_beside_others(&self, other: &Scenario<'_>) -> bool {
        std::ptr::eq(self.matrix, other.matrix)
            && std::ptr::eq(self.card, other.card)
            && std::ptr::eq(self.model, other.model)
            && std::ptr::eq(self.lengths, other.lengths)
    }

    /// Whether a batch of so many tokens, of the longest texts, has room in what is left under pressure.
    pub(crate) fn has_room_for(&self, tokens: usize) -> Result<bool, SimError> {
        let Model { hidden, heads, feed_forward, element_bytes, max_tokens, .. } = *self.model;
        let shape = ModelShape { hidden, heads, feed_forward, element_bytes };
        let longest = self.lengths.most.min(max_tokens);
        let peak = Pooled::new(Analytic::new(shape)?).peak(tokens.div_ceil(longest), longest);
        let usable = Limits::default().usable(Bytes::new(self.device().look().free));
        Ok(peak <= usable.permille(500))
    }

    /// The device as it is before the first batch.
    pub fn device(&self) -> Device<'a> {
        let Matrix { curve, reading_seconds, seed, .. } = self.matrix;
        Device::new(self.card, self.model, curve, self.neighbour, *reading_seconds, *seed)
    }
}

/// Runs as many batches as the file says. `watch` sees the device after each.
///
/// # Errors
/// The model has a dimension of 0.
pub fn play(
    player: Player,
    scenario: &Scenario<'_>,
    mut watch: impl FnMut(&Device<'_>, &Step),
) -> Result<Outcome, SimError> {
    let Scenario { matrix, model, lengths, .. } = *scenario;
    let mut device = scenario.device();
    let mut texts = Texts::new(lengths, model.max_tokens, matrix.seed);
    let ours =
        |device: &Device<'_>, replayed| Ours::new(device, matrix.busy, replayed, matrix.patience_seconds);
    let mut policy: Box<dyn Policy> = match player {
        Player::Ours => Box::new(ours(&device, false)?),
        Player::Replayed => Box::new(ours(&device, true)?),
        Player::Reference => Box::new(Reference::new(&mut device)?),
        Player::Fixed32 => Box::new(Counted::texts(32, 2048)),
        Player::Tokens16384 => Box::new(Counted::tokens(16_384)),
    };
    let mut outcome = Outcome::default();
    let batches = match player {
        Player::Ours | Player::Replayed => matrix.batches,
        _ => matrix.batches_of_others,
    };
    while outcome.batches < batches {
        let step = policy.step(&mut texts, &mut device);
        watch(&device, &step);
        outcome.add(&step);
    }
    outcome.seconds = device.now();
    outcome.sizes.sort_unstable();
    for numbers in [&mut outcome.shares, &mut outcome.ratios] {
        numbers.sort_by(f64::total_cmp);
    }
    Ok(outcome)
}
