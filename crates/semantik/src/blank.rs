//! Texts that say nothing.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Whether a text has no letter, digit or symbol: blanks, rules of dashes, page furniture. Its vector would mean nothing,
/// and be near to everything that means as little.
pub(crate) fn is_blank(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_alphanumeric()
            || (!c.is_whitespace() && c.general_category_group() == GeneralCategoryGroup::Symbol)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_letter_digit_or_symbol_is_blank() {
        for blank in [
            "",
            " \n\t\u{a0}\u{3000}",
            "\u{c}\n",
            "---\n",
            "* * *",
            "…",
            "\u{200b}\u{feff}",
            "\u{0}\u{7f}",
            "“”",
            "_____",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in ["a", "é", "7", "٣", "漢", "Ⅳ", "½", "= =", "🦀", "€", "|---|", "→", "ที่", "§ +", "𝄞"]
        {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
