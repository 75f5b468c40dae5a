//! Segmentation: how near chunks begin to where a stitched document changes its subject.

use serde_json::{Value, json};

use super::borders::Distance;
use super::rng::Rng;
use super::stats::Mean;
use super::stitch::Stitched;
use super::tool::Piece;

/// Draws that the random baseline is the mean of.
const DRAWS: usize = 20;

/// A configuration's distances, one value a document.
pub(super) struct Row {
    pub(super) name: String,
    /// Borders over true borders.
    pub(super) cuts: f64,
    pub(super) pk: Vec<f64>,
    pub(super) window_diff: Vec<f64>,
}

impl Row {
    /// Where the chunks of each document begin.
    pub(super) fn of_pieces(name: String, documents: &[Stitched], pieces: &[Piece]) -> Self {
        let mut starts: Vec<Vec<usize>> = documents.iter().map(|_| Vec::new()).collect();
        for piece in pieces.iter().filter(|piece| piece.range.start > 0) {
            if let Some(starts) = starts.get_mut(piece.document) {
                starts.push(piece.range.start);
            }
        }
        Row::of_borders(name, documents, |at, _| vec![std::mem::take(&mut starts[at])])
    }

    /// What knows nothing: no border, as many as there are at even distances, and as many anywhere.
    pub(super) fn baselines(documents: &[Stitched]) -> Vec<Self> {
        let mut rng = Rng::new(1);
        vec![
            Row::of_borders("no borders".to_owned(), documents, |_, _| vec![Vec::new()]),
            Row::of_borders("as many, evenly".to_owned(), documents, |_, document| {
                let segments = document.borders.len() + 1;
                vec![(1..segments).map(|at| at * document.chars / segments).collect()]
            }),
            Row::of_borders("as many, at random".to_owned(), documents, |_, document| {
                let draws = (0..DRAWS).map(|_| {
                    let mut borders: Vec<usize> =
                        document.borders.iter().map(|_| rng.below(document.chars)).collect();
                    borders.sort_unstable();
                    borders
                });
                draws.collect()
            }),
        ]
    }

    /// `guesses`: lists of borders for a document, whose distances are averaged.
    fn of_borders(
        name: String,
        documents: &[Stitched],
        mut guesses: impl FnMut(usize, &Stitched) -> Vec<Vec<usize>>,
    ) -> Self {
        let mut row = Row { name, cuts: 0.0, pk: Vec::new(), window_diff: Vec::new() };
        let true_cuts: usize = documents.iter().map(|document| document.borders.len()).sum();
        for (at, document) in documents.iter().enumerate() {
            let guesses = guesses(at, document);
            let count = guesses.len().max(1) as f64;
            let distances: Vec<Distance> =
                guesses.iter().map(|guess| Distance::new(&document.borders, guess, document.chars)).collect();
            row.pk.push(distances.iter().map(|distance| distance.pk).sum::<f64>() / count);
            row.window_diff.push(distances.iter().map(|distance| distance.window_diff).sum::<f64>() / count);
            row.cuts += guesses.iter().map(Vec::len).sum::<usize>() as f64 / count / true_cuts.max(1) as f64;
        }
        row
    }

    /// A line of JSON.
    pub(super) fn json(&self, layout: &str) -> Value {
        let mean = |values: &[f64]| {
            let mean = Mean::of(values);
            json!({"mean": mean.value, "standard_error": mean.error, "documents": values})
        };
        json!({
            "name": self.name, "layout": layout, "cuts": self.cuts, "pk": mean(&self.pk),
            "window_diff": mean(&self.window_diff),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_begin_where_subjects_do_are_no_distance_away() {
        let document = || Stitched { text: String::new(), borders: vec![40, 100], chars: 150 };
        let piece = |document, start, end| Piece {
            document,
            range: start..end,
            id: String::new(),
            parent: None,
            vector: None,
            truncated: 0,
        };
        let documents = [document(), document()];
        let pieces =
            [piece(0, 0, 40), piece(0, 40, 100), piece(0, 100, 150), piece(1, 0, 75), piece(1, 75, 150)];
        let row = Row::of_pieces("x".to_owned(), &documents, &pieces);
        assert!((row.cuts - 0.75).abs() < 1e-12);
        assert!(row.pk[0].abs() < 1e-12 && row.pk[1] > 0.0, "{:?}", row.pk);
        let baselines = Row::baselines(&documents);
        assert!(baselines[0].cuts.abs() < 1e-12 && (baselines[2].cuts - 1.0).abs() < 1e-12);
    }
}
