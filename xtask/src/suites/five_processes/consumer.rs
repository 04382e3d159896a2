//! Reads what was published with Kafka's own console consumer, and has a program that shares nothing with ours check it against the committed
//! schemas.

use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use daprenv::Environment;
use serde_json::Value;

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::python;
use crate::tally::Tally;
use crate::workspace::Workspace;

const CONSOLE_CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const GET_OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";
const CHECKER: &str = "xtask/consume.py";
const SCHEMAS: &str = "events/schemas";
/// A topic that has been silent for this long was read to its end.
const SILENCE_MS: &str = "5000";
/// A host that was killed while it published may have left out some events of an actor and not those behind them: those its broker's client could not
/// send at that moment, or the rest of a commit. The actor publishes them again with its next command, and where none comes when its guard wakes
/// it, which is after five minutes. What is missing then is lost.
const OWED_FOR: Duration = Duration::from_secs(6 * 60);
/// Between two looks at a topic on which something is owed.
const REST: Duration = Duration::from_secs(20);
/// Topics with types that must have come: a check of nothing would prove nothing.
const TOPICS: [(&str, &[&str]); 3] = [
    (
        "task-events",
        &[
            "dev.punctual.task.created.v1",
            "dev.punctual.series.deleted.v1",
            "dev.punctual.user.deleted.v1",
        ],
    ),
    (
        "reminders",
        &["dev.punctual.reminder.fired.v1", "dev.punctual.user.deleted.v1"],
    ),
    (
        "task-updates",
        &["dev.punctual.task.state.v1", "dev.punctual.user.deleted.v1"],
    ),
];

/// One check a topic.
pub(super) fn run(workspace: &Workspace, environment: &Environment) -> Result<Tally> {
    let mut tally = Tally::default();
    let began = Instant::now();
    for (topic, expected) in TOPICS {
        let passed = loop {
            // The services go on meanwhile, so it may be some more.
            let least = published(environment, topic)?;
            let said = check(workspace, environment, topic)?;
            let most = published(environment, topic)?;
            console::say(&format!(
                "a consumer nobody here wrote reads {topic}, of {least} to {most} messages: {said}"
            ));
            if said["owed"] == 0 || began.elapsed() > OWED_FOR {
                break is_whole(&said, expected, least..=most);
            }
            thread::sleep(REST);
        };
        tally += Tally::one(passed);
    }
    Ok(tally)
}

/// Whether everything is right and nothing owed, no message was passed over, and each of these types has come.
fn is_whole(said: &Value, expected: &[&str], published: RangeInclusive<u64>) -> bool {
    let is_there = |name: &&str| said["types"][*name].as_u64() > Some(0);
    let all_were_read = said["messages"]
        .as_u64()
        .is_some_and(|count| published.contains(&count));
    said["wrong"] == 0 && said["owed"] == 0 && all_were_read && expected.iter().all(is_there)
}

/// How many messages a topic has, by where its partitions begin and end. Nothing of ours is compacted or part of a transaction, so offsets count
/// messages.
fn published(environment: &Environment, topic: &str) -> Result<u64> {
    let of = |instant: &str| -> Result<u64> {
        let mut asking = tool(environment, GET_OFFSETS)?;
        asking.args(["--topic", topic, "--time", instant]);
        let said = process::output(&mut asking)?;
        sum_of_offsets(&said).ok_or_else(|| Failure::ToolSaid {
            program: GET_OFFSETS.to_owned(),
            detail: said,
        })
    };
    let (end, begin) = (of("latest")?, of("earliest")?);
    Ok(end - begin)
}

/// The sum over lines of `topic:partition:offset`.
fn sum_of_offsets(text: &str) -> Option<u64> {
    let offsets = text.lines().map(|line| line.rsplit(':').next()?.parse::<u64>().ok());
    offsets.sum()
}

/// One of Kafka's tools, at this broker.
fn tool(environment: &Environment, class: &str) -> Result<Command> {
    let broker = environment.process("kafka")?.port("broker");
    let mut tool = environment.kafka_tool(class)?;
    tool.args(["--bootstrap-server", &format!("127.0.0.1:{broker}")]);
    // Errors only: it has a hundred lines to say about its settings.
    tool.env("JDK_JAVA_OPTIONS", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
    Ok(tool)
}

/// What the checker says of a topic.
fn check(workspace: &Workspace, environment: &Environment, topic: &str) -> Result<Value> {
    let mut reading = tool(environment, CONSOLE_CONSUMER)?;
    reading.args(["--topic", topic, "--from-beginning", "--timeout-ms", SILENCE_MS]);
    reading.args(["--property", "print.key=true"]);
    let mut reader = reading
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| Failure::Tool {
            program: CONSOLE_CONSUMER.to_owned(),
            source,
        })?;
    let mut checker = Command::new(python::tool(workspace, "python")?);
    checker
        .arg(workspace.root.join(CHECKER))
        .arg(topic)
        .arg(Path::new(SCHEMAS));
    checker.current_dir(&workspace.root);
    if let Some(lines) = reader.stdout.take() {
        checker.stdin(lines);
    }
    let said = process::printed(&mut checker)?;
    // It ends with an error when the time is over, which is how it always ends.
    let _ = reader.wait();
    serde_json::from_str(said.trim()).map_err(|_| Failure::ToolSaid {
        program: CHECKER.to_owned(),
        detail: said,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn offsets_of_all_partitions_are_added_up_and_anything_else_is_no_answer() {
        assert_eq!(sum_of_offsets("task-events:0:73\ntask-events:11:5\n"), Some(78));
        assert_eq!(sum_of_offsets("task-events:0:73\nTimeout\n"), None);
    }

    #[test]
    fn a_topic_that_was_not_read_whole_or_lacks_a_type_does_not_pass() {
        let said = json!({"messages": 5, "wrong": 0, "owed": 0, "types": {"created": 4, "deleted": 1}});
        assert!(is_whole(&said, &["created", "deleted"], 5..=6));
        assert!(!is_whole(&said, &["created", "moved"], 5..=6));
        assert!(!is_whole(&said, &["created"], 6..=6));
        assert!(!is_whole(&said, &["created"], 4..=4));
        for (wrong, owed) in [(1, 0), (0, 1)] {
            let said = json!({"messages": 5, "wrong": wrong, "owed": owed, "types": {"created": 5}});
            assert!(!is_whole(&said, &["created"], 5..=5));
        }
    }
}
