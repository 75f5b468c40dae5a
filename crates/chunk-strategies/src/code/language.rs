//! [`Language`]: what a file of source code is written in.

use std::fmt;

/// A language whose syntax is known.
///
/// ```
/// use chunk_strategies::Language;
///
/// assert_eq!(Language::from_name("src/main.rs"), Some(Language::Rust));
/// assert_eq!(Language::from_name("notes.txt"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// C. Headers of C++ are told when they do not parse.
    C,
    /// C++, by its braces: its grammar would be 3.4 MB.
    Cpp,
    /// C#, by its braces: its grammar would be 5.3 MB.
    CSharp,
    /// Go.
    Go,
    /// Java.
    Java,
    /// JavaScript, with JSX.
    JavaScript,
    /// PHP.
    Php,
    /// Python.
    Python,
    /// Ruby.
    Ruby,
    /// Rust.
    Rust,
    /// Shell, as Bash has it.
    Shell,
    /// TypeScript, with JSX. A file with assertions in angle brackets (`<T>x`) is cut by its braces.
    TypeScript,
}

impl Language {
    /// Every language.
    pub const ALL: &'static [Language] = &[
        Language::C,
        Language::Cpp,
        Language::CSharp,
        Language::Go,
        Language::Java,
        Language::JavaScript,
        Language::Php,
        Language::Python,
        Language::Ruby,
        Language::Rust,
        Language::Shell,
        Language::TypeScript,
    ];

    /// From a file's name, with or without the folders before it.
    pub fn from_name(name: &str) -> Option<Self> {
        let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
        if let "Rakefile" | "Gemfile" = file {
            return Some(Language::Ruby);
        }
        let (_, extension) = file.rsplit_once('.')?;
        Some(match &extension.to_ascii_lowercase()[..] {
            "c" | "h" => Language::C,
            "cc" | "cpp" | "cxx" | "hpp" | "hh" | "hxx" => Language::Cpp,
            "cs" => Language::CSharp,
            "go" => Language::Go,
            "java" => Language::Java,
            "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
            "php" => Language::Php,
            "py" | "pyi" => Language::Python,
            "rb" | "rake" | "gemspec" => Language::Ruby,
            "rs" => Language::Rust,
            "sh" | "bash" | "zsh" => Language::Shell,
            "ts" | "mts" | "cts" | "tsx" => Language::TypeScript,
            _ => return None,
        })
    }

    /// The name, as people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Language::C => "C",
            Language::Cpp => "C++",
            Language::CSharp => "C#",
            Language::Go => "Go",
            Language::Java => "Java",
            Language::JavaScript => "JavaScript",
            Language::Php => "PHP",
            Language::Python => "Python",
            Language::Ruby => "Ruby",
            Language::Rust => "Rust",
            Language::Shell => "Shell",
            Language::TypeScript => "TypeScript",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
