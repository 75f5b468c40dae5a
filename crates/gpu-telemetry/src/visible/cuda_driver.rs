//! Asks CUDA's driver which cards it shows, in which order, and what it grants.

#![allow(unsafe_code)]

mod running;

use std::ffi::{CStr, OsStr, c_char, c_int, c_uint};
use std::mem::ManuallyDrop;

use libloading::{Library, Symbol};

pub(crate) use self::running::Running;
use super::VisibleCard;
use crate::error::TelemetryError;
use crate::identity::{CardIdentity, PciAddress};

const DRIVER: &str = "CUDA's driver";

/// The cards that the driver shows. `list` is what the driver takes from its environment, where it may name instances.
pub(super) fn ask(file: &OsStr, list: Option<&str>) -> Result<Vec<VisibleCard>, TelemetryError> {
    let driver = Driver::load(file)?;
    match driver.init()? {
        Start::NoCard => Ok(Vec::new()),
        Start::Started => (0..driver.count()?).map(|ordinal| driver.card(ordinal, list)).collect(),
    }
}

/// Whether CUDA says that a card is built into the processor and uses the host's memory: by its UUID without `GPU-`, by its
/// place on the bus, or as the only one that there is. Starts CUDA's driver, which makes no context.
pub(crate) fn is_integrated(file: &OsStr, pci: Option<PciAddress>, uuid: Option<&str>) -> bool {
    const INTEGRATED: c_uint = 18;
    let asked = || {
        let driver = Driver::load(file).ok()?;
        driver.init().ok()?;
        let device = driver.find(pci, uuid)?;
        driver.attribute(device, INTEGRATED)
    };
    asked().is_some_and(|value| value != 0)
}

enum Start {
    Started,
    NoCard,
}

#[derive(Debug)]
struct Driver {
    /// Never unloaded: the driver keeps threads and handlers of its own once it is started.
    library: ManuallyDrop<Library>,
}

type Init = unsafe extern "C" fn(c_uint) -> c_uint;
type Count = unsafe extern "C" fn(*mut c_int) -> c_uint;
type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_uint;
type BusId = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_uint;
type Luid = unsafe extern "C" fn(*mut [u8; 8], *mut c_uint, c_int) -> c_uint;
type Uuid = unsafe extern "C" fn(*mut [u8; 16], c_int) -> c_uint;
type Attribute = unsafe extern "C" fn(*mut c_int, c_uint, c_int) -> c_uint;

impl Driver {
    fn load(file: &OsStr) -> Result<Self, TelemetryError> {
        // SAFETY: loading runs the library's initialisers. It is the driver's own library, or what the user named in its place.
        let library = unsafe { Library::new(file) };
        let library = library.map_err(|error| {
            TelemetryError::absent(format!(
                "CUDA's driver cannot be loaded ({error}); NVIDIA's driver brings it"
            ))
            .because(error)
        })?;
        Ok(Driver { library: ManuallyDrop::new(library) })
    }

    fn init(&self) -> Result<Start, TelemetryError> {
        const NO_DEVICE: c_uint = 100;
        // SAFETY: the type is that of CUDA's documentation.
        let init: Symbol<'_, Init> = unsafe { self.symbol(b"cuInit\0")? };
        // SAFETY: the documentation wants zero; may be called any number of times, from any thread.
        match unsafe { init(0) } {
            0 => Ok(Start::Started),
            NO_DEVICE => Ok(Start::NoCard),
            code => Err(refused("a start", code)),
        }
    }

    fn count(&self) -> Result<c_int, TelemetryError> {
        // SAFETY: the type is that of CUDA's documentation.
        let count: Symbol<'_, Count> = unsafe { self.symbol(b"cuDeviceGetCount\0")? };
        let mut number = 0;
        // SAFETY: the place outlives the call.
        match unsafe { count(&raw mut number) } {
            0 => Ok(number),
            code => Err(refused("the number of cards", code)),
        }
    }

    /// The card that is meant, where the driver was started.
    fn find(&self, pci: Option<PciAddress>, uuid: Option<&str>) -> Option<c_int> {
        let devices: Vec<c_int> =
            (0..self.count().ok()?).map(|ordinal| self.device(ordinal)).collect::<Result<_, _>>().ok()?;
        let by_uuid = devices.iter().find(|device| uuid.is_some() && self.uuid(**device).as_deref() == uuid);
        // Older drivers tell no UUID.
        let by_place = || devices.iter().find(|device| pci.is_some() && self.address(**device).ok() == pci);
        let only = || (devices.len() == 1 && pci.is_none() && uuid.is_none()).then(|| &devices[0]);
        by_uuid.or_else(by_place).or_else(only).copied()
    }

    fn attribute(&self, device: c_int, which: c_uint) -> Option<c_int> {
        // SAFETY: the type is that of CUDA's documentation.
        let ask: Symbol<'_, Attribute> = unsafe { self.symbol(b"cuDeviceGetAttribute\0") }.ok()?;
        let mut value = 0;
        // SAFETY: the place outlives the call.
        (unsafe { ask(&raw mut value, which, device) } == 0).then_some(value)
    }

    fn device(&self, ordinal: c_int) -> Result<c_int, TelemetryError> {
        // SAFETY: the type is that of CUDA's documentation.
        let get: Symbol<'_, Get> = unsafe { self.symbol(b"cuDeviceGet\0")? };
        let mut device = 0;
        // SAFETY: the place outlives the call.
        match unsafe { get(&raw mut device, ordinal) } {
            0 => Ok(device),
            code => Err(refused("a card", code)),
        }
    }

    fn card(&self, ordinal: c_int, list: Option<&str>) -> Result<VisibleCard, TelemetryError> {
        let device = self.device(ordinal)?;
        let identity = CardIdentity { luid: self.luid(device), ..CardIdentity::at(self.address(device)?) };
        let mut entries = list.unwrap_or_default().split(',').map(str::trim);
        // The older form of an instance's name has no UUID of its own; the driver keeps the list's order.
        let older = entries.clone().nth(usize::try_from(ordinal).unwrap_or(usize::MAX));
        let uuid = self.uuid(device);
        let instance = match (older, uuid.as_deref()) {
            (Some(older), _) if older.starts_with("MIG-GPU-") => Some(older.to_owned()),
            (_, Some(uuid)) => {
                entries.find(|entry| entry.strip_prefix("MIG-") == Some(uuid)).map(str::to_owned)
            }
            (_, None) => None,
        };
        Ok(VisibleCard { identity, instance, uuid })
    }

    fn address(&self, device: c_int) -> Result<PciAddress, TelemetryError> {
        const WHAT: &str = "a card's PCI address";
        const LENGTH: u8 = 31;
        // SAFETY: the type is that of CUDA's documentation.
        let bus_id: Symbol<'_, BusId> = unsafe { self.symbol(b"cuDeviceGetPCIBusId\0")? };
        let mut text: [c_char; 32] = [0; LENGTH as usize + 1];
        // SAFETY: the buffer outlives the call and is longer than said by the byte that stays zero.
        match unsafe { bus_id(text.as_mut_ptr(), c_int::from(LENGTH), device) } {
            0 => {}
            code => return Err(refused(WHAT, code)),
        }
        // SAFETY: the last byte is zero, whatever was written before it.
        let text = unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy();
        text.parse().map_err(|error: TelemetryError| TelemetryError::driver(DRIVER, WHAT, error.to_string()))
    }

    /// What Windows knows the card by; no driver for other systems tells one.
    fn luid(&self, device: c_int) -> Option<[u8; 8]> {
        // SAFETY: the type is that of CUDA's documentation.
        let luid: Symbol<'_, Luid> = unsafe { self.symbol(b"cuDeviceGetLuid\0") }.ok()?;
        let (mut bytes, mut nodes) = ([0_u8; 8], 0);
        // SAFETY: both places outlive the call, and a LUID has eight bytes.
        (unsafe { luid(&raw mut bytes, &raw mut nodes, device) } == 0).then_some(bytes)
    }

    /// Of an instance its own, of a whole card the card's. Not vital, so no error.
    fn uuid(&self, device: c_int) -> Option<String> {
        // SAFETY: the type is that of CUDA's documentation.
        let uuid: Symbol<'_, Uuid> = unsafe { self.symbol(b"cuDeviceGetUuid_v2\0") }.ok()?;
        let mut bytes = [0_u8; 16];
        // SAFETY: the place outlives the call and has the size of a `CUuuid`.
        if unsafe { uuid(&raw mut bytes, device) } != 0 {
            return None;
        }
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format!("{byte:02x}"));
        }
        Some(text)
    }

    /// # Safety
    /// `T` is the type of the symbol.
    unsafe fn symbol<T>(&self, name: &'static [u8]) -> Result<Symbol<'_, T>, TelemetryError> {
        // SAFETY: the caller's promise.
        unsafe { self.library.get(name) }.map_err(|error| {
            TelemetryError::driver(DRIVER, "a function that every version has", error.to_string())
                .because(error)
        })
    }
}

fn refused(what: &'static str, code: c_uint) -> TelemetryError {
    const VERSIONS_DIFFER: c_uint = 803;
    let remedy = if code == VERSIONS_DIFFER {
        ": its parts are of different versions; restart the machine"
    } else {
        ""
    };
    TelemetryError::driver(DRIVER, what, format!("error {code} of CUDA{remedy}"))
}
