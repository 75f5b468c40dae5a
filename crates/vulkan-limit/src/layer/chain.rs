//! Walking the lists of structures that Vulkan's calls extend their parameters with.

use ash::vk::{self, BaseOutStructure};

/// The function of the next layer or the driver, by its name and type.
macro_rules! next_function {
    ($get:expr, $handle:expr, $name:literal as $type:ty) => {{
        // SAFETY: the next one's function is called with its own handle and a name; what it gives for that name has that
        // name's type.
        unsafe {
            std::mem::transmute::<ash::vk::PFN_vkVoidFunction, Option<$type>>($get($handle, $name.as_ptr()))
        }
    }};
}
pub(super) use next_function;

/// Calls `visit` on each structure of a list.
///
/// # Safety
/// `first` is null or begins a list as Vulkan has them, which nobody else uses during the call.
pub(super) unsafe fn each(
    first: *mut std::ffi::c_void,
    mut visit: impl FnMut(vk::StructureType, *mut BaseOutStructure<'_>),
) {
    let mut at = first.cast::<BaseOutStructure<'_>>();
    while !at.is_null() {
        // SAFETY: every structure of such a list begins with its type and the next one's address.
        let (kind, next) = unsafe { ((*at).s_type, (*at).p_next) };
        visit(kind, at);
        at = next;
    }
}
