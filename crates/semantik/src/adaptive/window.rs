//! [`tokens`]: how much is collected before it is embedded.

/// Batches that are collected, so that sorting by length finds neighbours of almost the same length for each: with one, a
/// tenth to a quarter of the work is padding, with sixteen 3 to 5%.
const BATCHES: usize = 16;
/// Batches that are collected however long they take, once a speed is known: with one, the texts that are left over from it
/// make a small batch of their own each time, and a device on which small batches are slow loses a quarter to that.
const LEAST_BATCHES: usize = 4;
/// Seconds of work at most beyond them: records are written when their window is done, and whoever waits for the first,
/// or stops the run, should not wait for long.
const SECONDS: f64 = 8.0;
/// Bytes at most, with the vectors.
const BYTES: usize = 256 << 20;
/// Tokens of the shortest texts that are counted with: two are special ones.
const TEXT: usize = 3;

/// The tokens of a window of texts, for batches of `batch` tokens on a device of `rate` tokens a second, and vectors of
/// `dim` numbers: never less than a batch, and no more while no speed was seen.
pub(super) fn tokens(batch: usize, rate: Option<f64>, dim: usize) -> usize {
    let least = batch.saturating_mul(LEAST_BATCHES);
    let work = rate.map_or(batch, |rate| ((rate * SECONDS) as usize).max(least));
    // An id for each token, and a vector for each text.
    let token_bytes = size_of::<u32>() + dim.saturating_mul(size_of::<f32>()) / TEXT;
    batch.saturating_mul(BATCHES).min(work).min(BYTES / token_bytes).max(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_sixteen_batches_where_they_take_no_longer_than_eight_seconds() {
        assert_eq!(tokens(4096, Some(10_000.0), 384), 65_536);
        assert_eq!(tokens(4096, Some(5_000.0), 384), 40_000);
    }

    #[test]
    fn a_window_is_a_batch_while_no_speed_was_seen_and_four_on_a_slow_device() {
        assert_eq!(tokens(16_384, None, 384), 16_384);
        assert_eq!(tokens(16_384, Some(300.0), 384), 65_536);
    }

    #[test]
    fn a_window_is_bounded_in_bytes_with_its_vectors() {
        let window = tokens(65_536, Some(1e9), 1024);
        assert!((65_536..16 * 65_536).contains(&window) && window / 3 * 1024 * 4 <= 256 << 20, "{window}");
    }
}
