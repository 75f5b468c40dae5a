//! A device of the driver's library, kept beyond a borrow of it.

use nvml_wrapper::Device;

use super::NvmlLibrary;

/// A device as the library names it: an address in its memory, of no use to anyone else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle(usize);

impl Handle {
    #[allow(unsafe_code)]
    pub(super) fn of(device: &Device<'_>) -> Self {
        // SAFETY: the address is kept as a number, and only `Handle::device` makes a device of it again.
        Handle(unsafe { device.handle() } as usize)
    }

    #[allow(unsafe_code)]
    pub(super) fn device(self, library: &NvmlLibrary) -> Device<'_> {
        // SAFETY: a handle is valid from when the library gave it until the library is stopped. A monitor holds a clone of
        // the library that its handle came from, which stops with its last clone. A card that is gone keeps its handle: the
        // library answers that it is lost.
        unsafe { Device::new(self.0 as *mut _, library.nvml()) }
    }
}
