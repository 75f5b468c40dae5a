//! Retrieval: each question asked of each configuration's chunks.

use std::ops::Range;

use serde_json::{Value, json};

use super::data::{Data, Question};
use super::retrieve::{Family, Index};
use super::score::{self, Score};
use super::stats::Mean;
use super::tool::Piece;

/// Characters that a fixed room for context holds: what larger chunks gain by being larger does not count there.
pub(super) const ROOM: usize = 2000;

/// A configuration's measures, one value a question.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    pub(super) chunks: usize,
    pub(super) mean_chars: f64,
    /// Chunks that are longer than the model reads.
    pub(super) truncated: usize,
    pub(super) recall: Vec<f64>,
    pub(super) precision: Vec<f64>,
    pub(super) iou: Vec<f64>,
    pub(super) omega: Vec<f64>,
    /// Recall of the nearest chunks that fit into [`ROOM`]; the last one counts as far as it fits.
    pub(super) in_room: Vec<f64>,
}

impl Row {
    /// `asked`: the questions' vectors. `merge`: parents take the place of most of their children among the `k`.
    pub(super) fn measure(pieces: &[Piece], data: &Data, asked: &[Vec<f32>], k: usize, merge: bool) -> Self {
        let index = Index::new(pieces);
        let family = Family::new(pieces);
        let embedded = || pieces.iter().filter(|piece| piece.vector.is_some());
        let chunks = embedded().count();
        let chars: usize = embedded().map(|piece| piece.range.len()).sum();
        let mut row = Row {
            name: String::new(),
            words: Vec::new(),
            chunks,
            mean_chars: chars as f64 / chunks.max(1) as f64,
            truncated: pieces.iter().filter(|piece| piece.truncated > 0).count(),
            recall: Vec::new(),
            precision: Vec::new(),
            iou: Vec::new(),
            omega: Vec::new(),
            in_room: Vec::new(),
        };
        let by_document: Vec<Vec<Range<usize>>> = (0..data.documents.len())
            .map(|document| embedded().filter(move |piece| piece.document == document))
            .map(|of_document| of_document.map(|piece| piece.range.clone()).collect())
            .collect();
        for (question, vector) in data.questions.iter().zip(asked) {
            let ranking = index.ranking(vector);
            let first = |count: usize| {
                let first = &ranking[..count.min(ranking.len())];
                if merge { family.merge(first) } else { first.to_vec() }
            };
            let nearest = first(k).into_iter().map(|at| (pieces[at].document, pieces[at].range.clone()));
            let score = score_of(question, nearest);
            row.recall.push(score.recall);
            row.precision.push(score.precision);
            row.iou.push(score.iou);
            row.omega.push(score::precision_omega(&question.references, &by_document[question.document]));
            // Merging changes how many fit, so each number is tried, and there are few.
            let length = |found: &[usize]| found.iter().map(|at| pieces[*at].range.len()).sum::<usize>();
            let full = (1..=ranking.len())
                .map(first)
                .find(|found| length(found) >= ROOM)
                .unwrap_or_else(|| first(ranking.len()));
            row.in_room.push(score_of(question, fitting(&full, pieces)).recall);
        }
        row
    }

    /// The same of some questions alone, in the order of `questions`, their places.
    pub(super) fn only(&self, questions: &[usize]) -> Self {
        let of = |values: &[f64]| questions.iter().map(|at| values[*at]).collect();
        Row {
            name: self.name.clone(),
            words: self.words.clone(),
            recall: of(&self.recall),
            precision: of(&self.precision),
            iou: of(&self.iou),
            omega: of(&self.omega),
            in_room: of(&self.in_room),
            ..*self
        }
    }

    /// The same configuration's questions of two sets, as one.
    pub(super) fn and(&self, other: &Row) -> Self {
        let both = |a: &[f64], b: &[f64]| [a, b].concat();
        let (here, there) = (self.chunks as f64, other.chunks as f64);
        Row {
            name: self.name.clone(),
            words: self.words.clone(),
            chunks: self.chunks + other.chunks,
            mean_chars: (self.mean_chars * here + other.mean_chars * there) / (here + there).max(1.0),
            truncated: self.truncated + other.truncated,
            recall: both(&self.recall, &other.recall),
            precision: both(&self.precision, &other.precision),
            iou: both(&self.iou, &other.iou),
            omega: both(&self.omega, &other.omega),
            in_room: both(&self.in_room, &other.in_room),
        }
    }

    /// A line of JSON.
    pub(super) fn json(&self) -> Value {
        let mean = |values: &[f64]| {
            let mean = Mean::of(values);
            json!({"mean": mean.value, "standard_error": mean.error, "questions": values})
        };
        json!({
            "name": self.name, "words": self.words, "chunks": self.chunks, "mean_chars": self.mean_chars,
            "truncated_chunks": self.truncated, "recall": mean(&self.recall), "precision": mean(&self.precision),
            "iou": mean(&self.iou), "precision_omega": mean(&self.omega), "recall_in_room": mean(&self.in_room),
            "room_chars": ROOM,
        })
    }
}

/// The first of `ranking` that fit into the room, the last one cut.
fn fitting<'a>(
    ranking: &'a [usize],
    pieces: &'a [Piece],
) -> impl Iterator<Item = (usize, Range<usize>)> + 'a {
    let mut room = ROOM;
    ranking.iter().map_while(move |at| {
        let piece = &pieces[*at];
        let taken = piece.range.len().min(room);
        room -= taken;
        (taken > 0).then(|| (piece.document, piece.range.start..piece.range.start + taken))
    })
}

fn score_of(question: &Question, retrieved: impl Iterator<Item = (usize, Range<usize>)>) -> Score {
    let mut here = Vec::new();
    let mut elsewhere = 0;
    for (document, range) in retrieved {
        if document == question.document { here.push(range) } else { elsewhere += range.len() }
    }
    Score::new(&question.references, &here, elsewhere)
}

#[cfg(test)]
// Lists that hold one range are meant.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::super::data::Document;
    use super::*;

    #[test]
    fn a_question_is_scored_over_all_documents() {
        let document = |name: &str| Document {
            name: name.to_owned(),
            file: name.to_owned(),
            text: String::new(),
            chars: 3000,
        };
        let question = Question { text: "?".to_owned(), document: 1, group: 0, references: vec![1400..1600] };
        let data = Data {
            documents: vec![document("a"), document("b")],
            questions: vec![question],
            ..Data::empty("x", "x".into())
        };
        let piece = |document, start: usize, end, id: &str, parent: Option<&str>, angle: Option<f32>| Piece {
            document,
            range: start..end,
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            vector: angle.map(|angle| vec![angle.cos(), angle.sin()]),
            truncated: 0,
        };
        let pieces = [
            piece(0, 0, 1000, "c", None, Some(0.1)),
            piece(1, 0, 3000, "p", None, None),
            piece(1, 0, 1500, "l", Some("p"), Some(0.2)),
            piece(1, 1500, 3000, "r", Some("p"), Some(0.3)),
        ];
        let asked = [vec![1.0, 0.0]];
        let row = Row::measure(&pieces, &data, &asked, 2, false);
        assert_eq!((row.chunks, row.recall[0], row.precision[0]), (3, 0.5, 100.0 / 2500.0));
        assert!((row.iou[0] - 100.0 / 2600.0).abs() < 1e-12);
        // 1000 characters of the other document, and as many of the left half: up to where the answer begins.
        assert!(row.in_room[0].abs() < 1e-12);
        assert!((row.omega[0] - 200.0 / 3000.0).abs() < 1e-12);
        let merged = Row::measure(&pieces, &data, &asked, 3, true);
        assert_eq!((merged.recall[0], merged.precision[0]), (1.0, 200.0 / 4000.0));
    }

    #[test]
    fn rows_are_joined_and_parted_question_by_question() {
        let row = |chunks, mean_chars, values: &[f64]| Row {
            name: "a".to_owned(),
            words: Vec::new(),
            chunks,
            mean_chars,
            truncated: 1,
            recall: values.to_vec(),
            precision: values.to_vec(),
            iou: values.to_vec(),
            omega: values.to_vec(),
            in_room: values.to_vec(),
        };
        let both = row(1, 100.0, &[0.25, 0.5]).and(&row(3, 200.0, &[1.0]));
        assert_eq!((both.chunks, both.mean_chars, both.truncated), (4, 175.0, 2));
        for values in [&both.recall, &both.precision, &both.iou, &both.omega, &both.in_room] {
            assert_eq!(values[..], [0.25, 0.5, 1.0]);
        }
        let some = both.only(&[2, 0]);
        for values in [&some.recall, &some.precision, &some.iou, &some.omega, &some.in_room] {
            assert_eq!(values[..], [1.0, 0.25]);
        }
    }
}
