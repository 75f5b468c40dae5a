//! Tokens a second at several shapes of batch.

use std::time::{Duration, Instant};

use embed_burn::{BurnEmbedder, QueuedBatch};
use serde::Serialize;

use crate::fault::Fault;

/// A batch: so many texts of so many tokens each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Texts.
    pub items: usize,
    /// Tokens a text, special tokens included.
    pub tokens: usize,
}

/// From one question, over what documents are cut into, to what fills a card; the first is the smallest.
pub const SHAPES: &[Shape] = &[
    Shape { items: 1, tokens: 16 },
    Shape { items: 1, tokens: 128 },
    Shape { items: 8, tokens: 128 },
    Shape { items: 64, tokens: 32 },
    Shape { items: 32, tokens: 128 },
    Shape { items: 64, tokens: 128 },
    Shape { items: 64, tokens: 256 },
    Shape { items: 256, tokens: 128 },
    Shape { items: 512, tokens: 128 },
    Shape { items: 1024, tokens: 128 },
    Shape { items: 2048, tokens: 128 },
];

/// How long and how each shape is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The time for a shape, about.
    pub each: Duration,
    /// Runs that are queued one after the other, with one result read at the end; and as many of which each is queued before
    /// the vectors of the last are back. 0 for none.
    pub queued: usize,
}

/// How many times the time for a shape may pass before it is given up.
const PATIENCE: f64 = 4.0;

/// What a shape took, or why it did not run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The batch.
    #[serde(flatten)]
    pub shape: Shape,
    /// How often it was measured.
    pub rounds: usize,
    /// Seconds of the first run, which compiles and tunes the kernels.
    pub first_seconds: Option<f64>,
    /// Seconds of the fastest run.
    pub best_seconds: Option<f64>,
    /// Seconds of the run in the middle.
    pub median_seconds: Option<f64>,
    /// Tokens a second in the fastest run.
    pub tokens_per_second: Option<f64>,
    /// Seconds a run where many are queued and only the last one's result is read.
    pub queued_seconds: Option<f64>,
    /// Tokens a second then.
    pub queued_tokens_per_second: Option<f64>,
    /// Seconds a run where every run's vectors are read, and the next is queued before.
    pub in_flight_seconds: Option<f64>,
    /// Tokens a second then.
    pub in_flight_tokens_per_second: Option<f64>,
    /// Bytes that the device's pool had reserved afterwards.
    pub pool_reserved: Option<u64>,
    /// Why it did not run.
    pub skipped: Option<String>,
}

/// Runs each shape for about `effort.each`, three to fifty times, and tells each row. A shape of which a single run would take
/// longer than four times that, at the best speed seen so far, is skipped, and so is one that the device has no room for.
///
/// # Errors
/// The device fails in another way.
pub fn measure(
    model: &BurnEmbedder,
    shapes: &[Shape],
    effort: Effort,
    on_row: &mut dyn FnMut(&Row),
) -> Result<(), Fault> {
    let mut fastest = None;
    for &shape in shapes {
        let row = one(model, shape, effort, fastest)?;
        fastest = [row.tokens_per_second, fastest].into_iter().flatten().reduce(f64::max);
        on_row(&row);
    }
    Ok(())
}

fn one(model: &BurnEmbedder, shape: Shape, effort: Effort, fastest: Option<f64>) -> Result<Row, Fault> {
    let Effort { each, queued } = effort;
    let skipped = |why: String| Row {
        shape,
        rounds: 0,
        first_seconds: None,
        best_seconds: None,
        median_seconds: None,
        tokens_per_second: None,
        queued_seconds: None,
        queued_tokens_per_second: None,
        in_flight_seconds: None,
        in_flight_tokens_per_second: None,
        pool_reserved: None,
        skipped: Some(why),
    };
    if shape.tokens > model.max_tokens() {
        return Ok(skipped(format!("the model reads no more than {} tokens", model.max_tokens())));
    }
    let tokens = (shape.items * shape.tokens) as f64;
    if let Some(seconds) = fastest.map(|fastest| tokens / fastest)
        && seconds > PATIENCE * each.as_secs_f64()
    {
        return Ok(skipped(format!("one run would take about {seconds:.0} s")));
    }
    // One word is one token; what is beyond the shape's length is cut off.
    let ids = model.tokenize(&"memory ".repeat(shape.tokens))?.ids;
    let batch = vec![&ids[..shape.tokens.min(ids.len())]; shape.items];
    let run = || {
        let start = Instant::now();
        model.forward(&batch).map(|_| start.elapsed().as_secs_f64())
    };
    let first = match run() {
        Ok(seconds) => seconds,
        Err(error) => match error.kind() {
            embed_burn::EmbedErrorKind::OutOfMemory | embed_burn::EmbedErrorKind::NeverFits => {
                return Ok(skipped(error.to_string()));
            }
            _ => return Err(error.into()),
        },
    };
    let start = Instant::now();
    let mut rounds = Vec::new();
    while rounds.len() < 3 || (rounds.len() < 50 && start.elapsed() < each) {
        rounds.push(run()?);
        // Three runs on a slow device are not worth more than the time that was given.
        if start.elapsed().as_secs_f64() > PATIENCE * each.as_secs_f64() {
            break;
        }
    }
    rounds.sort_by(f64::total_cmp);
    let best = rounds.first().copied();
    let worth = best.is_some_and(|best| best * queued as f64 <= PATIENCE * each.as_secs_f64());
    let (queued_seconds, in_flight_seconds) = if queued > 0 && worth {
        (Some(in_a_row(model, shape, queued)?), Some(in_flight(model, &batch, queued)?))
    } else {
        (None, None)
    };
    Ok(Row {
        rounds: rounds.len(),
        first_seconds: Some(first),
        best_seconds: best,
        median_seconds: rounds.get(rounds.len() / 2).copied(),
        tokens_per_second: best.map(|best| tokens / best),
        queued_seconds,
        queued_tokens_per_second: queued_seconds.map(|seconds| tokens / seconds),
        in_flight_seconds,
        in_flight_tokens_per_second: in_flight_seconds.map(|seconds| tokens / seconds),
        pool_reserved: model.device().pool_usage().map(|pool| pool.reserved),
        skipped: None,
        shape,
    })
}

/// Seconds a run of so many that are queued.
fn in_a_row(model: &BurnEmbedder, shape: Shape, runs: usize) -> Result<f64, Fault> {
    // Without words, other kernels may be compiled.
    model.run_queued(shape.items, shape.tokens, 1)?;
    let start = Instant::now();
    model.run_queued(shape.items, shape.tokens, runs)?;
    Ok(start.elapsed().as_secs_f64() / runs as f64)
}

/// Seconds a run of so many, two of which are in flight at any time.
fn in_flight(model: &BurnEmbedder, batch: &[&[u32]], runs: usize) -> Result<f64, Fault> {
    let start = Instant::now();
    let mut last: Option<QueuedBatch> = None;
    for _ in 0..runs {
        let next = model.queue_each(batch, 0)?;
        if let Some(last) = last.replace(next) {
            last.finish()?;
        }
    }
    if let Some(last) = last {
        last.finish()?;
    }
    Ok(start.elapsed().as_secs_f64() / runs as f64)
}
