//! What would run: a model's batches on a device of so much memory, before anything is loaded.
//!
//! [`Planner`] asks the same cost models and the same planner as a run does, and computes what the formula that this project
//! replaces would have said beside it. Nothing is loaded and no device is opened: the model's configuration is enough.
//!
//! ```no_run
//! use semantik::gpu_telemetry::ByteCount;
//! use semantik::plan::Planner;
//! use semantik::{DeviceLimits, ModelCache};
//!
//! let folder = ModelCache::from_env()?.resolve("all-MiniLM-L6-v2")?;
//! let planner = Planner::new(&folder, &DeviceLimits::default())?;
//! let card = planner.card(ByteCount::GIB.saturating_mul(24), ByteCount::ZERO)?;
//! assert_eq!((card.reference.before_cap, card.reference.texts), (344, 128));
//! # Ok::<(), semantik::Error>(())
//! ```

mod batches;
mod counted;
mod lengths;
mod reference;

use batch_policy::{BestKnown, Bytes, CostModel, Limits};
use embed_burn::{Backend, EncoderShape, ModelFolder, Precision};
use gpu_telemetry::{ByteCount, MemorySample};
use serde::Serialize;

pub use self::batches::LengthPlan;
use self::counted::Counted;
pub use self::lengths::{TextsPlan, TextsRun, read_lengths};
pub use self::reference::Reference;
use crate::adapt::{self, Seen};
use crate::devices::Surveyed;
use crate::error::Error;
use crate::ledger::shares;
use crate::limits::DeviceLimits;
use crate::profiles::{ProfileKey, Profiles};

/// A model, as far as its memory goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelFigures {
    /// Its folder.
    pub path: std::path::PathBuf,
    /// The length of a token's vector.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// The width of the feed-forward part.
    pub feed_forward: usize,
    /// The most tokens of a text that it reads.
    pub max_tokens: usize,
    /// The type of numbers it is run with.
    pub dtype: &'static str,
    /// How many numbers its weights are.
    pub parameters: u64,
    /// The bytes of its weights on a device.
    pub weights: u64,
}

/// What would run on a device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// The device's memory in all, where it is known.
    pub memory: Option<u64>,
    /// What of it everybody uses, where that is known.
    pub used: Option<u64>,
    /// What is free for the weights and for batches; `None` where nothing tells: then it is the memory limit, or 1 GiB for
    /// everything.
    pub free: Option<u64>,
    /// What other processes of this user were promised there and do not hold yet.
    pub promised: u64,
    /// Whether the weights have room.
    pub weights_fit: bool,
    /// What batches may take beside the weights: the limits' share of what is left.
    pub usable: u64,
    /// The most bytes that one tensor may have, where there is such a bound.
    pub largest_tensor: Option<u64>,
    /// The tokens with which batches begin, until it is learned how many keep the device busy.
    pub busy_tokens: usize,
    /// Whether that, and what batches take, is what earlier runs learned.
    pub is_learned: bool,
    /// The type of numbers that it would compute in there: f32 where a processor has no instructions for others.
    pub dtype: &'static str,
    /// The bytes of its weights there.
    pub weights: u64,
    /// What is padded: `bucketed` lengths, or nothing, `none`.
    pub padding: &'static str,
    /// The batches of texts of one length each.
    pub batches: Vec<LengthPlan>,
    /// The formula that all this replaces.
    pub reference: Reference,
    /// The batches of the texts whose lengths were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<TextsPlan>,
}

/// Plans for one model within limits.
#[derive(Debug)]
pub struct Planner<'a> {
    folder: &'a ModelFolder,
    limits: Limits,
    precision: Precision,
    lengths: Option<Vec<usize>>,
}

/// What a device is, as far as planning goes.
struct Place<'a> {
    free: Option<Bytes>,
    promised: Bytes,
    largest_tensor: Option<Bytes>,
    busy_tokens: usize,
    cost: &'a dyn CostModel,
    is_padded: bool,
}

impl<'a> Planner<'a> {
    /// For this model.
    ///
    /// # Errors
    /// A limit is out of its bounds.
    pub fn new(folder: &'a ModelFolder, limits: &DeviceLimits) -> Result<Self, Error> {
        Ok(Planner { folder, limits: limits.to_policy()?, precision: Precision::default(), lengths: None })
    }

    /// Plans for a model that computes in these numbers. On the processor bf16 and int8 are the numbers of products only: a batch
    /// works in 32 bits and in what it narrows, and the weights are a little more than what is told, since rows of the
    /// vocabulary stay as they are. What it has no instructions for is planned in f32, as it would run.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Planner { precision, ..self }
    }

    /// Plans texts of these lengths too, in tokens.
    #[must_use]
    pub fn with_lengths(self, lengths: Vec<usize>) -> Self {
        Planner { lengths: Some(lengths), ..self }
    }

    /// The model.
    pub fn model(&self) -> ModelFigures {
        let shape = self.folder.shape();
        ModelFigures {
            path: self.folder.path().to_owned(),
            hidden: shape.hidden,
            layers: shape.layers,
            heads: shape.heads,
            feed_forward: shape.feed_forward,
            max_tokens: self.folder.max_tokens(),
            dtype: self.precision.as_str(),
            parameters: self.folder.parameters(),
            weights: self.weights().get(),
        }
    }

    /// On a card of so much memory, of which others use so much: one with a pool, and with no tensor over a quarter of it.
    ///
    /// # Errors
    /// The model has a dimension of 0.
    pub fn card(&self, memory: ByteCount, used: ByteCount) -> Result<Outlook, Error> {
        let cost = BestKnown::new(adapt::analytic(self.shape())?);
        let place = Place {
            free: Some(adapt::bytes(memory.saturating_sub(used))),
            promised: Bytes::default(),
            largest_tensor: Some(Bytes::new(memory.get() / 4)),
            busy_tokens: adapt::CARD_TOKENS,
            cost: &cost,
            is_padded: true,
        };
        Ok(Outlook { memory: Some(memory.get()), used: Some(used.get()), ..self.outlook(&place) })
    }

    /// On a device at hand, as it is now.
    ///
    /// # Errors
    /// The model has a dimension of 0.
    pub fn device(&self, device: &Surveyed) -> Result<Outlook, Error> {
        let is_cpu = device.info.backend == Backend::Cpu;
        if is_cpu && self.computes_in() != self.precision {
            let lengths = self.lengths.clone();
            let here =
                Planner { folder: self.folder, limits: self.limits, precision: self.computes_in(), lengths };
            return here.device(device);
        }
        let profile = Profiles::from_env()
            .map(|profiles| profiles.load(&ProfileKey::planned(self.folder, device, self.precision)).0);
        let profile = profile.unwrap_or_default();
        let pooled = profile.cost(adapt::analytic(self.shape())?);
        let counted = Counted::new(self.folder, self.precision)?;
        // In f16 the processor runs as cards do: one operation after the other, each through the pool.
        let is_counted = is_cpu && self.precision != Precision::F16;
        let is_hosts = device.info.host_memory || device.info.software || is_cpu;
        let told = device.sample.as_ref().and_then(MemorySample::source);
        let is_hosts = is_hosts || told.is_some_and(gpu_telemetry::MemorySource::is_host_memory);
        let others = shares(&device.key).map(|shares| shares.holders).unwrap_or_default();
        let to_come = others.iter().map(|holder| holder.promised.saturating_sub(holder.idle));
        let place = Place {
            free: adapt::free(&Seen { sample: device.sample, pool: None }),
            promised: adapt::bytes(to_come.fold(ByteCount::ZERO, ByteCount::saturating_add)),
            largest_tensor: device.largest_tensor.map(Bytes::new),
            busy_tokens: profile
                .busy(if is_hosts { adapt::HOST_TOKENS } else { adapt::CARD_TOKENS })
                .tokens(),
            cost: if is_counted { &counted } else { &pooled },
            is_padded: !is_counted,
        };
        let bytes = |of: fn(&MemorySample) -> Option<ByteCount>| Some(of(device.sample.as_ref()?)?.get());
        let (memory, used) = (bytes(MemorySample::total), bytes(MemorySample::used));
        Ok(Outlook { memory, used, is_learned: !profile.is_empty(), ..self.outlook(&place) })
    }

    /// What the processor computes in: narrow numbers need instructions, and a model that runs there as one
    /// operation.
    fn computes_in(&self) -> Precision {
        let is_narrow = matches!(self.precision, Precision::Bf16 | Precision::Int8);
        let has_ways =
            || self.precision.instructions().is_some() && self.folder.working_bytes(1, 1).is_some();
        if is_narrow && !has_ways() { Precision::F32 } else { self.precision }
    }

    fn shape(&self) -> EncoderShape {
        EncoderShape { element_bytes: self.precision.bytes(), ..self.folder.shape() }
    }

    fn weights(&self) -> Bytes {
        Bytes::new(self.folder.parameters()).saturating_mul(self.precision.bytes() as u64)
    }

    fn outlook(&self, place: &Place<'_>) -> Outlook {
        let weights = self.weights();
        let assumed = || self.limits.memory_limit().unwrap_or(adapt::bytes(adapt::UNMEASURED));
        let free = place.free.unwrap_or_else(assumed);
        let usable = self.limits.usable(free.saturating_sub(weights)).saturating_sub(place.promised);
        let budget = batch_policy::Budget {
            allowed: batch_policy::Allowance::of(usable),
            tokens: place.busy_tokens,
            largest_tensor: place.largest_tensor,
        };
        let reference = Reference::of(self.folder.path(), free, &self.limits);
        let batches = batches::by_length(self.folder.max_tokens(), &budget, place.cost, &self.limits);
        let texts = self.lengths.as_ref().map(|lengths| {
            let longest = self.folder.max_tokens();
            lengths::plan(
                lengths,
                longest,
                place.is_padded,
                &budget,
                place.cost,
                &self.limits,
                reference.texts,
            )
        });
        Outlook {
            memory: None,
            used: None,
            free: place.free.map(Bytes::get),
            promised: place.promised.get(),
            weights_fit: weights <= free,
            usable: usable.get(),
            largest_tensor: place.largest_tensor.map(Bytes::get),
            busy_tokens: place.busy_tokens,
            is_learned: false,
            dtype: self.precision.as_str(),
            weights: weights.get(),
            padding: if place.is_padded { "bucketed" } else { "none" },
            batches,
            reference,
            texts,
        }
    }
}
