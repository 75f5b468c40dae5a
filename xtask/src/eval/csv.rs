//! Comma-separated values as RFC 4180 has them: quotes around a field, two for one inside it.

/// The records of a text, each a list of fields. A quote that is never closed ends with the text.
pub(super) fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_commas_and_line_ends_belong_to_a_quoted_field() {
        let text = "a,b\r\n\"one, two\",\"say \"\"hi\"\"\nthere\"\n,\n";
        assert_eq!(
            records(text),
            [vec!["a", "b"], vec!["one, two", "say \"hi\"\nthere"], vec!["", ""]]
                .map(|record| record.into_iter().map(str::to_owned).collect::<Vec<_>>())
        );
    }

    #[test]
    fn the_last_record_needs_no_line_end() {
        assert_eq!(records("a,\"b\""), [["a", "b"]]);
        assert!(records("").is_empty());
    }
}
