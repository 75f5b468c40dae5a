//! `semantik-device replay`: what a batch takes of the pool, told by a dry run, beside what it takes.

use std::process::ExitCode;

use device_suite::Fault;
use device_suite::throughput::Shape;
use serde_json::json;

use crate::failure::Failure;
use crate::model::Model;
use crate::options::{Options, merge, print_line};

pub(crate) const USAGE: &str = "\
replay [--backend BACKEND] [--model MODEL] [--dtype D] [--attention A] [--largest TOKENS]
    Bytes of the pool for eight shapes of batch, each twice: as a dry run tells them, which makes every
    buffer and runs no kernel, as the table says that batches are sized by, and as they were. The
    largest shape runs first, so that the pool's pages have their size. Shapes of more than TOKENS
    padded tokens are left out. One JSON line each; exit code 1 if the table is below what was taken.";

/// Powers of two and others, on both sides of the pool's sizes of pages; the largest is the last but one.
const SHAPES: [(usize, usize); 8] =
    [(16, 128), (64, 128), (7, 77), (256, 128), (32, 250), (1024, 128), (512, 256), (100, 31)];

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &["backend", "model", "dtype", "attention", "largest"], false)?;
    let model = Model::open(options.model.as_deref())?;
    let device = options.device()?;
    let embedder = options.load(&model, &device)?;
    let most = options.largest.unwrap_or(usize::MAX);
    let fits = |&(items, tokens): &(usize, usize)| items * tokens <= most && tokens <= embedder.max_tokens();
    let shapes: Vec<(usize, usize)> = SHAPES.into_iter().filter(fits).collect();
    let Some(&(items, tokens)) = shapes.iter().max_by_key(|(items, tokens)| items * tokens) else {
        return Err(Failure::usage(format!("--largest {most}: no shape is that small")));
    };
    embedder.run_queued(items, tokens, 1).map_err(Fault::from)?;
    let table = embedder.replay_table(&shapes).map_err(Fault::from)?.unwrap_or_default();
    let mut all_held = true;
    for (items, tokens) in shapes {
        let row = table.iter().find(|row| (row.items, row.tokens) == (items, tokens));
        for round in 0..2 {
            let mut line = json!(Shape { items, tokens });
            let found = match embedder.replay(items, tokens) {
                Ok(Some(replay)) => {
                    let told = replay.dry.saturating_sub(replay.before_dry);
                    let taken = replay.real.saturating_sub(replay.before_real);
                    let held = row.is_none_or(|row| row.bytes >= taken);
                    all_held &= held;
                    json!({
                        "round": round, "table": row.map(|row| row.bytes), "held": held,
                        "before_dry": replay.before_dry, "dry": replay.dry, "told": told,
                        "before_real": replay.before_real, "real": replay.real, "taken": taken,
                        "ratio": (taken > 0).then(|| told as f64 / taken as f64),
                    })
                }
                Ok(None) => json!({"skipped": "this device has no pool"}),
                Err(error) => json!({"skipped": error.to_string()}),
            };
            merge(&mut line, found);
            print_line("replay", &device, &line)?;
        }
    }
    Ok(if all_held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
