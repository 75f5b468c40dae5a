//! Narrow numbers beside `OpenVINO`'s, and beside our own f32.

use super::super::bench::{Bench, Loaded, checked_cosine};
use super::super::programs::{OPENVINO, OURS};
use super::super::rounds::{Found, Outcome, cosine};
use super::super::table::{Aim, Table, times};
use super::super::work::SHAPES;
use super::sentences::best_batch;
use crate::bench::digits::digits;

const ROUNDS: usize = 4;
const SENTENCE_ROUNDS: usize = 2;
const IDS: (u32, u32) = (1000, 30_000);
/// The column.
const COSINES: usize = 4;
/// The numbers, and the least cosine to our f32 that they may have.
const DTYPES: [(&str, f64); 2] = [("bf16", 0.9995), ("int8", 0.99)];

pub(super) fn run(bench: &mut Bench) -> String {
    let threads = bench.programs.threads;
    let ours = ["f32", "bf16", "int8"].map(|dtype| bench.ours(dtype));
    let theirs = DTYPES.map(|(dtype, _)| bench.openvino(dtype, 1));
    let instructions: Vec<String> = ours[1..].iter().map(instructions).collect();
    let mut table = Table::new(&[
        "work",
        "numbers",
        "ours, tokens/s",
        "OpenVINO, tokens/s",
        "cosines to our f32",
        "ours is",
        "aim",
        "reached",
        "× our f32",
    ]);
    let rounds = bench.rounds(ROUNDS);
    for shape in SHAPES {
        let rows = shape.rows(IDS.0, IDS.1);
        let all: Vec<_> = ours.iter().chain(&theirs).map(|loaded| loaded.ids(&loaded.name, &rows)).collect();
        let outcomes = bench.measure(&all, rounds);
        let is_full = shape.all() >= 1024;
        for (dtype, least) in DTYPES {
            let aim = match dtype {
                "bf16" => is_full.then_some(Aim::AtLeast(1.0)),
                _ => Some(Aim::AtLeast(1.1)),
            };
            let mut cells = row(&outcomes, dtype, least, &shape.name(), shape.all() as f64, aim);
            // These are no sentences: what whole numbers make of them says nothing.
            cells[COSINES].clear();
            table.row(cells);
        }
    }
    // Its fastest way for each, on sentences.
    bench.read_sentences(&[OURS, OPENVINO]);
    let count = bench.sentences.1;
    let mut all: Vec<_> = ours.iter().map(|loaded| loaded.embed(&loaded.name, count, 0)).collect();
    for (at, (dtype, _)) in DTYPES.iter().enumerate() {
        let several = bench.openvino(dtype, threads);
        let (loaded, mut contender) = best_batch(bench, &[theirs[at].clone(), several]);
        contender.variant = format!("{dtype}, {}", contender.variant);
        all.push((loaded, contender));
    }
    let tokens = bench.sentence_tokens(&ours[0]).unwrap_or(f64::NAN);
    let sentence_rounds = bench.rounds(SENTENCE_ROUNDS);
    let outcomes = bench.measure(&all, sentence_rounds);
    for (dtype, least) in DTYPES {
        let aim = if dtype == "bf16" { Aim::AtLeast(1.5) } else { Aim::AtLeast(1.1) };
        table.row(row(&outcomes, dtype, least, &format!("{count} sentences"), tokens, Some(aim)));
    }
    format!(
        "Best of {rounds} rounds in turn, of {sentence_rounds} with the sentences. Ours computes with {}. OpenVINO's int8 is \
         nncf's of the same model, weights and activations. Cosines are of a sentence's vectors. The aims for bf16 are for \
         processors with AMX, and so are the four times of our f32 that are aimed at.\n\n{}",
        instructions.join(" and "),
        table.markdown()
    )
}

fn instructions(loaded: &Loaded) -> String {
    let named = loaded.ready.as_ref().ok().and_then(|answer| answer["instructions"].as_str());
    format!("{} for {}", named.unwrap_or("f32, having nothing faster,"), loaded.name)
}

fn row(
    outcomes: &[Outcome],
    dtype: &str,
    least: f64,
    work: &str,
    tokens: f64,
    aim: Option<Aim>,
) -> Vec<String> {
    let of = |program: &str, dtype: &str| {
        let is_its = |outcome: &&Outcome| outcome.program == program && outcome.variant.starts_with(dtype);
        let found = outcomes.iter().find(is_its).map(|outcome| outcome.found.as_ref().map_err(Clone::clone));
        found.unwrap_or_else(|| Err("it was not asked".to_owned()))
    };
    let (ours, theirs, plain) = (of(OURS, dtype), of(OPENVINO, dtype), of(OURS, "f32").ok());
    let speed = |found: &Result<&Found, String>| match found {
        Ok(found) => digits(tokens / found.seconds),
        Err(why) => format!("failed: {why}"),
    };
    let near = |found: &Result<&Found, String>| {
        let found = found.as_ref().ok();
        let pair = found.zip(plain).and_then(|(found, plain)| cosine(&found.vector, &plain.vector));
        checked_cosine(pair, least)
    };
    let mut cells = vec![work.to_owned(), dtype.to_owned(), speed(&ours), speed(&theirs)];
    cells.push([near(&ours), near(&theirs)].join(", "));
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            let ratio = theirs.seconds / ours.seconds;
            cells.push(times(ratio));
            cells.extend(aim.map_or_else(|| [String::new(), String::new()], |aim| aim.cells(ratio)));
        }
        _ => cells.extend([const { String::new() }; 3]),
    }
    let gained = ours.ok().zip(plain).map(|(ours, plain)| times(plain.seconds / ours.seconds));
    cells.push(gained.unwrap_or_default());
    cells
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(program: &'static str, variant: &str, seconds: f64, vector: [f64; 2]) -> Outcome {
        let found = Found { seconds, vector: vector.to_vec(), answer: json!({}) };
        Outcome { program, variant: variant.to_owned(), found: Ok(found) }
    }

    #[test]
    fn a_row_has_both_figures_both_cosines_and_what_was_gained() {
        let outcomes = [
            outcome(OURS, "f32", 4.0, [1.0, 0.0]),
            outcome(OURS, "bf16", 2.0, [1.0, 0.0]),
            outcome(OPENVINO, "bf16, batches of 32", 3.0, [1.0, 1.0]),
            Outcome { program: OPENVINO, variant: "int8".into(), found: Err("no nncf".into()) },
        ];
        let cells = row(&outcomes, "bf16", 0.9995, "1×16", 100.0, Some(Aim::AtLeast(1.5)));
        assert_eq!(
            cells,
            [
                "1×16",
                "bf16",
                "50.0",
                "33.3",
                "1.000000, 0.707107: not the same vectors",
                "1.50 ×",
                "≥ 1.5",
                "yes",
                "2.00 ×"
            ]
        );
        let cells = row(&outcomes, "int8", 0.99, "1×16", 100.0, None);
        assert_eq!(cells[2..4], ["failed: it was not asked", "failed: no nncf"]);
        assert_eq!((cells.len(), &cells[8][..]), (9, ""));
        let loaded =
            Loaded { program: OURS, name: "bf16".into(), ready: Ok(json!({"instructions": "AMX-BF16"})) };
        assert_eq!(instructions(&loaded), "AMX-BF16 for bf16");
        let without = Loaded { ready: Ok(json!({"instructions": null})), ..loaded };
        assert_eq!(instructions(&without), "f32, having nothing faster, for bf16");
    }
}
