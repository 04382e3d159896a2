//! Nobody may do more than he does: topics are open to those who publish on them, secrets to those who ask for them.

use std::collections::BTreeSet;

use crate::checks::components::document::{Document, strings};

/// What api and sync ask the secret store for by name (`hosts/src/dapr/secrets.rs`), and the others do not. What components refer to the sidecar reads for itself.
const ASKED_FOR: [&str; 1] = ["signingkey"];

/// What the actors of a role publish on `events`: those of users on every topic, those of series on one (`events/tests/contract.rs`).
const ACTORS: [(&str, &[&str]); 2] = [
    ("api", &["task-events", "reminders", "task-updates"]),
    ("recurring", &["task-events"]),
];

/// A role publishes what its actors do, a marker on each topic it hears, and what it could not handle.
pub(super) fn publishes_what_it_may(component: &Document, all: &[Document]) -> Vec<String> {
    let may = component.topics_by_app("publishingScopes");
    let mut faults = Vec::new();
    for (role, topics) in may {
        let topics: BTreeSet<&str> = topics.into_iter().filter(|topic| !topic.is_empty()).collect();
        let does = published_by(role, component, all);
        if topics != does {
            faults.push(format!("{role} may publish on {topics:?} and does on {does:?}"));
        }
    }
    faults
}

fn published_by<'a>(role: &str, component: &Document, all: &'a [Document]) -> BTreeSet<&'a str> {
    let is_heard = |document: &&Document| {
        document.kind() == "Subscription"
            && document.scopes() == [role]
            && document.text(&["spec", "pubsubname"]) == component.name()
            && !document.text(&["spec", "deadLetterTopic"]).is_empty()
    };
    let heard = all.iter().filter(is_heard);
    let mut topics: BTreeSet<&str> = heard
        .flat_map(|document| {
            [
                document.text(&["spec", "topic"]),
                document.text(&["spec", "deadLetterTopic"]),
            ]
        })
        .collect();
    let actors = ACTORS
        .iter()
        .filter(|(host, _)| *host == role && component.name() == "events");
    topics.extend(actors.flat_map(|(_, topics)| topics.iter().copied()));
    topics
}

/// The configuration of those who verify tokens, who alone ask for a secret.
const WITH_THE_KEY: &str = "punctual-signing-key";

/// The configuration hands out what is asked for, and nothing else.
pub(super) fn hands_out_what_is_asked_for(configuration: &Document) -> Vec<String> {
    let scopes = configuration.at(&["spec", "secrets", "scopes"]).as_array();
    let mut faults = Vec::new();
    for scope in scopes.into_iter().flatten() {
        let is_ours = scope["storeName"] == "secrets" && configuration.name() == WITH_THE_KEY;
        let expected: &[&str] = if is_ours { &ASKED_FOR } else { &[] };
        let allowed = strings(&scope["allowedSecrets"]);
        if scope["defaultAccess"] != "deny" || allowed != expected {
            faults.push(format!(
                "{} hands out {allowed:?}, and services ask for {expected:?}",
                scope["storeName"]
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::components::document;

    fn read(text: &str) -> Vec<Document> {
        document::read("a.yaml", text).expect("valid YAML")
    }

    #[test]
    fn a_topic_that_a_role_may_publish_on_and_does_not_is_found() {
        let bus = "
kind: Component
metadata: {name: events}
spec:
  metadata:
    - {name: publishingScopes, value: 'recurring=task-events,recurring-dead-letters;sync='}
---
kind: Subscription
spec: {pubsubname: events, topic: task-events, deadLetterTopic: recurring-dead-letters}
scopes: [recurring]
---
kind: Subscription
spec: {pubsubname: events, topic: sync-dead-letters}
scopes: [sync]
";
        let faults = |text: &str| {
            let documents = read(text);
            publishes_what_it_may(&documents[0], &documents)
        };
        assert_eq!(faults(bus), Vec::<String>::new());
        for (excess, role) in [
            (bus.replace("recurring=", "recurring=reminders,"), "recurring"),
            (bus.replace("sync=", "sync=sync-dead-letters"), "sync"),
            (bus.replace("recurring=task-events,", "recurring="), "recurring"),
        ] {
            assert!(
                faults(&excess)[0].starts_with(&format!("{role} may publish on")),
                "{excess}"
            );
        }
    }

    #[test]
    fn a_secret_that_nobody_asks_for_is_found() {
        let configuration = "
kind: Configuration
metadata: {name: punctual-signing-key}
spec:
  secrets:
    scopes:
      - {storeName: secrets, defaultAccess: deny, allowedSecrets: [signingkey]}
      - {storeName: kubernetes, defaultAccess: deny}
";
        let faults = |text: &str| hands_out_what_is_asked_for(&read(text)[0]);
        assert_eq!(faults(configuration), Vec::<String>::new());
        assert_eq!(
            faults(&configuration.replace("[signingkey]", "[signingkey, smtpuser]")).len(),
            1
        );
        assert_eq!(faults(&configuration.replace("deny", "allow")).len(), 2);
        assert_eq!(faults(&configuration.replace("-signing-key}", "}")).len(), 1);
    }
}
