//! [`skip`]: telling that a test could not run.

use std::io::Write;

/// Tells that a test did not run, for want of a GPU: on standard error, and in the file that `SEMANTIK_SKIP_LOG` names.
///
/// # Panics
/// `SEMANTIK_REQUIRE_WGPU` is 1, or the file cannot be written.
pub fn skip(test: &str, reason: &str) {
    let line = format!("SKIPPED-WGPU: {test}: {reason}");
    assert!(std::env::var("SEMANTIK_REQUIRE_WGPU").as_deref() != Ok("1"), "{line}");
    eprintln!("{line}");
    if let Some(log) = std::env::var_os("SEMANTIK_SKIP_LOG") {
        let mut options = std::fs::OpenOptions::new();
        let written = options.create(true).append(true).open(log).and_then(|mut log| writeln!(log, "{line}"));
        assert!(written.is_ok(), "{line}: {written:?}");
    }
}
