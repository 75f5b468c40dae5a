//! Pieces from a syntax tree.

use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, ParseState, Parser, TreeCursor};

use super::lines::Lines;
use super::outline::{Describes, Found};
use super::roles::Role;
use super::signature;

/// The pieces of a file, or why it does not parse.
pub(super) fn pieces(grammar: &tree_sitter::Language, text: &str) -> Result<Vec<Found>, String> {
    let mut parser = Parser::new();
    parser.set_language(grammar).map_err(|error| format!("has a grammar that cannot be used ({error})"))?;
    let bytes = text.as_bytes();
    let (mut calls, most) = (0, MOST_CALLS + text.len() / BYTES_PER_CALL);
    let mut bound = |_: &ParseState| {
        calls += 1;
        if calls > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut bound);
    let read = &mut |at: usize, _| bytes.get(at..).unwrap_or_default();
    let tree = parser.parse_with_options(read, None, Some(options));
    let tree = tree.ok_or_else(|| "takes too many steps to parse".to_owned())?;
    let root = tree.root_node();
    let mut walk = TreeWalk {
        text,
        roles: Role::table(grammar),
        lines: Lines::new(text),
        found: Vec::new(),
        covered: 0,
        loose: 0,
    };
    walk.over(root);
    let bytes = text.trim().len();
    if walk.loose.saturating_mul(8) > bytes && walk.covered.saturating_mul(3) > bytes {
        let percent = walk.covered.saturating_mul(100) / bytes.max(1);
        return Err(format!("does not parse ({}% of it makes no sense)", percent.min(100)));
    }
    Ok(walk.found)
}

/// The parser calls back once in a hundred of its steps. Code takes 7 such calls for 1,000 bytes, texts made to be slow up
/// to 58.
const BYTES_PER_CALL: usize = 10;
const MOST_CALLS: usize = 1000;

struct TreeWalk<'t> {
    text: &'t str,
    roles: Vec<Role>,
    lines: Lines<'t>,
    found: Vec<Found>,
    /// How many bytes lie in what the grammar does not know, and how many of them in words that belong to nothing: what was
    /// only torn by a directive hangs together all the same.
    covered: usize,
    loose: usize,
}

/// Where a walk is.
#[derive(Default)]
struct Around {
    /// Where the pieces end that lie around.
    ends: Vec<usize>,
    /// Where the last piece started.
    last_start: Option<usize>,
    /// Whether nothing has come yet of what was entered last.
    is_fresh: bool,
    /// Up to where an item says its name.
    header_end: usize,
    /// Of each node around, whether it holds what makes no sense.
    are_errors: Vec<bool>,
    error_end: usize,
}

impl TreeWalk<'_> {
    /// Each node once, from front to back, a node before those in it.
    fn over(&mut self, root: Node<'_>) {
        let mut cursor = root.walk();
        let mut around = Around { are_errors: vec![root.is_error()], ..Around::default() };
        if root.is_error() {
            (self.covered, around.error_end) = (self.text.len(), self.text.len());
        }
        if !cursor.goto_first_child() {
            return;
        }
        loop {
            let enters = self.see(&cursor, &mut around);
            let is_error = cursor.node().is_error();
            if enters && cursor.goto_first_child() {
                around.are_errors.push(is_error);
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                around.are_errors.pop();
            }
        }
    }

    /// Whether the last that was found is a comment, and the first of what is around.
    fn is_behind_comment(&self, around: &Around) -> bool {
        self.found.last().is_some_and(|last| {
            last.describes == Describes::IfAdjacent && last.depth == around.ends.len() && !around.is_fresh
        })
    }

    /// Whether what is in the node is worth a look.
    fn see(&mut self, cursor: &TreeCursor<'_>, around: &mut Around) -> bool {
        let node = cursor.node();
        let (start, end) = (node.start_byte(), node.end_byte());
        if node.is_error() && start >= around.error_end {
            self.covered += end - start;
            around.error_end = end;
        }
        if node.child_count() == 0 && (node.is_error() || around.are_errors.last() == Some(&true)) {
            self.loose += end - start;
        }
        if !node.is_named() || node.is_error() || start == end {
            return node.child_count() > 0;
        }
        while around.ends.last().is_some_and(|&end| end <= start) {
            around.ends.pop();
            around.is_fresh = false;
        }
        let role = self.roles.get(usize::from(node.kind_id())).copied().unwrap_or(Role::Plain);
        if role == Role::Body {
            // Python and Ruby have the first comment of a body before it.
            around.is_fresh =
                !(self.is_behind_comment(around) && node.child(0).is_some_and(|first| first.is_named()));
            return true;
        }
        let is_part = matches!(cursor.field_name(), Some("definition" | "declaration"));
        if is_part || around.last_start == Some(start) || start < around.header_end {
            return role != Role::Comment;
        }
        let is_text = self.text.is_char_boundary(start) && self.text.is_char_boundary(end);
        let Some(cut) = self.lines.cut_before(start).filter(|_| is_text) else {
            return role != Role::Comment;
        };
        let named = matches!(role, Role::Item | Role::Wrapper)
            .then(|| signature::of(node, &self.roles, self.text))
            .flatten();
        let signature = named.map(|(signature, header_end)| {
            around.header_end = header_end;
            signature
        });
        let describes = match role {
            Role::Comment => Describes::IfAdjacent,
            Role::Attribute => Describes::Always,
            _ => Describes::Nothing,
        };
        let depth = around.ends.len();
        let is_first = std::mem::take(&mut around.is_fresh);
        self.found.push(Found { start: cut, text_start: start, end, depth, is_first, describes, signature });
        around.last_start = Some(start);
        if role == Role::Comment {
            return false;
        }
        around.ends.push(end);
        around.is_fresh = true;
        true
    }
}
