//! Methods that cut above a threshold.

use super::DEAD_BAND;

/// Above the percentile of all.
pub(super) fn percentile(distances: &[f64], percent: f64) -> Vec<bool> {
    above(distances, quantile(distances, percent))
}

/// Above the mean by so many standard deviations of the population.
pub(super) fn deviation(distances: &[f64], factor: f64) -> Vec<bool> {
    let mean = mean(distances.iter().copied());
    let variance = self::mean(distances.iter().map(|distance| (distance - mean).powi(2)));
    above(distances, mean + factor * variance.sqrt())
}

/// Above the mean by so many times what lies between the quartiles.
pub(super) fn interquartile(distances: &[f64], factor: f64) -> Vec<bool> {
    let range = quantile(distances, 75.0) - quantile(distances, 25.0);
    above(distances, mean(distances.iter().copied()) + factor * range)
}

/// Where the gradient is above its percentile.
pub(super) fn gradient(distances: &[f64], percent: f64) -> Vec<bool> {
    percentile(&slopes(distances), percent)
}

/// Half the difference of the neighbours; at the ends, the difference to the one neighbour.
fn slopes(values: &[f64]) -> Vec<f64> {
    let last = values.len().saturating_sub(1);
    (0..values.len())
        .map(|at| {
            let (before, after) = (at.saturating_sub(1), (at + 1).min(last));
            (values[after] - values[before]) / (after - before).max(1) as f64
        })
        .collect()
}

fn above(values: &[f64], threshold: f64) -> Vec<bool> {
    values.iter().map(|&value| value > threshold + DEAD_BAND).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

/// The percentile, interpolated linearly between the closest ranks; 0 of nothing. By selection, not by sorting.
pub(super) fn quantile(values: &[f64], percent: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let rank = percent / 100.0 * last as f64;
    let mut values = values.to_vec();
    let (_, low, higher) = values.select_nth_unstable_by((rank as usize).min(last), f64::total_cmp);
    let high = higher.iter().copied().min_by(f64::total_cmp).unwrap_or(*low);
    *low + (high - *low) * rank.fract()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted_quantile(values: &[f64], percent: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let rank = percent / 100.0 * (sorted.len() - 1) as f64;
        sorted[rank.floor() as usize] * (1.0 - rank.fract()) + sorted[rank.ceil() as usize] * rank.fract()
    }

    fn cut_above(values: &[f64], threshold: f64) -> Vec<bool> {
        values.iter().map(|value| value - threshold > 1e-5).collect()
    }

    proptest! {
        #[test]
        fn methods_follow_their_formulas(
            distances in prop::collection::vec(0.0..2.0_f64, 1..60), percent in 0.0..=100.0_f64, factor in 0.0..4.0_f64
        ) {
            let n = distances.len();
            let quantile = sorted_quantile(&distances, percent);
            prop_assert_eq!(percentile(&distances, percent), cut_above(&distances, quantile));

            let mean = distances.iter().sum::<f64>() / n as f64;
            let squares = distances.iter().map(|d| d * d).sum::<f64>() / n as f64;
            let sigma = (squares - mean * mean).max(0.0).sqrt();
            prop_assert_eq!(deviation(&distances, factor), cut_above(&distances, mean + factor * sigma));

            let range = sorted_quantile(&distances, 75.0) - sorted_quantile(&distances, 25.0);
            prop_assert_eq!(interquartile(&distances, factor), cut_above(&distances, mean + factor * range));

            let mut slopes = vec![0.0; n];
            if n > 1 {
                slopes[0] = distances[1] - distances[0];
                slopes[n - 1] = distances[n - 1] - distances[n - 2];
                for at in 1..n - 1 {
                    slopes[at] = (distances[at + 1] - distances[at - 1]) / 2.0;
                }
            }
            let steep = sorted_quantile(&slopes, percent);
            prop_assert_eq!(gradient(&distances, percent), cut_above(&slopes, steep));
        }
    }

    #[test]
    fn the_quantile_lies_between_ranks() {
        assert!((quantile(&[4.0, 1.0, 3.0, 2.0], 50.0) - 2.5).abs() < 1e-12);
        assert!((quantile(&[1.0, 2.0], 95.0) - 1.95).abs() < 1e-12);
        assert!(quantile(&[], 95.0).abs() < 1e-12);
    }

    #[test]
    fn equal_distances_are_no_cuts() {
        let nearly: Vec<f64> = (0..20).map(|at| 0.3 + f64::from(at % 3) * 4e-6).collect();
        for distances in [nearly, vec![0.3; 5], vec![0.3], vec![]] {
            let none = vec![false; distances.len()];
            assert_eq!(percentile(&distances, 50.0), none);
            assert_eq!(deviation(&distances, 0.0), none);
            assert_eq!(interquartile(&distances, 0.0), none);
            assert_eq!(gradient(&distances, 50.0), none);
        }
    }
}
