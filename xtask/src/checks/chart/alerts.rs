//! Alerts and dashboards: each alert has a runbook, and what they ask for is a number that the services count.

use std::collections::BTreeSet;

use crate::failure::Result;
use crate::workspace::Workspace;

const RULES: &str = "chart/files/rules.yaml";
const DASHBOARDS: &str = "chart/files/dashboards/";
const RUNBOOKS: &str = "docs/runbooks";
/// What Prometheus' text format adds to a name: the unit, the kind.
const ENDINGS: [&str; 6] = ["_bucket", "_count", "_sum", "_total", "_seconds", "_bytes"];

pub(super) fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let rules = workspace.read(RULES)?;
    let files = workspace.files()?;
    let mut faults: Vec<String> = alerts(&rules)
        .filter(|alert| !files.contains(&format!("{RUNBOOKS}/{alert}.md")))
        .map(|alert| format!("{RULES}: {alert} has no page in {RUNBOOKS}"))
        .collect();
    let mut counted = String::new();
    for file in files
        .iter()
        .filter(|file| file.starts_with("hosts/src/metrics/") || file.starts_with("hosts/src/serve/"))
    {
        counted += &workspace.read(file)?;
    }
    for file in files
        .iter()
        .filter(|file| *file == RULES || file.starts_with(DASHBOARDS))
    {
        let text = workspace.read(file)?;
        let unknown = metrics_in(&text)
            .into_iter()
            .filter(|name| !counted.contains(&format!("{name}\"")));
        faults.extend(unknown.map(|name| format!("{file}: nobody counts `{name}`")));
    }
    Ok(faults)
}

fn alerts(rules: &str) -> impl Iterator<Item = &str> {
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "))
}

/// The names of our own metrics in a text, without prefix and endings: as they are registered.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let is_end = |c: char| !c.is_ascii_lowercase() && c != '_';
    let names = text.split("punctual_").skip(1);
    names
        .map(|rest| registered(rest.split(is_end).next().unwrap_or_default()))
        .collect()
}

fn registered(mut name: &str) -> &str {
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)) {
        name = shorter;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_known_by_the_name_it_is_registered_under() {
        let text = "rate(punctual_reminder_lateness_seconds_bucket{le=\"5.0\"}[5m]) + punctual_sockets / punctual_mails_sent_total";
        let names: Vec<&str> = metrics_in(text).into_iter().collect();
        assert_eq!(names, ["mails_sent", "reminder_lateness", "sockets"]);
    }

    #[test]
    fn alerts_are_found_by_name() {
        let rules = "groups:\n  - rules:\n      - alert: A\n        expr: x\n      - alert: B\n";
        assert_eq!(alerts(rules).collect::<Vec<_>>(), ["A", "B"]);
    }
}
