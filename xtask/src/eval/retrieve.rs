//! Exact search: the chunks nearest to a question, and parents in place of most of their children.

use std::collections::{HashMap, HashSet};

use super::tool::Piece;

/// The pieces that have vectors, ready to be compared.
pub(super) struct Index {
    /// Places in the list of pieces, and vectors of length 1.
    vectors: Vec<(usize, Vec<f32>)>,
}

impl Index {
    pub(super) fn new(pieces: &[Piece]) -> Self {
        let vectors = pieces.iter().enumerate();
        let vectors = vectors.filter_map(|(at, piece)| Some((at, unit(piece.vector.as_ref()?))));
        Index { vectors: vectors.collect() }
    }

    /// Places of all pieces, the nearest to `question` by cosine first; of equals, the first in document order.
    pub(super) fn ranking(&self, question: &[f32]) -> Vec<usize> {
        let question = unit(question);
        let score = |vector: &[f32]| vector.iter().zip(&question).map(|(a, b)| a * b).sum::<f32>();
        let mut scored: Vec<(f32, usize)> =
            self.vectors.iter().map(|(at, vector)| (score(vector), *at)).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.into_iter().map(|(_, at)| at).collect()
    }
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| if norm > 0.0 { x / norm } else { 0.0 }).collect()
}

/// Parents and children among pieces.
pub(super) struct Family {
    parent: Vec<Option<usize>>,
    children: HashMap<usize, usize>,
}

impl Family {
    pub(super) fn new(pieces: &[Piece]) -> Self {
        let places: HashMap<(usize, &str), usize> =
            pieces.iter().enumerate().map(|(at, piece)| ((piece.document, &piece.id[..]), at)).collect();
        let parent: Vec<Option<usize>> = pieces
            .iter()
            .map(|piece| places.get(&(piece.document, piece.parent.as_deref()?)).copied())
            .collect();
        let mut children = HashMap::new();
        for parent in parent.iter().flatten() {
            *children.entry(*parent).or_insert(0) += 1;
        }
        Family { parent, children }
    }

    /// Puts a parent in the place of its children where more than half of them were found, up to the top.
    pub(super) fn merge(&self, found: &[usize]) -> Vec<usize> {
        let mut found = found.to_vec();
        loop {
            let mut counts: HashMap<usize, usize> = HashMap::new();
            for parent in found.iter().filter_map(|at| self.parent[*at]) {
                *counts.entry(parent).or_insert(0) += 1;
            }
            let most = |parent: &usize| 2 * counts.get(parent).copied().unwrap_or(0) > self.children[parent];
            let mut seen = HashSet::new();
            let merged: Vec<usize> = found
                .iter()
                .map(|at| self.parent[*at].filter(most).unwrap_or(*at))
                .filter(|at| seen.insert(*at))
                .collect();
            if merged == found {
                return found;
            }
            found = merged;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(id: &str, parent: Option<&str>, vector: Option<Vec<f32>>) -> Piece {
        Piece {
            document: 0,
            range: 0..1,
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            vector,
            truncated: 0,
        }
    }

    #[test]
    fn the_nearest_by_angle_comes_first_whatever_its_length() {
        let pieces = [
            piece("a", None, Some(vec![3.0, 3.0])),
            piece("b", None, None),
            piece("c", None, Some(vec![0.1, 0.0])),
            piece("d", None, Some(vec![9.0, 0.0])),
        ];
        assert_eq!(Index::new(&pieces).ranking(&[1.0, 0.1]), [2, 3, 0]);
    }

    #[test]
    fn a_parent_stands_for_more_than_half_of_its_children() {
        let pieces = [
            piece("root", None, None),
            piece("left", Some("root"), None),
            piece("1", Some("left"), None),
            piece("2", Some("left"), None),
            piece("3", Some("left"), None),
            piece("right", Some("root"), None),
            piece("4", Some("right"), None),
            piece("5", Some("right"), None),
        ];
        let family = Family::new(&pieces);
        // Half of two is not more than half.
        assert_eq!(family.merge(&[4, 7, 2]), [1, 7]);
        // All of the right, then both halves of the root.
        assert_eq!(family.merge(&[7, 2, 6, 3]), [0]);
        assert_eq!(family.merge(&[2, 6]), [2, 6]);
    }
}
