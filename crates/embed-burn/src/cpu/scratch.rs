//! Working memory: one allocation a forward, kept for the next.

use std::collections::TryReserveError;
use std::sync::{Mutex, PoisonError};

use super::aligned::{Aligned, whole_lines};

/// The working memory of the last forward, for the next one. Page faults on fresh memory would cost more than a layer.
#[derive(Default)]
pub(crate) struct Scratch(Mutex<Option<Aligned>>);

impl Scratch {
    /// Runs `work` with `len` numbers, whatever they are. Calls at the same time each have their own.
    pub(crate) fn with<T>(
        &self,
        len: usize,
        work: impl FnOnce(&mut [f32]) -> T,
    ) -> Result<T, TryReserveError> {
        let kept = self.kept().take().filter(|kept| kept.len() >= len);
        let mut memory = match kept {
            Some(kept) => kept,
            None => Aligned::zeroed(len)?,
        };
        let result = work(&mut memory.as_mut_slice()[..len]);
        let mut kept = self.kept();
        if kept.as_ref().is_none_or(|kept| kept.len() < memory.len()) {
            *kept = Some(memory);
        }
        Ok(result)
    }

    /// The bytes that are kept between forwards.
    pub(crate) fn bytes(&self) -> u64 {
        self.kept().as_ref().map_or(0, |kept| (kept.len() * size_of::<f32>()) as u64)
    }

    /// Gives what is kept back to the system.
    pub(crate) fn release(&self) {
        *self.kept() = None;
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Aligned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cuts memory into buffers, each on cache lines of its own, so that threads do not fight over one.
pub(crate) struct Carve<'a>(pub(crate) &'a mut [f32]);

impl<'a> Carve<'a> {
    /// The next `len` numbers; they count as [`whole_lines`].
    pub(crate) fn take(&mut self, len: usize) -> &'a mut [f32] {
        let (taken, rest) = std::mem::take(&mut self.0).split_at_mut(whole_lines(len));
        self.0 = rest;
        &mut taken[..len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_kept_until_released_or_too_small() {
        let scratch = Scratch::default();
        scratch.with(100, |memory| memory.fill(7.0)).unwrap();
        assert_eq!(scratch.bytes(), 400);
        assert!(
            scratch
                .with(50, |memory| memory.len() == 50
                    && memory.iter().all(|x| x.to_bits() == 7.0_f32.to_bits()))
                .unwrap()
        );
        assert_eq!(scratch.bytes(), 400);
        scratch.with(101, |_| ()).unwrap();
        assert_eq!(scratch.bytes(), 404);
        scratch.release();
        assert_eq!(scratch.bytes(), 0);
    }

    #[test]
    fn memory_that_cannot_be_had_is_an_error() {
        assert!(Scratch::default().with(usize::MAX / 8, |_| ()).is_err());
    }

    #[test]
    fn buffers_do_not_share_cache_lines() {
        let mut memory = Aligned::zeroed(48).unwrap();
        let mut carve = Carve(memory.as_mut_slice());
        let (a, b) = (carve.take(17), carve.take(3));
        assert_eq!((a.len(), b.len(), carve.0.len()), (17, 3, 0));
    }
}
