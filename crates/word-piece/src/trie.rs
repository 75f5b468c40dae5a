//! [`Trie`]: the longest of many strings that a text begins with.

/// A map from byte strings to numbers as a double array: a node is a place in it, and its child by a byte lies at the node's base
/// plus that byte, if what lies there says that it is this node's child. One read a byte of the text.
pub(crate) struct Trie {
    places: Vec<Place>,
    /// The number of the string that ends at the place.
    numbers: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Place {
    /// Where the children begin, with [`ENDS`] where a string ends here.
    base: u32,
    /// The node above, or [`NONE`] where the place is free.
    above: u32,
}

const ENDS: u32 = 1 << 31;
const NONE: u32 = u32::MAX;
const ROOT: u32 = 0;

impl Trie {
    /// So many bytes of strings there is room for: never so much as half of the places stays free.
    pub(crate) const MOST_BYTES: usize = ENDS as usize / 512;

    /// Of strings that are sorted, each there once and none empty, with their numbers, and of at most
    /// [`MOST_BYTES`](Trie::MOST_BYTES) in sum.
    pub(crate) fn of(sorted: &[(&[u8], u32)]) -> Self {
        let mut builder = Builder {
            places: vec![Place { base: 1, above: NONE }],
            numbers: vec![0],
            free_from: 1,
            bytes: Vec::new(),
        };
        let mut open = vec![(ROOT, 0, sorted)];
        while let Some((node, depth, strings)) = open.pop() {
            builder.add_children(node, depth, strings, &mut open);
        }
        builder.numbers.resize(builder.places.len(), 0);
        Trie { places: builder.places, numbers: builder.numbers }
    }

    /// The length of the longest string that the text begins with, 0 where there is none, and its number.
    pub(crate) fn longest(&self, text: &[u8]) -> (usize, u32) {
        let (mut node, mut longest, mut end) = (ROOT, 0, ROOT);
        let mut base = self.places.first().map_or(0, |root| root.base);
        for (depth, &byte) in text.iter().enumerate() {
            let at = (base & !ENDS) + u32::from(byte);
            let Some(place) = self.places.get(at as usize) else { break };
            if place.above != node {
                break;
            }
            (node, base) = (at, place.base);
            if base & ENDS != 0 {
                (longest, end) = (depth + 1, node);
            }
        }
        (longest, self.numbers.get(end as usize).copied().unwrap_or_default())
    }
}

struct Builder {
    places: Vec<Place>,
    numbers: Vec<u32>,
    /// Where to look for free places.
    free_from: usize,
    /// By which the children of a node are reached.
    bytes: Vec<u8>,
}

/// A node whose children have no places yet, how deep it lies, and the strings that lead to it.
type Open<'s> = (u32, usize, &'s [(&'s [u8], u32)]);

impl Builder {
    /// Places the children of a node, to which these strings lead, and leaves them open.
    fn add_children<'s>(
        &mut self,
        node: u32,
        depth: usize,
        strings: &'s [(&'s [u8], u32)],
        open: &mut Vec<Open<'s>>,
    ) {
        let ends = strings.first().filter(|(string, _)| string.len() == depth);
        let longer = &strings[usize::from(ends.is_some())..];
        let children = || longer.chunk_by(|(one, _), (other, _)| one[depth] == other[depth]);
        self.bytes.clear();
        self.bytes.extend(children().map(|strings| strings[0].0[depth]));
        let base = self.room();
        self.places[node as usize].base = base as u32;
        if let Some(&(_, number)) = ends {
            self.places[node as usize].base |= ENDS;
            self.numbers.resize(self.numbers.len().max(node as usize + 1), 0);
            self.numbers[node as usize] = number;
        }
        for strings in children() {
            let at = base + usize::from(strings[0].0[depth]);
            self.places[at].above = node;
            open.push((at as u32, depth + 1, strings));
        }
    }

    /// A base from which the places of all the bytes are free.
    fn room(&mut self) -> usize {
        let (Some(&first), Some(&last)) = (self.bytes.first(), self.bytes.last()) else { return 1 };
        let (first, last) = (usize::from(first), usize::from(last));
        while !self.is_free(self.free_from) {
            self.free_from += 1;
        }
        let mut at = self.free_from.max(first + 1);
        let mut tried = 0;
        while !self.bytes.iter().all(|&byte| self.is_free(at - first + usize::from(byte))) {
            at += 1;
            tried += 1;
        }
        if tried > WORTH_TRYING {
            self.free_from = self.free_from.max(at - WORTH_TRYING);
        }
        let base = at - first;
        if self.places.len() <= base + last {
            self.places.resize(base + last + 1, Place { base: 1, above: NONE });
        }
        base
    }

    fn is_free(&self, at: usize) -> bool {
        at != ROOT as usize && self.places.get(at).is_none_or(|place| place.above == NONE)
    }
}

/// So many places in vain, and those before them are given up: filling the last gaps would take quadratic time.
const WORTH_TRYING: usize = 512;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The oracle: every beginning of the text, the longest first.
        #[test]
        fn the_longest_beginning_is_found(
            strings in prop::collection::btree_set("[ab\u{e9}\u{6f22}]{1,6}|[a-z]{1,3}|\\PC{1,4}", 0..60),
            text in "[ab\u{e9}\u{6f22}]{0,12}|[a-z]{0,9}|\\PC{0,9}",
        ) {
            let sorted: Vec<(&[u8], u32)> = strings.iter().map(String::as_bytes).zip(7..).collect();
            let trie = Trie::of(&sorted);
            let texts: Vec<&str> = strings.iter().map(String::as_str).chain([text.as_str()]).collect();
            let number = |text: &str| strings.iter().zip(7..).find(|(string, _)| *string == text);
            for text in texts {
                let longest = (1..=text.len()).rev().find_map(|end| Some((end, number(text.get(..end)?)?.1)));
                prop_assert_eq!(trie.longest(text.as_bytes()), longest.unwrap_or((0, 0)), "{:?} in {:?}", text, &strings);
            }
        }
    }

    #[test]
    fn many_strings_are_all_found() {
        let strings: BTreeSet<String> =
            (0..40_000_u32).map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761))).collect();
        let sorted: Vec<(&[u8], u32)> = strings.iter().map(String::as_bytes).zip(1..).collect();
        let trie = Trie::of(&sorted);
        assert!(sorted.iter().all(|&(string, number)| trie.longest(string) == (string.len(), number)));
        assert!(trie.places.len() < 4 * strings.iter().map(String::len).sum::<usize>());
    }
}
