//! Token ids for the encoder, beside the `tokenizers` crate.

use std::fs;

use serde_json::json;

use super::super::bench::Bench;
use super::super::programs::OURS;
use super::super::rounds::Contender;
use super::super::table::{Aim, Table, times};
use super::super::texts::write_pieces;
use crate::bench::digits::digits;
use crate::corpus;
use crate::error::XtaskError;

const KINDS: [&str; 3] = ["prose", "markdown", "code"];
const BYTES: usize = 200_000;
const ROUNDS: usize = 5;

pub(super) fn run(bench: &mut Bench) -> Result<String, XtaskError> {
    let folder = corpus::ensure_bench(None)?;
    let ours = bench.ours("f32");
    let rounds = bench.rounds(ROUNDS);
    let mut table = Table::new(&[
        "text",
        "ours, MB/s",
        "tokenizers, MB/s",
        "ours is",
        "aim",
        "reached",
        "pieces with other ids",
    ]);
    for kind in KINDS {
        let path = folder.join(format!("{kind}-0.5MB.txt"));
        let text = fs::read_to_string(&path).map_err(XtaskError::io(&path))?;
        let (pieces, bytes) = write_pieces(&bench.work, kind, &text[..text.floor_char_boundary(BYTES)])?;
        // A failure shows in what is asked next.
        let _ = bench.programs.ask(OURS, &json!({"op": "read", "path": pieces}));
        let ask = |by: &str| {
            let question = json!({"op": "tokenise", "of": ours.name, "by": by, "times": 1});
            (ours.clone(), Contender::new(OURS, by, question))
        };
        let outcomes = bench.measure(&[ask("encoder"), ask("tokenizers")], rounds);
        let found: Vec<_> = outcomes.iter().map(|outcome| &outcome.found).collect();
        if let [Ok(ours), Ok(theirs)] = found[..] {
            let speed = |seconds: f64| digits(bytes as f64 / 1e6 / seconds);
            let ratio = theirs.seconds / ours.seconds;
            let mut cells = vec![kind.to_owned(), speed(ours.seconds), speed(theirs.seconds), times(ratio)];
            cells.extend(Aim::AtLeast(20.0).cells(ratio));
            cells.push(ours.answer["differing"].to_string());
            table.row(cells);
        } else {
            let why = outcomes.iter().find_map(|outcome| outcome.found.as_ref().err());
            let why = why.map_or("there was no answer", String::as_str);
            table.row([kind.to_owned(), format!("failed: {why}")]);
        }
    }
    Ok(format!(
        "Best of {rounds} rounds in turn, one thread, pieces of 250 bytes: the ids that the model reads, special tokens \
         included. The crate is called by `encode_fast`, its fastest.\n\n{}",
        table.markdown()
    ))
}
