//! The peak of a piece of work, and whether its memory came back. `cargo run -p gpu-telemetry --example peak [MiB]`
//!
//! The work here is on the host. With a card it is the same: another monitor, and work that waits for the card.

#![allow(clippy::print_stdout)]

use gpu_telemetry::{HostMonitor, LeakCheck, Sampler, TelemetryError};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mib: usize = std::env::args().nth(1).map_or(Ok(256), |text| text.parse())?;
    let monitor = HostMonitor::new();
    let sampler = Sampler::start(monitor.clone())?;
    let before = LeakCheck::begin(&monitor, None)?;

    let mark = sampler.mark();
    let sum = work(mib);
    let report = mark.end();

    println!("{mib} MiB of bytes, whose sum is {sum}, took {:.1?}", report.elapsed);
    println!("{} samples were taken meanwhile, {} failed", report.samples, report.failures);
    if let Some(peak) = report.peak.process_used {
        println!("this process held {peak} at the most that was seen");
    }
    if let Some(rise) = report.rise().process_used {
        println!("that is {rise} more than before");
    }
    println!("{}", after(&before, &monitor)?);
    Ok(())
}

/// Bytes that are written, so that the system really gives them, and are gone at the end.
fn work(mib: usize) -> u64 {
    let bytes = vec![1_u8; mib << 20];
    bytes.iter().map(|byte| u64::from(*byte)).sum()
}

fn after(before: &LeakCheck, monitor: &HostMonitor) -> Result<String, TelemetryError> {
    Ok(before.end(monitor, None)?.to_string())
}
