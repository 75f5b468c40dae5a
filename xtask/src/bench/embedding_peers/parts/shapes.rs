//! Token ids to vectors, in batches of one length.

use serde_json::json;

use super::super::bench::{Bench, checked_cosine, products};
use super::super::programs::{ONNXRUNTIME, OURS, PRODUCTS, SENTENCE_TRANSFORMERS};
use super::super::rounds::{Outcome, cosine, fastest};
use super::super::table::{Aim, Table, times};
use super::super::work::{SHAPES, Shape, Sizes};
use crate::bench::digits::digits;

/// Where a program reaches this share of the processor's limit, no more than its own speed is asked for.
const AT_THE_LIMIT: f64 = 0.95;
const ROUNDS: usize = 10;
/// Of BERT's vocabulary, the whole words and pieces.
const IDS: (u32, u32) = (1000, 30_000);
const LEAST_COSINE: f64 = 0.9999;

pub(super) fn run(bench: &mut Bench) -> String {
    let (model, prepared) = (bench.model.clone(), bench.prepared.folder.clone());
    let (onnx, fused) = (bench.prepared.onnx.clone(), bench.prepared.fused.clone());
    let ours = bench.ours("f32");
    let reference = bench.load(SENTENCE_TRANSFORMERS, "f32", &model, &json!({}), Ok(()));
    let plain = bench.load(ONNXRUNTIME, "plain", &prepared, &json!({"file": "model.onnx"}), onnx);
    let fused = bench.load(ONNXRUNTIME, "fused", &prepared, &json!({"file": "fused.onnx"}), fused);
    let openvino = bench.openvino("f32", 1);
    let mut table = Table::new(&[
        "batch",
        "program",
        "tokens/s",
        "GFLOP/s",
        "of the limit",
        "cosine",
        "ours is",
        "aim",
        "reached",
    ]);
    let rounds = bench.rounds(ROUNDS);
    for shape in SHAPES {
        let rows = shape.rows(IDS.0, IDS.1);
        let contenders = [
            ours.ids("", &rows),
            plain.ids("", &rows),
            fused.ids("fused", &rows),
            openvino.ids("", &rows),
            reference.ids("", &rows),
            products(Sizes::MINILM, shape),
        ];
        let outcomes = bench.measure(&contenders, rounds);
        rows_of(&mut table, shape, &outcomes);
    }
    format!(
        "Best of {rounds} rounds in turn, all-MiniLM-L6-v2 in f32. Nothing is tokenised. The limit: the products with \
         weights of the same batch and nothing else, by torch or numpy, whichever is faster.\n\n{}",
        table.markdown()
    )
}

fn rows_of(table: &mut Table, shape: Shape, outcomes: &[Outcome]) {
    let seconds = |program: &str| Some(fastest(outcomes, program)?.found.as_ref().ok()?.seconds);
    let limit =
        seconds(PRODUCTS).map(|seconds| Sizes::MINILM.product_operations(shape) as f64 / seconds / 1e9);
    let ours = seconds(OURS);
    let reference = fastest(outcomes, SENTENCE_TRANSFORMERS)
        .and_then(|outcome| Some(outcome.found.as_ref().ok()?.vector.clone()))
        .unwrap_or_default();
    let mut programs: Vec<&str> = outcomes.iter().map(|outcome| outcome.program).collect();
    programs.dedup();
    for program in programs {
        let Some(outcome) = fastest(outcomes, program) else { continue };
        let first = if program == OURS { shape.name() } else { String::new() };
        let name = [program, &outcome.variant].join(" ").trim().to_owned();
        let found = match &outcome.found {
            Ok(found) => found,
            Err(why) => {
                table.row([first, name, format!("failed: {why}")]);
                continue;
            }
        };
        if program == PRODUCTS {
            let by = found.answer["by"].as_str().unwrap_or_default();
            let gflops = limit.map(digits).unwrap_or_default();
            table.row([first, format!("the limit, by {by}"), String::new(), gflops]);
            continue;
        }
        let gflops = Sizes::MINILM.operations(shape) as f64 / found.seconds / 1e9;
        let of_limit = limit.map(|limit| gflops / limit);
        let mut cells = vec![
            first,
            name,
            digits(shape.all() as f64 / found.seconds),
            digits(gflops),
            of_limit.map(digits).unwrap_or_default(),
            checked_cosine(cosine(&reference, &found.vector), LEAST_COSINE),
        ];
        if let Some(ours) = ours.filter(|_| program != OURS) {
            let ratio = found.seconds / ours;
            cells.push(times(ratio));
            if program == ONNXRUNTIME {
                let is_at_limit = of_limit.is_some_and(|share| share >= AT_THE_LIMIT);
                cells.extend(Aim::AtLeast(if is_at_limit { 1.0 } else { 1.1 }).cells(ratio));
            }
        }
        table.row(cells);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::rounds::Found;
    use super::*;

    fn outcome(program: &'static str, variant: &str, seconds: f64) -> Outcome {
        let found = Found { seconds, vector: vec![1.0, 0.0], answer: json!({"by": "torch"}) };
        Outcome { program, variant: variant.to_owned(), found: Ok(found) }
    }

    #[test]
    fn what_is_asked_depends_on_how_near_the_peer_is_to_the_limit() {
        let shape = SHAPES[0];
        let limit = Sizes::MINILM.product_operations(shape) as f64 / 1e11;
        let at = |share: f64| Sizes::MINILM.operations(shape) as f64 / (share * 1e11);
        let rows = |peer: f64| {
            let mut table = Table::new(&["", "", "", "", "", "", "", "", ""]);
            let broken =
                Outcome { program: "openvino", variant: String::new(), found: Err("no model".into()) };
            let all = [
                outcome(OURS, "", at(1.0)),
                outcome(ONNXRUNTIME, "", at(0.1)),
                outcome(ONNXRUNTIME, "fused", at(peer)),
                broken,
                outcome(SENTENCE_TRANSFORMERS, "", at(0.5)),
                outcome(PRODUCTS, "", limit),
            ];
            rows_of(&mut table, shape, &all);
            table.markdown()
        };
        let text = rows(0.96);
        assert!(text.contains("| onnxruntime fused |") && text.contains("| 1.04 × | ≥ 1 | yes |"), "{text}");
        assert!(text.contains("| the limit, by torch |  | 100 |"), "{text}");
        assert!(text.contains("| openvino | failed: no model |"), "{text}");
        assert!(text.contains("| 1.000000 | 2.00 × |"), "{text}");
        let text = rows(0.94);
        assert!(text.contains("| 1.06 × | ≥ 1.1 | no |"), "{text}");
    }
}
