//! `semantik-device bench`: tokens a second.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use device_suite::throughput::{Effort, SHAPES, Shape, measure};

use crate::failure::Failure;
use crate::model::Model;
use crate::options::{Options, merge, print_line};

pub(crate) const USAGE: &str = "\
bench [--backend BACKEND] [--model MODEL] [--dtype D] [--attention A] [--seconds N] [--queue N]
      [--largest TOKENS]
    Tokens a second at several shapes of batch, N seconds each (default 5). One JSON line a shape; a
    shape that would take longer for a single run is told as skipped. With --queue, each shape also runs
    N times in a row with one result read at the end: what the device does when nobody waits; and N times
    with every result read and the next run queued before: what a run of `embed` does. Shapes of more than
    TOKENS padded tokens are left out.";

const SECONDS: f64 = 5.0;

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let known = ["backend", "model", "dtype", "attention", "seconds", "queue", "largest"];
    let options = Options::read(args, &known, false)?;
    let model = Model::open(options.model.as_deref())?;
    let device = options.device()?;
    let compute = options.compute();
    let print = |what: &str, row: &dyn Fn() -> serde_json::Value| {
        let mut line = serde_json::json!({
            "model": model.name,
            "dtype": compute.precision.as_str(),
            "attention": compute.attention.as_str(),
        });
        merge(&mut line, row());
        print_line(what, &device, &line)
    };
    let start = Instant::now();
    let embedder = options.load(&model, &device)?;
    print("load", &|| serde_json::json!({"seconds": start.elapsed().as_secs_f64()}))?;
    let effort = Effort {
        each: Duration::from_secs_f64(options.seconds.unwrap_or(SECONDS)),
        queued: options.queue.unwrap_or(0),
    };
    let mut printed = Ok(());
    let most = options.largest.unwrap_or(usize::MAX);
    let shapes: Vec<Shape> =
        SHAPES.iter().copied().filter(|shape| shape.items * shape.tokens <= most).collect();
    measure(&embedder, &shapes, effort, &mut |row| {
        if printed.is_ok() {
            printed = print("bench", &|| serde_json::json!(row));
        }
    })?;
    printed?;
    Ok(ExitCode::SUCCESS)
}
