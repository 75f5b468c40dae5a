//! How many tokens a second does a backend embed, at which shape of batch?
//!
//! The model is the one in the folder that `SEMANTIK_BENCH_MODEL` names, the backend the one that `SEMANTIK_BENCH_BACKEND`
//! names (`cargo xtask bench embed --backend NAME` sets both). Tokens are counted as the model reads them, special tokens
//! included and padding left out. Reading texts into tokens is not measured.

use std::process::ExitCode;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use embed_burn::{BurnDevice, BurnEmbedder, DeviceSpec, EmbedError, ModelFolder};

/// Texts and tokens a text: one question, one chunk, what fills a few cores, and what fills a card.
const SHAPES: &[(usize, usize)] = &[(1, 16), (1, 128), (64, 32), (32, 128), (64, 256), (256, 128)];
/// The most that a GPU without hardware bears in a minute.
const SOFTWARE_TOKENS: usize = 128;
/// Sentences of 8 to 60 tokens, as text has them.
const MIXED: usize = 256;

fn main() -> ExitCode {
    // `cargo test` runs benchmarks too, with another argument.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    match load() {
        Ok(model) => {
            let mut criterion = Criterion::default().configure_from_args();
            bench(&mut criterion, &model);
            criterion.final_summary();
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn load() -> Result<BurnEmbedder, EmbedError> {
    let backend = std::env::var("SEMANTIK_BENCH_BACKEND").unwrap_or_else(|_| "cpu".to_owned());
    // A backend that is not there is an error that says why, before a model is looked for.
    let device = BurnDevice::open(backend.parse::<DeviceSpec>()?)?;
    let folder = std::env::var_os("SEMANTIK_BENCH_MODEL").unwrap_or_default();
    let model = BurnEmbedder::load(&ModelFolder::open(folder)?, &device)?;
    eprintln!("on {}: {}", device.backend(), device.name());
    Ok(model)
}

fn bench(criterion: &mut Criterion, model: &BurnEmbedder) {
    let device = model.device();
    let software = device.largest_tensor().is_some() && device.is_host_memory();
    let mut group = criterion.benchmark_group(format!("embed on {}", device.backend()));
    // A batch takes from milliseconds to seconds.
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let ids =
        |tokens: usize| model.tokenize(&"memory ".repeat(tokens)).map(|text| text.ids).unwrap_or_default();
    for &(items, tokens) in SHAPES {
        let ids = ids(tokens);
        if ids.len() < tokens || (software && items * tokens > SOFTWARE_TOKENS) {
            eprintln!("left out: {items} × {tokens}");
            continue;
        }
        let batch = vec![&ids[..tokens]; items];
        group.throughput(Throughput::Elements((items * tokens) as u64));
        group.bench_function(BenchmarkId::new("forward", format!("{items}×{tokens}")), |bencher| {
            bencher.iter(|| model.forward(&batch));
        });
    }
    if !software {
        // Sorted, as a plan sorts them, and in batches of 32.
        let mut lengths: Vec<usize> = (0..MIXED).map(|n| 8 + n * 37 % 53).collect();
        lengths.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
        let ids = ids(60);
        let rows: Vec<&[u32]> = lengths.iter().map(|&length| &ids[..length.min(ids.len())]).collect();
        group.throughput(Throughput::Elements(rows.iter().map(|row| row.len() as u64).sum()));
        group.bench_function(BenchmarkId::new("forward", "256 sentences of 8 to 60"), |bencher| {
            bencher.iter(|| rows.chunks(32).map(|batch| model.forward(batch)).collect::<Vec<_>>());
        });
    }
    group.finish();
}
