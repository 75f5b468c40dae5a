//! Documents that are read piece by piece.

use std::io::{self, BufReader, Read};

use chunk_strategies::{Chars, ChunkConfig, ChunkErrorKind, Recursive};

fn strategy() -> Recursive<Chars> {
    Recursive::new(ChunkConfig::new(1000)).unwrap()
}

/// Gives the same line again and again, and keeps count.
struct Lines {
    left: usize,
}

const LINE: &[u8] = b"One sentence here, with a clause; and more. Another one, and the line ends.\n";

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while self.left > 0 && buffer.len() - written >= LINE.len() {
            buffer[written..written + LINE.len()].copy_from_slice(LINE);
            written += LINE.len();
            self.left -= 1;
        }
        Ok(written)
    }
}

#[test]
fn c5_all_of_a_long_stream_is_cut_and_told() {
    let strategy = strategy();
    let (mut told, mut calls) = (0, 0);
    let mut covered = 0;
    {
        let reader = BufReader::with_capacity(1 << 16, Lines { left: 100_000 });
        let mut reader = strategy.chunk_reader(reader).with_progress(|bytes| {
            told = bytes;
            calls += 1;
        });
        while let Some(chunk) = reader.next_chunk() {
            let chunk = chunk.unwrap();
            assert_eq!(chunk.byte_range().start, covered);
            covered = chunk.byte_range().end;
        }
    }
    assert_eq!(covered, LINE.len() * 100_000);
    assert_eq!(told, covered as u64);
    assert!(calls > 10, "told {calls} times");
}

#[test]
fn what_is_no_utf_8_ends_it_with_its_offset() {
    let mut bytes = "é".repeat(30_000).into_bytes();
    bytes[50_001] = b'x';
    let strategy = strategy();
    let mut reader = strategy.chunk_reader(BufReader::with_capacity(3, &bytes[..])).with_segment(10);
    let mut covered = 0;
    let error = loop {
        match reader.next_chunk() {
            Some(Ok(chunk)) => covered = chunk.byte_range().end,
            Some(Err(error)) => break error,
            None => panic!("it ends after {covered} bytes without an error"),
        }
    };
    assert_eq!((error.kind(), error.offset()), (ChunkErrorKind::Utf8, Some(50_000)));
    assert!(covered > 0 && covered <= 50_000, "what comes before it is cut: {covered} bytes");
    assert!(reader.next_chunk().is_none());
}

#[test]
fn a_character_cut_short_at_the_end_is_an_error() {
    let bytes = &"text é".as_bytes()[..6];
    let strategy = strategy();
    let mut reader = strategy.chunk_reader(bytes);
    let error = reader.next_chunk().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ChunkErrorKind::Utf8, Some(5)));
}

#[test]
fn a_reader_that_fails_is_told() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("unplugged"))
        }
    }
    let strategy = strategy();
    let mut reader = strategy.chunk_reader(BufReader::new(b"Some text. ".chain(Broken)));
    let error = reader.next_chunk().unwrap().unwrap_err();
    assert_eq!(error.kind(), ChunkErrorKind::Read);
    assert!(error.to_string().contains("unplugged"), "{error}");
    assert!(error.io_error().is_some());
}
