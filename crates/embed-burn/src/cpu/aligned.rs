//! [`Aligned`]: numbers that begin where a cache line does.

use std::collections::TryReserveError;

use crate::zeros::zeros;

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

/// The least multiple of a cache line that holds `len` numbers.
pub(crate) fn whole_lines(len: usize) -> usize {
    len.next_multiple_of(LINE)
}
