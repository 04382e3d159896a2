//! `cargo xtask image`: what the `Containerfile` makes, from a program of this machine and without any container engine.

mod archive;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::workspace::Workspace;

/// What it may have, unpacked.
const MAX_BYTES: u64 = 40_000_000;
/// Puts its files into a folder; the `Containerfile` runs it too.
const FILES: &str = ".ci/image-root";

/// How the image is made.
#[derive(Args)]
pub(crate) struct Image {
    /// The program to pack; where nothing is said, a release build of this checkout
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,

    /// What the image is called in a cluster
    #[arg(long, default_value = "punctual:local")]
    name: String,

    /// Give it to the containerd of a local cluster too, by `ctr`, which looks for it where `CONTAINERD_ADDRESS` says
    #[arg(long)]
    import: bool,
}

/// Makes it, and says where it is.
pub(crate) fn run(wanted: &Image, workspace: &Workspace) -> Result<()> {
    let program = program(wanted, workspace)?;
    let folder = workspace.target().join("image");
    std::fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    let working = tempfile::tempdir_in(&folder).map_err(Failure::file(&folder))?;
    let root = working.path().join("root");
    must(Command::new(workspace.root.join(FILES)).arg(program).arg(&root))?;

    let archive = folder.join("punctual.tar");
    let bytes = archive::write(&root, &full_name(&wanted.name), working.path(), &archive)?;
    console::say(&format!(
        "{}: {} ({:.1} MB)",
        wanted.name,
        archive.display(),
        bytes as f64 / 1e6
    ));
    if bytes > MAX_BYTES {
        return Err(Failure::Usage(format!(
            "an image may have {} MB",
            MAX_BYTES / 1_000_000
        )));
    }
    if wanted.import {
        import(&archive)?;
    }
    Ok(())
}

fn program(wanted: &Image, workspace: &Workspace) -> Result<PathBuf> {
    if let Some(binary) = &wanted.binary {
        return std::path::absolute(binary).map_err(Failure::file(binary));
    }
    must(&mut workspace.cargo(["build", "--quiet", "--release", "--locked", "--package", "punctual"]))?;
    Ok(workspace.target().join("release/punctual"))
}

/// Into the namespace of images that a kubelet looks at.
fn import(archive: &Path) -> Result<()> {
    let mut ctr = Command::new("ctr");
    must(ctr.args(["--namespace", "k8s.io", "images", "import"]).arg(archive))
}

/// The name as a cluster completes it: `punctual:local` is one of Docker Hub's library there, whether or not it is.
fn full_name(name: &str) -> String {
    match name.split_once('/') {
        None => format!("docker.io/library/{name}"),
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
    }
}

/// Runs a program that has to succeed; what it has to say it says itself.
fn must(command: &mut Command) -> Result<()> {
    if process::run(command)? {
        return Ok(());
    }
    Err(Failure::ToolSaid {
        program: command.get_program().to_string_lossy().into_owned(),
        detail: "see above".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_completed_as_a_cluster_does() {
        assert_eq!(full_name("punctual:local"), "docker.io/library/punctual:local");
        assert_eq!(full_name("team/punctual:1"), "docker.io/team/punctual:1");
        assert_eq!(full_name("ghcr.io/team/punctual:1"), "ghcr.io/team/punctual:1");
        assert_eq!(full_name("localhost/punctual:1"), "localhost/punctual:1");
    }
}
