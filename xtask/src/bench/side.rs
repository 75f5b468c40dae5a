//! [`Side`]: one of the programs that are compared, which lives as long as it is asked.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::Value;

/// Longer than any single answer takes, so that a program that hangs costs its own rows only.
const LONGEST: Duration = Duration::from_mins(5);

/// A process that answers questions of JSON, a line each, with answers of JSON, a line each.
#[derive(Debug)]
pub(super) struct Side {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
    /// What it said besides.
    log: PathBuf,
    /// Why it answers no more.
    gone: Option<String>,
}

impl Side {
    /// Starts it; what it writes to standard error goes to the file `log`.
    pub(super) fn start(command: &mut Command, log: &Path) -> Result<Self, String> {
        let said = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(said);
        let mut child = piped.spawn().map_err(|error| format!("it could not be started: {error}"))?;
        let (Some(questions), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("it has no input and output".to_owned());
        };
        let (sender, answers) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Side { child, questions, answers, log: log.to_owned(), gone: None })
    }

    /// Its answer, or why there is none. A process that ended or hung is not asked again.
    pub(super) fn ask(&mut self, question: &Value) -> Result<Value, String> {
        self.ask_within(question, LONGEST)
    }

    fn ask_within(&mut self, question: &Value, longest: Duration) -> Result<Value, String> {
        if let Some(gone) = &self.gone {
            return Err(gone.clone());
        }
        let asked = writeln!(self.questions, "{question}").and_then(|()| self.questions.flush());
        let answer = match asked {
            Ok(()) => self.answers.recv_timeout(longest),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        let line = answer.map_err(|error| {
            let gone = match error {
                RecvTimeoutError::Timeout => format!("no answer within {} s", longest.as_secs()),
                RecvTimeoutError::Disconnected => format!("it ended: {}", self.last_words()),
            };
            // Best effort: what hangs would disturb the others.
            let _ = self.child.kill();
            self.gone = Some(gone.clone());
            gone
        })?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| format!("its answer is no JSON: {error}"))?;
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }

    /// The last line that it wrote to standard error.
    fn last_words(&self) -> String {
        let said = fs::read(&self.log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
        last.map_or_else(|| "it said nothing".to_owned(), str::to_owned)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // Best effort: it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// clippy takes a module for tests only where it is no more than that.
#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A shell script as a program that answers.
    fn side(name: &str, script: &str) -> Side {
        let log = std::env::temp_dir().join(format!("semantik-xtask-side-{name}-{}", std::process::id()));
        Side::start(Command::new("sh").args(["-c", script]), &log).unwrap()
    }

    #[test]
    fn answers_come_back_and_an_error_is_that_questions_alone() {
        let mut side = side(
            "answers",
            r#"read x; echo '{"seconds": 2}'; read x; echo '{"error": "no bf16"}'; read x; echo '{"a": 1}'"#,
        );
        assert_eq!(side.ask(&json!({})).unwrap()["seconds"], 2);
        assert_eq!(side.ask(&json!({})).unwrap_err(), "no bf16");
        assert_eq!(side.ask(&json!({})).unwrap()["a"], 1);
        fs::remove_file(&side.log).unwrap();
    }

    #[test]
    fn what_ends_says_its_last_words_and_is_not_asked_again() {
        let mut side = side("ends", "read x; echo one >&2; echo 'Error: no such model' >&2; exit 3");
        for _ in 0..2 {
            assert_eq!(side.ask(&json!({})).unwrap_err(), "it ended: Error: no such model");
        }
        fs::remove_file(&side.log).unwrap();
    }

    #[test]
    fn what_hangs_is_given_up_and_what_is_no_json_is_said() {
        let mut side = side("hangs", "read x; echo hello; exec sleep 1000");
        assert!(side.ask(&json!({})).unwrap_err().starts_with("its answer is no JSON"));
        let error = side.ask_within(&json!({}), Duration::from_millis(20)).unwrap_err();
        assert_eq!(error, "no answer within 0 s");
        assert_eq!(side.ask(&json!({})).unwrap_err(), error);
        fs::remove_file(&side.log).unwrap();
    }
}
