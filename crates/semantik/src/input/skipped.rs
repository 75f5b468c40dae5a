//! [`Skipped`]: what of a folder is no document, and why.

use std::path::PathBuf;

/// A file or folder that was left out of the folder in which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its path, beginning as the input was given.
    pub path: PathBuf,
    /// Why.
    pub reason: SkipReason,
    /// Whether it is a folder: what is in it was not looked at.
    pub is_folder: bool,
}

/// Why something in a folder is no document. What may surprise comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// A NUL is in its first 8 KiB: it is no text.
    Binary,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Special,
    /// `embed` or `chunk` wrote it.
    Ours,
    /// A `.gitignore` names it.
    Ignored,
    /// Its name begins with a dot, or the system calls it hidden.
    Hidden,
}

impl SkipReason {
    /// All of them, in their order.
    pub const ALL: [SkipReason; 6] = [
        SkipReason::Binary,
        SkipReason::Link,
        SkipReason::Special,
        SkipReason::Ours,
        SkipReason::Ignored,
        SkipReason::Hidden,
    ];

    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            SkipReason::Binary => "binary",
            SkipReason::Link => "link",
            SkipReason::Special => "special",
            SkipReason::Ours => "ours",
            SkipReason::Ignored => "ignored",
            SkipReason::Hidden => "hidden",
        }
    }
}

/// How many files and folders were skipped, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkippedCounts {
    files: [usize; SkipReason::ALL.len()],
    folders: [usize; SkipReason::ALL.len()],
}

impl SkippedCounts {
    /// Files that were skipped for this reason.
    pub fn files(&self, reason: SkipReason) -> usize {
        self.files[reason as usize]
    }

    /// Folders that were skipped for this reason, each as one, whatever is in it.
    pub fn folders(&self, reason: SkipReason) -> usize {
        self.folders[reason as usize]
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.files.iter().chain(&self.folders).sum()
    }

    pub(crate) fn add(&mut self, skipped: &Skipped) {
        let counts = if skipped.is_folder { &mut self.folders } else { &mut self.files };
        counts[skipped.reason as usize] += 1;
    }
}

impl<'a> FromIterator<&'a Skipped> for SkippedCounts {
    fn from_iter<I: IntoIterator<Item = &'a Skipped>>(skipped: I) -> Self {
        let mut counts = SkippedCounts::default();
        skipped.into_iter().for_each(|skipped| counts.add(skipped));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_under_its_reason() {
        for (place, reason) in SkipReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "{reason:?} has its own place");
            let file = Skipped { path: "a".into(), reason, is_folder: false };
            let folder = Skipped { is_folder: true, ..file.clone() };
            let counts: SkippedCounts = [&file, &folder, &file].into_iter().collect();
            assert_eq!((counts.files(reason), counts.folders(reason), counts.total()), (2, 1, 3));
        }
    }
}
