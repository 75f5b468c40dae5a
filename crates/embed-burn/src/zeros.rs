//! [`zeros`]: memory for many numbers.

use std::alloc::{Layout, alloc_zeroed};
use std::collections::TryReserveError;

/// So many zeros, as the system gives them: whoever writes them first has them put into memory, on its own thread, and of long
/// lists in large pages where the system has them for those that ask.
///
/// # Errors
/// There is no such memory.
// A box of them would be made of a slice that is not there yet.
#[allow(unsafe_code, clippy::same_length_and_capacity)]
pub(crate) fn zeros(len: usize) -> Result<Vec<f32>, TryReserveError> {
    if let Ok(layout) = Layout::array::<f32>(len)
        && layout.size() > 0
    {
        // SAFETY: the layout's size is not zero.
        let place = unsafe { alloc_zeroed(layout) };
        if !place.is_null() {
            // SAFETY: the memory was got from the global allocator just now, for an array of `len` f32, which is the layout
            // that a vector of this capacity gives back; all of it is zero, and zero is an f32.
            let mut values = unsafe { Vec::from_raw_parts(place.cast(), len, len) };
            ask_for_large_pages(&mut values);
            return Ok(values);
        }
    }
    // There is no such memory, and this says so.
    let mut values = Vec::new();
    values.try_reserve_exact(len)?;
    values.resize(len, 0.0);
    Ok(values)
}

/// A page that is put into memory costs about as much as reading it; a large one, 512 times as much memory, costs little more.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn ask_for_large_pages(values: &mut [f32]) {
    const LARGE: usize = 1 << 21;
    let bytes = std::mem::size_of_val(values);
    let ahead = values.as_ptr().align_offset(LARGE / size_of::<f32>()).saturating_mul(size_of::<f32>());
    let whole = bytes.saturating_sub(ahead) / LARGE * LARGE;
    if whole < LARGES * LARGE {
        return;
    }
    let start = values.as_mut_ptr().wrapping_byte_add(ahead);
    // SAFETY: the range lies within `values`, which is borrowed for as long, and begins and ends at a multiple of any size that
    // pages have. The advice changes neither its contents nor who may use it; a system that does not know it says so, which
    // changes nothing.
    unsafe { libc::madvise(start.cast(), whole, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_large_pages(_values: &mut [f32]) {}

/// From so many large pages on they are asked for.
#[cfg(target_os = "linux")]
const LARGES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_zeros_and_can_be_written() {
        for len in [0, 1, 1000, (1 << 22) + 5] {
            let mut values = zeros(len).unwrap();
            assert_eq!((values.len(), values.iter().all(|&value| value == 0.0)), (len, true));
            values.fill(1.0);
            values.push(2.0);
            assert!(values[..len] == vec![1.0; len]);
        }
        assert!(zeros(usize::MAX / 8).is_err() && zeros(usize::MAX).is_err());
    }
}
