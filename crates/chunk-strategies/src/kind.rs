//! What a document is known to be before it is looked at.

use crate::strategy::Strategy;

/// What a document is known to be before it is looked at: from its file's name, say.
///
/// ```
/// use chunk_strategies::{DocumentKind, Strategy};
///
/// assert_eq!(DocumentKind::from_name("docs/guide.md").strategy(), Strategy::Markdown);
/// assert_eq!(DocumentKind::from_name("people.csv"), DocumentKind::Rows);
/// assert_eq!(DocumentKind::from_name("events.jsonl"), DocumentKind::Records);
/// assert_eq!(DocumentKind::from_name("Makefile"), DocumentKind::Code);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DocumentKind {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Markdown.
    Markdown,
    /// Source code, or data and settings that are written as such: JSON with notebooks, YAML, TOML, XML, SQL and the like.
    Code,
    /// Rows of values under a header: CSV and TSV.
    Rows,
    /// A record a line: JSON lines.
    Records,
}

const CODE: [&str; 80] = [
    "rs", "py", "pyi", "js", "mjs", "cjs", "ts", "jsx", "tsx", "c", "h", "cc", "cpp", "cxx", "hpp", "hh",
    "cs", "java", "kt", "kts", "go", "rb", "php", "swift", "scala", "sh", "bash", "zsh", "fish", "ps1",
    "bat", "sql", "r", "m", "mm", "lua", "pl", "pm", "hs", "ml", "mli", "ex", "exs", "erl", "clj", "zig",
    "dart", "mts", "cts", "hxx", "rake", "gemspec", "vue", "svelte", "css", "scss", "less", "toml", "yaml",
    "yml", "json", "jsonc", "json5", "ipynb", "xml", "ini", "cfg", "conf", "mk", "cmake", "gradle", "proto",
    "graphql", "tf", "nix", "jl", "groovy", "fs", "diff", "patch",
];

impl DocumentKind {
    /// From a file's name, with or without the folders before it.
    pub fn from_name(name: &str) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
        match (file, file.rsplit_once('.')) {
            (
                "Makefile" | "makefile" | "GNUmakefile" | "Dockerfile" | "Containerfile" | "Rakefile"
                | "Gemfile" | "Jenkinsfile",
                _,
            ) => DocumentKind::Code,
            (_, Some((_, extension))) => DocumentKind::from_extension(extension),
            _ => DocumentKind::Unknown,
        }
    }

    /// From the part of a file's name behind its last full stop, in any case.
    pub fn from_extension(extension: &str) -> Self {
        let extension = extension.to_ascii_lowercase();
        match &extension[..] {
            "md" | "markdown" | "mdown" | "mkd" | "mdx" => DocumentKind::Markdown,
            "csv" | "tsv" => DocumentKind::Rows,
            "jsonl" | "ndjson" => DocumentKind::Records,
            code if CODE.contains(&code) => DocumentKind::Code,
            _ => DocumentKind::Unknown,
        }
    }

    /// The strategy for such a document where none was asked for: Markdown for Markdown, recursive for all else, which cuts
    /// rows and records as [`Recursive::chunks_as`](crate::Recursive::chunks_as) says.
    pub fn strategy(self) -> Strategy {
        match self {
            DocumentKind::Markdown => Strategy::Markdown,
            DocumentKind::Unknown | DocumentKind::Code | DocumentKind::Rows | DocumentKind::Records => {
                Strategy::Recursive
            }
        }
    }
}
