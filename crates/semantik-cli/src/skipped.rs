//! What of folders was skipped, in words.

use semantik::{NothingIn, SkipReason, Skipped, SkippedCounts};

/// One line of counts, and one for each of the first `named`, those that may surprise first; nothing where nothing was
/// skipped.
pub(crate) fn told(mut skipped: Vec<Skipped>, named: usize) -> Vec<String> {
    if skipped.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("skipped: {}", counts(&skipped.iter().collect()))];
    // Stable: in the order of the walk within each reason.
    skipped.sort_by_key(|skipped| skipped.reason);
    let name = |skipped: &Skipped| {
        let (path, slash) = (skipped.path.display(), if skipped.is_folder { "/" } else { "" });
        format!("  {path}{slash} ({})", skipped.reason.as_str())
    };
    lines.extend(skipped.iter().take(named).map(name));
    match skipped.len().saturating_sub(named) {
        0 => {}
        more => lines.push(format!("  and {more} more (-v names all)")),
    }
    lines
}

/// Why nothing was read in a folder.
pub(crate) fn nothing_in(nothing: &NothingIn) -> String {
    let folder = nothing.folder.display();
    if nothing.skipped.total() == 0 {
        return format!("{folder}: there is no file in it");
    }
    let counts = counts(&nothing.skipped);
    format!(
        "{folder}: nothing in it was read; skipped: {counts}. A file that is named is read, whatever it is"
    )
}

fn counts(counts: &SkippedCounts) -> String {
    let of = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let counted: Vec<String> = SkipReason::ALL
        .into_iter()
        .flat_map(|reason| {
            let (file, files, folder, folders) = words(reason);
            [of(counts.files(reason), file, files), of(counts.folders(reason), folder, folders)]
        })
        .flatten()
        .collect();
    counted.join(", ")
}

/// One file, several, one folder, several.
fn words(reason: SkipReason) -> (&'static str, &'static str, &'static str, &'static str) {
    match reason {
        SkipReason::Hidden => ("hidden file", "hidden files", "hidden folder", "hidden folders"),
        SkipReason::Ignored => (
            "file that .gitignore names",
            "files that .gitignore names",
            "folder that .gitignore names",
            "folders that .gitignore names",
        ),
        SkipReason::Binary => ("binary file", "binary files", "binary folder", "binary folders"),
        SkipReason::Link => ("link", "links", "link", "links"),
        SkipReason::Ours => (
            "file that semantik wrote",
            "files that semantik wrote",
            "folder of semantik",
            "folders of semantik",
        ),
        SkipReason::Special => ("pipe or device", "pipes or devices", "pipe or device", "pipes or devices"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(path: &str, reason: SkipReason) -> Skipped {
        Skipped { path: path.into(), reason, is_folder: path.rsplit('/').next() == Some(".git") }
    }

    #[test]
    fn what_may_surprise_is_named_first_and_the_rest_is_counted() {
        let all = vec![
            skipped("d/.a", SkipReason::Hidden),
            skipped("d/.git", SkipReason::Hidden),
            skipped("d/old.log", SkipReason::Ignored),
            skipped("d/report.txt", SkipReason::Binary),
            skipped("d/.z", SkipReason::Hidden),
        ];
        assert_eq!(
            told(all.clone(), 3),
            [
                "skipped: 1 binary file, 1 file that .gitignore names, 2 hidden files, 1 hidden folder",
                "  d/report.txt (binary)",
                "  d/old.log (ignored)",
                "  d/.a (hidden)",
                "  and 2 more (-v names all)",
            ]
        );
        let lines = told(all, usize::MAX);
        assert!(lines.len() == 6 && lines[4] == "  d/.git/ (hidden)", "{lines:#?}");
        assert!(told(Vec::new(), 3).is_empty());
    }

    #[test]
    fn a_folder_without_a_document_says_why() {
        let hidden = skipped("d/.a", SkipReason::Hidden);
        let nothing = NothingIn { folder: "d".into(), skipped: [&hidden].into_iter().collect() };
        assert!(nothing_in(&nothing).starts_with("d: nothing in it was read; skipped: 1 hidden file. "));
        let nothing = NothingIn { skipped: SkippedCounts::default(), ..nothing };
        assert_eq!(nothing_in(&nothing), "d: there is no file in it");
    }
}
