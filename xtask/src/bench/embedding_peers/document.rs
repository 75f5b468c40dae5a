//! Where the tables are written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::XtaskError;
use crate::workspace;

pub(super) fn path() -> PathBuf {
    workspace::root().join("docs/embedding-benchmarks.md")
}

/// Writes `text` between the part's marks.
pub(super) fn write(path: &Path, part: &str, text: &str) -> Result<(), XtaskError> {
    let old = fs::read_to_string(path).map_err(XtaskError::io(path))?;
    let [begin, end] = marks(part);
    let new = between(&old, &begin, &end, text)
        .ok_or_else(|| XtaskError::failed(format!("{} has no {begin} before {end}", path.display())))?;
    fs::write(path, new).map_err(XtaskError::io(path))
}

fn marks(part: &str) -> [String; 2] {
    [format!("<!-- {part}: begin -->"), format!("<!-- {part}: end -->")]
}

/// The document with `text` in place of what is between the marks; `None` where they are not there in this order.
fn between(document: &str, begin: &str, end: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}\n\n{}\n\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_all_else_stays() {
        let document = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n<!-- y: begin --><!-- y: end -->\n";
        let [begin, end] = marks("x");
        let once = between(document, &begin, &end, "new\n").unwrap();
        assert_eq!(
            once,
            "a\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\nb\n<!-- y: begin --><!-- y: end -->\n"
        );
        assert_eq!(between(&once, &begin, &end, "new").unwrap(), once);
        let [begin, end] = marks("z");
        assert!(between(document, &begin, &end, "new").is_none());
    }

    #[test]
    fn the_document_has_marks_for_every_part() {
        let document = fs::read_to_string(path()).unwrap();
        for part in super::super::PARTS {
            let [begin, end] = marks(part.name);
            assert!(between(&document, &begin, &end, "").is_some(), "{}", part.name);
        }
    }
}
