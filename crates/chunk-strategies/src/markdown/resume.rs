//! How to go on inside a block that is longer than what is parsed at once.

use super::block::Kind;
use super::parse::Parsed;
use crate::boundary::line_end_in;

/// Lines that, put before the text from `at`, open what is open there: the opening line of a fence, a table's header,
/// the marks of items and quotes. Everything before `at` that is not needed for that is left out.
pub(super) fn opening_lines(text: &str, parsed: &[Parsed], at: usize) -> String {
    let mut chain = open_at(text, parsed, at);
    // A list is opened by its item, which may stand less far in than the list's first.
    chain.retain(|block| block.kind != Kind::List);
    let mut lines = String::new();
    for (i, block) in chain.iter().enumerate() {
        let next = chain.get(i + 1);
        let paragraph = next.filter(|next| next.kind == Kind::Paragraph);
        let is_within = block.kind == Kind::Paragraph && i > 0;
        // Of several blocks that open on one line, the innermost has the whole of it.
        let next_opens = paragraph.is_none() && next.is_some_and(|next| next.line == block.line);
        if is_within || next_opens {
            continue;
        }
        // What would be too far in for a paragraph is one behind a definition; on its container's line it always is. A
        // heading where there is none: a paragraph would swallow what comes next.
        let in_it = if paragraph.is_some() { "x\n" } else { "# x\n" };
        push_opening(
            &mut lines,
            &text[..at],
            &Parsed { line: without_indent(chain[0], block.line), ..*block },
            in_it,
        );
        if lines.len() > MOST_BYTES {
            // Nested out of all reason: the text goes on as if at the document's outside.
            return String::new();
        }
    }
    lines
}

/// Where the line that a block opens on is copied from. Behind a note another may stand four blanks in, which anywhere
/// else would be code.
fn without_indent(outermost: Parsed, line: usize) -> usize {
    let is_note = outermost.kind == Kind::Footnote && outermost.line == line;
    if is_note { outermost.start } else { line }
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
fn push_opening(lines: &mut String, text: &str, block: &Parsed, in_it: &str) {
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
            lines.push_str(in_it);
        }
        Kind::Paragraph => lines.push_str("x\n"),
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
