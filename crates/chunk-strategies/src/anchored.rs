//! The anchored mode: cuts that depend on the text around them and on nothing further away.
//!
//! A strategy that cuts from front to back hands every change on to the end of the document: one word more, and the next
//! cut moves, and with it all behind it. Here a place becomes a cut because of what stands next to it:
//!
//! 1. *Candidates* are the strategy's boundaries, each judged by the bytes next to it. The stronger one is better; among
//!    equals a hash of the bytes on both sides decides, which is as good as chance and the same everywhere.
//! 2. *Landmarks* are candidates that are the best of some stretch of a given length ([`Radii::window`]).
//! 3. *Anchors* are landmarks that are the best as far as [`Radii::anchor`] on both sides. They are all cuts, and never
//!    close to each other. The document's ends count as anchors.
//! 4. A *gap* between two anchors that is larger than a chunk may be is split at its best landmark from which both ends
//!    are near enough to make two chunks. If there is none, the best landmark that is about two thirds of a chunk
//!    away from each of the two anchors is a cut ([`Radii::beside`]), and so is, in a gap that is larger still, every
//!    landmark that is further than [`Radii::alone`] from any anchor.
//!
//! # How far an edit reaches
//!
//! In shares of what a chunk may add (the desired size without overlap and special tokens), let `r` be the anchor's
//! radius, `w` the window, `b` to `b + w` how far from an anchor the cut beside it is looked for, `a` how far a landmark
//! must be from anchors to be alone, and `c` what the bytes that decide on a candidate weigh.
//!
//! Whether a place is an anchor depends on text no further than `r + c`. A split has both ends of its gap within 1, and
//! so depends on `1 + r + c`. A cut beside an anchor has it `b` or more away on one side; on the other it depends on
//! whether there is an anchor up to 2 from the first: `2 - b + r + c`. A landmark that is alone depends on `a + r + c`.
//! None is more than 2, so a cut further than two sizes from an edit is one before and after it.
//!
//! Every stretch of length `w` has a landmark. So the cuts beside anchors exist, and those who are alone follow each
//! other within `w`; if there are any, the first comes within `a + w - b` of the cut beside the anchor, and if there are
//! none, the gap is no longer than `2a + w`, and the two cuts beside its anchors are no more than `2a + w - 2b` apart.
//! None is more than 1: all gaps between cuts fit.
//!
//! Of equal candidates that follow each other within a window only the first can be a landmark: text that repeats itself
//! with a short period has no place that a local rule could prefer. There a stretch of length `w` may have no landmark,
//! the strategy itself cuts front to back until there is one again, and an edit may reach as far.
//!
//! The distances are exact in bytes and chars. In other units a gap may fit by its weight and be too large all the same:
//! it is then split like a longer one.
//!
//! Everything is looked at once, and what is kept is proportional to the sizes above.

mod candidates;
mod landmarks;
mod radii;
mod weights;

use std::collections::VecDeque;

use self::candidates::{Finder, LOOK_AHEAD_BYTES, LOOK_BACK_BYTES};
use self::landmarks::{Candidate, Landmark, Landmarks, Priority};
use self::radii::Radii;
pub(crate) use self::weights::Weights;
use crate::boundary::Level;
use crate::config::ChunkConfig;
use crate::sizer::ChunkSizer;
use crate::window::{Choose, Cutter, Fit, NoRoom, Span};

/// A strategy that ranks boundaries.
pub(crate) trait Levels: Choose + Send {
    /// The boundaries that it cuts at, the best first.
    const LEVELS: &'static [Level];
}

/// Cuts at anchors, and between them as `choose` does.
pub(crate) struct Anchored<'c, C> {
    choose: C,
    overlap: usize,
    weights: &'c Weights,
    radii: Radii,
    scan: Scan,
    /// Those found so far that are still needed, ascending.
    found: VecDeque<Landmark>,
    /// The start and the end of the span before.
    before: (usize, usize),
    /// The weight of the document up to that end.
    weight: u64,
    /// The cuts that come next, the last one first.
    targets: Vec<Landmark>,
    failed: bool,
}

impl<'c, C: Levels> Anchored<'c, C> {
    pub(crate) fn new<S: ChunkSizer>(config: &ChunkConfig<S>, weights: &'c Weights, choose: C) -> Self {
        Anchored {
            choose,
            overlap: config.overlap,
            weights,
            radii: Radii::of(config, weights),
            scan: Scan::default(),
            found: VecDeque::new(),
            before: (0, 0),
            weight: 0,
            targets: Vec::new(),
            failed: false,
        }
    }
}

impl<C: Levels> Cutter for Anchored<'_, C> {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, NoRoom>> {
        let own = self.before.1;
        if own >= fit.text().len() || self.failed {
            return None;
        }
        if self.targets.is_empty() {
            self.scan(fit.text());
            self.plan();
        }
        let start = fit.overlap_start(self.before.0, own, self.overlap);
        let span = self.span(fit, start, own);
        match &span {
            Ok(span) => {
                self.weight += self.weights.of_text(&fit.text()[own..span.end]);
                self.before = (span.start, span.end);
                self.targets.pop_if(|target| target.at <= span.end);
            }
            Err(_) => self.failed = true,
        }
        Some(span)
    }

    fn position(&self) -> usize {
        self.before.1
    }

    fn needed_from(&self) -> usize {
        self.before.0.min(self.scan.at.saturating_sub(LOOK_BACK_BYTES))
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        let scanned = self.weights.most_bytes(self.radii.horizon()).saturating_add(self.radii.block_bytes);
        fit.look_ahead().max(scanned.saturating_add(LOOK_AHEAD_BYTES))
    }

    fn shift(&mut self, bytes: usize) {
        self.before = (self.before.0 - bytes, self.before.1 - bytes);
        self.scan.at -= bytes;
        self.scan.landmarks.shift(bytes);
        for landmark in self.found.iter_mut().chain(&mut self.targets) {
            landmark.at = landmark.at.saturating_sub(bytes);
        }
    }
}

impl<C: Levels> Anchored<'_, C> {
    /// Finds the landmarks that the next cut depends on, and forgets those that it does not.
    fn scan(&mut self, text: &str) {
        let needed = self.weight.saturating_sub(self.radii.alone);
        while self.found.pop_front_if(|landmark| landmark.weight < needed).is_some() {}
        let finder = Finder { text, levels: C::LEVELS, weights: self.weights, radii: &self.radii };
        let horizon = self.weight + self.radii.horizon();
        while !self.scan.is_complete && self.scan.weight <= horizon {
            self.scan.advance(&finder, &mut self.found);
        }
    }

    /// Decides on the next cut, or the next two; on none if text that repeats itself has no place for it.
    fn plan(&mut self) {
        let Radii { room, window, beside, .. } = self.radii;
        let weight = self.weight;
        let behind = self.found.partition_point(|landmark| landmark.weight <= weight);
        let anchor_before = self.found.range(..behind).rev().find(|landmark| landmark.is_anchor).copied();
        let anchor_behind = self.found.range(behind..).find(|landmark| landmark.is_anchor).copied();
        let next_anchor = anchor_behind.filter(|anchor| anchor.weight - weight <= 2 * room);
        if anchor_before.is_none_or(|anchor| anchor.weight < weight) {
            let beside_next = next_anchor.and_then(|next| {
                let nearest = next.weight.saturating_sub(beside);
                self.best(nearest.saturating_sub(window), nearest)
            });
            let alone = self.found.range(behind..).find(|landmark| {
                [anchor_before, anchor_behind]
                    .iter()
                    .flatten()
                    .all(|anchor| anchor.weight.abs_diff(landmark.weight) > self.radii.alone)
            });
            let cuts = [alone.copied(), beside_next, next_anchor].into_iter().flatten();
            let cuts = cuts.filter(|cut| cut.weight > weight && cut.weight - weight <= room);
            self.targets.extend(cuts.min_by_key(|cut| cut.weight));
            return;
        }
        if let Some(next) = next_anchor {
            let split = self.split(next.weight);
            if next.weight - weight <= room || split.is_some() {
                self.targets.push(next);
                return;
            }
        }
        self.targets.extend(self.best(weight + beside, weight + beside + window));
    }

    /// The next span: up to the next cut if it fits, else up to where the gap is split.
    fn span(&mut self, fit: &Fit<'_>, start: usize, own: usize) -> Result<Span, NoRoom> {
        while let Some(&target) = self.targets.last() {
            if target.weight - self.weight <= self.radii.room
                && let Some(size) = fit.size_within_desired(start, target.at)
            {
                return Ok(Span::new(start, own, target.at, size));
            }
            match self.split(target.weight) {
                Some(split) => self.targets.push(split),
                None => return fit.span(start, own, target.at, &self.choose),
            }
        }
        fit.span(start, own, fit.text().len(), &self.choose)
    }

    /// The best landmark to split what lies between here and there.
    fn split(&self, there: u64) -> Option<Landmark> {
        let Radii { room, margin, .. } = self.radii;
        let from = (self.weight + margin).max(there.saturating_sub(room));
        self.best(from, there.saturating_sub(margin).min(self.weight + room))
    }

    /// The best landmark between these weights, both included; of equals the first.
    fn best(&self, from: u64, to: u64) -> Option<Landmark> {
        let first = self.found.partition_point(|landmark| landmark.weight < from);
        let inside = self.found.range(first..).take_while(|landmark| landmark.weight <= to);
        inside.copied().reduce(|best, other| if other.priority > best.priority { other } else { best })
    }
}

/// How far the document has been searched for candidates.
#[derive(Default)]
struct Scan {
    at: usize,
    /// The weight of the document up to there.
    weight: u64,
    landmarks: Landmarks,
    has_begun: bool,
    is_complete: bool,
}

impl Scan {
    /// Searches one more block and adds the landmarks that are certain after it.
    fn advance(&mut self, finder: &Finder<'_>, found: &mut VecDeque<Landmark>) {
        if !self.has_begun {
            self.has_begun = true;
            self.landmarks.push(Candidate { at: 0, weight: 0, priority: Priority::EDGE });
        }
        let end = finder.block_end(self.at);
        finder.block(self.at, end, self.weight, |candidate| self.landmarks.push(candidate));
        self.weight += finder.weights.of_text(&finder.text[self.at..end]);
        self.at = end;
        if end == finder.text.len() {
            self.is_complete = true;
            self.landmarks.push(Candidate { at: end, weight: self.weight, priority: Priority::EDGE });
        }
        let scanned = if self.is_complete { u64::MAX } else { self.weight };
        self.landmarks.settle(scanned, finder.radii, |landmark| found.push_back(landmark));
    }
}
