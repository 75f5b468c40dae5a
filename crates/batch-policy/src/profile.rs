//! [`Profile`]: what was learned of one model on one device.

use crate::busy::{Busy, Size};
use crate::cost::{BestKnown, CostModel, Knowledge, Table};
use crate::error::PolicyError;

/// What was learned of one model on one device, so that the next run starts from what this one found: how many tokens keep
/// the device busy and how fast it is ([`Busy`]), and what batches take ([`BestKnown`]: the table of replayed shapes, the
/// learned coefficients with their evidence and margin, what was seen).
///
/// It is a value: who keeps it, under which name and how, is the caller's business. With the feature `serde` it can be
/// written and read; what is read comes from outside, and is an error where no batches can have taught it. Numbers with a
/// point are written as text, so that the same ones are read in every format.
///
/// ```
/// use batch_policy::{Analytic, BestKnown, Busy, Bytes, CostModel, ModelShape, Profile};
///
/// let model = Analytic::new(ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 })?;
/// let (mut busy, mut cost) = (Busy::new(4096), BestKnown::new(model));
/// cost.observe(32, 128, Bytes::new(180 << 20));
/// let profile = Profile::of(&busy, &cost);
/// // In the next run:
/// busy = profile.busy(4096);
/// cost = profile.cost(model);
/// assert!(cost.peak(32, 128) >= Bytes::new(180 << 20));
/// # Ok::<(), batch_policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "Unchecked"))]
pub struct Profile {
    version: u32,
    busy: Option<Size>,
    cost: Option<Knowledge>,
}

/// A profile as it was read.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct Unchecked {
    version: u32,
    busy: Option<Size>,
    cost: Option<Knowledge>,
}

#[cfg(feature = "serde")]
impl TryFrom<Unchecked> for Profile {
    type Error = PolicyError;

    fn try_from(read: Unchecked) -> Result<Self, PolicyError> {
        let profile = Profile { version: read.version, busy: read.busy, cost: read.cost };
        profile.check()?;
        Ok(profile)
    }
}

impl Default for Profile {
    /// Nothing was learned yet.
    fn default() -> Self {
        Profile { version: Profile::VERSION, busy: None, cost: None }
    }
}

impl Profile {
    /// Of what is written. It rises whenever what is written changes its meaning; what is read has this one, or is an error.
    pub const VERSION: u32 = 1;

    /// What these two know.
    pub fn of(busy: &Busy, cost: &BestKnown<impl CostModel>) -> Self {
        let (busy, cost) = (Some(busy.size()), Some(cost.knowledge()));
        let profile = Profile { version: Profile::VERSION, busy, cost };
        debug_assert!(profile.check().is_ok(), "what is learned can be read again: {profile:?}");
        profile
    }

    /// The version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether nothing was learned yet.
    pub fn is_empty(&self) -> bool {
        self.busy.is_none() && self.cost.is_none()
    }

    /// The table of replayed shapes, if there is one.
    pub fn table(&self) -> Option<&Table> {
        self.cost.as_ref().and_then(|cost| cost.table.as_ref())
    }

    /// How many tokens keep the device busy; begins with `tokens` where nothing was learned.
    pub fn busy(&self, tokens: usize) -> Busy {
        self.busy.as_ref().map_or_else(|| Busy::new(tokens), Busy::with_size)
    }

    /// What batches take; begins with `base` where nothing was learned. The pool is taken for new.
    pub fn cost<C: CostModel>(&self, base: C) -> BestKnown<C> {
        match &self.cost {
            Some(knowledge) => BestKnown::with_knowledge(base, knowledge),
            None => BestKnown::new(base),
        }
    }

    /// What two processes learned of the same model on the same device at once. What it predicts is never below what
    /// either has seen, nor below what either predicts where it does so from its own table or measurements. The order makes
    /// no difference, and a profile with itself is itself.
    #[must_use]
    pub fn merge(&self, other: &Profile) -> Profile {
        let busy = match (&self.busy, &other.busy) {
            (Some(ours), Some(theirs)) => Some(ours.merge(theirs)),
            (ours, theirs) => ours.or(*theirs),
        };
        let cost = match (&self.cost, &other.cost) {
            (Some(ours), Some(theirs)) => Some(ours.merge(theirs)),
            (ours, theirs) => ours.clone().or_else(|| theirs.clone()),
        };
        Profile { version: Profile::VERSION, busy, cost }
    }

    /// Whether it may have been learned from batches.
    fn check(&self) -> Result<(), PolicyError> {
        if self.version != Profile::VERSION {
            return Err(PolicyError::profile("version", self.version, Profile::VERSION));
        }
        self.busy.as_ref().map_or(Ok(()), Size::check)?;
        self.cost.as_ref().map_or(Ok(()), Knowledge::check)
    }
}
