//! What says an item's name.

use tree_sitter::Node;

use super::roles::Role;
use crate::chunk::ContextPart;

/// The signature of the item that a node is or wraps, and where the item's body begins.
pub(super) fn of(node: Node<'_>, roles: &[Role], text: &str) -> Option<(ContextPart, usize)> {
    let item = item_in(node, roles)?;
    let start = behind_annotations(node);
    let body = ["body", "value"].iter().find_map(|field| item.child_by_field_name(field));
    let end = body.map_or(node.end_byte(), |body| body.start_byte());
    let part = part(text, start, end)?;
    let opened = body.map_or(part.byte_range().end, |body| body.start_byte());
    Some((part, opened))
}

/// A context's line from what stands before an item's body.
pub(super) fn part(text: &str, start: usize, end: usize) -> Option<ContextPart> {
    let is_no_name = |c: char| c.is_whitespace() || matches!(c, '{' | ':' | '=');
    let head = text.get(start..end)?.trim_end_matches(is_no_name);
    let head = if head.len() <= MOST_BYTES && !head.contains('{') {
        head
    } else {
        // A body without a name of its own in the grammar, or more than anybody calls a name.
        head.lines().next().unwrap_or_default().trim_end_matches(is_no_name)
    };
    let line = head.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    (!line.is_empty() && head.len() <= MOST_BYTES).then(|| ContextPart::new(start..start + head.len(), &line))
}

/// No signature of a context is longer.
const MOST_BYTES: usize = 240;

/// How far below a node the item is looked for: `export const f = async () => {` has it three below.
const MOST_WRAPPERS: usize = 5;

fn item_in<'t>(mut node: Node<'t>, roles: &[Role]) -> Option<Node<'t>> {
    for _ in 0..MOST_WRAPPERS {
        match roles.get(usize::from(node.kind_id())) {
            Some(Role::Item) => return Some(node),
            Some(Role::Wrapper) => {}
            _ => return None,
        }
        let fields = ["declaration", "definition", "value", "right", "type"];
        let inner = fields.iter().find_map(|field| node.child_by_field_name(field));
        node = inner.or_else(|| node.named_child(0))?;
    }
    None
}

/// Where the item says what it is, behind what is only said about it.
fn behind_annotations(mut node: Node<'_>) -> usize {
    let start = node.start_byte();
    'outer: for _ in 0..MOST_WRAPPERS {
        let mut cursor = node.walk();
        for child in node.children(&mut cursor).take(MOST_ANNOTATIONS) {
            if matches!(child.kind(), "modifiers" | "decorated_definition" | "export_statement") {
                let all = (0..child.child_count()).filter_map(|i| child.child(i));
                if all.take(MOST_ANNOTATIONS).all(is_annotation) {
                    continue;
                }
                node = child;
                continue 'outer;
            }
            if !is_annotation(child) {
                return child.start_byte();
            }
        }
        return start;
    }
    start
}

/// More are not looked through.
const MOST_ANNOTATIONS: usize = 64;

fn is_annotation(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "decorator" | "annotation" | "marker_annotation" | "attribute_list" | "attribute_item"
    ) || node.is_extra()
}
