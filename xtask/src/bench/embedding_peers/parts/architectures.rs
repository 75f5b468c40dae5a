//! The other architectures, of random weights, beside onnxruntime.

use std::path::Path;

use serde_json::json;

use super::super::bench::{Bench, checked_cosine};
use super::super::prepare::{Prepared, Step};
use super::super::programs::{ONNXRUNTIME, OURS};
use super::super::rounds::{Outcome, cosine, fastest};
use super::super::table::{Aim, Table, times};
use super::super::work::Shape;
use crate::bench::digits::digits;

/// The names that `random_models.py` knows, and the fusions of onnxruntime's optimizer that fit, if any do.
const FAMILIES: [(&str, Option<&str>); 8] = [
    ("roberta", Some("bert")),
    ("distilbert", Some("bert")),
    ("mpnet", None),
    ("xlm-roberta", Some("bert")),
    ("modernbert", None),
    ("nomic_bert", None),
    ("t5", None),
    ("qwen3", None),
];
/// Too large, and a decoder: of its published sizes none is near a base encoder.
const NO_BASE: &str = "qwen3";
/// The sizes, their batches, and how often they are measured.
const SIZES: [(&str, [Shape; 2], usize); 2] = [
    ("tiny", [Shape::new(32, 128), Shape::new(1, 16)], 6),
    ("base", [Shape::new(8, 128), Shape::new(1, 16)], 3),
];
/// Words that every vocabulary has, and no special tokens.
const IDS: (u32, u32) = (10, 150);
const LEAST_COSINE: f64 = 0.999;

pub(super) fn run(bench: &mut Bench) -> String {
    let mut table = Table::new(&[
        "architecture",
        "size",
        "batch",
        "ours, tokens/s",
        "onnxruntime, tokens/s",
        "cosine",
        "ours is",
        "aim",
        "reached",
    ]);
    for (size, shapes, rounds) in SIZES {
        for (family, fusions) in FAMILIES {
            // To make and export a model of base size takes as long as all else in a quick run.
            if size == "base" && (family == NO_BASE || bench.is_quick) {
                continue;
            }
            match one(bench, family, size, fusions, &shapes, rounds) {
                Ok(rows) => rows.into_iter().for_each(|row| table.row(row)),
                Err(why) => table.row([family.to_owned(), size.to_owned(), format!("failed: {why}")]),
            }
        }
    }
    format!(
        "Best of {} rounds in turn ({} for base), random weights: tiny is 2 layers of 128, base 12 of 768, the vocabulary small. \
         onnxruntime has the better of its own graph and of that from its optimizer for transformers, where that knows the \
         architecture.\n\n{}",
        bench.rounds(SIZES[0].2),
        bench.rounds(SIZES[1].2),
        table.markdown()
    )
}

fn one(
    bench: &mut Bench,
    family: &str,
    size: &str,
    fusions: Option<&str>,
    shapes: &[Shape],
    rounds: usize,
) -> Result<Vec<Vec<String>>, String> {
    let prepared =
        Prepared::new(bench.work.join(format!("{family}-{size}"))).map_err(|error| error.to_string())?;
    let folder = prepared.folder.clone();
    let step = |file, script, arguments: Vec<&Path>| {
        let arguments = arguments.into_iter().map(Path::to_owned).collect();
        prepared.ensure(&bench.programs, &Step { file, script, arguments })
    };
    let [name, size_name] = [family, size].map(Path::new);
    let pooling = step("model.safetensors", "random_models.py", vec![name, size_name, &folder])?;
    let onnx = step("model.onnx", "export_onnx.py", vec![&folder, &folder, Path::new(&pooling)]).map(|_| ());
    let fused = match fusions {
        Some(kind) => {
            onnx.clone().and_then(|()| step("fused.onnx", "fuse.py", vec![&folder, Path::new(kind)]))
        }
        None => Err(String::new()),
    };
    let ours = bench.load(OURS, "random", &folder, &json!({}), Ok(()));
    let mut load = |name: &str, file: &str, ready: Result<(), String>| {
        bench.load_without_text(ONNXRUNTIME, name, &folder, &json!({"file": file}), ready)
    };
    let plain = load("plain", "model.onnx", onnx);
    let fused = fused.is_ok().then(|| load("fused", "fused.onnx", Ok(())));
    let mut rows = Vec::new();
    for &shape in shapes {
        let ids = shape.rows(IDS.0, IDS.1);
        let mut contenders = vec![ours.ids("", &ids), plain.ids("", &ids)];
        contenders.extend(fused.as_ref().map(|fused| fused.ids("fused", &ids)));
        let rounds = bench.rounds(rounds);
        let outcomes = bench.measure(&contenders, rounds);
        rows.push(row([family, size, &shape.name()], shape.all() as f64, &outcomes));
    }
    for (program, name) in [(OURS, "random"), (ONNXRUNTIME, "plain"), (ONNXRUNTIME, "fused")] {
        // What was not loaded need not be dropped.
        let _ = bench.programs.ask(program, &json!({"op": "drop", "as": name}));
    }
    Ok(rows)
}

fn row(names: [&str; 3], tokens: f64, outcomes: &[Outcome]) -> Vec<String> {
    let mut cells: Vec<String> = names.map(str::to_owned).to_vec();
    let of = |program: &str| {
        let outcome = fastest(outcomes, program);
        outcome.map_or_else(
            || Err("it was not asked".to_owned()),
            |outcome| outcome.found.clone().map(|found| (outcome.variant.clone(), found)),
        )
    };
    let (ours, theirs) = (of(OURS), of(ONNXRUNTIME));
    for found in [&ours, &theirs] {
        cells.push(match found {
            Ok((variant, found)) => format!("{} {variant}", digits(tokens / found.seconds)).trim().to_owned(),
            Err(why) => format!("failed: {why}"),
        });
    }
    if let (Ok((_, ours)), Ok((_, theirs))) = (ours, theirs) {
        let ratio = theirs.seconds / ours.seconds;
        cells.push(checked_cosine(cosine(&ours.vector, &theirs.vector), LEAST_COSINE));
        cells.push(times(ratio));
        cells.extend(Aim::AtLeast(1.0).cells(ratio));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::super::super::rounds::Found;
    use super::*;

    #[test]
    fn a_row_has_both_figures_and_a_peer_that_fails_its_reason() {
        let outcome = |program, variant: &str, seconds: f64| Outcome {
            program,
            variant: variant.to_owned(),
            found: Ok(Found { seconds, vector: vec![1.0], answer: json!({}) }),
        };
        let ours = outcome(OURS, "", 0.5);
        let both = [ours.clone(), outcome(ONNXRUNTIME, "", 2.0), outcome(ONNXRUNTIME, "fused", 0.4)];
        let cells = row(["mpnet", "tiny", "1×16"], 16.0, &both);
        assert_eq!(cells, ["mpnet", "tiny", "1×16", "32.0", "40.0 fused", "1.000000", "0.80 ×", "≥ 1", "no"]);
        let broken = Outcome { found: Err("no such operator".into()), ..outcome(ONNXRUNTIME, "", 1.0) };
        let cells = row(["t5", "tiny", "1×16"], 16.0, &[ours, broken]);
        assert_eq!(cells[3..], ["32.0", "failed: no such operator"]);
    }
}
