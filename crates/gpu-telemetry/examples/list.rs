//! What memory this machine has: the host and every card, with who uses it. `cargo run -p gpu-telemetry --example list`
//!
//! With `--features wgpu`, also cards that only a graphics API knows.

#![allow(clippy::print_stdout)]

use gpu_telemetry::{ByteCount, Card, CardKind, Field, MemorySample, ProcessKind};

fn main() -> Result<(), gpu_telemetry::TelemetryError> {
    for card in gpu_telemetry::cards()? {
        println!("{card}");
        match card.sample() {
            Ok(sample) => show(&sample),
            Err(error) => println!("  {error}"),
        }
        if card.kind() != CardKind::Host {
            show_processes(&card);
        }
    }
    Ok(())
}

fn show(sample: &MemorySample) {
    let fields = [
        ("total", Field::Total, sample.total()),
        ("used", Field::Used, sample.used()),
        ("free", Field::Free, sample.free()),
        ("budget", Field::Budget, sample.budget()),
        ("this process", Field::ProcessUsed, sample.process_used()),
        ("reserved", Field::SystemReserved, sample.system_reserved()),
    ];
    for (name, field, bytes) in fields {
        // What is not known is no zero, and often says why.
        let bytes = bytes.map_or_else(|| "–".to_owned(), |bytes: ByteCount| bytes.to_string());
        let why = sample.why(field).map(|why| format!("  ({why})")).unwrap_or_default();
        println!("  {name:<13}{bytes:>11}{why}");
    }
    if let Some(headroom) = sample.headroom() {
        println!("  {:<13}{:>11}", "for new work", headroom.to_string());
    }
    if let Some(source) = sample.source() {
        println!("  from {source}");
    }
}

fn show_processes(card: &Card) {
    match card.processes() {
        Ok(processes) if processes.is_empty() => println!("  no process is listed"),
        Ok(processes) => {
            for process in processes {
                let used = process.used.map_or_else(|| "–".to_owned(), |used| used.to_string());
                let name = process.name.unwrap_or_default();
                let kind = process.kind.map(ProcessKind::as_str).unwrap_or_default();
                println!("  {:>7} {used:>11}  {name} {kind}", process.pid);
            }
        }
        Err(error) => println!("  {error}"),
    }
}
