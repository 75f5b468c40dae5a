//! Products of numbers narrower than f32: bf16, and whole numbers of 8 bits.
//!
//! Weights are narrowed once, the rows that meet them before each product; sums are kept in 32 bits. Attention is computed in
//! bf16 in both formats, its shares in f32; norms and what is handed from layer to layer stay f32.
//!
//! Two or four narrow numbers lie in a *slot* of 32 bits. The buffers for slots are buffers for f32, whose bits nobody
//! reads as a number: so the working memory is one, and is counted as one.

mod activation;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
mod attention;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod bf16;
mod int8;
mod isa;
mod kernel;
#[cfg(target_arch = "x86_64")]
mod lanes512;
mod panels;
#[cfg(test)]
mod portable;
mod product;
mod softmax;

pub(crate) use self::attention::{NarrowAttention, Places, workspace};
pub(crate) use self::isa::NarrowIsa;
pub(crate) use self::panels::NarrowPanels;
pub(crate) use self::product::NarrowProduct;

use crate::compute::Precision;

/// A format of narrow numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// 8 digits, the range of f32.
    Bf16,
    /// Whole numbers of 8 bits: of weights from -127 to 127 of a column's scale, of rows from 0 to 255 between the row's
    /// least and largest number.
    Int8,
}

impl Format {
    /// The format of such numbers, if products are computed in them here.
    pub(crate) fn of(precision: Precision) -> Option<Self> {
        match precision {
            Precision::Bf16 => Some(Format::Bf16),
            Precision::Int8 => Some(Format::Int8),
            Precision::F32 | Precision::F16 => None,
        }
    }

    /// Slots of so many rows of so many numbers, as they are narrowed at once.
    pub(crate) fn slots(self, rows: usize, inputs: usize) -> usize {
        rows.next_multiple_of(ROWS) * self.row_slots(inputs)
    }

    /// Numbers in a slot.
    pub(crate) fn per_slot(self) -> usize {
        match self {
            Format::Bf16 => 2,
            Format::Int8 => 4,
        }
    }

    /// Slots of a row of `inputs` numbers, whole steps, with what else is told of the row.
    pub(crate) fn row_slots(self, inputs: usize) -> usize {
        self.depth(inputs) + if self == Format::Int8 { int8::HEAD } else { 0 }
    }

    /// Slots of `inputs` numbers, in whole steps.
    pub(crate) fn depth(self, inputs: usize) -> usize {
        inputs.div_ceil(self.per_slot()).next_multiple_of(STEP)
    }
}

/// Slots that are taken at once of a row: as many as a tile of AMX holds.
pub(crate) const STEP: usize = 16;
/// Columns of half a panel: a vector's, and a tile's.
pub(crate) const HALF: usize = 16;
/// Columns of a panel.
pub(crate) const COLUMNS: usize = 2 * HALF;
/// Rows that are narrowed at once are rounded up to this many: two tiles of AMX.
pub(crate) const ROWS: usize = 32;
