//! Redis: the installed one (or Valkey, which took over its place in distributions), or the binary that Maven Central has of it.

use std::env;
use std::path::{Path, PathBuf};

use crate::tools::command;
use crate::tools::fetch::{self, Download};
use crate::{Failure, Result, files};

/// A jar for tests of Java programs, with servers for several systems.
const JAR: &str = "com/github/codemonstur/embedded-redis/1.4.4/embedded-redis-1.4.4.jar";
const SHA256: &str = "b56845f0a81aa0b6a0c32a309e69081ee7bdeadba9efff6374b0fe9af230db63";

/// System, architecture, and the server's name in the jar.
const SERVERS: [(&str, &str, &str); 4] = [
    ("linux", "x86_64", "redis-server-6.2.6-v5-linux-amd64"),
    ("linux", "aarch64", "redis-server-6.2.7-linux-arm64"),
    ("macos", "x86_64", "redis-server-6.2.6-v5-darwin-amd64"),
    ("macos", "aarch64", "redis-server-6.2.6-v5-darwin-arm64"),
];

pub(super) fn find(cache: &Path, say: fn(&str)) -> Result<PathBuf> {
    match ["redis-server", "valkey-server"]
        .into_iter()
        .find_map(command::installed)
    {
        Some(server) => Ok(server),
        None => fetched(cache, say),
    }
}

fn fetched(cache: &Path, say: fn(&str)) -> Result<PathBuf> {
    let server = cache.join("redis/redis-server");
    if command::is_program(&server) {
        return Ok(server);
    }
    let known = SERVERS
        .iter()
        .find(|(system, arch, _)| *system == env::consts::OS && *arch == env::consts::ARCH);
    let (_, _, name) = known.ok_or_else(|| Failure::Missing("`redis-server` is not installed".into()))?;
    say("fetching Redis (12 MB)");
    let jar = cache.join("redis.jar");
    fetch::fetch(&[Download {
        url: format!("{}/{JAR}", fetch::maven_repository()),
        to: jar.clone(),
        sha256: SHA256.to_owned(),
    }])?;
    let fresh = cache.join("redis.new");
    files::remove_folder(&fresh)?;
    fetch::unzip(&jar, &fresh)?;
    files::make_folder(&cache.join("redis"))?;
    let unpacked = fresh.join(name);
    files::set_mode(&unpacked, 0o755)?;
    std::fs::rename(&unpacked, &server).map_err(Failure::file(&server))?;
    files::remove_folder(&fresh)?;
    std::fs::remove_file(&jar).map_err(Failure::file(&jar))?;
    Ok(server)
}
