//! Sentences of real prose, the same on every machine with this lock file.

use crate::corpus;
use crate::error::XtaskError;

/// So many of those of at most `most_bytes` bytes, evenly spread over the prose that `cargo xtask corpus` makes.
pub(crate) fn sentences(count: usize, most_bytes: usize) -> Result<Vec<String>, XtaskError> {
    let mut all = cut(&corpus::prose()?);
    all.retain(|sentence| sentence.len() <= most_bytes);
    if all.len() < count {
        let message = format!("the prose at hand has {} sentences, fewer than {count}", all.len());
        return Err(XtaskError::failed(message));
    }
    Ok((0..count).map(|index| all[index * all.len() / count].clone()).collect())
}

/// From one full stop, question mark or exclamation mark to the next, without what is too short to mean something.
fn cut(text: &str) -> Vec<String> {
    let words = text.split_whitespace();
    let (mut all, mut sentence) = (Vec::new(), String::new());
    for word in words {
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        sentence.push_str(word);
        if word.ends_with(['.', '?', '!']) {
            let whole = std::mem::take(&mut sentence);
            if whole.len() >= 20 {
                all.push(whole);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_their_marks_and_short_ones_are_left_out() {
        let text = "The fox is quick, and\nthe dog is lazy. No! Is that what anybody would expect? Nothing ends here";
        assert_eq!(
            cut(text),
            ["The fox is quick, and the dog is lazy.", "Is that what anybody would expect?"]
        );
    }
}
