//! Readings as lines, for programs and for people.

mod table;

use std::io::Write;
use std::time::{Duration, SystemTime};

use semantik::gpu_telemetry::export::{DeviceReading, json_line, prometheus};
use semantik::ledger::{DeviceKey, Holder};
use semantik::sink::json;
use semantik::{Cancel, Error};

use super::device::Device;
use super::feed::Feed;
use super::ours::{self, with_leases};
use super::rounds::{Rounds, Told};
use crate::args::WatchFormat;

/// What is written, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    pub(super) format: WatchFormat,
    pub(super) interval: Duration,
    pub(super) once: bool,
}

/// How a run of lines ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// One round was asked for; whether a device of it failed.
    Once {
        failed: bool,
    },
    Interrupted,
}

/// How long a signal may go unnoticed.
const BLINK: Duration = Duration::from_millis(50);

/// Writes round after round, each whole, until there is an interrupt; or one.
///
/// # Errors
/// The output cannot be written.
pub(super) fn run(
    feed: &Feed,
    devices: &[Device],
    lines: Lines,
    out: &mut impl Write,
    cancel: &Cancel,
) -> Result<Ended, Error> {
    let Lines { format, interval, once } = lines;
    let mut rounds = if once { Rounds::once(devices.len()) } else { Rounds::each(devices.len(), interval) };
    let mut writer = Writer { devices, format, is_first: true, ours: ours::ours };
    loop {
        if cancel.is_set() {
            return Ok(Ended::Interrupted);
        }
        if let Some(arrival) = feed.next_within(BLINK) {
            rounds.take(arrival);
        }
        let Some(round) = rounds.finish(feed.now(), SystemTime::now()) else { continue };
        let written = out.write_all(writer.round(&round).as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
        if once {
            let failed = round.iter().flatten().any(|told| told.reading.is_err());
            return Ok(Ended::Once { failed });
        }
    }
}

#[derive(Debug)]
struct Writer<'a> {
    devices: &'a [Device],
    format: WatchFormat,
    is_first: bool,
    /// This user's own processes on a device.
    ours: fn(&DeviceKey) -> Vec<Holder>,
}

impl Writer<'_> {
    fn round(&mut self, round: &[Option<Told>]) -> String {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let readings =
            || self.devices.iter().zip(round).filter_map(|(device, told)| Some((device, told.as_ref()?)));
        let exported = |(device, told): (&Device, &Told)| DeviceReading {
            device: device.name.clone(),
            identity: device.identity,
            is_host: device.is_host,
            outcome: told.reading.clone().map_err(|trouble| trouble.to_error(&device.name)),
        };
        match self.format {
            WatchFormat::Jsonl => {
                let line = |of: (&Device, &Told)| {
                    with_leases(json_line(&exported(of), of.1.clock), &(self.ours)(&of.0.key))
                };
                json::escaped(readings().map(line).collect())
            }
            WatchFormat::Prometheus => prometheus(&readings().map(exported).collect::<Vec<_>>()),
            WatchFormat::Text => {
                let heading = if is_first { table::heading(self.devices) } else { String::new() };
                let line = |(device, told): (&Device, &Told)| {
                    let line = table::line(self.devices, device, told.clock, &told.reading);
                    let below = |holder: &Holder| format!("{:9} {}\n", "", ours::line(holder));
                    line + &(self.ours)(&device.key).iter().map(below).collect::<String>()
                };
                heading + &readings().map(line).collect::<String>()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use semantik::gpu_telemetry::MemorySample;

    use super::*;

    #[test]
    fn a_line_has_the_time_of_day_at_which_it_was_asked_for_however_clocks_step() {
        let devices = [Device {
            name: "card".to_owned(),
            specs: Vec::new(),
            identity: None,
            is_host: false,
            key: semantik::ledger::DeviceKey::host(),
        }];
        let mut writer =
            Writer { devices: &devices, format: WatchFormat::Jsonl, is_first: true, ours: |_| Vec::new() };
        // The machine slept for an hour, and then somebody set its clock back.
        for unix_ms in [10_000_000, 13_600_000, 60_000] {
            let clock = SystemTime::UNIX_EPOCH + Duration::from_millis(unix_ms);
            let line = writer.round(&[Some(Told { clock, reading: Ok(MemorySample::default()) })]);
            assert!(line.starts_with(&format!("{{\"unix_ms\":{unix_ms},")), "{line}");
        }
    }
}
