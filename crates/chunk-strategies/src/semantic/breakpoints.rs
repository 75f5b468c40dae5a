//! Which boundaries are cuts.

/// Distances this close to the threshold count as equal to it: ten times what two backends' vectors differ by.
const DEAD_BAND: f64 = 1e-5;

/// Whether each boundary is a cut: its distance is above the given percentile of all.
pub(super) fn percentile(distances: &[f32], percentile: f64) -> Vec<bool> {
    let threshold = threshold(distances, percentile);
    distances.iter().map(|&distance| f64::from(distance) > threshold + DEAD_BAND).collect()
}

/// The percentile, interpolated linearly between the closest ranks.
fn threshold(distances: &[f32], percentile: f64) -> f64 {
    let mut sorted = distances.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let rank = percentile / 100.0 * (sorted.len().max(1) - 1) as f64;
    let value = |rank: f64| sorted.get(rank as usize).map_or(0.0, |&value| f64::from(value));
    let (low, high) = (value(rank.floor()), value(rank.ceil()));
    low + (high - low) * rank.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_lies_between_ranks() {
        assert!((threshold(&[4.0, 1.0, 3.0, 2.0], 50.0) - 2.5).abs() < 1e-9);
        assert!((threshold(&[1.0, 2.0], 95.0) - 1.95).abs() < 1e-9);
        assert!(threshold(&[], 95.0).abs() < 1e-9);
    }

    #[test]
    fn equal_distances_are_no_cuts() {
        assert_eq!(percentile(&[0.3; 5], 95.0), [false; 5]);
        assert_eq!(percentile(&[0.1, 0.9, 0.1, 0.1], 50.0), [false, true, false, false]);
    }
}
