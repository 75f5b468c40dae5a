//! `semantik-device devices`: what there is.

use std::process::ExitCode;

use semantik::devices::{DeviceReport, list};
use semantik::gpu_telemetry::ByteCount;

use crate::failure::Failure;
use crate::options::Options;

pub(crate) const USAGE: &str = "\
devices [--format text|json|lines]
    Every backend, its devices, and their memory. `lines` is for scripts: spec, present|absent,
    hardware|software, and the name or the reason, between tabs.";

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &["format"], false)?;
    let devices = list();
    match options.format.as_deref().unwrap_or("text") {
        "json" => {
            let text =
                serde_json::to_string_pretty(&devices).map_err(|error| Failure::failed(error.to_string()))?;
            println!("{text}");
        }
        "lines" => devices.iter().for_each(|device| println!("{}", for_scripts(device))),
        "text" => devices.iter().for_each(|device| println!("{}", for_people(device))),
        other => return Err(Failure::usage(format!("--format {other}: known are text, json and lines"))),
    }
    Ok(ExitCode::SUCCESS)
}

fn for_scripts(device: &DeviceReport) -> String {
    let present = if device.present { "present" } else { "absent" };
    let hardware = if device.software { "software" } else { "hardware" };
    format!("{}\t{present}\t{hardware}\t{}", device.spec, device.reason.as_ref().unwrap_or(&device.name))
}

fn for_people(device: &DeviceReport) -> String {
    if let Some(reason) = &device.reason {
        return format!("{:<8} not available: {reason}", device.spec);
    }
    let mut line = format!("{:<8} {}", device.spec, device.name);
    if device.software {
        line += ", computed on the processor";
    }
    if let (Some(free), Some(total)) = (device.memory.free, device.memory.total) {
        line += &format!(", {} of {} free", ByteCount::new(free), ByteCount::new(total));
    }
    if device.auto {
        line += "  ← auto";
    }
    line
}
