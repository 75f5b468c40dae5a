//! Not a check but a measurement, since it needs what only this crate sees: the operation beside burn's own, on the same
//! model and the same texts, in turns. `cargo test --release -p embed-burn --lib speed -- --ignored --nocapture`

use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::encoder::{Model, VOCABULARY};
use super::random::Random;
use crate::cpu::isa::Isa;
use crate::folder::Pooling;

#[allow(clippy::print_stdout)]
#[test]
#[ignore = "measures, and asserts nothing"]
fn speed_beside_burns_operations() {
    // all-MiniLM-L6-v2's sizes.
    let model = Model { hidden: 384, heads: 12, feed_forward: 1536, layers: 6, ..Model::SMALL };
    let (ops, fused) = (model.build(), model.fused(Isa::best()));
    let mut random = Random(5);
    let mut mix: Vec<usize> = (0..256).map(|_| 8 + random.below(53)).collect();
    mix.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
    let batches = [
        ("32 × 128", vec![128; 32]),
        ("64 × 32", vec![32; 64]),
        ("1 × 128", vec![128]),
        ("1 × 16", vec![16]),
        ("256 sentences of 8 to 60", mix),
    ];
    println!("{} threads, {:?}", rayon::current_num_threads(), fused.isa);
    for (name, lengths) in batches {
        let texts: Vec<Vec<u32>> =
            lengths.iter().map(|&n| (0..n).map(|_| random.below(VOCABULARY) as u32).collect()).collect();
        let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let tokens: usize = lengths.iter().sum();
        // Padded, a batch of all would be twice the work: burn's get batches of 32, as they are made elsewhere.
        let by_burn = || {
            for texts in texts.chunks(32) {
                std::hint::black_box(ops.vectors(texts, Pooling::Mean, &Device::flex()).unwrap());
            }
        };
        let by_us = || fused.forward(&texts, Pooling::Mean).unwrap().len();
        let (mut burn, mut us) = (Duration::MAX, Duration::MAX);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            burn = burn.min(timed(by_burn));
            us = us.min(timed(by_us));
        }
        let rate = |time: Duration| tokens as f64 / time.as_secs_f64();
        println!(
            "{name}: {:.0} tokens/s, burn's operations {:.0}, {:.2} times",
            rate(us),
            rate(burn),
            burn.as_secs_f64() / us.as_secs_f64()
        );
    }
}

fn timed<T>(work: impl Fn() -> T) -> Duration {
    let begun = Instant::now();
    std::hint::black_box(work());
    begun.elapsed()
}
