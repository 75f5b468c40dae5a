//! Instances of a card in MIG mode.

use nvml_wrapper::Device;
use nvml_wrapper::error::NvmlError;

use super::failure::{failure_of_known, known};
use super::{CudaMonitor, PLACE};
use crate::error::{TelemetryError, TelemetryErrorKind};
use crate::visible::VisibleCard;

impl CudaMonitor {
    /// The instances of a card in MIG mode that this process may see, each with its own memory; none where the mode is off.
    pub fn instances(&self) -> Vec<Result<CudaMonitor, TelemetryError>> {
        let device = match self.device() {
            Ok(device) => device,
            Err(error) => return vec![Err(failure_of_known(&self.name, PLACE, error))],
        };
        // The most that there can be; zero where the mode is off or unknown to the card.
        let most = match known(&self.name, "its instances", device.mig_device_count()) {
            Ok(most) => most.unwrap_or(0),
            Err(error) => return vec![Err(error)],
        };
        let part = |index| {
            let opened = match device.mig_device_by_index(index) {
                Ok(part) => CudaMonitor::open(&self.library, &part, None, &self.name),
                // Places may be empty, and instances be of another container.
                Err(NvmlError::NotFound | NvmlError::InvalidArg | NvmlError::NoPermission) => return None,
                Err(error) => Err(failure_of_known(&self.name, "an instance", error)),
            };
            Some(opened.map(|part| CudaMonitor { luid: self.luid, pci: self.pci, ..part }))
        };
        (0..most).filter_map(part).collect()
    }

    /// The UUID of the instance that is watched, `MIG-…`; `None` where a whole card is.
    ///
    /// What tells an instance from its card and from the card's other instances: they all have the card's
    /// [identity](crate::MemoryMonitor::identity).
    pub fn instance_uuid(&self) -> Option<&str> {
        self.uuid().filter(|uuid| is_of_instance(uuid))
    }

    /// Whether it is a part of a card in MIG mode.
    pub fn is_instance(&self) -> bool {
        self.instance_uuid().is_some()
    }

    /// Whether all that `device` told was of this instance: it may go at any moment, and its handle then mean another.
    pub(super) fn same_still(&self, device: &Device<'_>) -> Result<(), TelemetryError> {
        if !self.is_instance() {
            return Ok(());
        }
        match device.uuid() {
            Ok(uuid) if Some(&*uuid) == self.uuid() => Ok(()),
            Ok(_) | Err(NvmlError::InvalidArg) => {
                Err(TelemetryError::lost(&self.name, "its driver does not know it any more"))
            }
            Err(error) => Err(failure_of_known(&self.name, "its UUID", error)),
        }
    }

    /// The instance that CUDA shows under this name of the environment.
    pub(super) fn named(
        library: &crate::NvmlLibrary,
        name: &str,
        shown: &VisibleCard,
    ) -> Result<Self, TelemetryError> {
        // The older form of a name means nothing to newer libraries; what CUDA's driver told does.
        match shown.uuid.as_deref().map(|uuid| CudaMonitor::with_uuid(library, &format!("MIG-{uuid}"))) {
            Some(Ok(told)) => Ok(told),
            Some(Err(error)) if error.kind() != TelemetryErrorKind::Absent => Err(error),
            _ => CudaMonitor::with_uuid(library, name),
        }
    }

    /// What CUDA computes on where it shows this card: the card, or in MIG mode one of its instances and never all of it.
    /// `uuid` is what CUDA's driver told.
    pub(super) fn computing(self, uuid: Option<&str>) -> Result<Self, TelemetryError> {
        if !self.is_divided()? {
            return Ok(self);
        }
        match uuid {
            // Versions before 11.4 tell the card's.
            Some(uuid) if self.own_uuid() != Some(uuid) => {
                CudaMonitor::with_uuid(&self.library, &format!("MIG-{uuid}"))
            }
            _ => self.only_instance(),
        }
    }

    /// The instance of a card that has one. Which of several CUDA takes, only its driver knows.
    pub(crate) fn only_instance(&self) -> Result<Self, TelemetryError> {
        let mut parts = self.instances();
        match (parts.pop(), parts.len()) {
            (Some(only), 0) => only,
            (None, _) => Err(self.undecided("it is in MIG mode and has none; nvidia-smi mig -cgi makes one")),
            (Some(_), others) => Err(self.undecided(&format!(
                "it is in MIG mode and has {}; name one of them in CUDA_VISIBLE_DEVICES by its UUID, which nvidia-smi -L lists",
                others + 1
            ))),
        }
    }

    /// Whether the card is in MIG mode now. One that cannot be is not.
    pub(crate) fn is_divided(&self) -> Result<bool, TelemetryError> {
        match self.device().and_then(|device| device.mig_mode()) {
            Ok(mode) => Ok(mode.current != 0),
            Err(NvmlError::NotSupported | NvmlError::FunctionNotFound | NvmlError::FailedToLoadSymbol(_)) => {
                Ok(false)
            }
            Err(error) => Err(failure_of_known(&self.name, "its MIG mode", error)),
        }
    }

    fn undecided(&self, message: &str) -> TelemetryError {
        TelemetryError::driver(&self.name, "the instance that CUDA computes on", message)
    }
}

/// Whether the driver's name is that of an instance; both forms begin so, and no card's does.
pub(super) fn is_of_instance(uuid: &str) -> bool {
    uuid.starts_with("MIG-")
}

/// An instance's name for people. The driver gives equal instances one name, so the first group of the UUID is added; the
/// form before driver 470 begins with the card's UUID, and is added as a whole.
pub(super) fn instance_name(told: &str, uuid: &str) -> String {
    let short = match uuid.strip_prefix("MIG-") {
        Some(own) if !own.starts_with("GPU-") => {
            &uuid[..own.find('-').map_or(uuid.len(), |end| end + "MIG-".len())]
        }
        _ => uuid,
    };
    format!("{told} {short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_instances_have_names_of_their_own_in_every_form_of_uuid() {
        let name = |uuid| instance_name("A 1g.5gb", uuid);
        assert_eq!(name("MIG-1234abcd-0000-4000-8000-000000000099"), "A 1g.5gb MIG-1234abcd");
        assert_eq!(name("MIG-1"), "A 1g.5gb MIG-1");
        assert_eq!(name("MIG-GPU-1234abcd-00/1/0"), "A 1g.5gb MIG-GPU-1234abcd-00/1/0");
    }
}
