//! Who may use a client of a broker or of a database: the embedded runtime uses SQLite, everything else goes through the sidecar.

use toml::{Table, Value};

use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// In the name of whatever speaks to Kafka, Redis or a database in SQL.
const PARTS: [&str; 5] = ["kafka", "redis", "valkey", "sql", "postgres"];
/// Those whose names do not say it: a whole word between hyphens.
const WORDS: [&str; 7] = ["diesel", "orm", "fred", "turso", "duckdb", "tiberius", "odbc"];
/// Packages that use the one client there is; what `loadtest` measures with it lies below ours.
const WITH_SQLITE: [&str; 3] = ["Cargo.toml", "hosts/Cargo.toml", "loadtest/Cargo.toml"];
const SQLITE: &str = "rusqlite";
/// Files where a path may begin with such a name. `rusqlite` itself has its own rule.
const HOMES: [&str; 5] = [
    "hosts/src/embedded",
    "hosts/benches/",
    "hosts/tests/embedded_conformance.rs",
    // Modules that start Kafka and the databases as programs.
    "xtask/",
    "loadtest/",
];

/// Both runtimes' own clients are the exception, and under their own names, so that code that uses them can be seen.
pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in &workspace.files()? {
        if file.ends_with(".rs") && !HOMES.iter().any(|home| file.starts_with(home)) {
            faults.extend(in_code(file, &workspace.read(file)?));
        } else if file.ends_with("Cargo.toml") {
            let manifest = workspace.read(file)?.parse().map_err(|source| Failure::Manifest {
                path: file.into(),
                source,
            })?;
            faults.extend(in_manifest(file, &manifest));
        }
    }
    Ok(faults)
}

/// True for the name of a package, or of its crate, that is a client.
fn is_client(name: &str) -> bool {
    PARTS.iter().any(|part| name.contains(part)) || name.split(['-', '_']).any(|word| WORDS.contains(&word))
}

/// Clients that code names where a path begins, or after `use` and `extern crate`.
fn in_code(file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let named = crates(code).filter(|name| *name != SQLITE && is_client(name));
        faults.extend(
            named.map(|name| format!("{file}:{}: `{name}`: no client of a broker or database here", index + 1)),
        );
    }
    faults
}

/// What might be crates in a line of code.
fn crates(code: &str) -> impl Iterator<Item = &str> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = code.split(move |c| !part_of_word(c)).filter(|word| !word.is_empty());
    words.filter(move |word| {
        let at = word.as_ptr().addr() - code.as_ptr().addr();
        let (before, after) = (&code[..at], &code[at + word.len()..]);
        let outer = before.trim_end_matches("::");
        // Behind `a::` it is a module of a's; a leading `::` says that it is a crate.
        let begins = outer.len() == before.len() || !outer.ends_with(|c| part_of_word(c) || c == '>');
        let introduced = ["use ", "use ::", "extern crate "]
            .iter()
            .any(|by| before.ends_with(by));
        begins && (introduced || after.starts_with("::"))
    })
}

/// Clients that a manifest depends on, under whatever name, wherever in it dependencies may stand.
fn in_manifest(file: &str, manifest: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, value) in manifest {
        let Some(table) = value.as_table() else { continue };
        if key.ends_with("dependencies") {
            let refused = table.iter().filter_map(|(name, wanted)| refusal(file, name, wanted));
            faults.extend(refused.map(|reason| format!("{file}: {reason}")));
        } else {
            faults.extend(in_manifest(file, table));
        }
    }
    faults
}

/// Why a dependency must not be there, if so.
fn refusal(file: &str, name: &str, wanted: &Value) -> Option<String> {
    let package = wanted.get("package").and_then(Value::as_str).unwrap_or(name);
    if !is_client(package) && !is_client(name) && package != "dapr" {
        return None;
    }
    if package != name {
        return Some(format!(
            "`{package}` is called `{name}`: under another name its uses are not seen"
        ));
    }
    let is_ours = package == "dapr" || (package == SQLITE && WITH_SQLITE.contains(&file));
    (!is_ours).then(|| format!("`{package}`: a client of a broker or database belongs to no package but the embedded runtime's, which has SQLite's"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind, as packages are called.
    const CLIENTS: [&str; 17] = [
        "redis",
        "deadpool-redis",
        "fred",
        "rdkafka",
        "rskafka",
        "kafka",
        "kafka-protocol",
        "sqlx",
        "tokio-postgres",
        "postgres",
        "libsqlite3-sys",
        "r2d2_sqlite",
        "diesel",
        "diesel-async",
        "sea-orm",
        "mysql_async",
        "turso",
    ];

    fn faults(manifest: &str, file: &str) -> Vec<String> {
        in_manifest(file, &manifest.parse().expect("valid TOML"))
    }

    #[test]
    fn a_client_in_code_is_found_however_its_path_begins() {
        for client in CLIENTS.map(|name| name.replace('-', "_")) {
            for code in [
                format!("use {client}::Client;"),
                format!("use {client} as other;"),
                format!("use ::{client}::Client;"),
                format!("    {client}::Client,"),
                format!("extern crate {client};"),
                format!("let all = {client}::query!(text).await?;"),
                format!("fn ask(client: &Arc<::{client}::Client>) {{"),
            ] {
                let found = in_code("hosts/src/roles/x.rs", &format!("\n{code}\n"));
                assert!(found.len() == 1 && found[0].contains("x.rs:2: `"), "{code}: {found:?}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_client_is_none() {
        for code in [
            "// use redis::Client, said nobody",
            "let stores = [\"postgres\", \"redis\"];",
            "use crate::parts::redis::find;",
            "let kafka = environment.process(name);",
            "use form_urlencoded::parse;",
            "let information = platform::normalize(text);",
        ] {
            assert_eq!(in_code("hosts/src/roles/x.rs", code), [""; 0], "{code}");
        }
    }

    #[test]
    fn a_client_in_a_manifest_is_found_wherever_it_stands() {
        for client in CLIENTS {
            for manifest in [
                format!("[dependencies]\n{client} = '1'"),
                format!("[dev-dependencies]\n{client}.workspace = true"),
                format!("[build-dependencies.{client}]\nversion = '1'"),
                format!("[target.'cfg(unix)'.dependencies]\n{client} = '1'"),
                format!("[workspace.dependencies]\n{client} = {{ version = '1' }}"),
                format!("[dependencies]\nharmless = {{ package = '{client}', version = '1' }}"),
            ] {
                assert_eq!(faults(&manifest, "hosts/Cargo.toml").len(), 1, "{manifest}");
            }
        }
    }

    #[test]
    fn sqlite_is_a_dependency_of_the_embedded_runtimes_package_under_its_own_name() {
        let manifest = "[dependencies]\nrusqlite.workspace = true\ndapr.workspace = true\nform_urlencoded = '1'";
        assert_eq!(faults(manifest, "hosts/Cargo.toml"), [""; 0]);
        assert_eq!(faults(manifest, "actors/Cargo.toml").len(), 1);
        for renamed in ["rusqlite", "dapr"] {
            let manifest = format!("[dependencies]\nharmless = {{ package = '{renamed}', version = '1' }}");
            assert_eq!(faults(&manifest, "hosts/Cargo.toml").len(), 1, "{renamed}");
        }
    }
}
