//! Reading and showing sizes.

use gpu_telemetry::{ByteCount, TelemetryErrorKind};
use proptest::prelude::*;

#[test]
fn sizes_are_read_in_both_systems() {
    let cases = [
        ("0", 0),
        ("512", 512),
        ("512 B", 512),
        ("64KiB", 65_536),
        ("64k", 64_000),
        ("64KB", 64_000),
        ("1.5GB", 1_500_000_000),
        ("1.5 gib", 1_610_612_736),
        ("2Ti", 2_199_023_255_552),
        (" 7M ", 7_000_000),
        ("0.0001kb", 0),
        ("18446744073709551615", u64::MAX),
        ("18014398509481983KiB", 18_014_398_509_481_983 * 1024),
    ];
    for (text, bytes) in cases {
        assert_eq!(text.parse::<ByteCount>().unwrap().get(), bytes, "{text:?}");
    }
}

#[test]
fn what_is_no_size_is_refused_by_name() {
    let cases = [
        "",
        " ",
        "many",
        "-1",
        "1.",
        ".5",
        "1..5",
        "1.5.2",
        "1e9",
        "NaN",
        "inf",
        "KiB",
        "1 KiB 2",
        "1ib",
        "1x",
        "1é",
        "18446744073709551616",
        "16777216TiB",
        "18014398509481984KiB",
    ];
    for text in cases {
        let error = text.parse::<ByteCount>().unwrap_err();
        assert_eq!(error.kind(), TelemetryErrorKind::Parse);
        assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
    }
}

#[test]
fn sizes_are_shown_in_powers_of_two() {
    let cases = [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1_610_612_736, "1.50 GiB"),
        ((1 << 20) - 1, "1.00 MiB"),
        (u64::MAX, "16384.00 PiB"),
    ];
    for (bytes, shown) in cases {
        assert_eq!(ByteCount::new(bytes).to_string(), shown);
    }
    assert_eq!(format!("{:>10}|", ByteCount::KIB), "  1.00 KiB|");
}

proptest! {
    #[test]
    fn a_whole_number_reads_back(bytes: u64) {
        prop_assert_eq!(bytes.to_string().parse::<ByteCount>().unwrap().get(), bytes);
    }

    #[test]
    fn what_is_shown_reads_back_within_its_digits(bytes: u64, shift in 1..64) {
        let bytes = bytes >> shift;
        let off = ByteCount::new(bytes).to_string().parse::<ByteCount>().unwrap().get().abs_diff(bytes);
        prop_assert!(off as f64 <= bytes as f64 * 0.005 + 1.0, "{bytes} is off by {off}");
    }

    #[test]
    fn any_text_is_a_size_or_an_error(text in "\\PC{0,12}|[0-9.]{0,8} ?[kKmMgGtTiIbB]{0,3}") {
        let _ = text.parse::<ByteCount>();
    }
}
