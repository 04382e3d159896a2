//! The chart in `chart/`, as far as files can be compared: its README lists every value, its schema knows every value, and what it takes over from
//! `components/` is as it is there, alerts have runbooks and ask for numbers that are counted. `.ci/chart` renders it.

mod alerts;
mod copies;
mod readme;
mod values;

use std::path::Path;

use serde_json::Value;

use crate::checks::chart::values::Entry;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

const VALUES: &str = "chart/values.yaml";
const SCHEMA: &str = "chart/values.schema.json";
const README: &str = "chart/README.md";

pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    let (entries, mut faults) = values::read(&workspace.read(VALUES)?);
    let readme = workspace.read(README)?;
    if readme::with_values(&readme, &entries).is_none_or(|fresh| fresh != readme) {
        faults.push(format!(
            "{README} does not list the values as they are: `cargo xtask chart-readme` does"
        ));
    }
    let schema: Value = serde_json::from_str(&workspace.read(SCHEMA)?).unwrap_or_default();
    faults.extend(unknown_to(&schema, &entries));
    faults.extend(copies::faults(workspace)?);
    faults.extend(alerts::faults(workspace)?);
    Ok(faults)
}

/// Writes the values into the README of the chart.
pub(crate) fn write_readme(workspace: &Workspace) -> Result<()> {
    let (entries, faults) = values::read(&workspace.read(VALUES)?);
    if let Some(fault) = faults.first() {
        return Err(Failure::Usage(fault.clone()));
    }
    let marks = || {
        Failure::Usage(format!(
            "{README} has lost the marks between which the values are written"
        ))
    };
    let fresh = readme::with_values(&workspace.read(README)?, &entries).ok_or_else(marks)?;
    let path = workspace.root.join(Path::new(README));
    std::fs::write(&path, fresh).map_err(Failure::file(path))
}

/// Values that the schema would refuse, or would not look at.
fn unknown_to(schema: &Value, entries: &[Entry]) -> Vec<String> {
    let missing = entries
        .iter()
        .filter(|entry| declared(schema, schema, &entry.path).is_none());
    missing
        .map(|entry| format!("{SCHEMA} does not know `{}`", entry.path.join(".")))
        .collect()
}

/// What the schema says of a path of keys.
fn declared<'a>(root: &'a Value, schema: &'a Value, path: &[String]) -> Option<&'a Value> {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#'))?,
        None => schema,
    };
    match path {
        [] => Some(schema),
        [key, rest @ ..] => declared(root, schema.get("properties")?.get(key)?, rest),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_that_the_schema_does_not_know_is_found_behind_a_reference_too() {
        let schema = json!({
            "definitions": {"role": {"properties": {"replicas": {}}}},
            "properties": {"defaults": {"$ref": "#/definitions/role"}, "image": {"properties": {"tag": {}}}}
        });
        let entry = |path: &str| Entry {
            path: path.split('.').map(str::to_owned).collect(),
            about: String::new(),
            default: None,
        };
        let entries = ["image.tag", "defaults.replicas", "image.digest", "defaults.env"].map(entry);
        let faults = unknown_to(&schema, &entries);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("`image.digest`") && faults[1].contains("`defaults.env`"));
    }
}
