//! What a Markdown document is made of.

use pulldown_cmark::{HeadingLevel, Tag};

/// A block, and where it begins. Blocks come in document order, a parent before its children, so that depths alone say
/// where each one ends: where the next begins that is no deeper. Blank lines belong to the block before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// Where its first line starts.
    pub(crate) start: usize,
    /// Where it starts itself, behind the indent and the marks of what it lies in.
    pub(crate) text_start: usize,
    /// Where its text ends, the line end and the blank lines behind it left out. Of a block with children, the last of
    /// them knows it.
    pub(crate) end: usize,
    /// How many blocks it lies in.
    pub(crate) depth: usize,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of level 1 to 6.
    Heading(u8),
    Paragraph,
    /// A paragraph that ends with a colon.
    LeadIn,
    /// Code between fences.
    Fence,
    /// Indented code.
    Code,
    Html,
    Rule,
    Table,
    /// A table's first row, with the line of dashes under it.
    TableHead,
    TableRow,
    List,
    Item,
    Quote,
    Footnote,
    /// Lines of link reference definitions.
    Definitions,
    /// YAML or TOML at the document's start.
    FrontMatter,
}

impl Kind {
    /// `None` for what lies within a line of text.
    pub(super) fn of(tag: &Tag<'_>) -> Option<Kind> {
        Some(match tag {
            Tag::Heading { level, .. } => Kind::Heading(level_of(*level)),
            Tag::Paragraph => Kind::Paragraph,
            Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Fenced(_)) => Kind::Fence,
            Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Indented) => Kind::Code,
            Tag::HtmlBlock => Kind::Html,
            Tag::Table(_) => Kind::Table,
            Tag::TableHead => Kind::TableHead,
            Tag::TableRow => Kind::TableRow,
            Tag::List(_) => Kind::List,
            Tag::Item => Kind::Item,
            Tag::BlockQuote(_) => Kind::Quote,
            Tag::FootnoteDefinition(_) => Kind::Footnote,
            _ => return None,
        })
    }

    /// Whether it consists of other blocks.
    pub(super) fn is_container(self) -> bool {
        matches!(self, Kind::List | Kind::Item | Kind::Quote | Kind::Footnote)
    }

    /// Whether its lines are its parts, as sentences are those of a paragraph.
    pub(super) fn is_lines(self) -> bool {
        matches!(self, Kind::Fence | Kind::Code | Kind::Html | Kind::Definitions | Kind::FrontMatter)
    }

    /// Whether it says what comes next and should not be left without it. A heading's section does not hold a heading of
    /// its own level.
    pub(super) fn leads(self, next: Kind) -> bool {
        match (self, next) {
            (Kind::Heading(level), Kind::Heading(next)) => next > level,
            (Kind::Heading(_), _) | (Kind::TableHead, Kind::TableRow) => true,
            (Kind::LeadIn, next) => next.is_introduced(),
            _ => false,
        }
    }

    /// Whether a paragraph that ends with a colon introduces it.
    pub(super) fn is_introduced(self) -> bool {
        !matches!(
            self,
            Kind::Heading(_) | Kind::Rule | Kind::Definitions | Kind::FrontMatter | Kind::Footnote
        )
    }

    /// How strong a boundary the start of a block outside all others is, the smallest the strongest.
    pub(super) fn rank(self) -> u8 {
        match self {
            Kind::Heading(level) => level,
            _ => 7,
        }
    }
}

fn level_of(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
