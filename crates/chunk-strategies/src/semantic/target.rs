//! The method that cuts as often as the desired size asks for.

use super::DEAD_BAND;

/// The largest distances, as many as leave parts of `size` on average.
pub(super) fn cuts(distances: &[f64], total: usize, size: usize) -> Vec<bool> {
    let wanted = total.div_ceil(size.max(1)).saturating_sub(1).min(distances.len());
    largest(distances, wanted)
}

/// So many of the largest distances. Those next to the threshold count as equal, and are taken evenly spread: in a
/// document that is the same throughout, cuts at the first of them would leave the rest in one part.
fn largest(distances: &[f64], wanted: usize) -> Vec<bool> {
    let Some(rank) = wanted.checked_sub(1) else { return vec![false; distances.len()] };
    let mut ranked = distances.to_vec();
    let (_, threshold, _) = ranked.select_nth_unstable_by(rank, |a, b| b.total_cmp(a));
    let (low, high) = (*threshold - DEAD_BAND, *threshold + DEAD_BAND);
    let above = distances.iter().filter(|&&distance| distance > high).count();
    let equal = distances.iter().filter(|&&distance| (low..=high).contains(&distance)).count();
    // More than `wanted` cannot be above, since the threshold itself is not.
    let needed = wanted - above;
    let mut seen = 0;
    distances
        .iter()
        .map(|&distance| {
            if distance < low {
                return false;
            }
            if distance > high {
                return true;
            }
            seen += 1;
            seen * needed / equal > (seen - 1) * needed / equal
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_largest_are_cut_and_no_more(
            distances in prop::collection::vec(0.0..2.0_f64, 0..60), total in 0..500usize, size in 1..100usize
        ) {
            let mut wanted = 0;
            while (wanted + 1) * size < total && wanted < distances.len() {
                wanted += 1;
            }
            let cuts = cuts(&distances, total, size);
            prop_assert_eq!(cuts.iter().filter(|&&cut| cut).count(), wanted);
            let cut = distances.iter().zip(&cuts).filter(|&(_, &cut)| cut).map(|(&d, _)| d);
            let kept = distances.iter().zip(&cuts).filter(|&(_, &cut)| !cut).map(|(&d, _)| d);
            prop_assert!(cut.fold(f64::INFINITY, f64::min) + 2e-5 > kept.fold(0.0, f64::max));
        }
    }

    #[test]
    fn near_ties_are_spread() {
        assert_eq!(largest(&[0.3, 0.300_001, 0.299_999, 0.3], 2), [false, true, false, true]);
        assert_eq!(largest(&[0.3, 0.9, 0.3, 0.3, 0.1], 2), [false, true, false, true, false]);
        assert_eq!(largest(&[0.3; 3], 3), [true; 3]);
        assert_eq!(largest(&[0.3; 3], 0), [false; 3]);
    }
}
