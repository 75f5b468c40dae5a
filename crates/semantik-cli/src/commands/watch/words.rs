//! How values are put into words.

use std::time::Duration;

use ratatui::text::Span;
use semantik::gpu_telemetry::ByteCount;

/// What stands for a value that is not known, and never for none.
pub(super) const UNKNOWN: &str = "–";

pub(super) fn bytes(count: Option<ByteCount>) -> String {
    count.map_or_else(|| UNKNOWN.to_owned(), |count| count.to_string())
}

pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| UNKNOWN.to_owned(), |share| format!("{:.0}%", share * 100.0))
}

/// `42s`, `2m 05s`, `3h 20m`.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}

/// `250ms`, `1.5s`, `10m`, `1h`: as `--interval` reads it.
pub(super) fn round_time(time: Duration) -> String {
    match time.as_millis() {
        millis if millis < 1000 => format!("{millis}ms"),
        millis if millis % 3_600_000 == 0 => format!("{}h", millis / 3_600_000),
        millis if millis % 60_000 == 0 => format!("{}m", millis / 60_000),
        _ => format!("{}s", time.as_secs_f64()),
    }
}

/// As much of a text as has room in `width` columns of a terminal, with `…` for the rest.
pub(super) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if columns(&kept) >= width {
            kept.pop();
            break;
        }
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// A text in lines of at most `width` columns, cut between words.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, width)),
        }
    }
    lines
}

/// A text followed by blanks, `width` columns in all, so that a wide character moves nothing.
pub(super) fn padded(text: &str, width: usize) -> String {
    let mut padded = cut(text, width);
    padded.extend(std::iter::repeat_n(' ', width.saturating_sub(columns(&padded))));
    padded
}

/// How many columns of a terminal a text takes.
pub(super) fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash_and_nothing_is_nothing() {
        assert_eq!((bytes(None), bytes(Some(ByteCount::ZERO))), ("–".to_owned(), "0 B".to_owned()));
        assert_eq!((percent(None), percent(Some(0.0))), ("–".to_owned(), "0%".to_owned()));
    }

    #[test]
    fn times_are_short() {
        for (seconds, expected) in
            [(0, "0s"), (59, "59s"), (65, "1m 05s"), (3600, "1h 00m"), (90_061, "25h 01m")]
        {
            assert_eq!(time(Duration::from_secs(seconds)), expected);
        }
        for (millis, expected) in [(50, "50ms"), (1500, "1.5s"), (60_000, "1m"), (86_400_000, "24h")] {
            assert_eq!(round_time(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn a_text_has_the_width_it_was_given() {
        for (text, width, expected) in [
            ("card", 4, "card"),
            ("cards", 4, "car…"),
            ("カード", 4, "カ…"),
            ("カード", 5, "カー…"),
            ("x", 0, ""),
        ] {
            assert_eq!(cut(text, width), expected, "{text:?} in {width}");
            assert_eq!(columns(&padded(text, width)), width, "{text:?} in {width}");
        }
    }

    #[test]
    fn no_line_is_wider_than_it_may_be() {
        let lines = wrap("the driver does not let this process ask for incomprehensibilities", 16);
        assert_eq!(lines, ["the driver does", "not let this", "process ask for", "incomprehensibi…"]);
    }
}
