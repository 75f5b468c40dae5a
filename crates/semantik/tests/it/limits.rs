//! The environment's limits.

use semantik::gpu_telemetry::ByteCount;
use semantik::{DeviceLimits, Error, ErrorKind};

fn from(vars: &[(&str, &str)]) -> Result<DeviceLimits, Error> {
    DeviceLimits::from_vars(|name| {
        vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn every_variable_is_read() {
    let limits = from(&[
        ("SEMANTIK_MIN_BATCH_SIZE", "2"),
        ("SEMANTIK_MAX_BATCH_SIZE", "64"),
        ("GPU_MEMORY_SAFETY_FACTOR", "0.5"),
        ("SEMANTIK_MEMORY_LIMIT", "2GiB"),
    ]);
    let policy = limits.unwrap().to_policy().unwrap();
    assert_eq!((policy.min_batch(), policy.max_batch(), policy.safety_permille()), (2, Some(64), 500));
    assert_eq!(policy.memory_limit().map(semantik::batch_policy::Bytes::get), Some(2 << 30));
}

#[test]
fn nothing_set_means_the_defaults() {
    for vars in [&[][..], &[("SEMANTIK_MAX_BATCH_SIZE", ""), ("SEMANTIK_MEMORY_LIMIT", "")]] {
        let policy = from(vars).unwrap().to_policy().unwrap();
        assert_eq!((policy.min_batch(), policy.max_batch(), policy.safety_permille()), (4, None, 700));
    }
    let none = from(&[("SEMANTIK_MAX_BATCH_SIZE", "0")]).unwrap().to_policy().unwrap();
    assert_eq!(none.max_batch(), None, "0 leaves it to memory");
}

#[test]
fn the_other_spellings_are_read_and_ours_win() {
    let other = [("SEMANTIC_MIN_BATCH_SIZE", "3"), ("SEMANTIC_MAX_BATCH_SIZE", "7")];
    let limits = from(&other).unwrap();
    assert_eq!((limits.min_batch, limits.max_batch), (Some(3), Some(7)));
    let both = [("SEMANTIC_MAX_BATCH_SIZE", "7"), ("SEMANTIK_MAX_BATCH_SIZE", "9")];
    assert_eq!(from(&both).unwrap().max_batch, Some(9));
}

#[test]
fn what_is_wrong_is_named_with_its_value() {
    for (name, value) in [
        ("SEMANTIK_MIN_BATCH_SIZE", "-1"),
        ("SEMANTIK_MAX_BATCH_SIZE", "many"),
        ("SEMANTIC_MAX_BATCH_SIZE", "1.5"),
        ("GPU_MEMORY_SAFETY_FACTOR", "1.1"),
        ("GPU_MEMORY_SAFETY_FACTOR", "NaN"),
        ("GPU_MEMORY_SAFETY_FACTOR", "0"),
        ("SEMANTIK_MEMORY_LIMIT", "lots"),
    ] {
        let error = from(&[(name, value)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        let text = error.to_string();
        assert!(text.contains(name) && text.contains(value), "{text}");
    }
    let error = from(&[("SEMANTIK_MIN_BATCH_SIZE", "0")]).unwrap().to_policy().unwrap_err();
    assert!(error.to_string().contains("min_batch"), "{error}");
}

#[test]
fn the_command_line_outweighs_the_environment() {
    let given = DeviceLimits { max_batch: Some(5), ..DeviceLimits::default() };
    let below = from(&[("SEMANTIK_MAX_BATCH_SIZE", "50"), ("SEMANTIK_MEMORY_LIMIT", "1MiB")]).unwrap();
    let both = given.or(below);
    assert_eq!((both.max_batch, both.memory_limit), (Some(5), Some(ByteCount::MIB)));
    let policy = DeviceLimits { max_batch: Some(2), ..DeviceLimits::default() }.to_policy().unwrap();
    assert_eq!(policy.min_batch(), 2, "a small maximum lowers the default minimum");
}
