//! Readings as lines, for programs and for people.

mod table;

use std::io::Write;
use std::time::{Duration, SystemTime};

use semantik::gpu_telemetry::export::{DeviceReading, json_line, prometheus};
use semantik::{Cancel, Error};

use super::device::Device;
use super::feed::Feed;
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
    let mut rounds =
        if once { Rounds::once(devices.len(), interval) } else { Rounds::each(devices.len(), interval) };
    let mut writer = Writer { devices, format, start: SystemTime::now(), is_first: true };
    loop {
        if cancel.is_set() {
            return Ok(Ended::Interrupted);
        }
        if let Some(arrival) = feed.next_within(BLINK) {
            rounds.take(arrival);
        }
        let Some(round) = rounds.finish(feed.now()) else { continue };
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
    start: SystemTime,
    is_first: bool,
}

impl Writer<'_> {
    fn round(&mut self, round: &[Option<Told>]) -> String {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let at = |told: &Told| self.start + told.at;
        let readings =
            || self.devices.iter().zip(round).filter_map(|(device, told)| Some((device, told.as_ref()?)));
        let exported = |(device, told): (&Device, &Told)| DeviceReading {
            device: device.name.clone(),
            identity: device.identity,
            outcome: told.reading.clone().map_err(|trouble| trouble.to_error(&device.name)),
        };
        match self.format {
            WatchFormat::Jsonl => {
                let line = |of: (&Device, &Told)| json_line(&exported(of), at(of.1));
                readings().map(line).collect()
            }
            WatchFormat::Prometheus => prometheus(&readings().map(exported).collect::<Vec<_>>()),
            WatchFormat::Text => {
                let heading = if is_first { table::heading(self.devices) } else { String::new() };
                let line = |(device, told): (&Device, &Told)| {
                    table::line(self.devices, device, at(told), &told.reading)
                };
                heading + &readings().map(line).collect::<String>()
            }
        }
    }
}
