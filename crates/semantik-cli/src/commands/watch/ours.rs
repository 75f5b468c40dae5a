//! This user's own processes that embed on a device, as they tell each other.

use std::fmt::Write;

use semantik::ledger::{DeviceKey, Holder, shares};

use super::words;

/// Those that live.
pub(super) fn ours(key: &DeviceKey) -> Vec<Holder> {
    shares(key).map(|shares| shares.holders).unwrap_or_default()
}

/// What it holds, its id, what it was promised and whether it waits.
pub(super) fn line(holder: &Holder) -> String {
    let Holder { pid, promised, held, waiting, .. } = holder;
    let waiting = waiting.map(|time| format!(", waits {}", words::time(time))).unwrap_or_default();
    format!("{:>11} {pid:>8}  yours, promised {promised}{waiting}", held.to_string())
}

/// The line of JSON of a device, with its holders.
pub(super) fn with_leases(line: String, ours: &[Holder]) -> String {
    let Some(open) = line.strip_suffix("}\n").filter(|_| !ours.is_empty()) else { return line };
    let mut line = format!("{open},\"leases\":[");
    for (at, holder) in ours.iter().enumerate() {
        let Holder { pid, promised, held, idle, waiting } = holder;
        // Writing to a string does not fail.
        let _ = write!(
            line,
            "{}{{\"pid\":{pid},\"promised_bytes\":{},\"held_bytes\":{},\"idle_bytes\":{}",
            if at > 0 { "," } else { "" },
            promised.get(),
            held.get(),
            idle.get()
        );
        if let Some(time) = waiting {
            let _ = write!(line, ",\"waiting_seconds\":{:.3}", time.as_secs_f64());
        }
        line.push('}');
    }
    line + "]}\n"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use semantik::gpu_telemetry::ByteCount;

    use super::*;

    fn holder(pid: u32, waiting: Option<u64>) -> Holder {
        Holder {
            pid,
            promised: ByteCount::GIB,
            held: ByteCount::MIB,
            idle: ByteCount::KIB,
            waiting: waiting.map(Duration::from_secs),
        }
    }

    #[test]
    fn a_line_of_json_has_the_holders_and_stays_json() {
        let line = with_leases("{\"device\":\"host\"}\n".to_owned(), &[holder(7, None), holder(8, Some(65))]);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line.lines().count(), 1);
        assert_eq!(
            (&value["leases"][0]["pid"], &value["leases"][0]["promised_bytes"]),
            (&7.into(), &(1 << 30).into())
        );
        assert_eq!(
            (&value["leases"][0]["waiting_seconds"], &value["leases"][1]["waiting_seconds"]),
            (&serde_json::Value::Null, &65.0.into())
        );
        assert_eq!(with_leases("{}\n".to_owned(), &[]), "{}\n");
    }

    #[test]
    fn a_line_for_people_says_who_waits() {
        assert_eq!(
            line(&holder(4711, Some(65))),
            "   1.00 MiB     4711  yours, promised 1.00 GiB, waits 1m 05s"
        );
        assert!(!line(&holder(4711, None)).contains("waits"));
    }
}
