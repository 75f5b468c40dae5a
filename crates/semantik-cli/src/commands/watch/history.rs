//! [`History`]: a device's usage over time.

use std::collections::VecDeque;
use std::time::Duration;

/// The usages of one device, oldest first. What a failed sample leaves is a gap, no zero.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    points: VecDeque<Point>,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    at: Duration,
    usage: Option<f64>,
}

/// A day of seconds, in 2.8 MB; the oldest go.
const MOST_POINTS: usize = 86_400;

/// What part of the past is looked at, and how finely.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Its end; what came later is not seen.
    pub(super) until: Duration,
    pub(super) span: Duration,
    pub(super) columns: usize,
    /// How long a usage stands for what came after it, where nothing did.
    pub(super) holds: Duration,
}

impl History {
    pub(super) fn push(&mut self, at: Duration, usage: Option<f64>) {
        if self.points.len() == MOST_POINTS {
            self.points.pop_front();
        }
        self.points.push_back(Point { at, usage });
    }

    /// The largest usage in each of equal parts of a window, so that no peak is lost however long it is.
    ///
    /// The parts begin at multiples of their width: as time goes on, a peak moves from part to part as it is, and never
    /// changes its neighbours.
    pub(super) fn columns(&self, window: Window) -> Vec<Option<f64>> {
        let Window { until, span, columns, holds } = window;
        let width = span.as_secs_f64() / columns.max(1) as f64;
        let last = (until.as_secs_f64() / width).ceil();
        let edge = |column: usize| (last - (columns - column) as f64) * width;
        let first = self.points.partition_point(|point| point.at.as_secs_f64() <= edge(0));
        let mut held = first.checked_sub(1).and_then(|before| self.points.get(before)).copied();
        let mut coming = self.points.range(first..).take_while(|point| point.at <= until).peekable();
        let part = |column: usize| {
            let end = edge(column + 1);
            let mut most: Option<f64> = None;
            while let Some(point) = coming.next_if(|point| point.at.as_secs_f64() <= end) {
                most = most.into_iter().chain(point.usage).reduce(f64::max);
                held = Some(*point);
            }
            let age = |point: &Point| end.min(until.as_secs_f64()) - point.at.as_secs_f64();
            let standing =
                held.filter(|point| age(point) <= holds.as_secs_f64()).and_then(|point| point.usage);
            most.or(standing)
        };
        (0..columns).map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn window(until: u64, span: u64, columns: usize) -> Window {
        Window { until: seconds(until), span: seconds(span), columns, holds: Duration::from_millis(2500) }
    }

    fn of(points: &[(u64, Option<f64>)]) -> History {
        let mut history = History::default();
        for &(at, usage) in points {
            history.push(seconds(at), usage);
        }
        history
    }

    #[test]
    fn a_part_shows_its_peak() {
        let history = of(&[(1, Some(0.1)), (2, Some(0.9)), (3, Some(0.2)), (4, Some(0.3))]);
        assert_eq!(history.columns(window(4, 4, 2)), [Some(0.9), Some(0.3)]);
    }

    #[test]
    fn a_failure_is_a_gap_and_a_usage_holds_for_a_while() {
        let history = of(&[(1, Some(0.5)), (4, Some(0.7)), (5, None), (6, Some(0.6))]);
        let expected = [None, Some(0.5), Some(0.5), Some(0.5), Some(0.7), None, Some(0.6), Some(0.6)];
        assert_eq!(history.columns(window(7, 8, 8)), expected);
        // Nothing came after 6: after two and a half seconds nobody knows.
        assert_eq!(history.columns(window(10, 4, 4)), [Some(0.6), Some(0.6), None, None]);
    }

    #[test]
    fn the_past_moves_and_does_not_change() {
        let mut history = History::default();
        let mut before: Vec<Option<f64>> = Vec::new();
        for tick in 1..200_u64 {
            let at = Duration::from_millis(tick * 130);
            history.push(at, Some((tick * 37 % 100) as f64 / 100.0));
            let now =
                history.columns(Window { until: at, span: seconds(10), columns: 10, holds: seconds(1) });
            // All but the part that is still filling is the former picture, as it was or one part further.
            let moved = before.is_empty() || now[..9] == before[..9] || now[..8] == before[1..9];
            assert!(moved, "tick {tick}: {before:?} then {now:?}");
            before = now;
        }
    }

    #[test]
    fn what_came_after_the_window_is_not_seen() {
        let history = of(&[(1, Some(0.1)), (2, Some(0.2)), (3, Some(0.9))]);
        assert_eq!(history.columns(window(2, 2, 2)), [Some(0.1), Some(0.2)]);
    }

    #[test]
    fn a_day_is_all_that_is_kept() {
        let mut history = History::default();
        for at in 0..=MOST_POINTS as u64 {
            history.push(seconds(at), Some(1.0));
        }
        assert_eq!(history.points.len(), MOST_POINTS);
        assert_eq!(history.points.front().map(|point| point.at), Some(seconds(1)));
    }

    #[test]
    fn no_columns_are_no_parts() {
        assert!(of(&[(1, Some(0.1))]).columns(window(1, 1, 0)).is_empty());
    }
}
