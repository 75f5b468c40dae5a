//! [`Landmarks`]: which candidates are the best of their neighbourhood.

use std::collections::VecDeque;

use super::radii::Radii;

/// A place where a cut is allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) at: usize,
    /// The weight of the document up to it.
    pub(super) weight: u64,
    pub(super) priority: Priority,
}

/// How good a place is: its strength, and among equals a hash of the bytes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Priority {
    pub(super) strength: u8,
    pub(super) hash: u64,
}

impl Priority {
    /// The document's start and its end.
    pub(super) const EDGE: Priority = Priority { strength: u8::MAX, hash: u64::MAX };
}

/// The best candidate of some stretch of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Landmark {
    pub(super) at: usize,
    pub(super) weight: u64,
    pub(super) priority: Priority,
    /// Whether none near it, on either side, is better.
    pub(super) is_anchor: bool,
}

/// Picks the landmarks among candidates that come in ascending order. Of equals that follow each other closely the
/// first counts, so that text that repeats itself has landmarks only where it begins to.
#[derive(Debug, Default)]
pub(super) struct Landmarks {
    /// Those about which something may still change.
    waiting: VecDeque<Waiting>,
    /// The places in `waiting`, counted from the first ever, of those that none behind them has beaten yet: ascending,
    /// and their priorities never rise. Each is the nearest before the next one that is no worse.
    unbeaten: VecDeque<usize>,
    /// How many have left `waiting`.
    gone: usize,
}

#[derive(Debug)]
struct Waiting {
    candidate: Candidate,
    /// The distance to the nearest candidate before it that is no worse.
    before: u64,
    /// Whether that one is its equal.
    repeats: bool,
    /// The distance to the nearest candidate behind it that is better.
    behind: u64,
}

impl Landmarks {
    /// Takes the next candidate: each is pushed and beaten once.
    pub(super) fn push(&mut self, candidate: Candidate) {
        while let Some(beaten) =
            self.unbeaten.back().and_then(|&place| self.waiting.get_mut(place - self.gone))
            && beaten.candidate.priority < candidate.priority
        {
            beaten.behind = candidate.weight - beaten.candidate.weight;
            self.unbeaten.pop_back();
        }
        let before = self.unbeaten.back().and_then(|&place| self.waiting.get(place - self.gone));
        let waiting = Waiting {
            candidate,
            before: before.map_or(u64::MAX, |before| candidate.weight - before.candidate.weight),
            repeats: before.is_some_and(|before| before.candidate.priority == candidate.priority),
            behind: u64::MAX,
        };
        self.unbeaten.push_back(self.gone + self.waiting.len());
        self.waiting.push_back(waiting);
    }

    /// Lets go of the candidates about which nothing can change any more, since all that weigh less than `scanned` have
    /// been pushed, and tells which of them are landmarks.
    pub(super) fn settle(&mut self, scanned: u64, radii: &Radii, mut found: impl FnMut(Landmark)) {
        let reach = radii.anchor.max(radii.window);
        let is_settled = |waiting: &mut Waiting| waiting.candidate.weight.saturating_add(reach) < scanned;
        while let Some(settled) = self.waiting.pop_front_if(is_settled) {
            self.unbeaten.pop_front_if(|place| *place == self.gone);
            self.gone += 1;
            if let Some(landmark) = settled.landmark(radii) {
                found(landmark);
            }
        }
    }

    /// The text that comes next begins so many bytes later in the document.
    pub(super) fn shift(&mut self, bytes: usize) {
        for waiting in &mut self.waiting {
            waiting.candidate.at = waiting.candidate.at.saturating_sub(bytes);
        }
    }
}

impl Waiting {
    fn landmark(&self, radii: &Radii) -> Option<Landmark> {
        let Candidate { at, weight, priority } = self.candidate;
        let is_edge = priority == Priority::EDGE;
        let is_anchor = is_edge || (self.before > radii.anchor && self.behind > radii.anchor);
        let is_copy = self.repeats && self.before <= radii.window;
        // Between the two that beat it there is room for a stretch of which it is the best.
        let is_best = self.before.saturating_add(self.behind) > radii.window && !is_copy;
        (is_anchor || is_best).then_some(Landmark { at, weight, priority, is_anchor })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::anchored::weights::Weights;
    use crate::config::ChunkConfig;
    use crate::sizer::Chars;

    /// By looking at all the others.
    fn naive(candidates: &[Candidate], i: usize, radii: &Radii) -> Option<Landmark> {
        let Candidate { at, weight, priority } = candidates[i];
        let before = candidates[..i].iter().rev().find(|other| other.priority >= priority);
        let behind = candidates[i + 1..].iter().find(|other| other.priority > priority);
        let distance =
            |other: Option<&Candidate>| other.map_or(u64::MAX, |other| other.weight.abs_diff(weight));
        let is_anchor = priority == Priority::EDGE
            || (distance(before) > radii.anchor && distance(behind) > radii.anchor);
        let is_copy =
            before.is_some_and(|other| other.priority == priority && weight - other.weight <= radii.window);
        let is_best = !is_copy && distance(before).saturating_add(distance(behind)) > radii.window;
        (is_anchor || is_best).then_some(Landmark { at, weight, priority, is_anchor })
    }

    proptest! {
        #[test]
        fn the_quick_way_agrees_with_looking_at_all(
            steps in prop::collection::vec((1..400_000_u64, 0..4_u8, 0..5_u64), 1..200),
            size in 20..400_usize,
        ) {
            let weights = Weights::of(&Chars);
            let radii = Radii::of(&ChunkConfig::new(size), &weights);
            let mut weight = 0;
            let candidates: Vec<Candidate> = steps.iter().enumerate().map(|(at, &(step, strength, hash))| {
                weight += step;
                Candidate { at, weight, priority: Priority { strength, hash } }
            }).collect();
            let expected: Vec<Landmark> =
                (0..candidates.len()).filter_map(|i| naive(&candidates, i, &radii)).collect();
            let (mut landmarks, mut found) = (Landmarks::default(), Vec::new());
            for &candidate in &candidates {
                landmarks.push(candidate);
                landmarks.settle(candidate.weight, &radii, |landmark| found.push(landmark));
            }
            landmarks.settle(u64::MAX, &radii, |landmark| found.push(landmark));
            prop_assert_eq!(found, expected);
        }
    }
}
