//! [`Opened`]: a document that is small enough to be in memory, or is read piece by piece.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use super::decoder::{Decoder, Malformed};
use super::document::{self, Document};
use super::{Encoding, Source};
use crate::error::Error;

/// A document, ready to be cut.
pub(crate) enum Opened {
    /// In memory.
    Whole(Document),
    /// To be read piece by piece.
    Streamed(Streamed),
}

/// A document that is read piece by piece.
pub(crate) struct Streamed {
    /// Its path as it was given, or `-`.
    pub(crate) name: String,
    /// How it is written.
    pub(crate) encoding: Encoding,
    /// Its text as UTF-8, without a byte order mark.
    pub(crate) reader: Box<dyn BufRead>,
}

/// Opens a document, in memory if it has fewer bytes than `limit`.
///
/// A file is read to its end once before, so that one that cannot be decoded fails as a whole, whatever its size. Standard
/// input can only be read once: of a long one, what comes before the failure is cut.
pub(super) fn open(source: &Source, limit: u64) -> Result<Opened, Error> {
    match source {
        Source::File { bytes, .. } if *bytes < limit => document::read(source, false).map(Opened::Whole),
        Source::File { path, .. } => open_file(path).map_err(|error| Error::reading(path, error)),
        Source::Stdin => {
            let path = Path::new("-");
            let mut beginning = Vec::new();
            let taken = std::io::stdin().lock().take(limit).read_to_end(&mut beginning);
            if (taken.map_err(|error| Error::io(path, error))? as u64) < limit {
                return document::decode(path, beginning, false).map(Opened::Whole);
            }
            let encoding = Encoding::of(&beginning);
            let reader = Cursor::new(beginning).chain(BufReader::with_capacity(READ_BYTES, std::io::stdin()));
            Ok(streamed(path, encoding, decoded(reader, encoding)))
        }
    }
}

fn streamed(path: &Path, encoding: Encoding, reader: Box<dyn BufRead>) -> Opened {
    Opened::Streamed(Streamed { name: path.to_string_lossy().into_owned(), encoding, reader })
}

/// What was not checked before has to be decoded even if it says that it is UTF-8, since its mark moves every offset.
fn decoded(reader: impl BufRead + 'static, encoding: Encoding) -> Box<dyn BufRead> {
    if encoding == Encoding::Utf8 { Box::new(reader) } else { Box::new(Decoder::new(reader, encoding)) }
}

fn open_file(path: &Path) -> std::io::Result<Opened> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(Encoding::LONGEST_MARK as u64).read_to_end(&mut start)?;
    let encoding = Encoding::of(&start);
    file.seek(SeekFrom::Start(0))?;
    if encoding.is_utf8() {
        check_utf8(&file)?;
        file.seek(SeekFrom::Start(encoding.mark().len() as u64))?;
        let reader = BufReader::with_capacity(READ_BYTES, file);
        return Ok(streamed(path, encoding, Box::new(reader)));
    }
    std::io::copy(&mut Decoder::new(&file, encoding), &mut std::io::sink())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(streamed(path, encoding, Box::new(Decoder::new(file, encoding))))
}

const READ_BYTES: usize = 256 * 1024;

/// Reads to the end; what is no UTF-8 is an error that holds a [`Malformed`].
fn check_utf8(mut file: impl Read) -> std::io::Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    // How many bytes at the front of the buffer begin a character of which the rest was not read, and their offset.
    let (mut kept, mut offset) = (0, 0_u64);
    loop {
        let read = match file.read(&mut buffer[kept..]) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = kept + read;
        let valid = match std::str::from_utf8(&buffer[..bytes]) {
            Ok(_) => bytes,
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(error) => {
                let offset = offset + error.valid_up_to() as u64;
                return Err(Malformed { encoding: Encoding::Utf8, offset }.into());
            }
        };
        if read == 0 {
            return Ok(());
        }
        buffer.copy_within(valid..bytes, 0);
        (kept, offset) = (bytes - valid, offset + valid as u64);
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
        let check = |bytes: &[u8]| check_utf8(Slow(bytes));
        assert!(check("漢字 é 😀".repeat(50).as_bytes()).is_ok());
        let mut bytes = "é".repeat(20).into_bytes();
        bytes[31] = b'x';
        assert_eq!(check(&bytes).unwrap_err().to_string(), "invalid UTF-8 at byte 30");
        assert_eq!(check(&"aé".as_bytes()[..2]).unwrap_err().to_string(), "invalid UTF-8 at byte 1");
    }
}
