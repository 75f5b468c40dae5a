//! How numbers are written in tables.

/// Three digits that count.
pub(super) fn digits(number: f64) -> String {
    match number {
        n if n >= 1e6 => format!("{:.2} M", n / 1e6),
        n if n >= 100.0 => thousands(n.round() as u64),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

/// `12,345`.
fn thousands(number: u64) -> String {
    let plain = number.to_string();
    let groups: Vec<&str> =
        plain.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        let shown = [0.1234, 1.0, 12.34, 123.4, 12_345.6, 5_432_100.0].map(digits);
        assert_eq!(shown, ["0.12", "1.00", "12.3", "123", "12,346", "5.43 M"]);
        assert_eq!(thousands(1_002_003), "1,002,003");
    }
}
