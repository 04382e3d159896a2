//! Roles see each other only through events and ports: in the code of one, no path leads into another's module.

use std::collections::BTreeSet;

use crate::checks::paths::{self, Path};
use crate::failure::Result;
use crate::workspace::Workspace;

const FOLDER: &str = "hosts/src/roles/";
/// Actors and logs that the unit tests of several roles use.
const SHARED: [&str; 2] = ["test_actors", "test_log"];

pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    let mut files = workspace.files()?;
    files.retain(|file| file.starts_with(FOLDER) && file.ends_with(".rs"));
    let roles: BTreeSet<&str> = files.iter().filter_map(|file| role_of(file)).collect();
    if roles.len() < 2 {
        return Ok(vec![format!("{FOLDER} has no two roles")]);
    }
    let mut faults = Vec::new();
    for file in &files {
        let Some(own) = role_of(file) else { continue };
        let text = workspace.read(file)?;
        for path in paths::of_module(&text, &module_of(file)) {
            if let Some(other) = other_role(&path, own, &roles) {
                faults.push(format!("{file}:{}: the role {own} names {other}", path.line));
            }
        }
    }
    Ok(faults)
}

/// The role a file belongs to.
fn role_of(file: &str) -> Option<&str> {
    let inside = file.strip_prefix(FOLDER)?;
    let name = inside.split('/').next()?;
    let name = name.strip_suffix(".rs").unwrap_or(name);
    (name != "mod" && !SHARED.contains(&name)).then_some(name)
}

/// The path of a file's module, from the crate on.
fn module_of(file: &str) -> Vec<String> {
    let inside = file.strip_prefix("hosts/src/").unwrap_or(file);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    let names = std::iter::once("crate").chain(inside.split('/'));
    names.map(str::to_owned).collect()
}

/// Where a path leads out of a role: into another one, or to all of them at once.
fn other_role<'a>(path: &'a Path, own: &str, roles: &BTreeSet<&str>) -> Option<&'a str> {
    let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
    match names[..] {
        ["crate", "roles"] | ["crate", "roles", "*"] => Some("the module of all roles"),
        ["crate", "roles", name, ..] if name != own && roles.contains(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, text: &str) -> Vec<String> {
        let roles = BTreeSet::from(["api", "audit", "recurring", "sync"]);
        let own = role_of(file).expect("a role");
        let paths = paths::of_module(text, &module_of(file));
        let found = paths.iter().filter_map(|path| other_role(path, own, &roles));
        let mut found: Vec<String> = found.map(str::to_owned).collect();
        found.dedup();
        found
    }

    #[test]
    fn another_role_is_found_however_it_is_named() {
        for (file, text) in [
            ("api/tasks.rs", "use crate::roles::audit::Audit;"),
            (
                "api/tasks.rs",
                "use crate::{\n    ports::Clock,\n    roles::{api::Api, audit::{self, Audit}},\n};",
            ),
            ("api/tasks.rs", "fn f() { super::super::audit::verify() }"),
            ("api/mod.rs", "use super::audit::Audit;"),
            ("recurring.rs", "use super::audit;"),
            ("recurring.rs", "mod tests { fn f() { super::super::audit::verify() } }"),
        ] {
            assert_eq!(found(&format!("{FOLDER}{file}"), text), ["audit"], "{file}: {text}");
        }
        let all = ["the module of all roles"];
        assert_eq!(found("hosts/src/roles/api/tasks.rs", "use crate::roles::*;"), all);
        assert_eq!(
            found("hosts/src/roles/api/tasks.rs", "use crate::roles as others;"),
            all
        );
    }

    #[test]
    fn a_roles_own_modules_and_others_of_the_same_name_are_free() {
        for (file, text) in [
            (
                "api/mod.rs",
                "mod audit; use self::audit::list; use std::sync::Arc; pub(super) fn f() {}",
            ),
            (
                "api/tasks.rs",
                "use super::audit::PROBLEMS; use crate::{ports::audit::Place, roles::api::sync};",
            ),
            ("audit/mod.rs", "use crate::roles::{audit::chain, test_log::TestLogs};"),
            ("api/mod.rs", "mod tests { use super::audit; }"),
            (
                "api/tasks.rs",
                "// crate::roles::audit copies it\nconst A: &str = \"crate::roles::audit\";",
            ),
        ] {
            assert_eq!(found(&format!("{FOLDER}{file}"), text), [""; 0], "{file}: {text}");
        }
    }
}
