//! How to go on inside a block that is longer than what is parsed at once.

use super::block::Kind;
use super::parse::Parsed;
use crate::boundary::line_end_in;

/// Lines that, put before the text from `at`, open what is open there: the opening line of a fence, a table's header,
/// the marks of items and quotes. Everything before `at` that is not needed for that is left out.
pub(super) fn opening_lines(text: &str, parsed: &[Parsed], at: usize) -> String {
    let chain = open_at(text, parsed, at);
    let mut lines = String::new();
    for (i, block) in chain.iter().enumerate() {
        // Of several blocks that open on one line, the innermost has the whole of it.
        if chain.get(i + 1).is_some_and(|next| next.line == block.line) {
            continue;
        }
        push_opening(&mut lines, &text[..at], block);
        if lines.len() > MOST_BYTES {
            // Nested out of all reason: the text goes on as if at the document's outside.
            return String::new();
        }
    }
    lines
}

/// As long as a feed is much longer, time stays linear however deep blocks are nested.
const MOST_BYTES: usize = 8 * 1024;

/// Up to where what a container without blocks has in it (blank lines, link reference definitions) is kept.
const COPIED_BYTES: usize = 256;

/// The blocks that the line at `at` lies in; of a list, its last item, too.
fn open_at(text: &str, parsed: &[Parsed], at: usize) -> Vec<Parsed> {
    let mut chain: Vec<Parsed> = Vec::new();
    let mut depth = usize::MAX;
    for block in parsed.iter().rev().filter(|block| block.line < at) {
        if block.depth < depth {
            depth = block.depth;
            chain.push(*block);
        }
    }
    chain.reverse();
    // At the end of a line that is all there is, a block that reaches it may go on.
    let is_open = |block: &&Parsed| {
        // The blank lines behind indented code are its own if more of it follows.
        let may_be_code =
            || block.kind == Kind::Code && text.get(block.end..at).is_some_and(|gap| gap.trim().is_empty());
        block.end > at || (block.end == at && at == text.len() && may_go_on(block.kind)) || may_be_code()
    };
    let open = chain.iter().take_while(is_open).count();
    let last_item = open > 0 && chain[open - 1].kind == Kind::List;
    chain.truncate(open + usize::from(last_item));
    chain
}

fn may_go_on(kind: Kind) -> bool {
    !matches!(kind, Kind::Heading(_) | Kind::Rule | Kind::TableHead | Kind::TableRow)
}

/// The line that opens a block, its text left out where another will do.
fn push_opening(lines: &mut String, text: &str, block: &Parsed) {
    let line_end = |from: usize| line_end_in(&text.as_bytes()[from..]).map_or(text.len(), |n| from + n);
    match block.kind {
        Kind::Fence | Kind::Html => push_line(lines, &text[block.line..line_end(block.line)]),
        Kind::Table => {
            let first = line_end(block.line);
            push_line(lines, &text[block.line..first]);
            if first < text.len() {
                push_line(lines, &text[first..line_end(first)]);
            }
        }
        kind if kind.is_container() => {
            let end = line_end(block.line);
            match block.content {
                Some(at) if at < end => lines.push_str(&text[block.line..at]),
                // What is in it decides whether more may follow: no blank line, in an empty item.
                None if text.len() - block.line <= COPIED_BYTES => {
                    return push_line(lines, &text[block.line..]);
                }
                _ => {
                    lines.push_str(text[block.line..end].trim_end());
                    lines.push(' ');
                }
            }
            // A heading: a paragraph would swallow what comes next.
            lines.push_str("# x\n");
        }
        _ => {
            lines.push_str(&text[block.line..block.start]);
            lines.push_str("x\n");
        }
    }
}

fn push_line(lines: &mut String, line: &str) {
    lines.push_str(line);
    if !line.ends_with('\n') {
        lines.push('\n');
    }
}
