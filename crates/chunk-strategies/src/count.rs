//! How many characters and line ends a text has.

/// As `text.chars().count()`, at twice the speed: the standard library's takes eight bytes at a time.
pub(crate) fn chars(text: &str) -> usize {
    // Read as signed numbers, the bytes inside a character are the smallest.
    count(text.as_bytes(), 0x80, |byte| byte.cast_signed() >= -0x40)
}

/// How many lines end in the text.
pub(crate) fn line_ends(text: &str) -> usize {
    count(text.as_bytes(), 0, |byte| byte == b'\n')
}

/// How many pages end in the text: most have none, and that is told fastest.
pub(crate) fn page_ends(text: &str) -> usize {
    memchr::memchr_iter(b'\x0c', text.as_bytes()).count()
}

/// How many bytes this holds for; it does not for `filler`. All of a block are added up at once, as bytes, and what no
/// block is left for is counted as a block too: a loop over single bytes would end where no one could predict it.
#[inline]
fn count(bytes: &[u8], filler: u8, holds: impl Fn(u8) -> bool + Copy) -> usize {
    let Some(last) = bytes.last_chunk::<BLOCK>() else {
        let mut block = [filler; BLOCK];
        block[..bytes.len()].copy_from_slice(bytes);
        return usize::from(sum(&block, holds));
    };
    let (long, rest) = bytes.as_chunks::<LONG_BLOCK>();
    let (blocks, rest) = rest.as_chunks::<BLOCK>();
    // The last block begins with bytes that were counted already.
    let counted = (BLOCK - rest.len()) as u8;
    let last = last.iter().zip(&PLACES).map(|(&byte, &at)| u8::from(holds(byte)) & u8::from(at >= counted));
    long.iter().map(|block| usize::from(sum(block, holds))).sum::<usize>()
        + blocks.iter().map(|block| usize::from(sum(block, holds))).sum::<usize>()
        + usize::from(last.sum::<u8>())
}

const BLOCK: usize = 64;
/// No more than a byte can count.
const LONG_BLOCK: usize = 3 * BLOCK;

/// Numbers of bytes, as wide as they are, so that both are compared alike.
static PLACES: [u8; BLOCK] = {
    let mut places = [0; BLOCK];
    let mut at = 0;
    while at < BLOCK {
        places[at] = at as u8;
        at += 1;
    }
    places
};

#[inline]
fn sum<const N: usize>(block: &[u8; N], holds: impl Fn(u8) -> bool) -> u8 {
    block.iter().map(|&byte| u8::from(holds(byte))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_lines_are_counted_as_by_the_standard_library() {
        let some = "aé漢😀b\u{301}c\u{7f}\u{80}\u{7ff}\n\u{800}\u{ffff}\u{10000}\0\r\n".repeat(60);
        for from in (0..80).map(|at| some.ceil_char_boundary(at)) {
            for to in (from..from + 280).chain([from + 900, some.len()]) {
                let text = &some[from..some.floor_char_boundary(to)];
                assert_eq!(chars(text), text.chars().count(), "{from}..{to}");
                assert_eq!(line_ends(text), text.matches('\n').count(), "{from}..{to}");
            }
        }
    }

    #[test]
    fn no_length_is_too_long() {
        for length in (0..600).chain([100_000]) {
            assert_eq!(chars(&"a".repeat(length)), length);
            assert_eq!(line_ends(&"\n".repeat(length)), length);
        }
    }
}
