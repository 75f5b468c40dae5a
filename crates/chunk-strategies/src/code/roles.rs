//! What the nodes of a syntax tree are to a reader.

/// What a kind of node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A statement, an element of a list, an expression.
    Plain,
    /// Holds others, and is nothing by itself: a body between braces.
    Body,
    Comment,
    /// Describes what follows, whatever is between.
    Attribute,
    /// Has a name, and is the context of what is in it.
    Item,
    /// May hold an item that is the same to a reader: an `export`, an assignment.
    Wrapper,
}

impl Role {
    /// Of each kind of a grammar, by its number.
    pub(super) fn table(grammar: &tree_sitter::Language) -> Vec<Role> {
        let kinds = (0..grammar.node_kind_count()).map(|id| u16::try_from(id).unwrap_or_default());
        kinds.map(|id| grammar.node_kind_for_id(id).map_or(Role::Plain, Role::of)).collect()
    }

    fn of(kind: &str) -> Role {
        match kind {
            // Rust
            "function_item" | "impl_item" | "trait_item" | "mod_item" | "struct_item" | "enum_item" | "union_item"
            | "foreign_mod_item" | "macro_definition" | "const_item" | "static_item"
            // Python, C, PHP, Shell
            | "class_definition" | "function_definition"
            // JavaScript and TypeScript
            | "class_declaration" | "abstract_class_declaration" | "class" | "function_declaration"
            | "generator_function_declaration" | "function_expression" | "generator_function" | "arrow_function"
            | "method_definition" | "interface_declaration" | "enum_declaration" | "internal_module" | "module"
            | "type_alias_declaration"
            // Go
            | "method_declaration" | "type_declaration"
            // Java
            | "record_declaration" | "annotation_type_declaration" | "constructor_declaration"
            | "compact_constructor_declaration"
            // C
            | "struct_specifier" | "union_specifier" | "enum_specifier" | "linkage_specification"
            // Ruby
            | "singleton_class" | "method" | "singleton_method"
            // PHP
            | "trait_declaration" | "namespace_definition" => Role::Item,
            "export_statement" | "decorated_definition" | "lexical_declaration" | "variable_declaration"
            | "variable_declarator" | "expression_statement" | "assignment_expression" | "pair" | "field_definition"
            | "public_field_definition" | "declaration" | "type_definition" | "ambient_declaration" => Role::Wrapper,
            "attribute_item" | "decorator" => Role::Attribute,
            "block" | "compound_statement" | "statement_list" | "statement_block" | "body_statement" | "block_body"
            | "parenthesized_statements" | "switch_body" | "switch_block" | "then" | "do" | "do_group" | "enum_body"
            | "class_body" | "interface_body" | "constructor_body" | "annotation_type_body" | "object_type"
            | "enum_body_declarations" | "declaration_list" | "field_declaration_list" | "ordered_field_declaration_list"
            | "enum_variant_list" | "enumerator_list" | "enum_declaration_list" | "match_block" | "interface_type"
            | "field_initializer_list" | "template_string" | "modifiers" => Role::Body,
            _ if kind.ends_with("comment") => Role::Comment,
            _ => Role::Plain,
        }
    }
}
