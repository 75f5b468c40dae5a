//! [`Document`]: a text and its name.

use std::io::Read;
use std::path::{Path, PathBuf};

use chunk_strategies::DocumentKind;

use super::decoder::Decoder;
use super::{Encoding, Source};
use crate::error::Error;

/// A document that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its path as it was given, or `-`.
    pub name: String,
    /// Its text, without a byte order mark.
    pub text: String,
    /// How it is written.
    pub encoding: Encoding,
    /// Whether parts of it were not what its encoding allows and were replaced.
    pub was_lossy: bool,
}

impl Document {
    /// What its name says of it.
    pub fn kind(&self) -> DocumentKind {
        kind_of(&self.name)
    }
}

/// What a document's name says of it.
pub(crate) fn kind_of(name: &str) -> DocumentKind {
    DocumentKind::from_name(name)
}

pub(super) fn read(source: &Source, lossy: bool) -> Result<Document, Error> {
    let (path, bytes) = match source {
        Source::File { path, .. } => (path.clone(), std::fs::read(path)),
        Source::Stdin => {
            let mut bytes = Vec::new();
            let result = std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes);
            (PathBuf::from("-"), result)
        }
    };
    decode(&path, bytes.map_err(|error| Error::io(&path, error))?, lossy)
}

pub(super) fn decode(path: &Path, bytes: Vec<u8>, lossy: bool) -> Result<Document, Error> {
    let name = path.to_string_lossy().into_owned();
    let encoding = Encoding::of(&bytes);
    let (text, was_lossy) = if encoding.is_utf8() {
        utf8(path, bytes, encoding, lossy)?
    } else {
        let decoder = Decoder::new(&bytes[..], encoding);
        let mut decoder = if lossy { decoder.replacing() } else { decoder };
        let mut text = String::with_capacity(bytes.len());
        decoder.read_to_string(&mut text).map_err(|error| Error::reading(path, error))?;
        (text, decoder.has_replaced())
    };
    Ok(Document { name, text, encoding, was_lossy })
}

fn utf8(path: &Path, mut bytes: Vec<u8>, encoding: Encoding, lossy: bool) -> Result<(String, bool), Error> {
    let mark = encoding.mark().len();
    bytes.drain(..mark);
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, false)),
        Err(error) if lossy => Ok((String::from_utf8_lossy(error.as_bytes()).into_owned(), true)),
        Err(error) => Err(Error::utf8(path, mark + error.utf8_error().valid_up_to())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_is_no_utf_8_is_named_with_its_offset_or_replaced() {
        let bytes = b"good \xff tail".to_vec();
        let error = decode(Path::new("a/b.txt"), bytes.clone(), false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Utf8);
        assert_eq!(error.to_string(), "a/b.txt: invalid UTF-8 at byte 5");
        let document = decode(Path::new("x"), bytes, true).unwrap();
        assert_eq!((&document.text[..], document.was_lossy), ("good \u{fffd} tail", true));
    }

    #[test]
    fn a_mark_is_no_part_of_the_text_and_bytes_of_errors_are_those_of_the_file() {
        let read = |bytes: &[u8], lossy| decode(Path::new("x"), bytes.to_vec(), lossy);
        let document = read(b"\xef\xbb\xbf# A", false).unwrap();
        assert_eq!((&document.text[..], document.encoding), ("# A", Encoding::MarkedUtf8));
        let error = read(b"\xef\xbb\xbfab\xff", false).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Utf8, "x: invalid UTF-8 at byte 5")
        );

        let document = read(b"\xff\xfe\xe9\0\n\0", false).unwrap();
        assert_eq!((&document.text[..], document.encoding), ("\u{e9}\n", Encoding::Utf16Le));
        let cut = b"\xfe\xff\0a\xd8\x3d\0b";
        let error = read(cut, false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Encoding);
        assert_eq!(error.to_string(), "x: invalid UTF-16BE at byte 4");
        let document = read(cut, true).unwrap();
        assert_eq!((&document.text[..], document.was_lossy), ("a\u{fffd}b", true));
        assert_eq!(read(b"\xff\xfe", false).unwrap().text, "", "a mark alone");
    }
}
