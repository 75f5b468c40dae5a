//! A card of the driver's library, kept beyond a borrow of it.

use nvml_wrapper::Device;

use super::NvmlLibrary;

/// A whole card as the library names it: an address in the library's memory, of no use to anyone else.
///
/// Never of an instance: the library frees those handles with their instance, and may give the same one to another. An
/// instance is looked up by its UUID each time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle(usize);

impl Handle {
    /// Of a device that is no instance.
    #[allow(unsafe_code)]
    pub(super) fn of(card: &Device<'_>) -> Self {
        // SAFETY: the address is only kept here, and read by nobody; only `Handle::device` makes a device of it again.
        Handle(unsafe { card.handle() } as usize)
    }

    #[allow(unsafe_code)]
    pub(super) fn device(self, library: &NvmlLibrary) -> Device<'_> {
        // SAFETY: the library keeps what it knows of a card from its start until it is stopped, and a handle is the address of
        // that. A monitor holds a clone of the library that its handle came from, which stops with its last clone. A card
        // that falls off the bus stays known: the library answers that it is lost. Only `nvmlDeviceRemoveGpu` makes the
        // library forget a card, in the process that calls it, which is not done here. Handles of instances end earlier, and
        // are never kept.
        unsafe { Device::new(self.0 as *mut _, library.nvml()) }
    }
}
