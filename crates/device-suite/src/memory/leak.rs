//! Does anything stay when models come and go?

use embed_burn::{BurnDevice, BurnEmbedder, ModelFolder};
use gpu_telemetry::MemoryMonitor;
use serde::Serialize;

use super::{POOL_SLACK, PROCESS_SLACK, Reading, growth};
use crate::fault::Fault;
use crate::seeded::{SeededModel, Sizes};

/// What stayed after many rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeakReport {
    /// How many rounds there were after the warm-up.
    pub rounds: usize,
    /// After the warm-up.
    pub baseline: Reading,
    /// After the rounds.
    pub end: Reading,
    /// What leaked.
    pub faults: Vec<String>,
}

/// Rounds before the baseline: kernels are compiled, pools have their pages, arenas their size.
const WARM_UP: usize = 5;

/// Loads a small model, runs it, drops it and cleans the pool, `rounds` times.
///
/// # Errors
/// The device fails.
pub fn rounds(
    device: &BurnDevice,
    monitor: Option<&dyn MemoryMonitor>,
    rounds: usize,
) -> Result<LeakReport, Fault> {
    let tiny = SeededModel::new(Sizes::TINY)?;
    let folder = ModelFolder::open(tiny.path())?;
    let round = || -> Result<(), Fault> {
        let model = BurnEmbedder::load(&folder, device)?;
        model.forward(&[&[2, 4, 5, 3], &[2, 4, 3]])?;
        drop(model);
        Ok(device.cleanup()?)
    };
    (0..WARM_UP).try_for_each(|_| round())?;
    let baseline = Reading::take(device, monitor)?;
    (0..rounds).try_for_each(|_| round())?;
    let end = Reading::take(device, monitor)?;
    Ok(LeakReport { rounds, baseline, end, faults: faults(&baseline, &end) })
}

fn faults(baseline: &Reading, end: &Reading) -> Vec<String> {
    // A tensor that is never dropped shows at its first byte; pages and arenas may settle later than the warm-up.
    let limits = [
        ("tensors in the pool", growth(baseline.pool_in_use, end.pool_in_use), 0),
        ("what the pool reserved", growth(baseline.pool_reserved, end.pool_reserved), POOL_SLACK),
        ("what this process uses", growth(baseline.process_used, end.process_used), PROCESS_SLACK),
    ];
    limits
        .into_iter()
        .filter_map(|(what, grown, most)| {
            let grown = grown.filter(|&grown| grown > most)?;
            Some(format!("{what} grew by {grown} bytes, over {most}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_that_stays_is_a_leak_and_memory_that_shrinks_is_none() {
        let reading =
            |in_use| Reading { pool_in_use: Some(in_use), process_used: Some(0), ..Reading::default() };
        assert_eq!(faults(&reading(512), &reading(512)), Vec::<String>::new());
        assert_eq!(faults(&reading(512), &reading(0)), Vec::<String>::new());
        assert!(faults(&reading(512), &reading(768))[0].contains("256 bytes"));
    }
}
