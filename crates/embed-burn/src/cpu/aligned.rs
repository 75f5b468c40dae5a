//! [`Aligned`]: numbers that begin where a cache line does.

use std::alloc::{Layout, alloc_zeroed};
use std::collections::TryReserveError;

/// Numbers in a line of the processor's cache, 64 bytes: a vector that crosses two lines costs two reads.
pub(crate) const LINE: usize = 16;

/// Numbers whose first is at the start of a cache line.
pub(crate) struct Aligned {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    pub(crate) fn zeroed(len: usize) -> Result<Self, TryReserveError> {
        let values = zeros(len + LINE - 1)?;
        // Miri may say that it cannot tell (`usize::MAX`); then it begins where it begins.
        let start = values.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE - 1);
        Ok(Aligned { values, start, len })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}

/// So many zeros, as the system gives them: whoever writes them first has them put into memory, on its own thread.
#[allow(unsafe_code)]
fn zeros(len: usize) -> Result<Vec<f32>, TryReserveError> {
    if let Ok(layout) = Layout::array::<f32>(len)
        && layout.size() > 0
    {
        // SAFETY: the layout's size is not zero.
        let place = unsafe { alloc_zeroed(layout) };
        if !place.is_null() {
            // SAFETY: the memory was got from the global allocator just now, for an array of `len` f32, which is the layout
            // that a vector of this capacity gives back; all of it is zero, and zero is an f32.
            return Ok(unsafe { Vec::from_raw_parts(place.cast(), len, len) });
        }
    }
    // There is no such memory, and this says so.
    let mut values = Vec::new();
    values.try_reserve_exact(len)?;
    values.resize(len, 0.0);
    Ok(values)
}

/// The least multiple of a cache line that holds `len` numbers.
pub(crate) fn whole_lines(len: usize) -> usize {
    len.next_multiple_of(LINE)
}
