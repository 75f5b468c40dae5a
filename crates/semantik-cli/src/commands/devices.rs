//! `semantik devices`: what there is to compute on.

use std::io::Write;
use std::process::ExitCode;

use semantik::devices::{DeviceReport, list, watched};
use semantik::gpu_telemetry::ByteCount;
use semantik::sink::json;

use super::tell_hidden_cards;
use crate::args::{DevicesArgs, ListFormat};
use crate::output::Output;
use crate::report::Failure;
use crate::shown;
use crate::text::one_line;

pub(crate) fn run(args: &DevicesArgs) -> Result<ExitCode, Failure> {
    let devices = list();
    tell_hidden_cards();
    let mut out = Output::open(None)?;
    let written = match args.format {
        ListFormat::Json => json::to_writer_pretty(&mut out, &devices).and_then(|()| out.write_all(b"\n")),
        ListFormat::Text => {
            let mut lines = devices.iter().map(for_people).chain(out_of_reach());
            lines.try_for_each(|line| shown::write(&mut out, &line))
        }
    };
    let written = written.and_then(|()| out.flush());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

fn for_people(device: &DeviceReport) -> String {
    if let Some(reason) = &device.reason {
        return line(&device.spec, &format!("not available: {reason}"), "");
    }
    let mut said = device.name.clone();
    if device.software {
        said += ", computed on the processor";
    }
    said += &memory_for_people(device);
    line(&device.spec, &said, if device.auto { "  ← auto" } else { "" })
}

/// What `--backend` calls a device, and what is said of it, of which drivers give the names and the reasons.
fn line(spec: &str, said: &str, mark: &str) -> String {
    format!("{spec:<8} {}{mark}\n", one_line(said))
}

/// The cards that are there and that no backend of this build computes on.
fn out_of_reach() -> impl Iterator<Item = String> {
    let cards = watched().into_iter().filter(|device| device.specs.is_empty());
    let why = match std::env::var_os("CUDA_VISIBLE_DEVICES") {
        Some(_) => "hidden by CUDA_VISIBLE_DEVICES, or out of the reach of this build's backends",
        None => "no backend of this build reaches it",
    };
    cards.map(move |card| {
        let said = match card.monitor.sample() {
            Ok(sample) => {
                let free = sample.free();
                let free = free.map_or_else(|| "memory not known".to_owned(), |free| format!("{free} free"));
                format!("{}, {free}: {why}", card.name)
            }
            // Most errors begin with the name of what they are about.
            Err(error) if error.to_string().starts_with(&card.name) => error.to_string(),
            Err(error) => format!("{}: {error}", card.name),
        };
        line("-", &said, "")
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

#[cfg(test)]
mod tests {
    use semantik::devices::MemoryReport;

    use super::*;

    #[test]
    fn a_driver_cannot_write_to_the_terminal() {
        let evil = "Ca\u{1b}[2Jrd\nof \u{9b}31mred";
        let device = DeviceReport {
            backend: "wgpu",
            spec: "wgpu:0".to_owned(),
            name: evil.to_owned(),
            present: true,
            software: false,
            auto: true,
            pci: None,
            reason: None,
            memory_error: Some(evil.to_owned()),
            memory: MemoryReport::default(),
        };
        let line = for_people(&device);
        assert_eq!(
            line,
            "wgpu:0   Ca\\x1b[2Jrd of \\x9b31mred, memory not known: Ca\\x1b[2Jrd of \\x9b31mred  ← auto\n",
            "nothing but its own end of the line is left"
        );
        let absent = for_people(&DeviceReport { reason: Some(evil.to_owned()), ..device });
        assert_eq!(absent, "wgpu:0   not available: Ca\\x1b[2Jrd of \\x9b31mred\n");
    }
}
