//! Which grammar parses a language.

use super::Language;

/// `None` for what has none: its braces are looked at instead.
pub(super) fn of(language: Language) -> Option<tree_sitter::Language> {
    let grammar = match language {
        Language::C => tree_sitter_c::LANGUAGE,
        Language::Go => tree_sitter_go::LANGUAGE,
        Language::Java => tree_sitter_java::LANGUAGE,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        Language::Php => tree_sitter_php::LANGUAGE_PHP,
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::Ruby => tree_sitter_ruby::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
        Language::Shell => tree_sitter_bash::LANGUAGE,
        // It reads all of TypeScript but assertions in angle brackets; the other grammar reads those and no JSX, and is
        // as large again.
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TSX,
        Language::Cpp | Language::CSharp => return None,
    };
    Some(grammar.into())
}

/// Whether braces say where items begin and end, also where the grammar fails: in headers of C++ that are called `.h`, and
/// in TypeScript with assertions in angle brackets.
pub(super) fn has_braces(language: Language) -> bool {
    matches!(language, Language::C | Language::Cpp | Language::CSharp | Language::TypeScript)
}
