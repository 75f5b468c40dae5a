//! A monitor beside `nvidia-smi`.

use std::process::Command;

use gpu_telemetry::{ByteCount, MemoryMonitor, PciAddress};
use serde::Serialize;

use crate::fault::Fault;

/// The same card at the same moment, told by two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Beside {
    /// total − free, by the monitor: what is not to be had, whoever holds it.
    pub monitor_bytes: u64,
    /// total − free, by `nvidia-smi`.
    pub nvidia_smi_bytes: u64,
    /// The card's memory, by `nvidia-smi`.
    pub total_bytes: u64,
    /// Their difference, as a share of what `nvidia-smi` says.
    pub difference: f64,
    /// Whether that is at most 1%, or 2 MiB, since `nvidia-smi` rounds each of its two numbers to a whole one.
    pub agrees: bool,
}

/// Asks both; `None` where there is no `nvidia-smi`.
///
/// # Errors
/// Either says something that cannot be read, or `nvidia-smi` does not know the monitor's card.
pub fn nvidia_smi(monitor: &dyn MemoryMonitor) -> Result<Option<Beside>, Fault> {
    let mut command = Command::new("nvidia-smi");
    command.args(["--query-gpu=pci.bus_id,memory.total,memory.free", "--format=csv,noheader,nounits"]);
    let Ok(output) = command.output() else { return Ok(None) };
    if !output.status.success() {
        return Err(Fault::new(format!(
            "nvidia-smi failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    let sample = monitor.sample()?;
    let (Some(total), Some(free)) = (sample.total(), sample.free()) else {
        return Err(Fault::new(format!("{} does not tell total and free", monitor.name())));
    };
    let card = monitor.identity().and_then(|identity| identity.pci);
    let (smi_total, smi_free) = find(&String::from_utf8_lossy(&output.stdout), card)?;
    Ok(Some(compare(total.saturating_sub(free), smi_total, smi_free)))
}

/// Total and free of the card at the address, or of the only one there is.
fn find(text: &str, card: Option<PciAddress>) -> Result<(ByteCount, ByteCount), Fault> {
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split(',').map(str::trim).collect())
        .filter(|fields: &Vec<&str>| fields.len() == 3)
        .collect();
    let found = match (card, &lines[..]) {
        (Some(card), _) => lines.iter().find(|line| line[0].parse().is_ok_and(|at: PciAddress| at == card)),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let line =
        found.ok_or_else(|| Fault::new(format!("nvidia-smi does not list the monitor's card: {text:?}")))?;
    let mebibytes = |field: &str| {
        let count: Option<u64> = field.parse().ok();
        let count =
            count.ok_or_else(|| Fault::new(format!("nvidia-smi says {field:?} for a size in MiB")))?;
        Ok::<_, Fault>(ByteCount::new(count.saturating_mul(1 << 20)))
    };
    Ok((mebibytes(line[1])?, mebibytes(line[2])?))
}

fn compare(monitor: ByteCount, total: ByteCount, free: ByteCount) -> Beside {
    let smi = total.saturating_sub(free);
    let apart = monitor.get().abs_diff(smi.get());
    Beside {
        monitor_bytes: monitor.get(),
        nvidia_smi_bytes: smi.get(),
        total_bytes: total.get(),
        difference: apart as f64 / smi.get().max(1) as f64,
        agrees: apart <= (smi.get() / 100).max(2 << 20),
    }
}

#[cfg(test)]
mod tests {
    // A test that cannot get what it needs should fail where it stands.
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TWO: &str = "00000000:01:00.0, 24564, 20000\n00000000:41:00.0, 81559, 81000\n";

    #[test]
    fn the_card_is_found_by_its_address() {
        let (total, free) = find(TWO, Some("0000:41:00.0".parse().unwrap())).unwrap();
        assert_eq!((total.get() >> 20, free.get() >> 20), (81559, 81000));
        assert!(find(TWO, Some("0000:42:00.0".parse().unwrap())).is_err());
    }

    #[test]
    fn without_an_address_only_a_single_card_is_meant() {
        assert!(find(TWO, None).is_err());
        assert!(find("00000000:01:00.0, 24564, 20000\n", None).is_ok());
        assert!(find("00000000:01:00.0, [N/A], 20000\n", None).is_err());
    }

    #[test]
    fn one_percent_agrees_and_more_does_not() {
        let mib = |count: u64| ByteCount::new(count << 20);
        assert!(compare(mib(1010), mib(2000), mib(1000)).agrees);
        assert!(!compare(mib(1011), mib(2000), mib(1000)).agrees);
        assert!(compare(mib(3), mib(2000), mib(1999)).agrees, "two numbers are rounded");
    }
}
