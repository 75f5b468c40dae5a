//! [`Decoder`]: a reader of UTF-8 over a reader of something else.

use std::fmt;
use std::io::{self, BufRead, Read};

use encoding_rs::{DecoderResult, UTF_8, UTF_16BE, UTF_16LE};

use super::Encoding;

/// How many bytes are read and decoded at once.
const BYTES: usize = 64 * 1024;

/// U+FFFD.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Reads a document that begins with a byte order mark, as UTF-8 and without the mark.
///
/// What cannot be decoded is an error that holds a [`Malformed`]; or, when [replacing](Decoder::replacing), U+FFFD.
pub(super) struct Decoder<R> {
    reader: R,
    encoding: Encoding,
    machine: Machine,
    input: Box<[u8]>,
    /// What of `input` was read and not decoded.
    unread: std::ops::Range<usize>,
    /// Bytes of the document before `unread`.
    offset: u64,
    output: Box<[u8]>,
    /// What of `output` was decoded and not handed out.
    decoded: std::ops::Range<usize>,
    is_replacing: bool,
    replaced: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The mark comes next.
    Start,
    Open,
    /// The reader has nothing more.
    LastInput,
    Done,
    Failed(Malformed),
}

/// Bytes that are not what the mark of their document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) encoding: Encoding,
    /// Where in the document, in bytes.
    pub(crate) offset: u64,
}

impl<R: Read> Decoder<R> {
    /// Over a whole document, its mark included.
    pub(super) fn new(reader: R, encoding: Encoding) -> Self {
        Decoder {
            reader,
            encoding,
            machine: Machine::new(encoding),
            input: vec![0; BYTES].into(),
            unread: 0..0,
            offset: 0,
            output: vec![0; BYTES].into(),
            decoded: 0..0,
            is_replacing: false,
            replaced: false,
            state: State::Start,
        }
    }

    /// Puts U+FFFD for what cannot be decoded.
    pub(super) fn replacing(self) -> Self {
        Decoder { is_replacing: true, ..self }
    }

    /// Whether something could not be decoded so far, and was replaced.
    pub(super) fn has_replaced(&self) -> bool {
        self.replaced
    }

    /// Decodes until there is something to hand out, or nothing more.
    fn refill(&mut self) -> io::Result<()> {
        while self.decoded.is_empty() {
            match self.state {
                State::Done => return Ok(()),
                State::Failed(malformed) => return Err(malformed.into()),
                State::Start => self.skip_mark()?,
                State::Open if self.unread.is_empty() => {
                    let read = self.reader.read(&mut self.input)?;
                    self.unread = 0..read;
                    if read == 0 {
                        self.state = State::LastInput;
                    }
                }
                State::Open | State::LastInput => self.decode(),
            }
        }
        Ok(())
    }

    fn skip_mark(&mut self) -> io::Result<()> {
        let mark = self.encoding.mark().len();
        self.reader.read_exact(&mut self.input[..mark])?;
        self.offset = mark as u64;
        self.state = State::Open;
        Ok(())
    }

    fn decode(&mut self) {
        let is_last = self.state == State::LastInput;
        let room = self.output.len() - REPLACEMENT.len();
        let source = &self.input[self.unread.clone()];
        let (result, read, written) = self.machine.decode(source, &mut self.output[..room], is_last);
        self.unread.start += read;
        self.offset += read as u64;
        self.decoded = 0..written;
        match result {
            DecoderResult::OutputFull => {}
            DecoderResult::InputEmpty => {
                if is_last {
                    self.state = State::Done;
                }
            }
            DecoderResult::Malformed(..) if self.is_replacing => {
                self.output[written..written + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
                self.decoded.end += REPLACEMENT.len();
                self.replaced = true;
            }
            DecoderResult::Malformed(bytes, after) => {
                let offset = self.offset.saturating_sub(u64::from(bytes) + u64::from(after));
                self.state = State::Failed(Malformed { encoding: self.encoding, offset });
            }
        }
    }
}

impl<R: Read> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.refill()?;
        Ok(&self.output[self.decoded.clone()])
    }

    fn consume(&mut self, bytes: usize) {
        self.decoded.start = (self.decoded.start + bytes).min(self.decoded.end);
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// What decodes; UTF-32 is not among the encodings of the web.
enum Machine {
    Web(Box<encoding_rs::Decoder>),
    Utf32 { high_first: bool, partial: Vec<u8> },
}

impl Machine {
    fn new(encoding: Encoding) -> Self {
        let web = match encoding {
            Encoding::Utf32Le | Encoding::Utf32Be => {
                let high_first = encoding == Encoding::Utf32Be;
                return Machine::Utf32 { high_first, partial: Vec::with_capacity(4) };
            }
            Encoding::Utf8 | Encoding::MarkedUtf8 => UTF_8,
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
        };
        Machine::Web(Box::new(web.new_decoder_without_bom_handling()))
    }

    /// What came of it, the bytes read and the bytes written.
    fn decode(&mut self, source: &[u8], out: &mut [u8], is_last: bool) -> (DecoderResult, usize, usize) {
        match self {
            Machine::Web(decoder) => decoder.decode_to_utf8_without_replacement(source, out, is_last),
            Machine::Utf32 { high_first, partial } => utf32(source, out, is_last, *high_first, partial),
        }
    }
}

fn utf32(
    source: &[u8],
    out: &mut [u8],
    is_last: bool,
    high_first: bool,
    partial: &mut Vec<u8>,
) -> (DecoderResult, usize, usize) {
    let (mut read, mut written) = (0, 0);
    for &byte in source {
        if out.len() - written < 4 {
            return (DecoderResult::OutputFull, read, written);
        }
        read += 1;
        partial.push(byte);
        let Ok(unit) = <[u8; 4]>::try_from(&partial[..]) else { continue };
        partial.clear();
        let scalar = if high_first { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) };
        let Some(c) = char::from_u32(scalar) else { return (DecoderResult::Malformed(4, 0), read, written) };
        written += c.encode_utf8(&mut out[written..]).len();
    }
    if is_last && !partial.is_empty() {
        let cut = std::mem::take(partial).len() as u8;
        return (DecoderResult::Malformed(cut, 0), read, written);
    }
    (DecoderResult::InputEmpty, read, written)
}

impl Malformed {
    /// What an error of a [`Decoder`] holds, if it is not the reader's own.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Malformed>().copied()
    }
}

impl From<Malformed> for io::Error {
    fn from(malformed: Malformed) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, malformed)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid {} at byte {}", self.encoding, self.offset)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKED: [Encoding; 5] =
        [Encoding::MarkedUtf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Utf32Le, Encoding::Utf32Be];

    /// The oracle: one character after the other.
    fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
        let mut bytes = encoding.mark().to_vec();
        for c in text.chars() {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units);
            match encoding {
                Encoding::Utf8 | Encoding::MarkedUtf8 => bytes.extend(c.to_string().bytes()),
                Encoding::Utf16Le => bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes())),
                Encoding::Utf16Be => bytes.extend(units.iter().flat_map(|unit| unit.to_be_bytes())),
                Encoding::Utf32Le => bytes.extend(u32::from(c).to_le_bytes()),
                Encoding::Utf32Be => bytes.extend(u32::from(c).to_be_bytes()),
            }
        }
        bytes
    }

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let few = self.0.len().min(self.1).min(buffer.len());
            let (now, later) = self.0.split_at(few);
            buffer[..few].copy_from_slice(now);
            self.0 = later;
            Ok(few)
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_however_it_arrives(text in "\\PC{0,300}", few in 1_usize..9) {
            for encoding in MARKED {
                let bytes = encoded(&text, encoding);
                let mut read = String::new();
                Decoder::new(Slow(&bytes, few), encoding).read_to_string(&mut read).unwrap();
                prop_assert_eq!(&read, &text);
            }
        }

        #[test]
        fn no_bytes_are_too_strange_to_be_replaced(bytes in proptest::collection::vec(any::<u8>(), 0..200), few in 1_usize..9) {
            for encoding in MARKED {
                let bytes = [encoding.mark(), &bytes].concat();
                let strict = Decoder::new(Slow(&bytes, few), encoding).read_to_string(&mut String::new());
                let mut decoder = Decoder::new(Slow(&bytes, few), encoding).replacing();
                let mut read = String::new();
                decoder.read_to_string(&mut read).unwrap();
                prop_assert_eq!(strict.is_err(), decoder.has_replaced());
                if let Err(error) = strict {
                    prop_assert!(Malformed::of(&error).unwrap().offset < bytes.len() as u64);
                }
            }
        }
    }

    #[test]
    fn more_than_a_buffer_is_read_whole() {
        let text = "é漢😀x".repeat(40_000);
        for encoding in MARKED {
            let mut read = String::new();
            Decoder::new(&encoded(&text, encoding)[..], encoding).read_to_string(&mut read).unwrap();
            assert!(read == text, "{encoding}");
        }
    }

    #[test]
    fn the_first_place_that_is_malformed_is_named_after_what_is_before_it() {
        let cases: [(Encoding, &[u8], u64, &str); 7] = [
            (Encoding::MarkedUtf8, b"good \xff tail", 8, "good "),
            (Encoding::Utf16Le, b"a\0\x3d\xd8b\0", 4, "a"),
            (Encoding::Utf16Le, b"a\0\x3d\xdeb\0", 4, "a"),
            (Encoding::Utf16Be, b"\0a\0b\xd8\x3d", 6, "ab"),
            (Encoding::Utf16Be, b"\0a\0", 4, "a"),
            (Encoding::Utf32Le, b"a\0\0\0\0\0\x11\0", 8, "a"),
            (Encoding::Utf32Be, b"\0\0\0a\0\0", 8, "a"),
        ];
        for (encoding, bytes, offset, before) in cases {
            for few in [1, 3, 100] {
                let bytes = [encoding.mark(), bytes].concat();
                let mut decoder = Decoder::new(Slow(&bytes, few), encoding);
                let mut read = Vec::new();
                let error = decoder.read_to_end(&mut read).unwrap_err();
                let malformed = Malformed { encoding, offset };
                assert_eq!(Malformed::of(&error), Some(malformed), "{few} bytes at a time");
                assert_eq!(read, before.as_bytes());
                assert!(decoder.fill_buf().is_err(), "and again");
            }
        }
    }
}
