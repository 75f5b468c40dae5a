//! A document as a pipe gives it: a few bytes at a time.

use std::io::{self, BufRead, Read};

/// Gives a document in pieces of sizes drawn at random, which end within characters and line ends. (A slice gives all of
/// it at once, and then nothing of reading piece by piece is tested.)
pub(crate) struct Pieces<'d> {
    rest: &'d [u8],
    /// No piece is longer.
    most: usize,
    /// How much is left of the piece that is given.
    piece: usize,
    state: u64,
}

impl<'d> Pieces<'d> {
    /// The same sizes, from 1 to `most` bytes, for the same document.
    pub(crate) fn of(document: &'d str, most: usize) -> Self {
        Pieces { rest: document.as_bytes(), most, piece: 0, state: document.len() as u64 }
    }
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece == 0 {
            self.state =
                self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.piece = (1 + (self.state >> 33) as usize % self.most).min(self.rest.len());
        }
        Ok(&self.rest[..self.piece])
    }

    fn consume(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        self.piece -= bytes;
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let given = self.fill_buf()?;
        let bytes = given.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&given[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}

/// With `\r\n` and a character of four bytes between pieces as within them.
#[test]
fn pieces_are_the_document_and_end_anywhere() {
    let document = "a\r\n\u{1f600}é\r\n".repeat(200);
    let mut pieces = Pieces::of(&document, 7);
    let (mut read, mut within, mut between) = (Vec::new(), 0, 0);
    loop {
        let piece = pieces.fill_buf().unwrap().to_vec();
        pieces.consume(piece.len());
        if piece.is_empty() {
            break;
        }
        read.extend(piece);
        within += usize::from(!document.is_char_boundary(read.len()));
        between += usize::from(document[..document.floor_char_boundary(read.len())].ends_with('\r'));
    }
    assert_eq!(read, document.as_bytes());
    assert!(within > 20 && between > 20, "{within} {between}");
}
