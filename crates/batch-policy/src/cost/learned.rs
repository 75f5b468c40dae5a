//! [`Learned`]: a batch's cost from what batches were seen to take.

mod evidence;
mod fit;

pub(crate) use self::evidence::{Evidence, check_measured, check_number, is_possible};
use self::fit::Fit;
use super::CostModel;
use super::observed::{Measured, Observed};
use crate::bytes::Bytes;

/// Corrects another model by what was measured: `c0 + c1·items·tokens + c2·items·tokens²`, fitted as measurements come in,
/// no coefficient below 0, and kept an upper bound:
///
/// - it is never below a measurement of a batch that was no larger;
/// - a margin and a page, of 2 MiB where it is not known otherwise, stand above the fit. The margin
///   shrinks as measurements agree, and grows at once where one is above it;
/// - until three shapes were measured, and for batches of more than twice what was measured, it is not below the other
///   model; and it is never above the other model, as long as no measurement was;
/// - when memory ran out though the prediction fitted, all predictions rise, and come down slowly as batches run.
///
/// ```
/// use batch_policy::{Analytic, Bytes, CostModel, Learned, ModelShape};
///
/// let shape = ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 };
/// let mut cost = Learned::new(Analytic::new(shape)?);
/// let before = cost.peak(8, 128);
/// cost.observe(8, 128, Bytes::new(before.get() * 2));
/// assert!(cost.peak(8, 128).get() >= before.get() * 2);
/// # Ok::<(), batch_policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Learned<C> {
    base: C,
    /// What peaks are whole multiples of.
    page: Bytes,
    fit: Fit,
    seen: Observed,
    margin: f64,
    /// What another process's fit predicts, its margin included; it counts less with each measurement of this one.
    floor: [f64; 3],
    /// What predictions are multiplied by since memory ran out, at least 1.
    correction: f64,
    /// Whether no measurement was above the other model.
    base_holds: bool,
}

/// Pools take whole pages of at least this many bytes, so that a peak may be so much above the sum of what is in it.
const FIRST_PAGE: Bytes = Bytes::new(2 << 20);
/// What stands above the fit, beside a page, before anything agreed with it, and the least that ever does.
const FIRST_MARGIN: f64 = 0.25;
pub(crate) const LEAST_MARGIN: f64 = 0.02;
/// How much of the margin, and of the correction, is left after one more batch that agreed.
const SHRINKING: f64 = 0.9;
/// A margin or a correction of more than this says nothing any more.
pub(crate) const MOST_FACTOR: f64 = 1e6;

impl<C: CostModel> Learned<C> {
    /// Begins with what `base` predicts.
    pub fn new(base: C) -> Self {
        Learned {
            base,
            page: FIRST_PAGE,
            fit: Fit::default(),
            seen: Observed::default(),
            margin: FIRST_MARGIN,
            floor: [0.0; 3],
            correction: 1.0,
            base_holds: true,
        }
    }

    /// The model that it began with.
    pub fn base(&self) -> &C {
        &self.base
    }

    /// Takes in that peaks come in whole pages of so many bytes.
    pub(super) fn in_pages_of(&mut self, page: Bytes) {
        self.page = page.max(FIRST_PAGE);
    }

    /// `[c0, c1, c2]` in bytes, once three shapes were measured.
    pub fn coefficients(&self) -> Option<[f64; 3]> {
        self.fit.coefficients()
    }

    /// Takes in what a batch took at its peak.
    pub fn observe(&mut self, items: usize, tokens: usize, peak: Bytes) {
        self.base_holds &= peak <= self.base.peak(items, tokens);
        self.fit.observe(items, tokens, peak);
        self.seen.keep(Measured { items, tokens, peak });
        let above = match self.fit.predict(0.0, items, tokens) {
            Some(fitted) if fitted > 0.0 => (peak.get() as f64 - self.page.get() as f64) / fitted - 1.0,
            _ => 0.0,
        };
        self.margin = if above > self.margin {
            // As far above again: what surprised once may do so again.
            (2.0 * above).min(MOST_FACTOR)
        } else {
            (self.margin * SHRINKING).max(above).max(LEAST_MARGIN)
        };
        self.correction = (self.correction * SHRINKING).max(1.0);
        // Gone rather than next to nothing.
        self.floor = self.floor.map(|floor| if floor < 1e-3 { 0.0 } else { floor * SHRINKING });
    }

    /// Takes in that memory ran out in a batch of this shape while so many bytes were there for it.
    pub fn surprise(&mut self, items: usize, tokens: usize, there: Bytes) {
        let predicted = self.peak(items, tokens).get().max(1) as f64;
        let factor = there.get() as f64 / predicted;
        if factor > 1.0 {
            self.correction = (self.correction * factor).min(MOST_FACTOR);
        }
    }

    /// Takes in that a batch ran whose peak is not known.
    pub fn succeeded(&mut self) {
        self.correction = (self.correction * (1.0 - (1.0 - SHRINKING) / 10.0)).max(1.0);
    }
}

impl<C: CostModel> CostModel for Learned<C> {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        let base = self.base.peak(items, tokens);
        let floor = fit::sum(self.floor, items, tokens);
        let fitted = self.fit.predict(self.margin, items, tokens);
        let fitted = fitted.map(|fitted| bytes(fitted.max(floor) + self.page.get() as f64));
        let predicted = match fitted {
            Some(fitted) if self.fit.reaches(items, tokens) => {
                if self.base_holds {
                    fitted.min(base)
                } else {
                    fitted
                }
            }
            Some(fitted) if !self.base_holds => fitted.max(base),
            _ => base,
        };
        let corrected = if self.correction > 1.0 {
            bytes(predicted.get() as f64 * self.correction).max(predicted)
        } else {
            predicted
        };
        corrected.max(self.seen.floor(items, tokens))
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        self.base.largest_tensor(items, tokens)
    }
}

/// Rounded up, and at most what can be counted.
fn bytes(value: f64) -> Bytes {
    Bytes::new((value as u64).saturating_add(1))
}
