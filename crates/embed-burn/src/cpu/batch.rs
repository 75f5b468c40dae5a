//! [`Batch`]: texts packed one after the other, without padding, and how they are shared out.

use std::ops::Range;

/// The rows of a batch: one for each token of each text.
pub(crate) struct Batch<'a> {
    pub(crate) texts: &'a [&'a [u32]],
    /// Each text's first row, and behind the last the number of rows.
    starts: Vec<usize>,
}

/// Texts that one thread takes through all layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) texts: Range<usize>,
    pub(crate) rows: usize,
}

/// Rows that one thread should have at least, for the weights to be worth reading.
const ENOUGH: usize = 128;

impl<'a> Batch<'a> {
    pub(crate) fn new(texts: &'a [&'a [u32]]) -> Self {
        let mut starts = vec![0];
        for text in texts {
            starts.push(starts[starts.len() - 1] + text.len());
        }
        Batch { texts, starts }
    }

    pub(crate) fn rows(&self) -> usize {
        self.starts[self.texts.len()]
    }

    pub(crate) fn longest(&self) -> usize {
        self.texts.iter().map(|text| text.len()).max().unwrap_or(0)
    }

    /// A text's rows.
    pub(crate) fn span(&self, text: usize) -> Range<usize> {
        self.starts[text]..self.starts[text + 1]
    }

    /// These rows text by text, each stretch with the place of its first in the text.
    pub(crate) fn stretches(&self, rows: Range<usize>) -> impl Iterator<Item = (Range<usize>, usize)> {
        let text = self.starts.partition_point(|&start| start <= rows.start).saturating_sub(1);
        self.starts[text..].windows(2).map_while(move |ends| {
            let stretch = ends[0].max(rows.start)..ends[1].min(rows.end);
            let place = stretch.start - ends[0];
            (!stretch.is_empty()).then_some((stretch, place))
        })
    }

    /// Neighbouring texts in groups of about the same number of rows, as many for each thread.
    pub(crate) fn groups(&self, threads: usize) -> Vec<Group> {
        let rows = self.rows();
        // Half a group more or less is nearer than none.
        let count = threads * ((rows + threads * ENOUGH / 2) / (threads * ENOUGH)).max(1);
        let mut groups: Vec<Group> = Vec::new();
        let mut first = 0;
        for text in 0..self.texts.len() {
            let end = self.starts[text + 1];
            // Cut behind the text that reaches the next of `count` even shares.
            let share = (self.starts[first] * count / rows + 1) * rows;
            if end * count >= share || text + 1 == self.texts.len() {
                groups.push(Group { texts: first..text + 1, rows: end - self.starts[first] });
                first = text + 1;
            }
        }
        groups
    }
}

/// No group of `rows` rows in all has more than this, if no text is longer than `longest`.
pub(crate) fn largest_group(rows: usize, longest: usize, threads: usize) -> usize {
    // An even share is below 1.5 × ENOUGH, and a group goes over its share by less than a text.
    rows.min(rows.div_ceil(threads).min(ENOUGH * 3 / 2) + longest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn groups_hold_each_text_once_and_are_no_larger_than_said(
            lengths in prop::collection::vec(1_usize..600, 1..200),
            threads in 1_usize..20,
        ) {
            let ids = vec![0; 600];
            let texts: Vec<&[u32]> = lengths.iter().map(|&length| &ids[..length]).collect();
            let batch = Batch::new(&texts);
            let groups = batch.groups(threads);
            let largest = largest_group(batch.rows(), batch.longest(), threads);
            let mut next = 0;
            for group in &groups {
                prop_assert_eq!(group.texts.start, next);
                next = group.texts.end;
                let rows: usize = lengths[group.texts.clone()].iter().sum();
                prop_assert_eq!(group.rows, rows);
                prop_assert!(rows <= largest, "{rows} rows, and {largest} were said");
            }
            prop_assert_eq!(next, lengths.len());
        }
    }

    #[test]
    fn rows_are_told_with_their_places() {
        let ids = [0; 9];
        let texts = [&ids[..3], &ids[..1], &ids[..9]];
        let stretches = |rows| Batch::new(&texts).stretches(rows).collect::<Vec<_>>();
        assert_eq!(stretches(0..13), [(0..3, 0), (3..4, 0), (4..13, 0)]);
        assert_eq!(stretches(1..6), [(1..3, 1), (3..4, 0), (4..6, 0)]);
        assert_eq!(stretches(6..9), [(6..9, 2)]);
        assert_eq!(stretches(13..13), []);
    }

    #[test]
    fn even_texts_make_even_groups() {
        let ids = [0; 128];
        let texts = vec![&ids[..]; 32];
        let groups = Batch::new(&texts).groups(2);
        assert_eq!(groups.len(), 32);
        let texts = vec![&ids[..30]; 10];
        let rows: Vec<usize> = Batch::new(&texts).groups(2).iter().map(|group| group.rows).collect();
        assert_eq!(rows, [150, 150]);
    }
}
