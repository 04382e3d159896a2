//! Every dependency named in a `Cargo.toml` is used; and those in the tree in more than one version are shown.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::checks::contains_word;
use crate::console;
use crate::failure::{Failure, Result};
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    console::say(&format!(
        "in the tree in several versions: {}",
        duplicates(&read(workspace, "Cargo.lock")?).join(", ")
    ));
    let mut tally = Tally::default();
    for manifest in workspace.files()?.iter().filter(|file| file.ends_with("/Cargo.toml")) {
        let unused = unused(workspace, manifest)?;
        let verdict = if unused.is_empty() {
            "ok".to_owned()
        } else {
            format!("FAILED: {}", unused.join(", "))
        };
        console::say(&format!("every dependency in {manifest} is used ... {verdict}"));
        tally += Tally::one(unused.is_empty());
    }
    Ok(tally)
}

/// Duplicates are no failure, since most are a release apart and meet again; but they are never out of sight.
fn duplicates(lock: &Table) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.get("package").and_then(Value::as_array).into_iter().flatten() {
        let text_of = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        versions.entry(text_of("name")).or_default().push(text_of("version"));
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
        .iter()
        .map(|(name, versions)| format!("{name} {}", versions.join(" and ")))
        .collect()
}

/// A dependency whose name no source file of its package mentions.
fn unused(workspace: &Workspace, manifest: &str) -> Result<Vec<String>> {
    let mut names = dependencies(&read(workspace, manifest)?);
    let folder = manifest.trim_end_matches("Cargo.toml");
    for source in workspace
        .files()?
        .iter()
        .filter(|file| file.starts_with(folder) && file.ends_with(".rs"))
    {
        let text = workspace.read(source)?;
        names.retain(|name| !contains_word(&text, &name.replace('-', "_")));
    }
    Ok(names)
}

fn dependencies(manifest: &Table) -> Vec<String> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = kinds.iter().filter_map(|kind| manifest.get(*kind)?.as_table());
    tables.flat_map(|dependencies| dependencies.keys().cloned()).collect()
}

fn read(workspace: &Workspace, file: &str) -> Result<Table> {
    workspace.read(file)?.parse().map_err(|source| Failure::Manifest {
        path: file.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().expect("valid TOML")
    }

    #[test]
    fn a_crate_in_two_versions_is_shown_with_both() {
        let package = |name, version| format!("[[package]]\nname = '{name}'\nversion = '{version}'\n");
        let lock = [
            package("syn", "2.0.1"),
            package("log", "0.4.1"),
            package("syn", "3.0.9"),
        ]
        .concat();
        assert_eq!(duplicates(&table(&lock)), ["syn 2.0.1 and 3.0.9"]);
    }

    #[test]
    fn dependencies_of_every_kind_are_read() {
        let manifest = table("[dependencies]\nserde-json.workspace = true\n[dev-dependencies]\nproptest = '1'\n");
        assert_eq!(dependencies(&manifest), ["serde-json", "proptest"]);
    }
}
