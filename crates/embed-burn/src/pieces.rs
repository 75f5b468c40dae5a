//! Work on long lists of numbers, a piece at a time, on the threads of the caller's pool where there is one: rayon comes with
//! the CPU's backend.

#[cfg(feature = "cpu")]
use rayon::prelude::*;

/// A piece that, with what it is read from, stays in a core's cache.
pub(crate) const CACHED: usize = 1 << 16;

/// Does something with each piece of `length` numbers (the last may be shorter), which is told its index, until it fails.
pub(crate) fn each<E: Send>(
    values: &mut [f32],
    length: usize,
    work: impl Fn(usize, &mut [f32]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    #[cfg(feature = "cpu")]
    return values
        .par_chunks_mut(length.max(1))
        .enumerate()
        .try_for_each(|(index, piece)| work(index, piece));
    #[cfg(not(feature = "cpu"))]
    values.chunks_mut(length.max(1)).enumerate().try_for_each(|(index, piece)| work(index, piece))
}

/// As [`each`], of what cannot fail.
pub(crate) fn for_each(values: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    let Ok(()) = each(values, length, |index, piece| {
        work(index, piece);
        Ok::<(), std::convert::Infallible>(())
    });
}

/// Whether something holds of each piece of `length` numbers.
pub(crate) fn all(values: &[f32], length: usize, holds: impl Fn(&[f32]) -> bool + Send + Sync) -> bool {
    #[cfg(feature = "cpu")]
    return values.par_chunks(length.max(1)).all(holds);
    #[cfg(not(feature = "cpu"))]
    values.chunks(length.max(1)).all(holds)
}
