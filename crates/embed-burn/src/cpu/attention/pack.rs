//! Keys and values in the order in which the tile reads them.

use std::ops::Range;

use super::Head;

/// The keys of the tokens `seen`: `[panel of keys][width][column]`, zeros where there is no key.
#[inline(always)]
pub(super) fn pack_keys<const COLUMNS: usize>(
    input: &[f32],
    head: Head,
    seen: &Range<usize>,
    keys: &mut [f32],
) {
    let (stride, first, width) = (head.heads.all(), head.key(), head.heads.width);
    for (panel, keys) in keys.chunks_exact_mut(COLUMNS * width).enumerate() {
        for column in 0..COLUMNS {
            let token = seen.start + panel * COLUMNS + column;
            let to = keys.iter_mut().skip(column).step_by(COLUMNS);
            if token < seen.end {
                to.zip(&input[token * stride + first..][..width]).for_each(|(to, from)| *to = *from);
            } else {
                to.for_each(|to| *to = 0.0);
            }
        }
    }
}

/// Their values: `[panel of the width][token][column]`, zeros beyond the width.
#[inline(always)]
pub(super) fn pack_values<const COLUMNS: usize>(
    input: &[f32],
    head: Head,
    seen: &Range<usize>,
    values: &mut [f32],
) {
    let (stride, first, width) = (head.heads.all(), head.value(), head.heads.width);
    let rows = &input[seen.start * stride..seen.end * stride];
    for (panel, values) in values.chunks_exact_mut(COLUMNS * seen.len()).enumerate() {
        let columns = COLUMNS.min(width - panel * COLUMNS);
        for (row, to) in rows.chunks_exact(stride).zip(values.chunks_exact_mut(COLUMNS)) {
            let from = &row[first + panel * COLUMNS..][..columns];
            if let (Ok(to), Ok(from)) =
                (<&mut [f32; COLUMNS]>::try_from(&mut *to), <&[f32; COLUMNS]>::try_from(from))
            {
                *to = *from;
            } else {
                to[..columns].copy_from_slice(from);
                to[columns..].fill(0.0);
            }
        }
    }
}
