//! Sentences end where a reader would say, by a table that was written by hand.

use std::cell::RefCell;
use std::rc::Rc;

use chunk_strategies::{ChunkConfig, EmbedFailure, Embedder, Semantic, Vectors};

/// Keeps what it is given to embed: a sentence at a time.
#[derive(Clone, Default)]
struct Recorder(Rc<RefCell<Vec<String>>>);

impl Embedder for Recorder {
    fn dim(&self) -> usize {
        1
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        self.0.borrow_mut().extend(texts.iter().map(|text| (*text).to_owned()));
        Ok(Vectors::new(1, vec![1.0; texts.len()])?)
    }
}

fn sentences(text: &str) -> Vec<String> {
    let recorder = Recorder::default();
    let config = ChunkConfig::new(100_000);
    let chunks = Semantic::new(config, recorder.clone())
        .unwrap()
        .with_buffer(0)
        .chunks(text)
        .collect::<Result<Vec<_>, _>>()
        .unwrap()
        .len();
    let embedded = recorder.0.take();
    // A single sentence is not embedded.
    if embedded.is_empty() && chunks == 1 { vec![text.to_owned()] } else { embedded }
}

/// The texts of the table, with the line each stands on.
fn table() -> impl Iterator<Item = (usize, String)> {
    let lines = include_str!("../fixtures/sentences.txt").lines().enumerate();
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(number, line)| {
        let (_, text) = line.split_once(' ').unwrap();
        (number + 1, text.replace("\\n", "\n").replace("\\r", "\r"))
    })
}

#[test]
fn sentences_end_where_a_reader_would_say() {
    let mut wrong = Vec::new();
    for (number, text) in table() {
        let expected: Vec<&str> = text.split('¦').map(str::trim).collect();
        let found = sentences(&text.replace('¦', ""));
        let found: Vec<&str> = found.iter().map(|sentence| sentence.trim()).collect();
        if found != expected {
            wrong.push(format!("line {number}: {found:?} should be {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
    assert!(table().count() >= 150);
}

/// What ends a sentence is told by what stands near it.
#[test]
fn what_stands_around_changes_nothing() {
    let around = "Zzz.\n\n";
    for (number, text) in table() {
        let alone = sentences(&text.replace('¦', ""));
        let within = sentences(&format!("{around}{}\n\n{around}", text.replace('¦', "")));
        let trimmed = |all: &[String]| all.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
        assert_eq!(trimmed(&within[1..within.len() - 1]), trimmed(&alone), "line {number}: {text:?}");
    }
}
