//! `semantik devices`: what there is to compute on.

use std::io::Write;
use std::process::ExitCode;

use semantik::devices::{DeviceReport, hidden_cards, list, watched};
use semantik::gpu_telemetry::ByteCount;

use crate::args::{DevicesArgs, ListFormat};
use crate::output::Output;
use crate::report::Failure;

pub(crate) fn run(args: &DevicesArgs) -> Result<ExitCode, Failure> {
    let devices = list();
    if let Some(problem) = hidden_cards() {
        eprintln!("note: {problem}");
    }
    let mut out = Output::open(None)?;
    let written = match args.format {
        ListFormat::Json => serde_json::to_writer_pretty(&mut out, &devices)
            .map_err(std::io::Error::from)
            .and_then(|()| out.write_all(b"\n")),
        ListFormat::Text => {
            let mut lines = devices.iter().map(for_people).chain(out_of_reach());
            lines.try_for_each(|line| out.write_all(line.as_bytes()))
        }
    };
    let written = written.and_then(|()| out.flush());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

fn for_people(device: &DeviceReport) -> String {
    let mut line = format!("{:<8} ", device.spec);
    if let Some(reason) = &device.reason {
        return format!("{line}not available: {reason}\n");
    }
    line += &device.name;
    if device.software {
        line += ", computed on the processor";
    }
    line += &memory_for_people(device);
    if device.auto {
        line += "  ← auto";
    }
    line + "\n"
}

/// The cards that are there and that no backend of this build computes on.
fn out_of_reach() -> impl Iterator<Item = String> {
    let cards = watched().into_iter().filter(|device| device.specs.is_empty());
    let why = match std::env::var_os("CUDA_VISIBLE_DEVICES") {
        Some(_) => "hidden by CUDA_VISIBLE_DEVICES, or out of the reach of this build's backends",
        None => "no backend of this build reaches it",
    };
    cards.map(move |card| match card.monitor.sample() {
        Ok(sample) => {
            let free =
                sample.free().map_or_else(|| "memory not known".to_owned(), |free| format!("{free} free"));
            format!("-        {}, {free}: {why}\n", card.name)
        }
        Err(error) => format!("-        {}: {error}\n", card.name),
    })
}

/// What of the memory is known, in the order in which it says most.
fn memory_for_people(device: &DeviceReport) -> String {
    let bytes = |count: u64| ByteCount::new(count);
    let memory = &device.memory;
    match (memory.free, memory.total, memory.budget, memory.process_used) {
        _ if device.memory_error.is_some() => {
            format!(", memory not known: {}", device.memory_error.as_deref().unwrap_or_default())
        }
        (Some(free), Some(total), ..) => format!(", {} of {} free", bytes(free), bytes(total)),
        (_, _, Some(budget), Some(used)) => {
            format!(
                ", {} of {} granted to this process free",
                bytes(budget.saturating_sub(used)),
                bytes(budget)
            )
        }
        (_, Some(total), ..) => format!(", {} in all, use not known", bytes(total)),
        _ => ", memory not known".to_owned(),
    }
}
