//! Documents that tables are written into, each between marks of its name.

use std::fs;
use std::path::Path;

use crate::error::XtaskError;

/// Writes `text` between the marks of this name.
pub(super) fn write(path: &Path, name: &str, text: &str) -> Result<(), XtaskError> {
    let old = fs::read_to_string(path).map_err(XtaskError::io(path))?;
    let [begin, end] = marks(name);
    let new = between(&old, &begin, &end, text)
        .ok_or_else(|| XtaskError::failed(format!("{} has no {begin} before {end}", path.display())))?;
    fs::write(path, new).map_err(XtaskError::io(path))
}

/// Whether a document has them.
#[cfg(test)]
pub(super) fn has_marks(document: &str, name: &str) -> bool {
    let [begin, end] = marks(name);
    between(document, &begin, &end, "").is_some()
}

fn marks(name: &str) -> [String; 2] {
    [format!("<!-- {name}: begin -->"), format!("<!-- {name}: end -->")]
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
        assert!(has_marks(document, "y") && !has_marks(document, "z"));
    }
}
