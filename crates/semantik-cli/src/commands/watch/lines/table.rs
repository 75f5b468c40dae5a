//! A line for each device, for people.

use std::time::SystemTime;

use super::super::device::Device;
use super::super::level::Level;
use super::super::reading::Reading;
use super::super::words::{self, padded};

const BYTES: usize = 11;
/// A longer name is cut, so that the line fits a terminal of 100 columns.
const NAME: usize = 24;

pub(super) fn heading(devices: &[Device]) -> String {
    let mut line = format!("{:<9} {}", "UTC", padded("device", name_width(devices)));
    for title in ["used", "total", "budget", "process", "headroom"] {
        line += &format!("{title:>BYTES$}");
    }
    line + "  usage level\n"
}

pub(super) fn line(devices: &[Device], device: &Device, at: SystemTime, reading: &Reading) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut line =
        format!("{hours:02}:{minutes:02}:{seconds:02}  {}", padded(&device.name, name_width(devices)));
    match reading {
        Ok(sample) => {
            let values =
                [sample.used(), sample.total(), sample.budget(), sample.process_used(), sample.headroom()];
            for bytes in values {
                line += &format!("{:>BYTES$}", words::bytes(bytes));
            }
            let usage = sample.usage();
            let level = usage.map_or(words::UNKNOWN, |usage| Level::of(usage).as_str());
            line += &format!("{:>7} {level}", words::percent(usage));
        }
        Err(trouble) => line += &format!("  no sample: {trouble}"),
    }
    line.truncate(line.trim_end().len());
    line + "\n"
}

fn name_width(devices: &[Device]) -> usize {
    devices.iter().map(|device| words::columns(&device.name)).max().unwrap_or(0).clamp(6, NAME)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use semantik::gpu_telemetry::{ByteCount, MemorySample, TelemetryError};

    use super::super::super::reading::Trouble;
    use super::*;

    #[test]
    fn the_table_is_readable() {
        let devices = ["NVIDIA GeForce RTX 4090 Laptop GPU", "host"].map(|name| Device {
            name: name.to_owned(),
            specs: Vec::new(),
            identity: None,
            is_host: false,
            key: semantik::ledger::DeviceKey::host(),
        });
        let mib = |count| ByteCount::MIB.saturating_mul(count);
        let sample = MemorySample::builder().total(mib(16_000)).used(mib(13_500)).free(mib(2400));
        let lost = TelemetryError::lost("card", "fell off\nthe bus");
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 + 3723);
        let text = heading(&devices)
            + &line(&devices, &devices[0], at, &Ok(sample.build().unwrap()))
            + &line(&devices, &devices[1], at, &Err(Trouble::Failed(lost)));
        assert_eq!(
            text,
            "\
UTC       device                         used      total     budget    process   headroom  usage level
01:02:03  NVIDIA GeForce RTX 4090…  13.18 GiB  15.62 GiB          –          –   2.34 GiB    85% high
01:02:03  host                      no sample: card is gone: fell off the bus
"
        );
    }
}
