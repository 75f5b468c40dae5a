//! The peak of memory while real sentences are embedded.

use serde_json::json;

use super::super::bench::{Bench, Loaded};
use super::super::programs::{FASTEMBED_NAME, OURS, SENTENCE_TRANSFORMERS};
use super::super::table::{Aim, Table, times};
use crate::bench::digits::digits;

/// Where it was not found out which is fastest: its default.
const BATCH: u64 = 32;
const MIB: f64 = 1_048_576.0;

pub(super) fn run(bench: &mut Bench) -> String {
    let (model, prepared) = (bench.model.clone(), bench.prepared.folder.clone());
    let onnx = bench.prepared.onnx.clone();
    let batch = bench.best_batch.unwrap_or(BATCH);
    // Processes that did nothing before.
    bench.programs.stop_all();
    let loaded = [
        bench.ours("f32"),
        bench.load(SENTENCE_TRANSFORMERS, "f32", &model, &json!({}), Ok(())),
        bench.load(FASTEMBED_NAME, "f32", &prepared, &json!({}), onnx),
    ];
    bench.read_sentences(&[OURS, SENTENCE_TRANSFORMERS, FASTEMBED_NAME]);
    let mut table =
        Table::new(&["program", "before, MiB", "peak above it, MiB", "ours takes", "aim", "reached"]);
    let mut ours = None;
    for loaded in loaded {
        let found = growth(bench, &loaded, batch);
        let name = if loaded.program == OURS {
            OURS.to_owned()
        } else {
            format!("{}, batches of {batch}", loaded.program)
        };
        match found {
            Ok((base, growth)) => {
                let mut cells = vec![name, digits(base / MIB), digits(growth / MIB)];
                if let Some(ours) = ours {
                    cells.push(times(ours / growth));
                    if loaded.program == SENTENCE_TRANSFORMERS {
                        cells.extend(Aim::AtMost(0.25).cells(ours / growth));
                    }
                } else if loaded.program == OURS {
                    ours = Some(growth);
                }
                table.row(cells);
            }
            Err(why) => table.row([name, format!("failed: {why}")]),
        }
        bench.programs.stop(loaded.program);
    }
    format!(
        "{} sentences in a process that did nothing before. Before: resident with the weights, the texts, and after one short \
         text. The peak: of resident memory while all are embedded, their vectors included.\n\n{}",
        bench.sentences.1,
        table.markdown()
    )
}

/// Bytes before, and by how much the peak was above them.
fn growth(bench: &mut Bench, loaded: &Loaded, batch: u64) -> Result<(f64, f64), String> {
    loaded.ready.clone()?;
    let question = json!({"op": "memory", "of": loaded.name, "batch": batch});
    let answer = bench.programs.ask(loaded.program, &question)?;
    let bytes = |name: &str| answer[name].as_f64().ok_or_else(|| format!("it tells no {name}"));
    let (base, peak) = (bytes("base")?, bytes("peak")?);
    Ok((base, (peak - base).max(1.0)))
}
