//! [`find`]: which text of a batch makes it fail.

/// Looks for the text with which a batch fails, by halving, and stops at the first that fails alone.
///
/// `error` is what the whole batch gave. `run` runs a part of it: the inner result is the part's, the outer ends the
/// search. A half that runs is done, and the other holds the text; where the first half fails, the second is left as it
/// is, since nothing is known of it. Among `2^n` texts that takes at most `n` parts, and one more where the text that is
/// left was never run alone: no text is found guilty by what others did.
///
/// `None`: each text that is left runs alone, so that the batch failed for what it was together.
pub(super) fn find<E, Stop>(
    batch: &[usize],
    error: E,
    mut run: impl FnMut(&[usize]) -> Result<Result<(), E>, Stop>,
) -> Result<Option<(usize, E)>, Stop> {
    // What `suspects` gave, if they were run as they are.
    let (mut suspects, mut gave) = (batch, Some(error));
    while suspects.len() > 1 {
        let (first, second) = suspects.split_at(suspects.len().div_ceil(2));
        match run(first)? {
            Ok(()) => (suspects, gave) = (second, None),
            Err(error) => (suspects, gave) = (first, Some(error)),
        }
    }
    let Some(&text) = suspects.first() else { return Ok(None) };
    if gave.is_none() {
        gave = run(suspects)?.err();
    }
    Ok(gave.map(|error| (text, error)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Runs `find` where every part with one of `bad` in it fails: what it found, what it ran, and how often.
    fn search(texts: usize, bad: &[usize]) -> (Option<usize>, BTreeSet<usize>, usize) {
        let batch: Vec<usize> = (100..100 + texts).collect();
        let (mut done, mut forwards) = (BTreeSet::new(), 0);
        let found = find(&batch, 0, |part: &[usize]| {
            forwards += 1;
            let fails = part.iter().any(|text| bad.contains(&(text - 100)));
            if !fails {
                assert!(part.iter().all(|&text| done.insert(text)), "ran twice: {part:?}");
            }
            Ok::<_, ()>(if fails { Err(part.len()) } else { Ok(()) })
        });
        let found = found.unwrap().map(|(text, items)| {
            assert!(items <= 1, "its error is that of {items} texts");
            text - 100
        });
        (found, done, forwards)
    }

    #[test]
    fn one_bad_text_is_found_wherever_it_is() {
        for bad in 0..64 {
            let (found, done, forwards) = search(64, &[bad]);
            assert_eq!(found, Some(bad));
            // Six to find it; alone it runs where it was never tried.
            assert!(forwards <= 6 + bad % 2, "{forwards} forwards for text {bad}");
            assert!(!done.contains(&(bad + 100)));
        }
    }

    #[test]
    fn batches_of_any_size_are_searched() {
        for texts in 1_usize..70 {
            let halvings = texts.next_power_of_two().ilog2() as usize;
            for bad in 0..texts {
                let (found, _, forwards) = search(texts, &[bad]);
                assert_eq!(found, Some(bad), "of {texts}");
                assert!(forwards <= halvings + 1, "{forwards} for {bad} of {texts}");
            }
        }
    }

    #[test]
    fn of_several_bad_texts_one_is_found_and_none_is_wrongly() {
        for bad in [&[3, 40][..], &[62, 63], &[0, 1, 2, 3], &(0..64).collect::<Vec<_>>()] {
            let (found, _, _) = search(64, bad);
            assert!(bad.contains(&found.unwrap()));
        }
    }

    #[test]
    fn where_every_text_runs_alone_none_is_found() {
        let mut sizes = Vec::new();
        let found = find(&[7, 8, 9], "too much together", |part: &[usize]| {
            sizes.push(part.len());
            Ok::<_, ()>(Ok(()))
        });
        assert_eq!((found, sizes), (Ok(None), vec![2, 1]));
        assert_eq!(find(&[], "", |_| Ok::<_, ()>(Ok(()))), Ok(None));
    }

    #[test]
    fn a_stop_ends_the_search() {
        assert_eq!(find(&[7, 8], "", |_: &[usize]| Err::<Result<(), _>, _>("stop")), Err("stop"));
    }
}
