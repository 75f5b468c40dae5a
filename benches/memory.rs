//! How much memory does it take to chunk 1 GB that is read piece by piece?
//!
//! The text is made while it is read, and no chunk is kept: the growth of the process's peak is what cutting takes. Fails
//! above 64 MiB.

// A program for terminals prints.
#![allow(clippy::print_stdout)]

use std::fs;
use std::io::{self, BufReader, Read};
use std::process::ExitCode;
use std::time::Instant;

use benches::text;
use chunk_strategies::{Character, Chars, ChunkConfig, ChunkError, ChunkReader, Recursive};

const DOCUMENT_BYTES: usize = 1_000_000_000;
const MOST_GROWTH_BYTES: u64 = 64 << 20;
const SIZE: usize = 1000;

fn main() -> ExitCode {
    // `cargo test` runs benchmarks too, with another argument.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    match measure() {
        Ok(growth) if growth <= MOST_GROWTH_BYTES => ExitCode::SUCCESS,
        Ok(growth) => {
            eprintln!("peak memory grew by {growth} bytes, over {MOST_GROWTH_BYTES}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The largest growth.
fn measure() -> Result<u64, ChunkError> {
    let Some(text) = text("prose", "0.5MB") else { return Ok(0) };
    let document = || BufReader::new(Repeated { text: text.text.as_bytes(), at: 0, left: DOCUMENT_BYTES });
    let recursive = Recursive::new(ChunkConfig::new(SIZE))?;
    let first = one("recursive", recursive.chunk_reader(document()))?;
    let character = Character::new(ChunkConfig::new(SIZE))?;
    Ok(first.max(one("character", character.chunk_reader(document()))?))
}

/// One strategy's row, and the growth.
fn one<R: io::BufRead>(name: &str, mut reader: ChunkReader<'_, R, Chars>) -> Result<u64, ChunkError> {
    let (before, start) = (status("VmRSS:"), Instant::now());
    let (mut chunks, mut bytes) = (0_usize, 0_usize);
    while let Some(chunk) = reader.next_chunk() {
        bytes += chunk?.text().len();
        chunks += 1;
    }
    let speed = bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
    let growth = status("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    let shown = growth.map_or_else(
        || "not known on this system".to_owned(),
        |growth| format!("{:.1} MiB", growth as f64 / 1_048_576.0),
    );
    println!(
        "{name} from a reader: {bytes} bytes, {chunks} chunks, {speed:.0} MB/s; peak memory above the start: {shown}"
    );
    Ok(growth.unwrap_or_default())
}

/// A line of what Linux says about this process, in bytes.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

/// The text again and again.
struct Repeated<'t> {
    text: &'t [u8],
    at: usize,
    left: usize,
}

impl Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Whole texts only, so that no character is cut at the end.
        if self.at == 0 && self.left < self.text.len() {
            return Ok(0);
        }
        let bytes = buffer.len().min(self.text.len() - self.at);
        buffer[..bytes].copy_from_slice(&self.text[self.at..self.at + bytes]);
        self.at = (self.at + bytes) % self.text.len();
        self.left -= bytes;
        Ok(bytes)
    }
}
