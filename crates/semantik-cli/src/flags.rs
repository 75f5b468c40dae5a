//! Which flag a value came from.

use semantik::Error;

/// The fields of the crates below, and the flags by which their values come here.
const FLAGS: [(&str, &str); 18] = [
    ("anchored", "--anchored"),
    ("breakpoints", "--breakpoints"),
    ("buffer", "--buffer"),
    ("context", "--context"),
    ("factor", "--threshold"),
    ("forced strategy", "--hybrid-use"),
    ("hybrid-per", "--hybrid-per"),
    ("hybrid-use", "--hybrid-use"),
    ("levels", "--levels"),
    ("max", "--max"),
    ("max_batch", "--max-batch-size (or SEMANTIK_MAX_BATCH_SIZE)"),
    ("min_batch", "--min-batch-size (or SEMANTIK_MIN_BATCH_SIZE)"),
    ("overlap", "--overlap"),
    ("percentile", "--threshold"),
    ("safety-factor", "--safety-factor (or GPU_MEMORY_SAFETY_FACTOR)"),
    ("size", "--size"),
    ("threshold", "--threshold"),
    ("unit", "--unit"),
];

/// What is wrong with a value, by its flag; `None` for errors of another kind, and for values that come from elsewhere.
pub(crate) fn cause(error: &Error) -> Option<String> {
    let (field, value, bound) = error.field_value_bound()?;
    let of = |field: &str| FLAGS.iter().find(|(known, _)| *known == field).map(|(_, flag)| *flag);
    let flag = of(field)?;
    // A bound may be another field: those whose names are no words of prose.
    let word = |word: &str| {
        let (name, rest) =
            word.split_at(word.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(word.len()));
        match of(name).filter(|_| name.contains('_')) {
            Some(flag) => format!("{}{rest}", flag.split(' ').next().unwrap_or(flag)),
            None => word.to_owned(),
        }
    };
    let bound: Vec<String> = bound.split(' ').map(word).collect();
    Some(format!("{flag} is {value}, but must be {}", bound.join(" ")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn every_flag_that_is_named_is_one() {
        let cli = Cli::command();
        let embed = cli.find_subcommand("embed").unwrap();
        for (field, flag) in FLAGS {
            let name = flag.split(' ').next().unwrap().trim_start_matches("--");
            assert!(embed.get_arguments().any(|arg| arg.get_long() == Some(name)), "{field}: {flag}");
        }
    }

    #[test]
    fn a_limit_is_named_as_it_was_given_and_so_is_its_bound() {
        let limits = semantik::DeviceLimits { min_batch: Some(8), max_batch: Some(2), ..Default::default() };
        let cause = cause(&limits.to_policy().unwrap_err()).unwrap();
        let want = "--max-batch-size (or SEMANTIK_MAX_BATCH_SIZE) is 2, but must be at least --min-batch-size, which is 8";
        assert_eq!(cause, want);
    }
}
