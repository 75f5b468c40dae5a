//! The resident memory of this process.

use std::path::Path;
use std::sync::OnceLock;

use super::proc_file::{Files, kib_field};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// Reads `statm`, a line of numbers, instead of `status`, for which the kernel writes fifty lines of text. It counts in
/// pages, whose size is looked up once.
#[derive(Clone, Debug, Default)]
pub(super) struct Resident {
    page: OnceLock<Option<u64>>,
}

impl Resident {
    /// What is resident, or `None` if the system does not tell.
    pub(super) fn read(&self, root: &Path, files: &Files) -> Result<Option<ByteCount>, TelemetryError> {
        let of_self = root.join("proc/self");
        if let Some(page) = *self.page.get_or_init(|| page_size(&of_self.join("auxv")))
            && let Some(text) = files.read(&of_self.join("statm"))?
            && let Some(pages) = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok())
        {
            return Ok(Some(ByteCount::new(page).saturating_mul(pages)));
        }
        let path = of_self.join("status");
        match files.read(&path)? {
            Some(text) => kib_field(&text, "VmRSS", &path),
            None => Ok(None),
        }
    }
}

/// From the numbers that the kernel gives a program when it starts: pairs of a key and a value, each a machine word.
fn page_size(auxv: &Path) -> Option<u64> {
    /// `AT_PAGESZ` in the kernel's list of keys.
    const PAGE_SIZE: usize = 6;
    const WORD: usize = size_of::<usize>();
    let bytes = std::fs::read(auxv).ok()?;
    let word = |bytes: &[u8]| Some(usize::from_ne_bytes(bytes.try_into().ok()?));
    bytes.chunks_exact(2 * WORD).find_map(|pair| {
        let (key, value) = pair.split_at(WORD);
        if word(key)? == PAGE_SIZE { word(value).map(|size| size as u64) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[usize]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn pages_are_counted_where_their_size_is_known_and_status_is_read_where_not() {
        let root = tempfile::tempdir().unwrap();
        let of_self = root.path().join("proc/self");
        std::fs::create_dir_all(&of_self).unwrap();
        let put = |name: &str, text: &[u8]| std::fs::write(of_self.join(name), text).unwrap();
        let read = || Resident::default().read(root.path(), &Files::default()).unwrap().map(ByteCount::get);
        assert_eq!(read(), None);
        put("status", b"VmRSS:\t 3 kB\n");
        put("statm", b"90 7 5 1 0 40 0\n");
        assert_eq!(read(), Some(3 << 10), "no size of a page");
        put("auxv", &words(&[16, 99, 6, 16384, 0, 0]));
        assert_eq!(read(), Some(7 * 16384));
        for broken in [&words(&[16, 99, 0, 0])[..], &words(&[6])[..], b"short", b""] {
            put("auxv", broken);
            assert_eq!(read(), Some(3 << 10), "{broken:?}");
        }
        put("auxv", &words(&[6, 4096]));
        put("statm", b"90\n");
        assert_eq!(read(), Some(3 << 10), "no count of pages");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn both_ways_of_this_system_agree() {
        let pages = Resident::default();
        let text = Resident { page: OnceLock::from(None) };
        let files = Files::default();
        let read = |way: &Resident| way.read(Path::new("/"), &files).unwrap().unwrap().get();
        // Other tests allocate meanwhile, though less than a page's size taken wrong would show.
        let (pages, text) = (read(&pages), read(&text));
        assert!(pages > text / 2 && pages / 2 < text, "{pages} and {text}");
    }
}
