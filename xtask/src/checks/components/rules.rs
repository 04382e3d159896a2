//! What must hold of the resources, each rule for itself.

use std::collections::BTreeSet;

use daprenv::Role;
use serde_json::Value;

use crate::checks::components::{document::Document, needed};

/// Parts of the names of settings whose values are nobody's business.
const SECRETS: [&str; 6] = [
    "password",
    "secretkey",
    "connectionstring",
    "clientkey",
    "clientcert",
    "saslusername",
];

/// Faults in all resources together, one line each.
pub(super) fn faults_in(documents: &[Document]) -> Vec<String> {
    let mut faults = Vec::new();
    for document in documents {
        let found = [
            complete(document),
            scoped(document),
            without_plain_secrets(document),
            bounded(document, documents),
            looked_at(document),
            allowed(document, documents),
            without_retried_writes(document),
            aimed_at_something(document, documents),
            needed::publishes_what_it_may(document, documents),
            needed::hands_out_what_is_asked_for(document),
        ];
        faults.extend(
            found
                .concat()
                .into_iter()
                .map(|fault| format!("{}: {}: {fault}", document.file, document.name())),
        );
    }
    faults.extend(variants_agree(documents));
    faults
}

fn complete(document: &Document) -> Vec<String> {
    let known = ["Component", "Subscription", "Resiliency", "Configuration"];
    let mut faults = Vec::new();
    if !known.contains(&document.kind()) || !document.text(&["apiVersion"]).starts_with("dapr.io/") {
        faults.push(format!("`{}` is no resource of Dapr", document.kind()));
    }
    if document.name().is_empty() {
        faults.push("has no name".to_owned());
    }
    if document.kind() == "Component"
        && (document.text(&["spec", "type"]).is_empty() || document.text(&["spec", "version"]).is_empty())
    {
        faults.push("a component needs a type and a version".to_owned());
    }
    faults
}

/// A configuration is named by whoever loads it; everything else would reach every application that shares the name space.
fn scoped(document: &Document) -> Vec<String> {
    let roles: BTreeSet<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let scopes = document.scopes();
    if document.kind() == "Configuration" {
        return Vec::new();
    }
    if scopes.is_empty() {
        return vec!["has no scopes".to_owned()];
    }
    let strangers = scopes.into_iter().filter(|scope| !roles.contains(scope));
    strangers.map(|scope| format!("`{scope}` is no role")).collect()
}

fn without_plain_secrets(document: &Document) -> Vec<String> {
    let settings = document.settings();
    let is_secret = |name: &str| SECRETS.iter().any(|part| name.to_lowercase().contains(part));
    let mut faults: Vec<String> = settings
        .iter()
        .filter(|(name, setting)| is_secret(name) && setting.get("secretKeyRef").is_none())
        .map(|(name, _)| format!("`{name}` must come from the secret store"))
        .collect();
    let refers = settings.values().any(|setting| setting.get("secretKeyRef").is_some());
    if refers && document.text(&["auth", "secretStore"]) != "secrets" {
        faults.push("refers to a secret without `auth: {secretStore: secrets}`".to_owned());
    }
    faults
}

/// A subscription without a dead-letter topic blocks its partition for ever on a message that nobody can read, and one whose dead letters nobody
/// hears loses them.
fn bounded(document: &Document, all: &[Document]) -> Vec<String> {
    if document.kind() != "Subscription" || is_of_dead_letters(document) {
        return Vec::new();
    }
    let topic = document.text(&["spec", "topic"]);
    let mut faults = Vec::new();
    if document.text(&["spec", "routes", "default"]) != format!("/events/{topic}") {
        faults.push(format!("must be delivered to /events/{topic}"));
    }
    let [role] = document.scopes()[..] else {
        return vec!["must have one role as its scope".to_owned()];
    };
    if document.text(&["spec", "deadLetterTopic"]) != format!("{role}-dead-letters") {
        faults.push(format!("its dead letters must go to {role}-dead-letters"));
    }
    let hears = |other: &Document| is_of_dead_letters(other) && other.scopes() == [role];
    if !all.iter().any(hears) {
        faults.push(format!("no subscription of {role} hears its dead letters"));
    }
    faults
}

fn is_of_dead_letters(document: &Document) -> bool {
    document.kind() == "Subscription" && document.text(&["spec", "topic"]).ends_with("-dead-letters")
}

/// A role hears its own dead letters, unread by the sidecar, and nobody passes them on.
fn looked_at(document: &Document) -> Vec<String> {
    if !is_of_dead_letters(document) {
        return Vec::new();
    }
    let [role] = document.scopes()[..] else {
        return vec!["must have one role as its scope".to_owned()];
    };
    let expected = [
        (vec!["spec", "topic"], format!("{role}-dead-letters")),
        (vec!["spec", "routes", "default"], format!("/dead-letters/{role}")),
        (vec!["spec", "metadata", "rawPayload"], "true".to_owned()),
        (vec!["spec", "deadLetterTopic"], String::new()),
    ];
    let faults = expected.iter().filter(|(path, value)| document.text(path) != *value);
    faults
        .map(|(path, value)| format!("`{}` must be `{value}`", path.join(".")))
        .collect()
}

/// What a role subscribes to, every variant of the component must let it hear, and let it publish the dead letters.
fn allowed(document: &Document, all: &[Document]) -> Vec<String> {
    if document.kind() != "Subscription" {
        return Vec::new();
    }
    let (topic, letters) = (
        document.text(&["spec", "topic"]),
        document.text(&["spec", "deadLetterTopic"]),
    );
    let bus = document.text(&["spec", "pubsubname"]);
    let mut faults = Vec::new();
    let mut variants = all
        .iter()
        .filter(|other| other.kind() == "Component" && other.name() == bus)
        .peekable();
    if variants.peek().is_none() {
        faults.push(format!("there is no component `{bus}`"));
    }
    for variant in variants {
        for role in document.scopes() {
            let may = |what: &str, topic: &str| {
                variant
                    .topics_by_app(what)
                    .get(role)
                    .is_some_and(|topics| topics.contains(&topic))
            };
            let reaches = variant.scopes().contains(&role);
            let passes_on = letters.is_empty() || may("publishingScopes", letters);
            if !reaches || !may("subscriptionScopes", topic) || !passes_on {
                faults.push(format!(
                    "{} does not let {role} hear {topic} and publish {letters}",
                    variant.file
                ));
            }
        }
    }
    faults
}

/// The sidecar must never send a write again on its own: the second attempt would meet the first. Nor a call of an actor, which callers repeat.
fn without_retried_writes(document: &Document) -> Vec<String> {
    let target = document.at(&["spec", "targets", "components", "statestore", "outbound"]);
    let mut faults = Vec::new();
    if document.kind() == "Resiliency"
        && (target.get("timeout").is_none() || target.get("retry").is_some() || target.get("circuitBreaker").is_some())
    {
        faults.push("the state store must have a time-out, no retry and no breaker".to_owned());
    }
    let actors = document.at(&["spec", "targets", "actors"]).as_object();
    if actors.is_some_and(|actors| actors.values().any(|target| target.get("retry").is_some())) {
        faults.push("calls of actors must have no retry".to_owned());
    }
    if document.text(&["spec", "type"]) == "state.redis" && document.setting("redisMaxRetries") != "-1" {
        faults.push("Redis' client must not retry".to_owned());
    }
    faults
}

/// Every target of a policy is there, and every policy it names too.
fn aimed_at_something(document: &Document, all: &[Document]) -> Vec<String> {
    let policies = document.at(&["spec", "policies"]);
    let targets = document.at(&["spec", "targets"]);
    let keys = |value: &Value| {
        value
            .as_object()
            .map(|map| map.keys().cloned().collect::<Vec<_>>())
            .unwrap_or_default()
    };
    let unknown = keys(&targets["components"]).into_iter().filter(|name| {
        !all.iter()
            .any(|other| other.kind() == "Component" && other.name() == name)
    });
    let mut faults: Vec<String> = unknown.map(|name| format!("there is no component `{name}`")).collect();
    let mut named = Vec::new();
    policies_named_in(targets, &mut named);
    for (kind, name) in named {
        let group = match kind {
            "timeout" => "timeouts",
            "retry" => "retries",
            _ => "circuitBreakers",
        };
        if policies[group].get(name).is_none() {
            faults.push(format!("there is no policy `{name}` among the {group}"));
        }
    }
    faults
}

fn policies_named_in<'a>(value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        match inner.as_str() {
            Some(name) if ["timeout", "retry", "circuitBreaker"].contains(&key.as_str()) => found.push((key, name)),
            _ => policies_named_in(inner, found),
        }
    }
}

/// Components of one name are the same to those who use them, whatever stands behind.
fn variants_agree(documents: &[Document]) -> Vec<String> {
    let components: Vec<&Document> = documents
        .iter()
        .filter(|document| document.kind() == "Component")
        .collect();
    let differs = |one: &Document, other: &Document| {
        let settings = [
            "initialOffset",
            "producerRequiredAcks",
            "allowedTopics",
            "publishingScopes",
            "subscriptionScopes",
            "keyPrefix",
            "actorStateStore",
        ];
        one.scopes() != other.scopes() || settings.iter().any(|name| one.setting(name) != other.setting(name))
    };
    let pairs = components
        .iter()
        .enumerate()
        .flat_map(|(index, one)| components[index + 1..].iter().map(move |other| (one, other)));
    pairs
        .filter(|(one, other)| one.name() == other.name() && differs(one, other))
        .map(|(one, other)| {
            format!(
                "{} and {}: `{}` differs in scopes or topics",
                one.file,
                other.file,
                one.name()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::components::document;

    fn faults(text: &str) -> Vec<String> {
        faults_in(&document::read("a.yaml", text).expect("valid YAML"))
    }

    const STORE: &str = "
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: statestore}
spec:
  type: state.postgresql
  version: v2
  metadata:
    - {name: connectionString, secretKeyRef: {name: a, key: a}}
auth: {secretStore: secrets}
scopes: [api]
";

    #[test]
    fn a_component_that_is_scoped_and_keeps_its_secrets_is_fine() {
        assert_eq!(faults(STORE), Vec::<String>::new());
    }

    #[test]
    fn a_plain_secret_a_missing_scope_and_a_stranger_are_found() {
        let plain = STORE.replace("secretKeyRef: {name: a, key: a}", "value: 'password=x'");
        assert!(faults(&plain)[0].contains("must come from the secret store"));
        assert!(faults(&STORE.replace("scopes: [api]", ""))[0].contains("has no scopes"));
        assert!(faults(&STORE.replace("[api]", "[web]"))[0].contains("`web` is no role"));
    }

    #[test]
    fn a_retry_of_writes_is_found() {
        let policy = |target: &str| {
            format!(
                "{STORE}---\napiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {{name: p}}\nscopes: [api]\nspec:\n  policies:\n    \
                timeouts: {{state: 5s}}\n    retries: {{again: {{}}}}\n  targets:\n    components:\n      statestore:\n        outbound: {target}\n"
            )
        };
        assert_eq!(faults(&policy("{timeout: state}")), Vec::<String>::new());
        assert!(faults(&policy("{timeout: state, retry: again}"))[0].contains("no retry"));
        assert!(faults(&policy("{timeout: other}"))[0].contains("no policy `other`"));
    }

    #[test]
    fn a_subscription_needs_dead_letters_that_its_role_may_publish() {
        let text = "
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: events}
spec:
  type: pubsub.kafka
  version: v1
  metadata:
    - {name: subscriptionScopes, value: 'audit=task-events,audit-dead-letters'}
    - {name: publishingScopes, value: 'audit=task-events,audit-dead-letters'}
scopes: [audit]
---
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {name: s}
spec: {pubsubname: events, topic: task-events, routes: {default: /events/task-events}, deadLetterTopic: audit-dead-letters}
scopes: [audit]
---
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {name: l}
spec: {pubsubname: events, topic: audit-dead-letters, routes: {default: /dead-letters/audit}, metadata: {rawPayload: 'true'}}
scopes: [audit]
";
        assert_eq!(faults(text), Vec::<String>::new());
        assert!(!faults(&text.replace(", deadLetterTopic: audit-dead-letters", "")).is_empty());
        assert!(
            !faults(&text.replace(
                "publishingScopes, value: 'audit=task-events,audit-dead-letters'",
                "publishingScopes, value: ''"
            ))
            .is_empty()
        );
        assert!(!faults(&text.replace("pubsubname: events", "pubsubname: other")).is_empty());
        let (heard, _) = text.rsplit_once("---").expect("two subscriptions");
        assert!(faults(heard)[0].contains("no subscription of audit hears its dead letters"));
        assert!(faults(&text.replace(", metadata: {rawPayload: 'true'}", ""))[0].contains("rawPayload"));
    }
}
