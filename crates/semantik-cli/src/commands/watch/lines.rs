//! Readings as lines, for programs and for people.

mod json;
mod prometheus;
mod table;

use std::io::Write;
use std::time::{Duration, SystemTime};

use semantik::{Cancel, Error};

use super::device::Device;
use super::feed::Feed;
use super::rounds::{Rounds, Told};
use crate::args::WatchFormat;

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
    mut rounds: Rounds,
    (format, once): (WatchFormat, bool),
    out: &mut impl Write,
    cancel: &Cancel,
) -> Result<Ended, Error> {
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
            return Ok(Ended::Once { failed: round.iter().any(|told| told.reading.is_err()) });
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
    fn round(&mut self, round: &[Told]) -> String {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let at = |told: &Told| self.start + told.at;
        let readings = || self.devices.iter().zip(round);
        match self.format {
            WatchFormat::Jsonl => {
                readings().map(|(device, told)| json::line(device, at(told), &told.reading)).collect()
            }
            WatchFormat::Prometheus => {
                let readings: Vec<_> = readings().map(|(device, told)| (device, &told.reading)).collect();
                prometheus::exposition(&readings)
            }
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

/// The time since 1970, in milliseconds.
fn unix_millis(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
