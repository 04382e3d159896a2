//! What the server says of an import.

use std::io;

use reqwest::StatusCode;
use serde::Deserialize;

use crate::terminal::plain;

/// The report.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    pub(super) taken: u64,
    pub(super) existing: u64,
    pub(super) refused: u64,
    /// Components that are no to-dos.
    #[serde(default)]
    pub(super) passed_over: u64,
    /// Why the rest of the file was not read.
    #[serde(default)]
    pub(super) unread: Option<String>,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    uid: Option<String>,
    summary: Option<String>,
    code: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
}

impl Report {
    /// Whether nothing was found that could be taken.
    pub(super) fn is_empty(&self) -> bool {
        self.taken + self.existing + self.refused == 0
    }

    pub(super) fn print(&self, output: &mut impl io::Write) -> io::Result<()> {
        for item in &self.items {
            let name = item.summary.as_deref().or(item.uid.as_deref()).unwrap_or("(untitled)");
            for note in &item.notes {
                writeln!(output, "note     {}: {}", plain(name), plain(note))?;
            }
            if let Some(code) = &item.code {
                let reason = item.reason.as_deref().unwrap_or("no reason given");
                writeln!(output, "refused  {}: {} ({code})", plain(name), plain(reason))?;
            }
        }
        let Self {
            taken,
            existing,
            refused,
            passed_over,
            ..
        } = self;
        writeln!(output, "{taken} taken, {existing} there already, {refused} refused")?;
        if *passed_over > 0 {
            writeln!(
                output,
                "{passed_over} passed over that are no to-dos, but events or others"
            )?;
        }
        if self.is_empty() && self.unread.is_none() {
            writeln!(output, "there is no to-do in the file")?;
        }
        match &self.unread {
            Some(reason) => writeln!(output, "the rest of the file was not read ({})", plain(reason)),
            None => Ok(()),
        }
    }
}

/// What a problem (RFC 9457) says, or the status where the body is none.
pub(super) fn problem(status: StatusCode, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problem {
        title: String,
        detail: Option<String>,
        code: Option<String>,
    }
    let Ok(Problem { title, detail, code }) = serde_json::from_slice(body) else {
        return status.to_string();
    };
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
    plain(&format!("{title}{detail}{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(report: &str) -> String {
        let report: Report = serde_json::from_str(report).unwrap();
        let mut output = Vec::new();
        report.print(&mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn what_was_refused_is_printed_with_its_reason_and_what_was_taken_is_counted() {
        let report = r#"{"taken": 1, "existing": 0, "refused": 1, "items": [
            {"uid": "1", "summary": "Sow", "outcome": "taken", "notes": ["its colour was left out"]},
            {"uid": "2", "summary": "Reap", "outcome": "refused", "code": "recurrence_unsupported", "reason": "EXRULE"}
        ]}"#;
        assert_eq!(
            printed(report),
            "note     Sow: its colour was left out\n\
             refused  Reap: EXRULE (recurrence_unsupported)\n\
             1 taken, 0 there already, 1 refused\n"
        );
    }

    #[test]
    fn a_file_that_was_not_read_to_its_end_is_said_to_be() {
        let report = r#"{"taken": 1, "existing": 0, "refused": 0, "unread": "too_large", "items": []}"#;
        assert!(printed(report).ends_with("the rest of the file was not read (too_large)\n"));
    }

    #[test]
    fn a_title_cannot_command_the_terminal() {
        let report =
            r#"{"taken": 0, "existing": 0, "refused": 1, "items": [{"summary": "\u001b[2J", "code": "invalid"}]}"#;
        assert!(!printed(report).contains('\u{1b}'));
    }

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let body =
            br#"{"title": "Unauthorized", "detail": "the token is not valid", "code": "unauthorized", "status": 401}"#;
        assert_eq!(
            problem(StatusCode::UNAUTHORIZED, body),
            "Unauthorized: the token is not valid (unauthorized)"
        );
        assert_eq!(problem(StatusCode::BAD_GATEWAY, b"<html>"), "502 Bad Gateway");
    }

    #[test]
    fn a_file_without_a_to_do_says_so_and_what_is_in_it_instead() {
        let report = printed(r#"{"taken": 0, "existing": 0, "refused": 0, "passed_over": 2, "items": []}"#);
        let lines: Vec<&str> = report.lines().collect();
        assert_eq!(
            lines[1..],
            [
                "2 passed over that are no to-dos, but events or others",
                "there is no to-do in the file"
            ]
        );
    }
}
