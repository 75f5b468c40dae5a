//! Real sentences of mixed length, text to vectors.

use serde_json::json;

use super::super::bench::{Bench, Loaded, checked_cosine, products};
use super::super::programs::{FASTEMBED_NAME, OPENVINO, OURS, PRODUCTS, SENTENCE_TRANSFORMERS};
use super::super::rounds::{Contender, Outcome, cosine, fastest};
use super::super::table::{Aim, Table, times};
use super::super::work::{Shape, Sizes};
use crate::bench::digits::digits;

/// Texts a batch, of which each program takes the one that is fastest for it.
pub(super) const BATCHES: [u64; 4] = [16, 32, 64, 128];
/// How many sentences that is tried on.
const TRIED: usize = 320;
const ROUNDS: usize = 3;
const LEAST_COSINE: f64 = 0.9999;
/// A batch whose products with weights say how fast all could be at most.
const LIMIT: Shape = Shape::new(64, 32);

pub(super) fn run(bench: &mut Bench) -> String {
    let (model, prepared) = (bench.model.clone(), bench.prepared.folder.clone());
    let onnx = bench.prepared.onnx.clone();
    let threads = bench.programs.threads;
    bench.read_sentences(&[OURS, SENTENCE_TRANSFORMERS, FASTEMBED_NAME, OPENVINO]);
    let ours = bench.ours("f32");
    let reference = bench.load(SENTENCE_TRANSFORMERS, "f32", &model, &json!({}), Ok(()));
    let fastembed = bench.load(FASTEMBED_NAME, "f32", &prepared, &json!({}), onnx);
    let [one, several] = [1, threads].map(|streams| bench.openvino("f32", streams));
    let tokens = bench.sentence_tokens(&ours).unwrap_or(f64::NAN);
    let count = bench.sentences.1;

    let mut contenders = vec![ours.embed("", count, 0)];
    contenders
        .extend([reference, fastembed].iter().map(|loaded| best_batch(bench, std::slice::from_ref(loaded))));
    contenders.push(best_batch(bench, &[one, several]));
    contenders.push(products(Sizes::MINILM, LIMIT));
    let rounds = bench.rounds(ROUNDS);
    let outcomes = bench.measure(&contenders, rounds);
    bench.best_batch = contenders
        .iter()
        .find(|(loaded, _)| loaded.program == SENTENCE_TRANSFORMERS && loaded.ready.is_ok())
        .and_then(|(_, contender)| contender.question["batch"].as_u64());

    let mut table =
        Table::new(&["program", "sentences/s", "tokens/s", "cosine", "ours is", "aim", "reached"]);
    for outcome in &outcomes {
        table.row(row(outcome, &outcomes, count as f64, tokens));
    }
    format!(
        "Best of {rounds} rounds in turn: {count} sentences, {tokens:.0} tokens. Each program has the batch that is fastest for it \
         on {} of them, of {}, and OpenVINO one batch or {threads} at a time. The limit: as many tokens in the products \
         with weights of batches of {} and nothing else.\n\n{}",
        tried_on(bench),
        BATCHES.map(|batch| batch.to_string()).join(", "),
        LIMIT.name(),
        table.markdown()
    )
}

/// The batch, and the way it is loaded, at which a program is fastest on some of the sentences.
pub(super) fn best_batch(bench: &mut Bench, ways: &[Loaded]) -> (Loaded, Contender) {
    let count = tried_on(bench);
    let tried: Vec<(Loaded, Contender)> = ways
        .iter()
        .flat_map(|loaded| BATCHES.map(|batch| loaded.embed(&variant(loaded, batch), count, batch)))
        .collect();
    let outcomes = bench.measure(&tried, 1);
    let best = outcomes.first().and_then(|first| fastest(&outcomes, first.program));
    let chosen = best.and_then(|best| {
        tried.iter().find(|(loaded, contender)| {
            // The first stands for a program that could do none.
            contender.variant == best.variant && loaded.ready.is_ok() == best.found.is_ok()
        })
    });
    let (loaded, mut contender) = chosen.unwrap_or(&tried[0]).clone();
    contender.question["count"] = bench.sentences.1.into();
    (loaded, contender)
}

/// Of few sentences, as a quick run has, a part.
fn tried_on(bench: &Bench) -> usize {
    TRIED.min(bench.sentences.1 / 3).max(1)
}

/// What is special: the batch, and how many at a time where that is a choice.
fn variant(loaded: &Loaded, batch: u64) -> String {
    match loaded.name.split_once(" in ") {
        Some((_, streams)) if streams != "1" => format!("{streams} batches of {batch} at a time"),
        _ => format!("batches of {batch}"),
    }
}

fn row(outcome: &Outcome, all: &[Outcome], count: f64, tokens: f64) -> Vec<String> {
    let name = match &outcome.variant[..] {
        "" => outcome.program.to_owned(),
        variant => format!("{}, {variant}", outcome.program),
    };
    let found = match &outcome.found {
        Ok(found) => found,
        Err(why) => return vec![name, format!("failed: {why}")],
    };
    if outcome.program == PRODUCTS {
        let by = found.answer["by"].as_str().unwrap_or_default();
        let each = LIMIT.all() as f64 / found.seconds;
        return vec![format!("the limit, by {by}"), digits(each * count / tokens), digits(each)];
    }
    let of = |program: &str| fastest(all, program).and_then(|outcome| outcome.found.as_ref().ok());
    let reference = of(SENTENCE_TRANSFORMERS).map(|found| found.vector.clone()).unwrap_or_default();
    let mut cells = vec![
        name,
        digits(count / found.seconds),
        digits(tokens / found.seconds),
        checked_cosine(cosine(&reference, &found.vector), LEAST_COSINE),
    ];
    if let Some(ours) = of(OURS).filter(|_| outcome.program != OURS) {
        let ratio = found.seconds / ours.seconds;
        cells.push(times(ratio));
        let aim = match outcome.program {
            SENTENCE_TRANSFORMERS => Some(Aim::AtLeast(2.0)),
            FASTEMBED_NAME => Some(Aim::AtLeast(1.3)),
            _ => None,
        };
        cells.extend(aim.into_iter().flat_map(|aim| aim.cells(ratio)));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::super::super::rounds::Found;
    use super::*;

    fn outcome(program: &'static str, seconds: Option<f64>) -> Outcome {
        let answer = json!({"by": "torch"});
        let found = seconds.map(|seconds| Found { seconds, vector: vec![0.5, 0.5], answer });
        Outcome { program, variant: String::new(), found: found.ok_or_else(|| "no onnx".to_owned()) }
    }

    #[test]
    fn each_peer_has_its_aim_and_a_failure_its_reason() {
        let all = [
            outcome(OURS, Some(1.0)),
            outcome(SENTENCE_TRANSFORMERS, Some(2.5)),
            outcome(FASTEMBED_NAME, None),
            outcome(OPENVINO, Some(0.5)),
            outcome(PRODUCTS, Some(0.512)),
        ];
        let rows: Vec<String> = all.iter().map(|one| row(one, &all, 100.0, 2000.0).join("|")).collect();
        assert_eq!(
            rows,
            [
                "semantik|100|2,000|1.000000",
                "sentence-transformers|40.0|800|1.000000|2.50 ×|≥ 2|yes",
                "fastembed|failed: no onnx",
                "openvino|200|4,000|1.000000|0.50 ×",
                "the limit, by torch|200|4,000",
            ]
        );
    }
}
