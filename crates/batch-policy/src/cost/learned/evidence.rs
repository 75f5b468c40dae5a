//! [`Evidence`]: what a [`Learned`] knows beside the model that it corrects.

use alloc::vec::Vec;

use super::fit::{Fit, Sums};
use super::{LEAST_MARGIN, Learned, MOST_FACTOR};
use crate::bytes::Bytes;
use crate::cost::CostModel;
use crate::cost::observed::{Measured, Observed};
use crate::error::PolicyError;
use crate::exact::Exact;

/// What was learned, as it is kept from one run to the next.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Evidence {
    fit: Option<Sums>,
    seen: Vec<Measured>,
    margin: Exact,
    floor: [Exact; 3],
    correction: Exact,
    base_holds: bool,
}

/// No device has so much memory: a pebibyte.
const MOST_PEAK: Bytes = Bytes::new(1 << 50);

/// Whether a batch may have taken so much.
pub(crate) fn is_possible(peak: Bytes) -> bool {
    peak > Bytes::new(0) && peak <= MOST_PEAK
}

/// Whether these measurements may be kept ones.
///
/// # Errors
/// They are too many, or one is of no batch that any device runs.
pub(crate) fn check_measured(field: &'static str, measured: &[Measured]) -> Result<(), PolicyError> {
    if measured.len() > Observed::KEPT {
        let bound = format_args!("at most {} measurements", Observed::KEPT);
        return Err(PolicyError::profile(field, measured.len(), bound));
    }
    match measured.iter().find(|seen| !is_possible(seen.peak)) {
        Some(seen) => Err(PolicyError::profile(field, seen.peak, format_args!("from 1 to {MOST_PEAK}"))),
        None => Ok(()),
    }
}

/// Whether this is a number from `low` to `high`.
///
/// # Errors
/// It is not.
pub(crate) fn check_number(
    field: &'static str,
    Exact(number): Exact,
    low: f64,
    high: f64,
) -> Result<(), PolicyError> {
    if number >= low && number <= high {
        return Ok(());
    }
    Err(PolicyError::profile(field, number, format_args!("from {low} to {high}")))
}

impl Evidence {
    /// Whether it may be what was learned from batches.
    ///
    /// # Errors
    /// It cannot.
    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        check_measured("seen", &self.seen)?;
        check_number("margin", self.margin, LEAST_MARGIN, MOST_FACTOR)?;
        check_number("correction", self.correction, 1.0, MOST_FACTOR)?;
        for floor in self.floor {
            check_number("floor", floor, 0.0, MOST_PEAK.get() as f64)?;
        }
        match &self.fit {
            Some(sums) if Fit::of(sums).is_none() => {
                Err(PolicyError::profile("fit", "of no measurements", "the sums over at least one"))
            }
            _ => Ok(()),
        }
    }

    /// What both know: never below a measurement of either, nor below what either's fit predicts.
    pub(crate) fn merge(&self, other: &Evidence) -> Evidence {
        let fit = |evidence: &Evidence| evidence.fit.as_ref().and_then(Fit::of).unwrap_or_default();
        let (ours, theirs) = (fit(self), fit(other));
        let coefficients = |evidence: &Evidence, fit: &Fit| {
            let fitted = fit.with_margin(evidence.margin.0).unwrap_or_default();
            [0, 1, 2].map(|at| fitted[at].max(evidence.floor[at].0))
        };
        let (our_floor, their_floor) = (coefficients(self, &ours), coefficients(other, &theirs));
        let most = MOST_PEAK.get() as f64;
        let mut seen: Observed = self.seen.iter().copied().collect();
        seen.merge(&other.seen.iter().copied().collect());
        Evidence {
            fit: ours.merge(&theirs).sums(),
            seen: seen.iter().copied().collect(),
            margin: Exact(self.margin.0.max(other.margin.0)),
            floor: [0, 1, 2].map(|at| Exact(our_floor[at].max(their_floor[at]).min(most))),
            correction: Exact(self.correction.0.max(other.correction.0)),
            base_holds: self.base_holds && other.base_holds,
        }
    }
}

impl<C: CostModel> Learned<C> {
    /// What is to be kept. Measurements that no device can have given are left out.
    pub(crate) fn evidence(&self) -> Evidence {
        let most = MOST_PEAK.get() as f64;
        Evidence {
            fit: self.fit.sums(),
            seen: self.seen.iter().filter(|seen| is_possible(seen.peak)).copied().collect(),
            margin: Exact(self.margin),
            floor: self.floor.map(|floor| Exact(floor.min(most))),
            correction: Exact(self.correction),
            base_holds: self.base_holds,
        }
    }

    /// Begins with what was learned before, of the same model.
    pub(crate) fn with_evidence(base: C, evidence: &Evidence) -> Self {
        Learned {
            fit: evidence.fit.as_ref().and_then(Fit::of).unwrap_or_default(),
            seen: evidence.seen.iter().copied().collect(),
            margin: evidence.margin.0,
            floor: evidence.floor.map(|Exact(floor)| floor),
            correction: evidence.correction.0,
            base_holds: evidence.base_holds,
            ..Learned::new(base)
        }
    }
}
