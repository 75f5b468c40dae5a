//! What says an item's name.

use std::ops::Range;

use tree_sitter::Node;

use super::roles::Role;
use crate::chunk::ContextPart;

/// The signature of the item that a node is or wraps, and where what belongs to it ends: behind that, comments are of what
/// the item holds.
pub(super) fn of(node: Node<'_>, roles: &[Role], text: &str) -> Option<(ContextPart, usize)> {
    let item = item_in(node, roles)?;
    let start = behind_annotations(node);
    let body = ["body", "value"].iter().find_map(|field| item.child_by_field_name(field));
    let end = body.map_or(node.end_byte(), |body| body.start_byte());
    let comments = comments_between(node, start, end, roles);
    let part = part(text, start, end, &comments)?;
    let header_end = match body {
        Some(_) => named_end(text, start, end, &comments)?,
        None => part.byte_range().end,
    };
    Some((part, header_end))
}

/// A context's line from what stands before an item's body, without the comments in it.
pub(super) fn part(text: &str, start: usize, end: usize, comments: &[Range<usize>]) -> Option<ContextPart> {
    let mut end = named_end(text, start, end, comments)?;
    let mut head = without(text, start..end, comments);
    if head.len() > MOST_BYTES || head.contains('{') {
        // A body without a name of its own in the grammar, or more than anybody calls a name: what comes before its arguments.
        let first = text.get(start..end)?.lines().next().unwrap_or_default();
        let first = &first[..unclosed(first).unwrap_or(first.len())];
        end = named_end(text, start, start + first.len(), comments)?;
        head = without(text, start..end, comments);
    }
    let line = head.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    (!line.is_empty() && head.len() <= MOST_BYTES).then(|| ContextPart::new(start..end, &line))
}

/// The end without what is no name: blanks, what opens a body, and comments, which describe what is in it.
fn named_end(text: &str, start: usize, end: usize, comments: &[Range<usize>]) -> Option<usize> {
    let mut head = text.get(start..end)?;
    loop {
        head = head.trim_end_matches(opens_body);
        let end = start + head.len();
        // The end may lie in the midst of a comment: some grammars count a line's end to it, and it may end as a header does.
        let comment = comments.iter().find(|comment| {
            comment.start >= start
                && comment.start < end
                && text.get(end..comment.end).is_some_and(|rest| rest.trim_matches(opens_body).is_empty())
        });
        match comment.and_then(|comment| text.get(start..comment.start)) {
            Some(before) => head = before,
            None => return Some(end),
        }
    }
}

/// Where a bracket is opened that the line does not close.
fn unclosed(line: &str) -> Option<usize> {
    let mut open = Vec::new();
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.first().copied()
}

/// What stands between a name and what it names, and behind the last of its bounds.
fn opens_body(c: char) -> bool {
    c.is_whitespace() || matches!(c, '{' | ':' | '=' | ',')
}

/// A range of a text, without these parts of it.
pub(super) fn without(text: &str, range: Range<usize>, parts: &[Range<usize>]) -> String {
    let (mut rest, mut at) = (String::new(), range.start);
    for part in parts.iter().filter(|part| part.start >= range.start && part.end <= range.end) {
        rest.push_str(text.get(at..part.start).unwrap_or_default().trim_end_matches([' ', '\t']));
        // A line's end that was a comment's is still one.
        rest.push(if text.get(part.clone()).is_some_and(|part| part.ends_with('\n')) { '\n' } else { ' ' });
        at = part.end;
        at +=
            text.get(at..range.end).map_or(0, |rest| rest.len() - rest.trim_start_matches([' ', '\t']).len());
    }
    rest.push_str(text.get(at..range.end).unwrap_or_default());
    rest
}

/// The comments in a node that start between these places, in order.
fn comments_between(node: Node<'_>, start: usize, end: usize, roles: &[Role]) -> Vec<Range<usize>> {
    let mut comments = Vec::new();
    let mut cursor = node.walk();
    for _ in 0..MOST_NODES {
        let node = cursor.node();
        let is_comment = roles.get(usize::from(node.kind_id())) == Some(&Role::Comment);
        if is_comment && (start..end).contains(&node.start_byte()) {
            comments.push(node.byte_range());
        }
        let may_hold = !is_comment && node.end_byte() > start && node.start_byte() < end;
        if may_hold && cursor.goto_first_child() {
            continue;
        }
        while cursor.node().start_byte() >= end || !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return comments;
            }
        }
    }
    comments
}

/// So many nodes of what stands before a body are looked through for comments.
const MOST_NODES: usize = 512;

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
