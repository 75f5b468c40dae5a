//! What it costs to watch the host's memory at ten samples a second: the CPU time of the sampler's thread, as a share of
//! one core. Linux only. `cargo run --release -p gpu-telemetry --example sampler_cost [seconds] [samples a second]`

#![allow(clippy::print_stdout)]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::time::{Duration, Instant};

    use gpu_telemetry::{HostMonitor, Sampler};

    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let rate: f64 = arguments.next().map_or(Ok(10.0), |text| text.parse())?;
    let sampler =
        Sampler::builder(HostMonitor::new()).interval(Duration::from_secs_f64(1.0 / rate)).start()?;
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(seconds));
    let cpu = cpu_time_of("memory-sampler")?;
    let elapsed = began.elapsed();
    let (samples, failures) = sampler.counts();
    let share = cpu.as_secs_f64() / elapsed.as_secs_f64();
    let each = cpu.as_secs_f64() * 1e6 / (samples + failures).max(1) as f64;
    println!(
        "{samples} samples, {failures} errors in {elapsed:.1?}: {:.4}% of a core, {each:.0} µs each",
        share * 100.0
    );
    Ok(())
}

/// The time that a thread of this process was on a CPU, by its name.
fn cpu_time_of(name: &str) -> Result<std::time::Duration, Box<dyn std::error::Error>> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim() == name {
            // Nanoseconds on a CPU, waiting for one, and how often.
            let stat = std::fs::read_to_string(task.join("schedstat"))?;
            let on_cpu = stat.split_whitespace().next().unwrap_or_default();
            return Ok(std::time::Duration::from_nanos(on_cpu.parse()?));
        }
    }
    Err(format!("there is no thread {name}").into())
}
