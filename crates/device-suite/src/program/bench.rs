//! `semantik-device bench`: tokens a second.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use device_suite::Fault;
use device_suite::throughput::{SHAPES, measure};
use embed_burn::BurnEmbedder;
use serde::Serialize;

use crate::failure::Failure;
use crate::model::Model;
use crate::options::{Options, print_line};

pub(crate) const USAGE: &str = "\
bench [--backend BACKEND] [--model MODEL] [--seconds N]
    Tokens a second at several shapes of batch, N seconds each (default 5). One JSON line a shape; a
    shape that would take longer for a single run is told as skipped.";

#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    #[serde(flatten)]
    row: &'a device_suite::throughput::Row,
}

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &["backend", "model", "seconds"], false)?;
    let model = Model::open(options.model.as_deref())?;
    let device = options.device()?;
    let start = Instant::now();
    let embedder = BurnEmbedder::load(&model.folder, &device).map_err(Fault::from)?;
    let loaded = serde_json::json!({"model": model.name, "seconds": start.elapsed().as_secs_f64()});
    print_line("load", &device, &loaded)?;
    let each = Duration::from_secs(options.seconds.unwrap_or(5));
    let mut printed = Ok(());
    measure(&embedder, SHAPES, each, &mut |row| {
        if printed.is_ok() {
            printed = print_line("bench", &device, &Line { model: &model.name, row });
        }
    })?;
    printed?;
    Ok(ExitCode::SUCCESS)
}
