//! [`ChunkReader`]: a document that is read piece by piece.

use std::collections::VecDeque;
use std::io::{BufRead, ErrorKind};

use crate::assemble::Assembler;
use crate::chunk::Chunk;
use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::window::{Cutter, Measured, PAGED_BYTES, Span};

/// The chunks of a document that is read while it is cut: the same, byte for byte, as those of the document in memory.
///
/// Memory is bounded by the maximum size, not by the document: a few hundred KiB and a few times the bytes that a chunk
/// may have. (A sizer of one's own that knows no [`byte_ceiling`](ChunkSizer::byte_ceiling) has no such bound.)
///
/// A chunk borrows from the reader and lives until the next is asked for, hence no `Iterator`:
///
/// ```
/// use chunk_strategies::{ChunkConfig, Recursive};
///
/// let strategy = Recursive::new(ChunkConfig::new(24))?;
/// let mut reader = strategy.chunk_reader(&b"One line.\nAnother.\n\nA paragraph."[..]);
/// while let Some(chunk) = reader.next_chunk() {
///     println!("{:?}", chunk?.byte_range());
/// }
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
pub struct ChunkReader<'c, R, S> {
    source: Source<R>,
    config: &'c ChunkConfig<S>,
    cutter: Box<dyn Cutter + 'c>,
    assembler: Assembler<'c>,
    /// What was decided and not yet given; an error is the last.
    spans: VecDeque<Result<Span, ChunkError>>,
    on_progress: Option<Box<dyn FnMut(u64) + 'c>>,
    segment_bytes: usize,
}

impl<'c, R: BufRead, S: ChunkSizer> ChunkReader<'c, R, S> {
    pub(crate) fn new(
        reader: R,
        config: &'c ChunkConfig<S>,
        strategy: Strategy,
        cutter: impl Cutter + 'c,
    ) -> Self {
        ChunkReader {
            source: Source::new(reader),
            config,
            cutter: Box::new(cutter),
            assembler: Assembler::new(strategy, config),
            spans: VecDeque::new(),
            on_progress: None,
            segment_bytes: SEGMENT_BYTES,
        }
    }

    /// Calls back with the bytes read so far, each time that more are read.
    #[must_use]
    pub fn with_progress(self, on_progress: impl FnMut(u64) + 'c) -> Self {
        ChunkReader { on_progress: Some(Box::new(on_progress)), ..self }
    }

    /// Reads so many bytes at once, beyond what the next chunk depends on. Default: 256 KiB.
    #[must_use]
    pub fn with_segment(self, bytes: usize) -> Self {
        ChunkReader { segment_bytes: bytes.max(1), ..self }
    }

    /// The next chunk; `None` at the end, and after an error.
    pub fn next_chunk(&mut self) -> Option<Result<Chunk<'_>, ChunkError>> {
        loop {
            match self.spans.pop_front() {
                // Checked first, since a chunk borrows from the reader for as long as it lives.
                Some(Ok(span)) if self.assembler.is_shown(&self.source.text, &span) => {
                    let (text, base) = (&self.source.text[..], self.source.base);
                    return self.assembler.chunk(text, base, span).map(Ok);
                }
                Some(Ok(span)) => {
                    let _ = self.assembler.chunk(&self.source.text, self.source.base, span);
                }
                Some(Err(error)) => {
                    // What was read and not yet cut is given up.
                    self.source.is_done = true;
                    self.spans.clear();
                    return Some(Err(error));
                }
                None if self.source.is_done => return None,
                None => self.decide(),
            }
        }
    }

    /// Reads on, and decides on the spans for which enough is in memory.
    fn decide(&mut self) {
        let needed = self.cutter.needed_from().saturating_sub(self.config.sizer.margin());
        let dropped = self.source.drop_before(needed);
        self.cutter.shift(dropped);
        let ahead = self.cutter.look_ahead(&Measured::excerpt("", 0, self.config).fit());
        let wanted =
            self.cutter.position().saturating_add(ahead).saturating_add(self.segment_bytes).max(PAGED_BYTES);
        let read = self.source.fill(wanted);
        if let Some(on_progress) = &mut self.on_progress {
            on_progress((self.source.base + self.source.text.len()) as u64);
        }
        let text = &self.source.text;
        let measured = Measured::excerpt(text, self.source.base, self.config);
        let fit = measured.fit();
        while self.source.is_complete || text.len() - self.cutter.position() >= ahead {
            let Some(span) = self.cutter.next_span(&fit) else {
                self.source.is_done = true;
                break;
            };
            self.spans.push_back(span.map_err(|no_room| no_room.moved(self.source.base).into()));
        }
        if let Err(error) = read {
            self.spans.push_back(Err(error));
        }
    }
}

impl<R, S> std::fmt::Debug for ChunkReader<'_, R, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkReader").field("offset", &self.source.base).finish_non_exhaustive()
    }
}

/// How much is read at once beyond what the next span depends on: the cost of moving what is kept to the front, and of a
/// new index, is spread over it.
const SEGMENT_BYTES: usize = 256 * 1024;

/// The part of a document that is in memory.
struct Source<R> {
    reader: R,
    text: String,
    /// Where `text` begins in the document.
    base: usize,
    /// The first bytes of a character of which the rest is not read yet.
    partial: Vec<u8>,
    /// Whether `text` ends with the document.
    is_complete: bool,
    /// Whether nothing more comes.
    is_done: bool,
}

impl<R: BufRead> Source<R> {
    fn new(reader: R) -> Self {
        Source {
            reader,
            text: String::new(),
            base: 0,
            partial: Vec::new(),
            is_complete: false,
            is_done: false,
        }
    }

    /// Forgets what lies before the offset; says how many bytes.
    fn drop_before(&mut self, offset: usize) -> usize {
        let bytes = self.text.floor_char_boundary(offset);
        self.text.drain(..bytes);
        self.base += bytes;
        bytes
    }

    /// Reads until so many bytes are in memory, or the document ends.
    fn fill(&mut self, bytes: usize) -> Result<(), ChunkError> {
        while self.text.len() < bytes && !self.is_complete {
            let offset = self.base + self.text.len() + self.partial.len();
            let read = match self.reader.fill_buf() {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(ChunkError::read(offset, error)),
            };
            if read.is_empty() {
                if !self.partial.is_empty() {
                    return Err(ChunkError::utf8(self.base + self.text.len()));
                }
                self.is_complete = true;
                return Ok(());
            }
            let taken = read.len();
            let decoded = decode(&mut self.partial, read, &mut self.text);
            self.reader.consume(taken);
            decoded.map_err(|()| ChunkError::utf8(self.base + self.text.len()))?;
        }
        Ok(())
    }
}

/// Adds what is read to the text, and keeps the beginning of a character that it ends with in `partial`. In an error,
/// all that is valid was added.
fn decode(partial: &mut Vec<u8>, mut read: &[u8], text: &mut String) -> Result<(), ()> {
    while !partial.is_empty() {
        let Some((&byte, rest)) = read.split_first() else { return Ok(()) };
        partial.push(byte);
        match std::str::from_utf8(partial) {
            Ok(whole) => {
                text.push_str(whole);
                partial.clear();
            }
            Err(error) if error.error_len().is_some() => return Err(()),
            Err(_) => {}
        }
        read = rest;
    }
    match std::str::from_utf8(read) {
        Ok(valid) => text.push_str(valid),
        Err(error) => {
            let (valid, rest) = read.split_at(error.valid_up_to());
            text.push_str(std::str::from_utf8(valid).unwrap_or_default());
            if error.error_len().is_some() {
                return Err(());
            }
            partial.extend_from_slice(rest);
        }
    }
    Ok(())
}
