//! `semantik devices`: what there is to compute on.

use std::io::Write;
use std::process::ExitCode;

use semantik::devices::{
    DeviceReport, ListedDevice, MemoryReport, ProcessReport, UnreachedCard, list, list_with_processes,
    unreached, unreached_with_processes, watched,
};
use semantik::gpu_telemetry::ByteCount;
use semantik::sink::json;

use super::tell_hidden_cards;
use crate::args::{DevicesArgs, ListFormat};
use crate::output::Output;
use crate::report::Failure;
use crate::shown;
use crate::text::one_line;

pub(crate) fn run(args: &DevicesArgs) -> Result<ExitCode, Failure> {
    let (devices, cards) = if args.verbose {
        (list_with_processes(), unreached_with_processes(&watched()))
    } else {
        (list(), unreached(&watched()))
    };
    tell_hidden_cards();
    let entries: Vec<ListedDevice> = devices
        .into_iter()
        .map(ListedDevice::Device)
        .chain(cards.into_iter().map(ListedDevice::Card))
        .collect();
    let mut out = Output::open(None)?;
    let written = match args.format {
        ListFormat::Json => json::to_writer_pretty(&mut out, &entries).and_then(|()| out.write_all(b"\n")),
        ListFormat::Text => {
            entries.iter().map(for_people).try_for_each(|lines| shown::write(&mut out, &lines))
        }
    };
    let written = written.and_then(|()| out.flush());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

fn for_people(entry: &ListedDevice) -> String {
    let (line, processes) = match entry {
        ListedDevice::Device(device) => (device_line(device), &device.processes),
        ListedDevice::Card(card) => (card_line(card), &card.processes),
    };
    line + &processes.iter().flatten().map(process_line).collect::<String>()
}

fn device_line(device: &DeviceReport) -> String {
    if let Some(reason) = &device.reason {
        return line(&device.spec, &format!("not available: {reason}"), "");
    }
    let mut said = device.name.clone();
    if device.software {
        said += ", computed on the processor";
    }
    said += &memory_for_people(&device.memory, device.memory_error.as_deref());
    line(&device.spec, &said, if device.auto { "  ← auto" } else { "" })
}

/// A card that is there and that no backend of this build computes on, or what should tell of cards.
fn card_line(card: &UnreachedCard) -> String {
    let said = match &card.memory_error {
        // Most errors begin with the name of what they are about.
        Some(error) if error.starts_with(&card.name) => error.clone(),
        Some(error) => format!("{}: {error}", card.name),
        None => {
            let free = card.memory.free;
            let free = free.map_or_else(
                || "memory not known".to_owned(),
                |free| format!("{} free", ByteCount::new(free)),
            );
            format!("{}, {free}: {}", card.name, card.reason.as_deref().unwrap_or_default())
        }
    };
    line("-", &said, "")
}

/// Who uses the device above.
fn process_line(process: &ProcessReport) -> String {
    let used = process.used.map_or_else(|| "–".to_owned(), |used| ByteCount::new(used).to_string());
    let name = process.name.as_deref().unwrap_or("–");
    let kind = process.kind.map(|kind| format!(", {kind}")).unwrap_or_default();
    format!("{:<8} {:>7} {used:>11}  {}\n", "", process.pid, one_line(&format!("{name}{kind}")))
}

/// What `--backend` calls a device, and what is said of it, of which drivers give the names and the reasons.
fn line(spec: &str, said: &str, mark: &str) -> String {
    format!("{spec:<8} {}{mark}\n", one_line(said))
}

/// What of the memory is known, in the order in which it says most.
fn memory_for_people(memory: &MemoryReport, error: Option<&str>) -> String {
    let bytes = |count: u64| ByteCount::new(count);
    match (memory.free, memory.total, memory.budget, memory.process_used) {
        _ if error.is_some() => format!(", memory not known: {}", error.unwrap_or_default()),
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
            processes: Some(vec![ProcessReport {
                pid: 7,
                name: Some(evil.to_owned()),
                used: Some(1 << 20),
                kind: Some("compute"),
            }]),
        };
        let line = device_line(&device);
        assert_eq!(
            line,
            "wgpu:0   Ca\\x1b[2Jrd of \\x9b31mred, memory not known: Ca\\x1b[2Jrd of \\x9b31mred  ← auto\n",
            "nothing but its own end of the line is left"
        );
        let listed = process_line(&device.processes.as_ref().unwrap()[0]);
        assert_eq!(listed, "               7    1.00 MiB  Ca\\x1b[2Jrd of \\x9b31mred, compute\n");
        let absent = device_line(&DeviceReport { reason: Some(evil.to_owned()), ..device });
        assert_eq!(absent, "wgpu:0   not available: Ca\\x1b[2Jrd of \\x9b31mred\n");
    }
}
