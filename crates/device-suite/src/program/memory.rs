//! `semantik-device memory`: the pool and the monitor against known sizes.

use std::process::ExitCode;

use device_suite::memory::{known_sizes, nvidia_smi, rounds, sizes_for, unload};
use semantik::devices::monitor;
use serde_json::json;

use crate::failure::{Failure, exit};
use crate::model::Model;
use crate::options::{Options, print_line};

pub(crate) const USAGE: &str = "\
memory [--backend BACKEND] [--model MODEL] [--rounds N]
    Takes known sizes and watches pool and monitor; loads, runs and unloads the model; asks nvidia-smi
    the same as the monitor, where both are there; loads and drops a small model N times (default 200)
    and says what stayed. JSON lines; 1 if anything does not hold.";

/// The batch of the model's stay: small enough for a software GPU.
const BATCH: (usize, usize) = (4, 32);

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &["backend", "model", "rounds"], false)?;
    let model = Model::open(options.model.as_deref())?;
    let device = options.device()?;
    let monitor = monitor(&device);
    let monitor = monitor.as_deref();
    let mut faults = 0;
    let watched = json!({
        "monitor": monitor.map(semantik::gpu_telemetry::MemoryMonitor::name),
        "pool": device.pool_usage().is_some(),
        "largest_tensor": device.largest_tensor(),
        "host_memory": device.is_host_memory(),
    });
    print_line("watched", &device, &watched)?;
    for report in known_sizes(&device, monitor, &sizes_for(&device, monitor))? {
        faults += report.faults.len();
        print_line("known size", &device, &report)?;
    }
    // While something is held, so that a percent is more than rounding.
    let held = sizes_for(&device, monitor).last().map(|&bytes| device.allocate(bytes)).transpose();
    let beside = match (&held, monitor) {
        (Err(error), _) => json!({"skipped": error.to_string()}),
        (_, None) => json!({"skipped": "this device has no monitor"}),
        // The host's memory is not what nvidia-smi tells of.
        (_, Some(_)) if device.is_host_memory() => json!({"skipped": "its memory is the host's"}),
        (_, Some(monitor)) => match nvidia_smi(monitor)? {
            None => json!({"skipped": "there is no nvidia-smi"}),
            Some(beside) => {
                faults += usize::from(!beside.agrees);
                json!(beside)
            }
        },
    };
    print_line("nvidia-smi", &device, &beside)?;
    drop(held);
    let report = unload(&device, monitor, &model.folder, BATCH)?;
    faults += report.faults.len();
    print_line("unload", &device, &report)?;
    let report = rounds(&device, monitor, options.rounds.unwrap_or(200))?;
    faults += report.faults.len();
    print_line("leak", &device, &report)?;
    Ok(exit(faults == 0))
}
