//! Where things are, and which files belong to the repository.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::process;

/// The checkout the suites run in.
pub(crate) struct Workspace {
    /// The repository's top folder.
    pub(crate) root: PathBuf,
    /// Whether suites run at length.
    pub(crate) long: bool,
}

impl Workspace {
    /// Finds the workspace from what `cargo run` tells every program it starts.
    pub(crate) fn find(long: bool) -> Result<Workspace> {
        let own = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = own.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        root.map(|root| Workspace { root, long })
            .ok_or_else(|| Failure::Usage("start this with `cargo xtask`, inside the repository".to_owned()))
    }

    /// A cargo command in this workspace. `--long` reaches tests as `PUNCTUAL_TEST_LONG=1` and as more cases for proptest, and as the profile `long`.
    pub(crate) fn cargo<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).args(&args[..1]);
        // Those that `cargo run` gave us: some build scripts run again when they change, and half of the dependencies would be built anew for whoever
        // calls cargo both by itself and through us.
        let ours = ["CARGO_MANIFEST_", "CARGO_PKG_"];
        for (name, _) in env::vars_os() {
            if ours.iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
                command.env_remove(name);
            }
        }
        if self.long && args.first() == Some(&"test") {
            command.args(["--profile", "long"]);
        }
        command.args(&args[1..]);
        if self.long {
            command.env("PUNCTUAL_TEST_LONG", "1");
            if env::var_os("PROPTEST_CASES").is_none() {
                command.env("PROPTEST_CASES", LONG_PROPTEST_CASES);
            }
        }
        command
    }

    /// A folder for tools and downloads, outside version control and kept between runs.
    pub(crate) fn cache(&self, name: &str) -> PathBuf {
        self.root.join(".cache").join(name)
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), |target| self.root.join(target))
    }

    /// Where the programs are that `cargo test` builds for the tests.
    pub(crate) fn built(&self) -> PathBuf {
        self.target().join(if self.long { "long" } else { "debug" })
    }

    /// Every file that is committed or about to be, as paths relative to the root, in order.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut git = Command::new("git");
        git.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--deduplicate",
        ]);
        let listing = process::output(git.current_dir(&self.root))?;
        let mut files: Vec<String> = listing.split_terminator('\0').map(str::to_owned).collect();
        files.retain(|file| self.root.join(file).is_file());
        files.sort_unstable();
        Ok(files)
    }

    /// The text of one of [`files`](Self::files).
    pub(crate) fn read(&self, file: &str) -> Result<String> {
        let path = self.root.join(file);
        std::fs::read_to_string(&path).map_err(Failure::file(path))
    }
}

/// Proptest's own default is 256 cases a property.
const LONG_PROPTEST_CASES: &str = "10000";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_not_told_which_package_runs_it() {
        let workspace = Workspace {
            root: env::temp_dir(),
            long: false,
        };
        let command = workspace.cargo(["test"]);
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
            assert!(env::var_os(name).is_some(), "cargo gives {name} to tests");
            assert!(removed.iter().any(|(removed, _)| *removed == name), "{name}");
        }
    }
}
