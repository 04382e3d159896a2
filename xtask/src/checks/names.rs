//! Which modules may name which library: the core and the roles must not know what they run on.

use crate::checks::contains_word;
use crate::failure::Result;
use crate::workspace::Workspace;

/// A word of code that belongs to a few places. `loadtest/` compares with what lies below, and `xtask/` holds this list.
struct Rule {
    word: &'static str,
    homes: &'static [&'static str],
    reason: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        word: "rusqlite",
        homes: &[
            "hosts/src/embedded",
            "hosts/benches/store.rs",
            // Tests that change what is stored behind the server's back.
            "hosts/tests/acceptance/audit_forged.rs",
            "hosts/tests/acceptance/golden",
            "hosts/tests/roles/start.rs",
            "hosts/tests/shell/damage.rs",
            "loadtest/",
            "xtask/",
        ],
        reason: "only the embedded runtime knows SQLite",
    },
    Rule {
        word: "dapr",
        homes: &[
            "hosts/src/dapr",
            // What puts a process together names the runtime, and so do those who ask for it by name.
            "hosts/src/serve",
            "hosts/src/cli.rs",
            "hosts/src/config/tests.rs",
            // Commands that ask a sidecar.
            "hosts/src/operate",
            "hosts/tests/dapr",
            "hosts/tests/five_processes",
            "hosts/tests/kube",
            "hosts/tests/shell/app_listener.rs",
            "loadtest/",
            "xtask/",
        ],
        reason: "only the Dapr runtime knows the sidecar",
    },
    Rule {
        word: "embedded",
        homes: &[
            "hosts/src/embedded",
            // What puts a process together names the runtime, and so do those who explain it to people.
            "hosts/src/serve",
            "hosts/src/cli.rs",
            "hosts/src/config",
            // Copies its data.
            "hosts/src/simulate",
            "hosts/benches/",
            "hosts/tests/",
            "loadtest/",
            "xtask/",
        ],
        reason: "what runs on both runtimes names neither",
    },
];

pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in workspace.files()?.iter().filter(|file| file.ends_with(".rs")) {
        faults.extend(faults_in(file, &workspace.read(file)?));
    }
    Ok(faults)
}

fn faults_in(file: &str, text: &str) -> Vec<String> {
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| !rule.allows(file)).collect();
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let broken = rules.iter().filter(|rule| rule.broken_by(line));
        faults.extend(broken.map(|rule| format!("{file}:{}: `{}`: {}", index + 1, rule.word, rule.reason)));
    }
    faults
}

impl Rule {
    fn allows(&self, file: &str) -> bool {
        self.homes.iter().any(|home| file.starts_with(home))
    }

    /// Comments may explain, and the crate root must declare the module; any other mention is a use.
    fn broken_by(&self, line: &str) -> bool {
        let code = line.split("//").next().unwrap_or_default();
        contains_word(code, self.word) && !code.trim_end().ends_with(&format!("mod {};", self.word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_found_and_a_comment_or_a_declaration_is_not() {
        let rule = &RULES[0];
        let word = rule.word;
        assert!(rule.broken_by(&format!("use {word}::Connection;")));
        assert!(!rule.broken_by(&format!("// unlike {word}, this waits")));
        assert!(!rule.broken_by(&format!("pub mod {word};")));
        assert!(!rule.broken_by(&format!("let my_{word}_2 = 1;")));
    }

    #[test]
    fn a_library_is_at_home_in_its_runtime_only() {
        assert!(RULES[0].allows("hosts/src/embedded/store.rs"));
        assert!(!RULES[0].allows("hosts/src/audit/store.rs"));
        assert!(!RULES[1].allows("actors/src/turn.rs"));
    }

    #[test]
    fn a_role_that_names_a_runtime_is_found() {
        for code in [
            "use crate::embedded::runtime::Embedded;",
            "use crate::{embedded, ports::Logs};",
            "    embedded::sqlite::Database,",
            "fn ask(of: &crate::embedded::sqlite::Database) {",
            "use crate::dapr::state::State;",
        ] {
            let found = faults_in("hosts/src/roles/audit/store.rs", code);
            assert_eq!(found.len(), 1, "{code}: {found:?}");
            assert_eq!(faults_in("hosts/src/serve/mod.rs", code), [""; 0], "{code}");
        }
    }
}
