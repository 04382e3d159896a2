//! What the chart takes over from `components/`, which is tried on this machine by the suites on Dapr: it has to be the same there.

use crate::failure::Result;
use crate::workspace::Workspace;

const TEMPLATE: &str = "chart/templates/dapr/_components.tpl";
/// Settings that say who may hear and publish what, and what is never tried again. Where things are, and how to log in, is the chart's own.
const SETTINGS: [&str; 17] = [
    "initialOffset",
    "producerRequiredAcks",
    "producerRetryMax",
    "maxMessageBytes",
    "sessionTimeout",
    "heartbeatInterval",
    "clientConnectionTopicMetadataRefreshInterval",
    "consumeRetryEnabled",
    "consumeRetryInterval",
    "allowedTopics",
    "publishingScopes",
    "subscriptionScopes",
    "tablePrefix",
    "actorStateStore",
    "keyPrefix",
    "redisMaxRetries",
    "direction",
];

pub(super) fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let template = workspace.read(TEMPLATE)?;
    for file in [
        "pubsub/kafka",
        "statestore/postgresql",
        "statestore/redis",
        "bindings/mail",
    ] {
        let file = format!("components/{file}.yaml");
        let component = workspace.read(&file)?;
        let missing = settings_missing_in(&template, &component);
        faults.extend(
            missing
                .into_iter()
                .map(|line| format!("{TEMPLATE} has not, of {file}: {line}")),
        );
    }
    let mut subscriptions = Vec::new();
    for role in ["recurring", "notification", "audit", "sync"] {
        subscriptions.push(workspace.read(&format!("components/subscriptions/{role}.yaml"))?);
    }
    let resiliency = workspace.read("components/resiliency.yaml")?;
    let (_, spec) = resiliency.split_once("\nspec:\n").unwrap_or_default();
    for (file, source) in [
        ("subscriptions.yaml", subscriptions.join("---\n")),
        ("resiliency.yaml", format!("spec:\n{spec}")),
    ] {
        if workspace.read(&format!("chart/files/{file}"))? != source {
            faults.push(format!("chart/files/{file} is not what components/ has"));
        }
    }
    Ok(faults)
}

/// Lines of a component that set one of [`SETTINGS`] and do not stand in the template.
fn settings_missing_in<'a>(template: &str, component: &'a str) -> Vec<&'a str> {
    let lines: Vec<&str> = template.lines().map(str::trim).collect();
    let is_shared = |line: &&str| {
        SETTINGS
            .iter()
            .any(|name| line.starts_with(&format!("- {{name: {name},")))
    };
    let shared = component.lines().map(str::trim).filter(is_shared);
    shared.filter(|line| !lines.contains(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_differs_is_found_and_a_place_may_differ() {
        let component = "metadata:\n  - {name: brokers, envRef: X}\n  - {name: keyPrefix, value: punctual}\n";
        assert_eq!(
            settings_missing_in("    - {name: keyPrefix, value: punctual}\n", component),
            Vec::<&str>::new()
        );
        assert_eq!(
            settings_missing_in("    - {name: keyPrefix, value: other}\n", component),
            ["- {name: keyPrefix, value: punctual}"]
        );
    }
}
