//! `semantik-device hold`: a neighbour on the same device, that takes its memory.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use embed_burn::{Allocation, BurnDevice};
use semantik::devices::monitor;
use semantik::gpu_telemetry::{ByteCount, MemoryMonitor};

use crate::failure::Failure;
use crate::options::Options;

pub(crate) const USAGE: &str = "\
hold [--backend BACKEND] --leave MIB [--step MIB] [--seconds N]
    Takes the device's memory until about that many MiB are free, says so, and keeps it for N seconds
    (default 60). With --step, it then takes so many more and gives them back, each for 0.3 seconds, in
    turn. For seeing what another process does beside it.";

const MIB: u64 = 1 << 20;
const SECONDS: f64 = 60.0;
/// How long the neighbour that takes and gives does each.
const TURN: Duration = Duration::from_millis(300);
/// At once: a tensor that every backend can address.
const MOST: u64 = 1024 * MIB;
/// Nearer than this to what is to be left is near enough: a driver's own page on cards of NVIDIA has 2 MiB, and pools round.
const NEAR: u64 = 8 * MIB;

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &["backend", "leave", "step", "seconds"], false)?;
    let leave = options.leave.ok_or_else(|| Failure::usage("hold needs --leave"))? * MIB;
    let device = options.device()?;
    let monitor = monitor(&device)
        .ok_or_else(|| Failure::failed(format!("nothing tells how much of {} is free", device.name())))?;
    let end = Instant::now() + Duration::from_secs_f64(options.seconds.unwrap_or(SECONDS));
    let held = take(&device, monitor.as_ref(), leave)?;
    let bytes: u64 = held.iter().map(Allocation::bytes).sum();
    println!("holds {}, {} free", ByteCount::new(bytes), ByteCount::new(free(monitor.as_ref())?));
    while Instant::now() < end {
        let Some(step) = options.step else {
            sleep(TURN);
            continue;
        };
        // Where the other has taken it, there is nothing to take: that is what this is for.
        let taken = device.allocate(step * MIB).ok();
        sleep(TURN);
        drop(taken);
        // Best effort, for the same reason.
        let _ = device.cleanup();
        sleep(TURN);
    }
    drop(held);
    Ok(ExitCode::SUCCESS)
}

/// Takes half of what is too much again and again, so that what pools and pages add is seen before it is too late. Where that
/// is refused, half as much: pools take pages from the device that are larger than what is asked of them, and the larger the
/// more is asked.
fn take(device: &BurnDevice, monitor: &dyn MemoryMonitor, leave: u64) -> Result<Vec<Allocation>, Failure> {
    let mut held = Vec::new();
    let mut most = MOST.min(device.largest_tensor().unwrap_or(u64::MAX));
    loop {
        let too_much = free(monitor)?.saturating_sub(leave);
        if too_much < NEAR || most < NEAR / 2 {
            return Ok(held);
        }
        let next = (too_much / 2).max(NEAR / 2).min(most);
        match device.allocate(next) {
            Ok(allocation) => held.push(allocation),
            Err(_) => most = next / 2,
        }
    }
}

fn free(monitor: &dyn MemoryMonitor) -> Result<u64, Failure> {
    let sample = monitor.sample().map_err(|error| Failure::failed(error.to_string()))?;
    let free = sample.free().or_else(|| sample.headroom());
    free.map(ByteCount::get)
        .ok_or_else(|| Failure::failed(format!("{} tells no free memory", monitor.name())))
}
