//! [`micros_a_batch`]: how long it takes to decide.

use std::hint::black_box;
use std::time::Instant;

use batch_policy::{
    Allowance, Analytic, BestKnown, Budget, Bytes, Controller, ControllerConfig, Event, Limits, ModelShape,
    Padding, Queue,
};

use crate::error::SimError;
use crate::random::Random;

/// Microseconds to decide on one batch of 128 texts of a window of 2,048: sorting and planning the window, a reading of the
/// memory before each batch, and learning from it after. The least of many windows: others run on this machine too.
pub(super) fn micros_a_batch() -> Result<f64, SimError> {
    const TEXTS: usize = 128;
    let shape = ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 };
    let limits = Limits::builder().max_batch(TEXTS).build()?;
    let mut controller = Controller::new(&limits, ControllerConfig::default())?;
    let mut cost = BestKnown::new(Analytic::new(shape)?);
    let mut random = Random::new(1);
    let mut least = f64::INFINITY;
    for _ in 0..200 {
        let lengths: Vec<usize> = (0..16 * TEXTS).map(|_| 3 + (random.uniform() * 250.0) as usize).collect();
        let mut batches = 0_u32;
        let began = Instant::now();
        let mut queue = Queue::new(&lengths, Padding::Bucketed { longest: 256 });
        while !queue.is_empty() {
            let usable = Bytes::new(4 << 30);
            controller.step(Event::Reading { usable, others: Some(0.3) });
            let budget = Budget { allowed: Allowance::of(usable), tokens: 1 << 20, largest_tensor: None };
            let Some(batch) = queue.next(&budget, &cost, &limits) else { break };
            cost.succeeded(batch.items().len(), batch.tokens());
            controller.step(Event::Success);
            black_box(&batch);
            batches += 1;
        }
        least = least.min(began.elapsed().as_secs_f64() * 1e6 / f64::from(batches));
    }
    Ok(least)
}
