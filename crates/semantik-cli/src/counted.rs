//! Numbers of things, in words.

/// `1 chunk`, `2 chunks`. `one` is what one of them is called, and several are called that with an s.
pub(crate) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_several() {
        assert_eq!([0, 1, 2].map(|count| counted(count, "chunk")), ["0 chunks", "1 chunk", "2 chunks"]);
    }
}
