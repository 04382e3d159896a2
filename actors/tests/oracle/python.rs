//! The other implementation, in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use chrono::NaiveDateTime;

use crate::{MOST, Question};

/// python-dateutil, waiting for questions.
pub(crate) struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What it says of a rule.
pub(crate) struct Answer {
    pub(crate) end: AnswerEnd,
    pub(crate) found: Vec<Found>,
}

/// Why there is no more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AnswerEnd {
    /// Enough, or nothing more before the horizon.
    Done,
    /// Time ran out.
    Late,
    /// It cannot do this rule.
    Error(String),
}

/// An occurrence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) wall: NaiveDateTime,
    /// Clocks skip it.
    pub(crate) is_skipped: bool,
    /// None where its zone data ends.
    pub(crate) instant: Option<NaiveDateTime>,
}

impl Oracle {
    #[expect(
        clippy::disallowed_types,
        clippy::disallowed_methods,
        reason = "a test may start the program it compares with"
    )]
    /// With so much processor time for one rule, in seconds.
    pub(crate) fn start(for_a_rule_s: &str) -> Self {
        let python =
            std::env::var_os("PUNCTUAL_PYTHON").expect("run this by `cargo xtask test --only recurrence-oracle`");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/oracle.py");
        let mut child = std::process::Command::new(python)
            .args([script, for_a_rule_s])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let questions = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self {
            child,
            questions,
            answers,
        }
    }

    pub(crate) fn ask(&mut self, question: &Question) -> Answer {
        let Question { rule, start, zone } = question;
        writeln!(self.questions, "{rule}\t{start}\t{zone}\t{MOST}").expect("it reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        let mut parts = line.trim_end().split('\t');
        let end = match parts.next().unwrap_or_default() {
            "done" => AnswerEnd::Done,
            "late" => AnswerEnd::Late,
            error => AnswerEnd::Error(error.to_owned()),
        };
        let found = parts.map(found).collect();
        Answer { end, found }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn found(text: &str) -> Found {
    let (wall, instant) = text.split_once('=').expect("a wall time and an instant");
    let (wall, is_skipped) = wall.strip_suffix('!').map_or((wall, false), |wall| (wall, true));
    Found {
        wall: wall.parse().expect("a wall time"),
        is_skipped,
        instant: (!instant.is_empty()).then(|| instant.parse().expect("an instant")),
    }
}
