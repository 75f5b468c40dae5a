//! [`Opened`]: a document that is small enough to be in memory, or is read piece by piece.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use super::Source;
use super::document::{self, Document};
use crate::error::Error;

/// A document, ready to be cut.
pub(crate) enum Opened {
    /// In memory.
    Whole(Document),
    /// To be read piece by piece, under this name.
    Streamed(String, Box<dyn BufRead>),
}

/// Opens a document, in memory if it has fewer bytes than `limit`.
///
/// A file is read to its end once before, so that one that is no UTF-8 fails as a whole, whatever its size. Standard input
/// can only be read once: of a long one, what comes before the failure is cut.
pub(super) fn open(source: &Source, limit: u64) -> Result<Opened, Error> {
    match source {
        Source::File { bytes, .. } if *bytes < limit => document::read(source, false).map(Opened::Whole),
        Source::File { path, .. } => {
            let fail = |error| Error::io(path, error);
            check_utf8(path, File::open(path).map_err(fail)?)?;
            let reader = BufReader::with_capacity(READ_BYTES, File::open(path).map_err(fail)?);
            Ok(Opened::Streamed(path.to_string_lossy().into_owned(), Box::new(reader)))
        }
        Source::Stdin => {
            let path = Path::new("-");
            let mut beginning = Vec::new();
            let taken = std::io::stdin().lock().take(limit).read_to_end(&mut beginning);
            if (taken.map_err(|error| Error::io(path, error))? as u64) < limit {
                return document::decode(path, beginning, false).map(Opened::Whole);
            }
            let reader = Cursor::new(beginning).chain(BufReader::with_capacity(READ_BYTES, std::io::stdin()));
            Ok(Opened::Streamed("-".to_owned(), Box::new(reader)))
        }
    }
}

const READ_BYTES: usize = 256 * 1024;

fn check_utf8(path: &Path, mut file: impl Read) -> Result<(), Error> {
    let mut buffer = vec![0; READ_BYTES];
    // How many bytes at the front of the buffer begin a character of which the rest was not read, and their offset.
    let (mut kept, mut offset) = (0, 0);
    loop {
        let read = match file.read(&mut buffer[kept..]) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::io(path, error)),
        };
        let bytes = kept + read;
        let valid = match std::str::from_utf8(&buffer[..bytes]) {
            Ok(_) => bytes,
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(error) => return Err(Error::utf8(path, offset + error.valid_up_to())),
        };
        if read == 0 {
            return Ok(());
        }
        buffer.copy_within(valid..bytes, 0);
        (kept, offset) = (bytes - valid, offset + valid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let few = self.0.len().min(3).min(buffer.len());
            let (now, later) = self.0.split_at(few);
            buffer[..few].copy_from_slice(now);
            self.0 = later;
            Ok(few)
        }
    }

    #[test]
    fn the_first_byte_that_is_no_utf_8_is_named() {
        let check = |bytes: &[u8]| check_utf8(Path::new("x"), Slow(bytes));
        assert!(check("漢字 é 😀".repeat(50).as_bytes()).is_ok());
        let mut bytes = "é".repeat(20).into_bytes();
        bytes[31] = b'x';
        assert_eq!(check(&bytes).unwrap_err().to_string(), "x: invalid UTF-8 at byte 30");
        assert_eq!(check(&"aé".as_bytes()[..2]).unwrap_err().to_string(), "x: invalid UTF-8 at byte 1");
    }
}
