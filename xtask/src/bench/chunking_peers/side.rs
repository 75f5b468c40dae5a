//! [`Side`]: a process that cuts texts and says how long it took.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::error::XtaskError;

/// Answers a question of JSON, a line, with a line of JSON, until it is dropped.
pub(super) struct Side {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Side {
    /// Starts it; what else it has to say goes to this program's standard error.
    pub(super) fn start(command: &mut Command) -> Result<Self, XtaskError> {
        let name = command.get_program().display().to_string();
        let failed = |what: &str| XtaskError::failed(format!("{name}: {what}"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error.to_string()))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it has no input and output"));
        };
        Ok(Side { child, questions, answers: BufReader::new(answers) })
    }

    /// Its answer, or why there is none.
    pub(super) fn ask(&mut self, question: &Value) -> Result<Value, String> {
        writeln!(self.questions, "{question}")
            .and_then(|()| self.questions.flush())
            .map_err(|error| format!("it ended: {error}"))?;
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => return Err("it ended".to_owned()),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
        let answer: Value = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
