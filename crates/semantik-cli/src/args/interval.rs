//! [`Interval`]: how often something is done.

use std::str::FromStr;
use std::time::Duration;

/// A time within the bounds, so that it needs no further check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval(Duration);

/// More often than this, asking a driver is itself work on the device.
const LEAST: Duration = Duration::from_millis(50);
const MOST: Duration = Duration::from_hours(1);

impl Interval {
    pub(crate) fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = read(text.trim()).filter(|time| (LEAST..=MOST).contains(time));
        found.map(Interval).ok_or_else(|| {
            format!("{text:?} is no interval; give a time from 50ms to 1h, such as 500ms, 2s or 5m")
        })
    }
}

/// A number with `ms`, `s`, `m` or `h`; seconds without.
fn read(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let seconds = match unit.trim_start() {
        "ms" => 1e-3,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read_and_seconds_need_none() {
        for (text, millis) in
            [("500ms", 500), ("1s", 1000), ("1.5s", 1500), ("2", 2000), ("5m", 300_000), ("1h", 3_600_000)]
        {
            let interval: Interval = text.parse().unwrap();
            assert_eq!(interval.get(), Duration::from_millis(millis), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_interval_is_told_the_bounds() {
        for text in
            ["", "0", "0s", "49ms", "2h", "-1s", "s", "1e3", "1.2.3s", "1 day", "NaN", "99999999999999999h"]
        {
            let error = text.parse::<Interval>().unwrap_err();
            assert!(error.contains("50ms") && error.contains("1h"), "{text:?}: {error}");
        }
    }
}
