//! What is said of JSON that cannot be read.

use serde_json::error::Category;

/// What kind of error it is and where. Serde's own words may quote what it read, which somebody wrote, and these go to logs and into the reasons of
/// dead letters.
pub(crate) fn without_content(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        Category::Io => "it cannot be read",
        Category::Syntax => "it is no JSON",
        Category::Data => "its JSON is of another kind",
        Category::Eof => "its JSON ends too early",
    };
    format!("{kind}, at line {} column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{CloudEvent, Commit, EventRecord, EventType, Principal, cloud_event::data_for};

    const SECRET: &str = "call Ann";

    #[test]
    fn an_event_that_cannot_be_read_is_said_without_what_is_in_it() {
        let event = format!("{{\"specversion\":\"1.0\",\n\"part\":\"{SECRET}\"}}");
        let said = CloudEvent::from_json(event.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            said,
            "not an event of Punctual: its JSON is of another kind, at line 2 column 17"
        );
    }

    #[test]
    fn a_commit_that_cannot_be_read_is_said_without_what_is_in_it() {
        let line = format!("{{\"format\":\"{SECRET}\"}}\n");
        let said = Commit::decode(line.as_bytes()).unwrap_err().to_string();
        assert!(said.contains("line 1 column") && !said.contains(SECRET), "{said}");
        let removed = EventRecord::new(EventType::TaskDeleted, Principal::System, &json!({"task": SECRET})).unwrap();
        let data = data_for(EventType::TaskRemoved, &removed);
        let said = data.unwrap_err().to_string();
        assert!(said.contains("line 1 column") && !said.contains(SECRET), "{said}");
    }
}
