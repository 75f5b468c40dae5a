//! How far the borders of one segmentation are from another's: Pk and `WindowDiff`.

/// Both measures of one document, each from 0 (the same borders) to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Distance {
    /// How often two characters `k` apart are in one segment by one list and in two by the other (Beeferman et al. 1999).
    pub(super) pk: f64,
    /// How often the numbers of borders between two characters `k` apart differ (Pevzner and Hearst 2002).
    pub(super) window_diff: f64,
}

impl Distance {
    /// `truth` and `guess` are where segments begin but for the first, ascending, in a document of `length` characters;
    /// `k` is half the mean length of the true segments.
    pub(super) fn new(truth: &[usize], guess: &[usize], length: usize) -> Self {
        let k = (length / (truth.len() + 1) / 2).max(1);
        let (truth, guess) = (segments(truth, length), segments(guess, length));
        let (mut pk, mut window_diff, mut windows) = (0usize, 0usize, 0usize);
        for (from, to) in (0..length).zip(k..length) {
            let (true_cuts, cuts) = (truth[to] - truth[from], guess[to] - guess[from]);
            pk += usize::from((true_cuts == 0) != (cuts == 0));
            window_diff += usize::from(true_cuts != cuts);
            windows += 1;
        }
        let share = |count: usize| if windows == 0 { 0.0 } else { count as f64 / windows as f64 };
        Distance { pk: share(pk), window_diff: share(window_diff) }
    }
}

/// For each character the number of the segment it is in.
fn segments(borders: &[usize], length: usize) -> Vec<usize> {
    let mut borders = borders.iter().copied().peekable();
    let mut segment = 0;
    let of = |at: usize| {
        while borders.next_if(|border| *border <= at).is_some() {
            segment += 1;
        }
        segment
    };
    (0..length).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_borders_are_no_distance_apart() {
        assert_eq!(Distance::new(&[3, 7], &[3, 7], 12), Distance { pk: 0.0, window_diff: 0.0 });
        assert_eq!(Distance::new(&[], &[], 0), Distance { pk: 0.0, window_diff: 0.0 });
    }

    #[test]
    fn distances_are_the_ones_on_paper() {
        // 8 characters, a border at 4: k is 2, and the windows 0-2 to 5-7 are six. Those from 2 and 3 cross it.
        assert_eq!(Distance::new(&[4], &[], 8), Distance { pk: 2.0 / 6.0, window_diff: 2.0 / 6.0 });
        // One late: the window from 2 misses it, that from 4 crosses it for nothing.
        assert_eq!(Distance::new(&[4], &[5], 8), Distance { pk: 2.0 / 6.0, window_diff: 2.0 / 6.0 });
        // A second one beside it: the window from 4 as before, that from 3 crosses two instead of one.
        assert_eq!(Distance::new(&[4], &[4, 5], 8), Distance { pk: 1.0 / 6.0, window_diff: 2.0 / 6.0 });
    }

    #[test]
    fn a_border_everywhere_is_wrong_wherever_there_is_none() {
        let everywhere: Vec<usize> = (1..8).collect();
        let distance = Distance::new(&[4], &everywhere, 8);
        assert_eq!(distance, Distance { pk: 4.0 / 6.0, window_diff: 1.0 });
    }
}
