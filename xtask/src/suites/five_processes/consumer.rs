//! Reads what was published with Kafka's own console consumer, and has a program that shares nothing with ours check it against the committed
//! schemas.

use std::path::Path;
use std::process::{Command, Stdio};

use daprenv::Environment;
use serde_json::Value;

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::python;
use crate::tally::Tally;
use crate::workspace::Workspace;

const CONSOLE_CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const CHECKER: &str = "xtask/consume.py";
const SCHEMAS: &str = "events/schemas";
/// A topic that has been silent for this long was read to its end.
const SILENCE_MS: &str = "5000";
/// Topics with a type that must have come: a check of nothing would prove nothing.
const TOPICS: [(&str, &str); 3] = [
    ("task-events", "dev.punctual.task.created.v1"),
    ("reminders", "dev.punctual.reminder.fired.v1"),
    ("task-updates", "dev.punctual.task.state.v1"),
];

/// One check a topic.
pub(super) fn run(workspace: &Workspace, environment: &Environment) -> Result<Tally> {
    let mut tally = Tally::default();
    for (topic, expected) in TOPICS {
        let said = check(workspace, environment, topic)?;
        let passed = said["wrong"] == 0 && said["types"][expected].as_u64() > Some(0);
        console::say(&format!("a consumer nobody here wrote reads {topic}: {said}"));
        tally += Tally::one(passed);
    }
    Ok(tally)
}

/// What the checker says of a topic.
fn check(workspace: &Workspace, environment: &Environment, topic: &str) -> Result<Value> {
    let broker = environment.process("kafka")?.port("broker");
    let mut reading = environment.kafka_tool(CONSOLE_CONSUMER)?;
    reading.args(["--bootstrap-server", &format!("127.0.0.1:{broker}"), "--topic", topic]);
    reading.args(["--from-beginning", "--timeout-ms", SILENCE_MS]);
    reading.args(["--property", "print.key=true"]);
    // Errors only: it has a hundred lines to say about its settings.
    reading.env("JDK_JAVA_OPTIONS", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
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
