//! [`Digest`]: whether bytes are those that a hub names by their hash.

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// Takes bytes in, and tells whether they are the ones that were named.
#[derive(Clone, Debug)]
pub(super) enum Digest {
    /// Large files are named by the SHA-256 of their bytes.
    Large(Sha256),
    /// Small ones as Git names them: by the SHA-1 of their length and their bytes.
    Small(Sha1),
    /// A name that says nothing of the bytes.
    Unknown,
}

impl Digest {
    /// For a file of so many bytes that the hub calls so.
    pub(super) fn of(etag: &str, bytes: u64) -> Self {
        let is_hex = etag.bytes().all(|byte| byte.is_ascii_hexdigit());
        match etag.len() {
            64 if is_hex => Digest::Large(Sha256::new()),
            40 if is_hex => Digest::Small(Sha1::new_with_prefix(format!("blob {bytes}\0"))),
            _ => Digest::Unknown,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Digest::Large(hash) => hash.update(bytes),
            Digest::Small(hash) => hash.update(bytes),
            Digest::Unknown => {}
        }
    }

    /// Whether all that was taken in is what the hub calls so.
    pub(super) fn is(self, etag: &str) -> bool {
        let hex = |hash: &[u8]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let found = match self {
            Digest::Large(hash) => hex(&hash.finalize()),
            Digest::Small(hash) => hex(&hash.finalize()),
            Digest::Unknown => return true,
        };
        found.eq_ignore_ascii_case(etag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(etag: &str, bytes: &[u8]) -> bool {
        let mut digest = Digest::of(etag, bytes.len() as u64);
        bytes.chunks(2).for_each(|part| digest.update(part));
        digest.is(etag)
    }

    #[test]
    fn files_are_known_by_their_hashes() {
        // `printf 'hello\n' | git hash-object --stdin`, and `| sha256sum`.
        let small = "ce013625030ba8dba906f756967f9e9ca394464a";
        let large = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        for etag in [small, large, &large.to_uppercase()] {
            assert!(is(etag, b"hello\n") && !is(etag, b"hello!") && !is(etag, b""), "{etag}");
        }
        assert!(is("5d41-7", b"hello"), "no hash says nothing");
    }
}
