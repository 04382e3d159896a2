//! Cargo plugins, built once from crates.io into `.cache/cargo-tools` at the version named here.

use std::path::PathBuf;

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::workspace::Workspace;

/// A plugin and the version every machine uses.
pub(crate) struct CargoTool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl CargoTool {
    /// The path of the plugin's binary, after building it if this version is not there yet.
    pub(crate) fn path(&self, workspace: &Workspace) -> Result<PathBuf> {
        let root = workspace
            .cache("cargo-tools")
            .join(format!("{}-{}", self.name, self.version));
        let binary = root.join("bin").join(self.name);
        if binary.is_file() {
            return Ok(binary);
        }
        console::say(&format!(
            "building {} {} into .cache/cargo-tools",
            self.name, self.version
        ));
        // Unoptimised: half the build time, and such a tool reads a few files once.
        let mut install = workspace.cargo([
            "install",
            "--debug",
            "--quiet",
            "--locked",
            self.name,
            "--version",
            self.version,
        ]);
        if process::run(install.arg("--root").arg(root))? {
            return Ok(binary);
        }
        Err(Failure::ToolSaid {
            program: "cargo install".into(),
            detail: format!("{} cannot be built", self.name),
        })
    }
}
