//! [`Document`]: a text and its name.

use std::io::Read;
use std::path::{Path, PathBuf};

use chunk_strategies::DocumentKind;

use super::Source;
use crate::error::Error;

/// A document that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its path as it was given, or `-`.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Whether parts of it were no UTF-8 and were replaced.
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
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    extension.map_or(DocumentKind::Unknown, DocumentKind::from_extension)
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
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Document { name, text, was_lossy: false }),
        Err(error) if lossy => {
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            Ok(Document { name, text, was_lossy: true })
        }
        Err(error) => Err(Error::utf8(path, error.utf8_error().valid_up_to())),
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
}
