//! `semantik-device same`: whether two runs gave the same records.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::failure::{Failure, exit};
use crate::options::Options;

pub(crate) const USAGE: &str = "\
same FILE OTHER
    Whether two files that `semantik embed` wrote have the same records in the same order, and how far
    their vectors are apart, as a share of their length. One JSON line; 1 if a record differs or is
    missing, or a vector is further off than 2e-4, which is twice what a GPU may be.";

/// Two runs may each be 1e-4 off, in opposite directions.
const FURTHEST: f64 = 2e-4;

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &[], true)?;
    let [one, other] = &options.rest[..] else {
        return Err(Failure::usage("same needs two files"));
    };
    let found = compare(records(one)?, records(other)?)?;
    let held = found.differing == 0 && found.records == found.others && found.furthest <= FURTHEST;
    let line = json!({
        "what": "same", "records": found.records, "others": found.others, "differing": found.differing,
        "furthest": found.furthest, "held": held,
    });
    println!("{line}");
    Ok(exit(held))
}

/// What two files have in common, and what not.
#[derive(Debug, Default, PartialEq)]
struct Found {
    records: usize,
    others: usize,
    /// Records that are not the same, but for their vectors; counted as far as both files go.
    differing: usize,
    furthest: f64,
}

type Records = Box<dyn Iterator<Item = Result<Value, Failure>>>;

fn records(path: &str) -> Result<Records, Failure> {
    let name = path.to_owned();
    let told = move |what: &dyn std::fmt::Display| Failure::failed(format!("{name}: {what}"));
    let file = File::open(path).map_err(|error| told(&error))?;
    Ok(Box::new(BufReader::new(file).lines().map(move |line| {
        let line = line.map_err(|error| told(&error))?;
        serde_json::from_str(&line).map_err(|error| told(&error))
    })))
}

fn compare(mut one: Records, mut other: Records) -> Result<Found, Failure> {
    let mut found = Found::default();
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(found),
            (Some(mut a), Some(mut b)) => {
                found.records += 1;
                found.others += 1;
                let off = distance(vector(&mut a).as_deref(), vector(&mut b).as_deref());
                found.furthest = found.furthest.max(off);
                found.differing += usize::from(a != b);
            }
            (a, b) => {
                found.records += usize::from(a.is_some());
                found.others += usize::from(b.is_some());
            }
        }
    }
}

/// Takes the vector out of a record; none where there is none.
fn vector(record: &mut Value) -> Option<Vec<f64>> {
    let taken = record.as_object_mut()?.remove("embedding")?;
    Some(taken.as_array()?.iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect())
}

/// The largest difference of two numbers, as a share of the first vector's length; infinite where they cannot be compared.
fn distance(one: Option<&[f64]>, other: Option<&[f64]>) -> f64 {
    match (one, other) {
        (None, None) => 0.0,
        (Some(one), Some(other)) if one.len() == other.len() => {
            let length = one.iter().map(|number| number * number).sum::<f64>().sqrt();
            let furthest = one.iter().zip(other).map(|(a, b)| (a - b).abs() / length);
            // What is no number is infinitely far.
            furthest.map(|off| if off.is_nan() { f64::INFINITY } else { off }).fold(0.0, f64::max)
        }
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &[Value]) -> Records {
        let lines: Vec<Result<Value, Failure>> = lines.iter().cloned().map(Ok).collect();
        Box::new(lines.into_iter())
    }

    #[test]
    fn what_differs_is_counted_and_how_far_vectors_are_is_told() {
        let a = [json!({"id": 1, "embedding": [3.0, 4.0]}), json!({"id": 2})];
        let b = [json!({"id": 1, "embedding": [3.0, 4.5]}), json!({"id": 2})];
        let found = compare(file(&a), file(&b)).unwrap();
        assert_eq!(found, Found { records: 2, others: 2, differing: 0, furthest: 0.1 });
        let found = compare(file(&a), file(&a[..1])).unwrap();
        assert_eq!((found.records, found.others, found.furthest), (2, 1, 0.0));
        let found = compare(file(&a[1..]), file(&[json!({"id": 3})])).unwrap();
        assert_eq!(found.differing, 1);
        for other in
            [json!({"id": 1}), json!({"id": 1, "embedding": [null, 4.0]}), json!({"id": 1, "embedding": []})]
        {
            let found = compare(file(&a[..1]), file(&[other])).unwrap();
            assert!(found.furthest.is_infinite(), "{found:?}");
        }
    }
}
