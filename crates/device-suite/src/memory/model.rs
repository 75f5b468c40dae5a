//! M4: is the memory of a model back when it is gone?

use embed_burn::{BurnDevice, BurnEmbedder, ModelFolder};
use gpu_telemetry::MemoryMonitor;
use serde::Serialize;

use super::{POOL_SLACK, PROCESS_SLACK, Reading, growth};
use crate::fault::Fault;

/// A model's stay on a device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelReport {
    /// Before it, after it had been there once.
    pub baseline: Reading,
    /// With its weights on the device.
    pub loaded: Reading,
    /// After its batches: what the pool reserved is the highest it ever needed.
    pub ran: Reading,
    /// After it was dropped and the pool cleaned.
    pub unloaded: Reading,
    /// What did not come back.
    pub faults: Vec<String>,
}

/// Loads the model, runs `items` texts of `tokens` tokens, drops it, and cleans the pool; twice, and the second time is
/// measured: the first also brings compiled kernels, which stay for the life of a process.
///
/// # Errors
/// The device fails.
pub fn unload(
    device: &BurnDevice,
    monitor: Option<&dyn MemoryMonitor>,
    folder: &ModelFolder,
    (items, tokens): (usize, usize),
) -> Result<ModelReport, Fault> {
    let stay = || -> Result<[Reading; 4], Fault> {
        let baseline = Reading::take(device, monitor)?;
        let model = BurnEmbedder::load(folder, device)?;
        let loaded = Reading::take(device, monitor)?;
        let ids = model.tokenize(&"memory ".repeat(tokens))?.ids;
        model.forward(&vec![&ids[..tokens.min(ids.len())]; items])?;
        let ran = Reading::take(device, monitor)?;
        drop(model);
        device.cleanup()?;
        Ok([baseline, loaded, ran, Reading::take(device, monitor)?])
    };
    stay()?;
    let [baseline, loaded, ran, unloaded] = stay()?;
    let faults = faults(&baseline, &ran, &unloaded);
    Ok(ModelReport { baseline, loaded, ran, unloaded, faults })
}

/// What stayed may be a tenth of what was taken, and what pools and drivers keep.
fn faults(baseline: &Reading, ran: &Reading, unloaded: &Reading) -> Vec<String> {
    let compare = |what: &str, of: fn(&Reading) -> Option<u64>, slack: i64| {
        let (taken, stayed) = (growth(of(baseline), of(ran))?, growth(of(baseline), of(unloaded))?);
        let most = (taken / 10).max(0) + slack;
        (stayed > most).then(|| format!("of the {taken} bytes that {what}, {stayed} stayed, over {most}"))
    };
    [
        compare("tensors used", |reading| reading.pool_in_use, 0),
        compare("the pool reserved", |reading| reading.pool_reserved, POOL_SLACK),
        compare("the monitor saw", Reading::seen, PROCESS_SLACK),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_may_stay_and_no_more() {
        let reading = |in_use| Reading { pool_in_use: Some(in_use), ..Reading::default() };
        let faults = |stayed: u64| faults(&reading(1000), &reading(2000), &reading(1000 + stayed));
        assert_eq!(faults(100), Vec::<String>::new());
        assert!(faults(101)[0].contains("101 stayed"), "{:?}", faults(101));
    }
}
