//! What the ending of an output's name promises.

use std::path::Path;

use crate::report::Failure;
use crate::say;

/// Endings of files with one JSON object a line.
const LINES: [&str; 2] = ["jsonl", "ndjson"];
/// Endings that promise another form to every program that reads them.
const OTHERS: [&str; 19] = [
    "arrow", "avro", "bz2", "csv", "db", "feather", "gz", "h5", "npy", "npz", "orc", "parquet", "pkl",
    "sqlite", "tsv", "xlsx", "xz", "zip", "zst",
];

/// Refuses an output whose name promises another form than that of records, and tells of one that promises none.
///
/// # Errors
/// The name ends as files of a form do that is not written.
pub(super) fn check(output: Option<&Path>, quiet: bool) -> Result<(), Failure> {
    let Some(output) = output else { return Ok(()) };
    // A device or a pipe is called as it is called.
    if output.exists() && !output.is_file() {
        return Ok(());
    }
    let ending = output.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let known = LINES.map(|ending| format!(".{ending}")).join(" or ");
    if OTHERS.contains(&&*ending) {
        let cause = format!("-o is {}, and files that end in .{ending} are not written", output.display());
        let hint = format!("records are lines of JSON: give a name that ends in {known}");
        return Err(Failure::usage(cause, hint));
    }
    if !quiet && !LINES.contains(&&*ending) {
        let output = output.display();
        say::note(format_args!("{output} gets lines of JSON; names of such files end in {known}"));
    }
    Ok(())
}
