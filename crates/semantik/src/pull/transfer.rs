//! [`Transfer`]: one file, from the hub into its place among the blobs.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use ureq::http::Uri;
use ureq::http::header::{CONTENT_RANGE, ETAG};

use super::PullEvent;
use super::client::{Asked, Client, Head};
use super::digest::Digest;
use super::fault::Fault;
use super::store::{Blob, Store};
use crate::cancel::Cancel;
use crate::error::{Error, ErrorKind};

/// What is needed to bring a file.
pub(super) struct Transfer<'a> {
    pub(super) client: &'a Client,
    pub(super) store: &'a Store,
    pub(super) asked: Asked<'a>,
    /// Its name in the model.
    pub(super) name: &'a str,
    pub(super) uri: &'a Uri,
    /// Its bytes, where the listing says.
    pub(super) bytes: Option<u64>,
    pub(super) cancel: &'a Cancel,
    pub(super) tell: &'a dyn Fn(PullEvent),
}

/// A file that is there.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) blob: Blob,
    pub(super) bytes: u64,
    /// How many of them came now.
    pub(super) received: u64,
}

/// How long to wait before the first attempt after one that brought nothing, and how many of those there are.
const PAUSE: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 5;
const PIECE: usize = 1 << 16;

impl Transfer<'_> {
    /// Brings it, or finds it whole.
    pub(super) fn run(&self) -> Result<Brought, Error> {
        let head = self.patiently(|| self.client.head(&self.asked, self.uri))?;
        let etag = head.get(&["x-linked-etag", ETAG.as_str()]);
        let strange = |how: &str| Fault::strange(self.asked.what, self.uri, how).error;
        let etag = etag.ok_or_else(|| strange("it does not say which bytes the file has"))?;
        let blob =
            self.store.blob(etag).ok_or_else(|| strange("it names the file's bytes in no known way"))?;
        let bytes =
            head.bytes().or(self.bytes).ok_or_else(|| strange("it does not say how long the file is"))?;
        if self.bytes.is_some_and(|listed| listed != bytes) {
            return Err(strange("the file's length is another in the model's listing"));
        }
        let mut waits = false;
        let _lock = blob.lock(|| {
            if !std::mem::replace(&mut waits, true) {
                (self.tell)(PullEvent::Waiting { name: self.name.to_owned() });
            }
            self.pause(PAUSE)
        })?;
        if self.is_whole(&blob, bytes)? {
            (self.tell)(PullEvent::File { name: self.name.to_owned(), bytes, there: bytes });
            (self.tell)(PullEvent::Bytes(bytes));
            return Ok(Brought { blob, bytes, received: 0 });
        }
        let received = self.receive(&head, &blob, bytes)?;
        fs::rename(&blob.incomplete, &blob.whole).map_err(|error| Error::output(&blob.whole, error))?;
        Ok(Brought { blob, bytes, received })
    }

    /// Whether the blob is there, and is what it is called: also what others brought is believed only after a look.
    fn is_whole(&self, blob: &Blob, bytes: u64) -> Result<bool, Error> {
        let Ok(found) = fs::metadata(&blob.whole) else { return Ok(false) };
        if found.len() == bytes {
            let digest = self.digest_of(&blob.whole, Digest::of(&blob.etag, bytes))?;
            if digest.is(&blob.etag) {
                return Ok(true);
            }
        }
        fs::remove_file(&blob.whole).map_err(|error| Error::output(&blob.whole, error))?;
        Ok(false)
    }

    /// Receives what is missing of a file, as often as it takes. Gives how many bytes came.
    fn receive(&self, head: &Head, blob: &Blob, bytes: u64) -> Result<u64, Error> {
        let fail = |error| Error::output(&blob.incomplete, error);
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&blob.incomplete).map_err(fail)?;
        let mut there = file.metadata().map_err(fail)?.len();
        if there > bytes {
            file.set_len(0).map_err(fail)?;
            there = 0;
        }
        (self.tell)(PullEvent::File { name: self.name.to_owned(), bytes, there });
        (self.tell)(PullEvent::Bytes(there));
        let (mut received, mut failed, mut found_there) = (0, 0, there > 0);
        let mut from = &head.uri;
        loop {
            let before = there;
            let ended = if there < bytes {
                self.go_on(from, &mut file, &blob.incomplete, &mut there, bytes)
            } else {
                Ok(())
            };
            received += there.saturating_sub(before);
            if let Err(fault) = ended {
                failed = if there > before { 1 } else { failed + 1 };
                let is_refused = matches!(fault.error.kind(), ErrorKind::Denied | ErrorKind::NotOnHub);
                let may_pass = fault.may_pass || is_refused && from != self.uri;
                // Where a hub sends on to is good for a while only: it is asked anew.
                from = self.uri;
                self.before_next(Fault { may_pass, ..fault }, failed)?;
                continue;
            }
            let digest = self.digest_of(&blob.incomplete, Digest::of(&blob.etag, bytes))?;
            if digest.is(&blob.etag) {
                file.sync_all().map_err(fail)?;
                return Ok(received);
            }
            // Nothing of it can be used; what an earlier download left may be what is wrong.
            file.set_len(0).map_err(fail)?;
            if !std::mem::take(&mut found_there) {
                let _ = fs::remove_file(&blob.incomplete);
                let cause =
                    format!("{}: the bytes that came are not those that the hub names", self.asked.what);
                return Err(Error::hub(ErrorKind::Damaged, cause));
            }
            (self.tell)(PullEvent::Anew(bytes));
            there = 0;
        }
    }

    /// One request for the bytes behind those that are there.
    fn go_on(
        &self,
        uri: &Uri,
        file: &mut File,
        path: &Path,
        there: &mut u64,
        bytes: u64,
    ) -> Result<(), Fault> {
        let fail = |error| Fault::from(Error::output(path, error));
        let strange = |how: &str| Fault::strange(self.asked.what, uri, how);
        let response = self.client.get(&self.asked, uri, *there)?;
        let begins = if response.status().as_u16() == 206 {
            let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
            let range = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-'));
            let begins = range.and_then(|(begins, _)| begins.parse::<u64>().ok());
            begins.ok_or_else(|| strange("it sends a part, and does not say which"))?
        } else {
            // From the beginning: not everybody who keeps files can send parts of them.
            0
        };
        if begins > *there {
            return Err(strange("it sends another part of the file than the one asked for"));
        }
        if begins < *there {
            (self.tell)(PullEvent::Anew(*there - begins));
            file.set_len(begins).map_err(fail)?;
            *there = begins;
        }
        file.seek(SeekFrom::Start(*there)).map_err(fail)?;
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
        let mut piece = vec![0; PIECE];
        loop {
            if self.cancel.is_set() {
                return Err(Error::interrupted().into());
            }
            let read = match body.read(&mut piece) {
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::unreachable(self.asked.what, uri, &error.into())),
            };
            if read == 0 {
                break;
            }
            let more = read as u64;
            if *there + more > bytes {
                return Err(strange("it sends more than the file has"));
            }
            file.write_all(&piece[..read]).map_err(fail)?;
            *there += more;
            (self.tell)(PullEvent::Bytes(more));
        }
        if *there < bytes {
            let short = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            return Err(Fault::unreachable(self.asked.what, uri, &short.into()));
        }
        Ok(())
    }

    /// Takes a file's bytes in.
    fn digest_of(&self, path: &Path, mut digest: Digest) -> Result<Digest, Error> {
        let fail = |error| Error::io(path, error);
        let mut file = File::open(path).map_err(fail)?;
        let mut piece = vec![0; 1 << 20];
        loop {
            if self.cancel.is_set() {
                return Err(Error::interrupted());
            }
            match file.read(&mut piece).map_err(fail)? {
                0 => return Ok(digest),
                read => digest.update(&piece[..read]),
            }
        }
    }

    /// Asks again where that may help.
    fn patiently<T>(&self, mut ask: impl FnMut() -> Result<T, Fault>) -> Result<T, Error> {
        let mut failed = 0;
        loop {
            match ask() {
                Ok(answer) => return Ok(answer),
                Err(fault) => {
                    failed += 1;
                    self.before_next(fault, failed)?;
                }
            }
        }
    }

    /// Waits before the next attempt, after so many in a row that brought nothing; the error of the last where there is to be
    /// none.
    fn before_next(&self, fault: Fault, failed: u32) -> Result<(), Error> {
        if !fault.may_pass || failed >= ATTEMPTS || self.cancel.is_set() {
            return Err(fault.error);
        }
        let cause = fault.error.to_string();
        (self.tell)(PullEvent::Again { name: self.name.to_owned(), cause });
        self.pause(PAUSE * (1 << (failed - 1)))
    }

    /// Waits, unless a stop is asked for.
    fn pause(&self, time: Duration) -> Result<(), Error> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            if self.cancel.is_set() {
                return Err(Error::interrupted());
            }
            std::thread::sleep(Duration::from_millis(20).min(time));
        }
        Ok(())
    }
}
