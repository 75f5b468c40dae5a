//! [`measure`]: the same work by several programs, in turn.

use serde_json::Value;

use super::programs::Programs;

/// One of those that are compared, and what it is asked in each round.
#[derive(Clone, Debug)]
pub(super) struct Contender {
    pub(super) program: &'static str,
    /// What is special about it, such as how its model was prepared; may be empty.
    pub(super) variant: String,
    pub(super) question: Value,
}

impl Contender {
    pub(super) fn new(program: &'static str, variant: impl Into<String>, question: Value) -> Self {
        Contender { program, variant: variant.into(), question }
    }
}

/// What a contender did.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) program: &'static str,
    pub(super) variant: String,
    /// Or why it did not.
    pub(super) found: Result<Found, String>,
}

#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The fewest seconds of all rounds.
    pub(super) seconds: f64,
    /// A vector, by which it is seen that all compute the same.
    pub(super) vector: Vec<f64>,
    /// Its last answer.
    pub(super) answer: Value,
}

/// Seconds that a question takes at least, by asking for more than one run: else starting and stopping threads is what is
/// measured.
const ENOUGH: f64 = 0.15;
const MOST_TIMES: f64 = 50.0;

/// Asks all contenders one after the other, `rounds` times. Questions that say how often the work is to be done are asked once
/// before, which does not count. Who fails once is not asked again.
pub(super) fn measure(programs: &mut Programs, contenders: &[Contender], rounds: usize) -> Vec<Outcome> {
    measure_with(&mut |program, question| programs.ask(program, question), contenders, rounds)
}

type Ask<'a> = &'a mut dyn FnMut(&'static str, &Value) -> Result<Value, String>;

fn measure_with(ask: Ask<'_>, contenders: &[Contender], rounds: usize) -> Vec<Outcome> {
    let mut contenders = contenders.to_vec();
    let mut outcomes: Vec<Outcome> = contenders
        .iter_mut()
        .map(|contender| {
            let found = warm_up(ask, contender);
            Outcome { program: contender.program, variant: contender.variant.clone(), found }
        })
        .collect();
    for _ in 0..rounds {
        for (contender, outcome) in contenders.iter().zip(&mut outcomes) {
            let Ok(best) = &outcome.found else { continue };
            let fewest = best.seconds;
            outcome.found = ask(contender.program, &contender.question).and_then(found).map(|found| {
                let seconds = found.seconds.min(fewest);
                Found { seconds, ..found }
            });
        }
    }
    outcomes
}

/// How often a question is to be run at a time is known after one run of it, which does not count.
fn warm_up(ask: Ask<'_>, contender: &mut Contender) -> Result<Found, String> {
    let uncounted = || Found { seconds: f64::INFINITY, vector: Vec::new(), answer: Value::Null };
    if contender.question.get("times").is_none() {
        return Ok(uncounted());
    }
    let first = found(ask(contender.program, &contender.question)?)?;
    let times = (ENOUGH / first.seconds).ceil().clamp(1.0, MOST_TIMES);
    contender.question["times"] = Value::from(times as u64);
    Ok(uncounted())
}

fn found(answer: Value) -> Result<Found, String> {
    let seconds = answer["seconds"].as_f64().filter(|seconds| *seconds > 0.0);
    let seconds = seconds.ok_or_else(|| format!("its answer has no seconds: {answer}"))?;
    let vector = answer["vector"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    Ok(Found { seconds, vector, answer })
}

/// A program's fastest variant, or, where none did anything, the first that failed.
pub(super) fn fastest<'a>(outcomes: &'a [Outcome], program: &str) -> Option<&'a Outcome> {
    let of = || outcomes.iter().filter(|outcome| outcome.program == program);
    let seconds = |outcome: &&Outcome| outcome.found.as_ref().map_or(f64::INFINITY, |found| found.seconds);
    of().filter(|outcome| outcome.found.is_ok())
        .min_by(|a, b| seconds(a).total_cmp(&seconds(b)))
        .or_else(|| of().next())
}

/// The cosine of two vectors; `None` where one is missing or empty.
pub(super) fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.is_empty() {
        return None;
    }
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    Some(product(a, b) / (product(a, a) * product(b, b)).sqrt())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rounds_alternate_short_work_is_repeated_and_the_best_counts() {
        let mut asked = Vec::new();
        let mut fast = [9.0, 0.03, 0.02, 0.04].into_iter();
        let mut ask = |program: &'static str, question: &Value| {
            asked.push((program, question["times"].as_u64()));
            let seconds = if program == "fast" { fast.next() } else { Some(2.0) };
            Ok(json!({"seconds": seconds, "vector": [1.0, 0.0]}))
        };
        let contenders = [
            Contender::new("fast", "", json!({"op": "embed"})),
            Contender::new("slow", "", json!({"op": "ids", "times": 1})),
        ];
        let outcomes = measure_with(&mut ask, &contenders, 3);
        let seconds: Vec<f64> =
            outcomes.iter().map(|outcome| outcome.found.as_ref().unwrap().seconds).collect();
        assert_eq!(seconds, [0.02, 2.0], "the fewest of three rounds");
        let order: Vec<&str> = asked.iter().map(|(program, _)| *program).collect();
        assert_eq!(order, ["slow", "fast", "slow", "fast", "slow", "fast", "slow"]);
    }

    #[test]
    fn work_of_a_millisecond_is_asked_for_many_times_at_once() {
        let mut times = Vec::new();
        let mut ask = |_: &'static str, question: &Value| {
            times.push(question["times"].as_u64().unwrap());
            Ok(json!({"seconds": 0.01}))
        };
        measure_with(&mut ask, &[Contender::new("x", "", json!({"times": 1}))], 2);
        assert_eq!(times, [1, 15, 15]);
    }

    #[test]
    fn who_fails_is_not_asked_again_and_the_others_go_on() {
        let mut asked = 0;
        let mut ask = |program: &'static str, _: &Value| {
            if program == "broken" {
                asked += 1;
                return Err("no such operator".to_owned());
            }
            Ok(json!({"seconds": 1.0, "vector": [0.0, 2.0]}))
        };
        let contenders = [
            Contender::new("broken", "fused", json!({})),
            Contender::new("broken", "plain", json!({})),
            Contender::new("whole", "", json!({})),
        ];
        let outcomes = measure_with(&mut ask, &contenders, 4);
        assert_eq!(fastest(&outcomes, "broken").unwrap().found.clone().unwrap_err(), "no such operator");
        assert_eq!(fastest(&outcomes, "whole").unwrap().found.as_ref().unwrap().vector, [0.0, 2.0]);
        assert!(fastest(&outcomes, "nobody").is_none());
        assert_eq!(asked, 2);
    }

    #[test]
    fn the_faster_variant_stands_for_its_program() {
        let seconds = [("plain", Some(2.0)), ("fused", Some(1.0)), ("odd", None)];
        let outcomes = seconds.map(|(variant, seconds)| Outcome {
            program: "x",
            variant: variant.to_owned(),
            found: seconds.map(|seconds| found(json!({"seconds": seconds})).unwrap()).ok_or_else(String::new),
        });
        assert_eq!(fastest(&outcomes, "x").unwrap().variant, "fused");
    }

    #[test]
    fn an_answer_without_seconds_is_a_failure_and_cosines_need_two_vectors() {
        assert!(found(json!({"seconds": 0.0})).unwrap_err().contains("no seconds"));
        assert!(found(json!({})).is_err());
        assert_eq!(cosine(&[1.0, 0.0], &[3.0, 0.0]), Some(1.0));
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 1.0]), Some(0.0));
        assert_eq!(cosine(&[], &[]), None);
        assert_eq!(cosine(&[1.0], &[1.0, 2.0]), None);
    }
}
