//! [`BestKnown`]: a batch's cost from the best that is known of it.

use alloc::vec::Vec;

use super::learned::{Evidence, LEAST_MARGIN, MOST_FACTOR, check_measured, check_number, is_possible};
use super::observed::{Measured, Observed};
use super::pooled::SMALL_PAGE;
use super::{CostModel, Learned, Pooled, Table};
use crate::bytes::Bytes;
use crate::error::PolicyError;
use crate::exact::Exact;

/// What a pool takes for a batch, from the best that is known:
///
/// - a [`Table`] of replayed shapes, where there is one and it covers the batch;
/// - else [`Pooled<Learned<C>>`](Learned), and no less than the table's largest batch within this one;
/// - and never less than what a batch that was no larger was seen to take.
///
/// A batch that takes more than its table says raises all that the table says, and so does one for which memory ran out
/// though what the table says was there; both are forgotten slowly.
///
/// ```
/// use batch_policy::{Analytic, BestKnown, Bytes, CostModel, ModelShape, Table};
///
/// let shape = ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 };
/// let mut cost = BestKnown::new(Analytic::new(shape)?);
/// let mib = |count: u64| Bytes::new(count << 20);
/// cost.replayed(Table::new(vec![1, 32], vec![16, 128], vec![mib(10), mib(11), mib(14), mib(70)], mib(2))?);
/// assert_eq!(cost.peak(32, 128), mib(70));
/// cost.observe(32, 128, mib(77));
/// assert!(cost.peak(32, 128) >= mib(77));
/// # Ok::<(), batch_policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BestKnown<C> {
    table: Option<Table>,
    /// What the table's peaks are multiplied by, at least 1.
    correction: f64,
    /// What the pool took for whole batches.
    seen: Observed,
    otherwise: Pooled<Learned<C>>,
}

/// How much of what the correction is above 1 is left after one more batch that took no more than was predicted, as with
/// [`Learned`]'s margin.
const SHRINKING: f64 = 0.9;

impl<C: CostModel> BestKnown<C> {
    /// Begins with what `base` predicts, in whole pages.
    pub fn new(base: C) -> Self {
        BestKnown {
            table: None,
            correction: 1.0,
            seen: Observed::default(),
            otherwise: Pooled::new(Learned::new(base)),
        }
    }

    /// The table, once there is one.
    pub fn table(&self) -> Option<&Table> {
        self.table.as_ref()
    }

    /// What is predicted from where no table covers a batch.
    pub fn learned(&self) -> &Learned<C> {
        self.otherwise.inner()
    }

    /// Takes in what a dry run found, in place of what an earlier one did.
    pub fn replayed(&mut self, table: Table) {
        (self.table, self.correction) = (Some(table), 1.0);
    }

    /// Takes in that the pool's pages were made as large as a batch of this shape needs, and hold nothing.
    pub fn settled(&mut self, items: usize, tokens: usize) {
        self.otherwise.settled(items, tokens);
    }

    /// What would be predicted without the table: what holds for a pool whose pages do not have the size that they had when
    /// the table was made.
    pub fn peak_without_table(&self, items: usize, tokens: usize) -> Bytes {
        self.otherwise.peak(items, tokens).max(self.seen.floor(items, tokens))
    }

    /// Takes in what the pool took from the device for a batch.
    pub fn observe(&mut self, items: usize, tokens: usize, taken: Bytes) {
        self.otherwise.observe(items, tokens, taken);
        self.seen.keep(Measured { items, tokens, peak: taken });
        let said = self.table.as_ref().filter(|table| table.covers(items, tokens));
        let said = said.map(|table| table.peak(items, tokens).get().max(1) as f64);
        let above = said.map_or(1.0, |said| taken.get() as f64 / said);
        self.correction = self.shrunk(SHRINKING).max(above).min(MOST_FACTOR);
    }

    /// Takes in that a batch ran, and what the pool held of the device before and holds now; says whether that told what the
    /// batch took. A pool keeps what it has, so that a batch for which it took nothing more tells only that it fitted; and
    /// one for which it took a page of its smallest tensors, which it had none of, tells nothing of the others.
    pub fn ran(&mut self, items: usize, tokens: usize, held: Bytes, holds: Bytes) -> bool {
        let tells = holds.saturating_sub(held) > SMALL_PAGE;
        if tells {
            self.observe(items, tokens, holds);
        } else {
            self.succeeded(items, tokens);
        }
        tells
    }

    /// Takes in that memory ran out in a batch of this shape while so many bytes were there for it.
    pub fn surprise(&mut self, items: usize, tokens: usize, there: Bytes) {
        let predicted = self.peak(items, tokens).get().max(1) as f64;
        let factor = there.get() as f64 / predicted;
        if factor > 1.0 && self.table.as_ref().is_some_and(|table| table.covers(items, tokens)) {
            self.correction = (self.correction * factor).min(MOST_FACTOR);
        }
        self.otherwise.surprise(items, tokens, there);
    }

    /// Takes in that a batch ran for which the pool took nothing more.
    pub fn succeeded(&mut self, items: usize, tokens: usize) {
        self.otherwise.succeeded(items, tokens);
        self.correction = self.shrunk(1.0 - (1.0 - SHRINKING) / 10.0);
    }

    /// Takes in that the pool is a new one, of a new device.
    pub fn renewed(&mut self) {
        self.otherwise.renewed();
    }

    fn shrunk(&self, share: f64) -> f64 {
        let above = (self.correction - 1.0) * share;
        // Gone rather than next to nothing.
        if above < LEAST_MARGIN / 2.0 { 1.0 } else { 1.0 + above }
    }

    fn corrected(&self, peak: Bytes) -> Bytes {
        if self.correction > 1.0 {
            Bytes::new(((peak.get() as f64 * self.correction) as u64).saturating_add(1)).max(peak)
        } else {
            peak
        }
    }

    /// What is to be kept.
    pub(crate) fn knowledge(&self) -> Knowledge {
        Knowledge {
            table: self.table.clone().filter(|table| table.check().is_ok()),
            correction: Exact(self.correction),
            seen: self.seen.iter().filter(|seen| is_possible(seen.peak)).copied().collect(),
            learned: self.learned().evidence(),
        }
    }

    /// Begins with what was known before, of the same model, with a pool that is new.
    pub(crate) fn with_knowledge(base: C, knowledge: &Knowledge) -> Self {
        BestKnown {
            table: knowledge.table.clone(),
            correction: knowledge.correction.0,
            seen: knowledge.seen.iter().copied().collect(),
            otherwise: Pooled::new(Learned::with_evidence(base, &knowledge.learned)),
        }
    }
}

impl<C: CostModel> CostModel for BestKnown<C> {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        let predicted = match &self.table {
            Some(table) if table.covers(items, tokens) => self.corrected(table.peak(items, tokens)),
            Some(table) => {
                let within = self.corrected(table.peak_of_covered(items, tokens));
                self.otherwise.peak(items, tokens).max(within)
            }
            None => self.otherwise.peak(items, tokens),
        };
        predicted.max(self.seen.floor(items, tokens))
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        self.otherwise.largest_tensor(items, tokens)
    }
}

/// What a [`BestKnown`] knows beside the model that it begins with.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Knowledge {
    pub(crate) table: Option<Table>,
    correction: Exact,
    seen: Vec<Measured>,
    learned: Evidence,
}

impl Knowledge {
    /// Whether it may be what was learned from batches.
    ///
    /// # Errors
    /// It cannot.
    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        check_number("correction", self.correction, 1.0, MOST_FACTOR)?;
        check_measured("seen", &self.seen)?;
        self.table.as_ref().map_or(Ok(()), Table::check)?;
        self.learned.check()
    }

    /// What both know: never below a measurement of either, nor below what either predicts from what it measured.
    pub(crate) fn merge(&self, other: &Knowledge) -> Knowledge {
        let table = match (&self.table, &other.table) {
            (Some(ours), Some(theirs)) => Some(ours.merge(theirs)),
            (ours, theirs) => ours.clone().or_else(|| theirs.clone()),
        };
        let mut seen: Observed = self.seen.iter().copied().collect();
        seen.merge(&other.seen.iter().copied().collect());
        Knowledge {
            table,
            correction: Exact(self.correction.0.max(other.correction.0)),
            seen: seen.iter().copied().collect(),
            learned: self.learned.merge(&other.learned),
        }
    }
}
