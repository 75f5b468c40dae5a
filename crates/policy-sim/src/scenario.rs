//! [`Matrix`]: what is simulated, as it stands in a file.

use std::path::Path;

use batch_policy::ModelClass;
use serde::Deserialize;

use crate::error::SimError;
use crate::run::Player;

/// A file of scenarios: each card with each model, each distribution of lengths and each neighbour.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// What the scenarios are for.
    pub about: String,
    /// Batches that our policy runs in each of them.
    pub batches: usize,
    /// Batches that the others run: their speed does not change as they go on.
    pub batches_of_others: usize,
    /// What random numbers begin with.
    pub seed: u64,
    /// How fast the device is.
    pub curve: Curve,
    /// How long a reading of the memory serves, in seconds.
    pub reading_seconds: f64,
    /// How long a single text for which there is no room waits for memory before it is lost, in seconds.
    pub patience_seconds: f64,
    /// What bounds a batch beside memory.
    pub busy: BusyBound,
    /// Which policies, by their names in tables.
    pub policies: Vec<Player>,
    /// Devices.
    pub cards: Vec<Card>,
    /// Models.
    pub models: Vec<Model>,
    /// How long texts are.
    pub lengths: Vec<Lengths>,
    /// What else runs on the device.
    pub neighbours: Vec<Neighbour>,
}

/// What bounds a batch beside memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusyBound {
    /// The tokens that were learned to keep the device busy.
    Learned,
    /// Nothing, so that memory is filled: for looking at what that does.
    Nothing,
}

/// A device's speed, as it was measured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// Its name in tables.
    pub name: String,
    /// On which machine it was measured, with what, and what it is taken for here.
    pub measured: String,
    /// Tokens in a batch, and billions of operations a second at that size. Between them the logarithm of tokens counts.
    pub points: Vec<(f64, f64)>,
    /// Seconds that each batch takes beside.
    pub fixed_seconds: f64,
}

/// A device's memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Its name in tables.
    pub name: String,
    /// All of it.
    pub memory_mib: u64,
    /// What the driver and the process's context hold.
    pub system_mib: u64,
    /// The most that one tensor may take.
    pub largest_tensor_mib: u64,
    /// Where tensors begin.
    pub alignment: u64,
}

/// An encoder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name in tables.
    pub name: String,
    /// What the reference formula takes it for.
    pub class: Class,
    /// The length of a token's vector.
    pub hidden: usize,
    /// Attention heads.
    pub heads: usize,
    /// The width of the feed-forward part.
    pub feed_forward: usize,
    /// Layers.
    pub layers: usize,
    /// Bytes of a number.
    pub element_bytes: usize,
    /// Of its weights.
    pub weights_mib: u64,
    /// The longest text that it reads.
    pub max_tokens: usize,
}

/// The reference's classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// 50 MB a text.
    Mini,
    /// 100 MB a text.
    Base,
    /// 150 MB a text.
    Large,
}

impl From<Class> for ModelClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Mini => ModelClass::Mini,
            Class::Base => ModelClass::Base,
            Class::Large => ModelClass::Large,
        }
    }
}

/// How long texts are, in tokens: a mixture of log-normal distributions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// Its name in tables.
    pub name: String,
    /// The shortest.
    pub least: usize,
    /// The longest; no longer than the model reads.
    pub most: usize,
    /// What is mixed.
    pub parts: Vec<Part>,
}

/// One of a mixture.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// How much of the whole.
    pub weight: f64,
    /// The length that half of it is below.
    pub median: f64,
    /// The deviation of the length's logarithm.
    pub sigma: f64,
}

/// Another process on the device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// Its name in tables.
    pub name: String,
    /// The share of the memory that it holds all the time.
    pub share: f64,
    /// What it takes beside, and gives back.
    #[serde(default)]
    pub steps: Option<Steps>,
}

/// Memory that is taken and given back.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// The share of what is free that it takes.
    pub share_of_free: f64,
    /// Seconds from giving back to taking, on average.
    pub rest_seconds: f64,
    /// Seconds for which it holds it, on average.
    pub hold_seconds: f64,
}

impl Matrix {
    /// From a file.
    ///
    /// # Errors
    /// It cannot be read, is no such file, or holds a number that makes no sense.
    pub fn read(path: &Path) -> Result<Self, SimError> {
        let text = std::fs::read_to_string(path).map_err(|error| SimError::read(path, error))?;
        let matrix: Matrix = serde_json::from_str(&text).map_err(|error| SimError::parse(path, error))?;
        match matrix.problem() {
            Some(problem) => Err(SimError::makes_no_sense(path, problem)),
            None => Ok(matrix),
        }
    }

    /// What makes no sense.
    fn problem(&self) -> Option<String> {
        let points = &self.curve.points;
        if points.is_empty()
            || !points.is_sorted_by(|a, b| a.0 < b.0)
            || !points.iter().all(|p| p.0 > 0.0 && p.1 > 0.0)
        {
            return Some("the curve's points have to rise, from above 0".to_owned());
        }
        let zero = |model: &&Model| {
            [
                model.hidden,
                model.heads,
                model.feed_forward,
                model.layers,
                model.element_bytes,
                model.max_tokens,
            ]
            .contains(&0)
        };
        if let Some(model) = self.models.iter().find(zero) {
            return Some(format!("{} has a dimension of 0", model.name));
        }
        if let Some(card) = self.cards.iter().find(|card| card.alignment == 0 || card.largest_tensor_mib == 0)
        {
            return Some(format!("{} aligns tensors at 0, or takes none", card.name));
        }
        let bad = |lengths: &&Lengths| {
            let parts = &lengths.parts;
            parts.is_empty()
                || !parts.iter().all(|part| part.weight > 0.0 && part.median > 0.0 && part.sigma >= 0.0)
                || !(1..=lengths.most).contains(&lengths.least)
        };
        if let Some(lengths) = self.lengths.iter().find(bad) {
            return Some(format!("{} gives no lengths", lengths.name));
        }
        let greedy = |neighbour: &&Neighbour| {
            let share = |share: f64| (0.0..=1.0).contains(&share);
            let steps = |steps: Steps| {
                share(steps.share_of_free) && steps.rest_seconds > 0.0 && steps.hold_seconds > 0.0
            };
            !share(neighbour.share) || !neighbour.steps.is_none_or(steps)
        };
        self.neighbours.iter().find(greedy).map(|neighbour| format!("{} takes no share", neighbour.name))
    }
}
