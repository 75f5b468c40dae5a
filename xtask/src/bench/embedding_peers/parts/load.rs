//! From a folder to the first vector.

use serde_json::{Value, json};

use super::super::bench::{Bench, Loaded};
use super::super::programs::{FASTEMBED_NAME, ONNXRUNTIME, OPENVINO, OURS, SENTENCE_TRANSFORMERS};
use super::super::rounds::{Contender, fastest};
use super::super::table::{Aim, Table, times};
use crate::bench::digits::digits;

const ROUNDS: usize = 12;

pub(super) fn run(bench: &mut Bench) -> String {
    let (model, prepared) = (bench.model.clone(), bench.prepared.folder.clone());
    let load = |program, folder: &std::path::Path, options: Value, ready: Result<(), String>| {
        let question = json!({"op": "load", "as": "again", "folder": folder, "options": options});
        let loaded = Loaded { program, name: "again".to_owned(), ready: ready.map(|()| json!({})) };
        (loaded, Contender::new(program, "", question))
    };
    let onnx = bench.prepared.onnx.clone();
    let openvino = json!({"file": "model.xml", "precision": "f32"});
    let contenders = [
        load(OURS, &model, json!({}), Ok(())),
        load(SENTENCE_TRANSFORMERS, &model, json!({}), Ok(())),
        load(ONNXRUNTIME, &prepared, json!({"file": "model.onnx"}), onnx.clone()),
        load(FASTEMBED_NAME, &prepared, json!({}), onnx),
        load(OPENVINO, &prepared, openvino, bench.prepared.openvino.clone()),
    ];
    // The first load of a process brings what its packages import late.
    bench.measure(&contenders, 1);
    let rounds = bench.rounds(ROUNDS);
    let outcomes = bench.measure(&contenders, rounds);
    let ours = fastest(&outcomes, OURS).and_then(|one| Some(one.found.as_ref().ok()?.seconds));
    let mut table = Table::new(&["program", "ms", "ours takes", "aim", "reached"]);
    for outcome in &outcomes {
        let mut cells = vec![outcome.program.to_owned()];
        match &outcome.found {
            Ok(found) => cells.push(digits(found.seconds * 1e3)),
            Err(why) => cells.push(format!("failed: {why}")),
        }
        if let (Ok(found), Some(ours)) = (&outcome.found, ours.filter(|_| outcome.program != OURS)) {
            cells.push(times(ours / found.seconds));
            if outcome.program == SENTENCE_TRANSFORMERS {
                cells.extend(Aim::AtMost(0.5).cells(ours / found.seconds));
            }
        }
        table.row(cells);
    }
    format!(
        "Best of {rounds} rounds in turn, in a process that has loaded it before: nothing is imported, and the files are in the \
         system's cache.\n\n{}",
        table.markdown()
    )
}
