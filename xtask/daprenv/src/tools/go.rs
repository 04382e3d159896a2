//! A Go that can build Dapr: the installed one, or the toolchain as the Go module proxy serves it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::command;
use crate::tools::fetch::{self, Download};
use crate::{Failure, Result, files};

/// The release that is fetched where none is installed.
const VERSION: &str = "1.26.8";

/// From this release on Go fetches a newer toolchain by itself when a module asks for it. Debian 12 has 1.19.
const FETCHES_ITSELF: (u32, u32, u32) = (1, 21, 0);

/// The toolchains of [`VERSION`]: our name of the architecture, Go's name of it, and the checksum.
const TOOLCHAINS: [(&str, &str, &str); 2] = [
    (
        "x86_64",
        "amd64",
        "30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7",
    ),
    (
        "aarch64",
        "arm64",
        "02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99",
    ),
];

pub(super) fn find(cache: &Path, say: fn(&str)) -> Result<PathBuf> {
    let installed = command::installed("go")
        .into_iter()
        .chain([PathBuf::from("/usr/local/go/bin/go")]);
    let mut fitting = installed.filter(|go| command::is_program(go) && can_fetch_itself(go));
    match fitting.next() {
        Some(go) => Ok(go),
        None => fetched(cache, say),
    }
}

fn can_fetch_itself(go: &Path) -> bool {
    let said = command::output(Command::new(go).arg("version").env("GOTOOLCHAIN", "local"));
    said.ok()
        .and_then(|said| command::version_in(&said))
        .is_some_and(|version| version >= FETCHES_ITSELF)
}

fn fetched(cache: &Path, say: fn(&str)) -> Result<PathBuf> {
    let folder = cache.join(format!("go-{VERSION}"));
    let go = folder.join("bin/go");
    if command::is_program(&go) {
        return Ok(go);
    }
    let known = TOOLCHAINS
        .iter()
        .find(|(ours, ..)| env::consts::OS == "linux" && *ours == env::consts::ARCH);
    let (_, arch, sha256) = known.ok_or_else(|| Failure::Missing("Go 1.21 or newer is needed to build Dapr".into()))?;
    say(&format!("fetching Go {VERSION} (72 MB)"));
    let archive = cache.join("go.zip");
    let module = format!("golang.org/toolchain@v0.0.1-go{VERSION}.linux-{arch}");
    fetch::fetch(&[Download {
        url: format!(
            "{}/golang.org/toolchain/@v/v0.0.1-go{VERSION}.linux-{arch}.zip",
            proxy()
        ),
        to: archive.clone(),
        sha256: (*sha256).to_owned(),
    }])?;
    let fresh = cache.join("go.new");
    files::remove_folder(&fresh)?;
    fetch::unzip(&archive, &fresh)?;
    make_programs(&fresh.join(&module))?;
    std::fs::rename(fresh.join(&module), &folder).map_err(Failure::file(&folder))?;
    files::remove_folder(&fresh)?;
    std::fs::remove_file(&archive).map_err(Failure::file(&archive))?;
    Ok(go)
}

/// A module's archive does not say which files are programs; these folders hold nothing else.
fn make_programs(folder: &Path) -> Result<()> {
    let tools = format!(
        "pkg/tool/linux_{}",
        if env::consts::ARCH == "x86_64" {
            "amd64"
        } else {
            "arm64"
        }
    );
    for place in ["bin", tools.as_str()] {
        let place = folder.join(place);
        for entry in std::fs::read_dir(&place).map_err(Failure::file(&place))? {
            files::set_mode(&entry.map_err(Failure::file(&place))?.path(), 0o755)?;
        }
    }
    Ok(())
}

/// The first proxy of GOPROXY, or the public one.
fn proxy() -> String {
    let named = env::var("GOPROXY").unwrap_or_default();
    let first = named.split([',', '|']).find(|proxy| proxy.starts_with("http"));
    first
        .unwrap_or("https://proxy.golang.org")
        .trim_end_matches('/')
        .to_owned()
}
