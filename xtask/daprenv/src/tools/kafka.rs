//! Kafka: its jars from a Maven repository, and a Java to run them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::command;
use crate::tools::fetch::{self, Download};
use crate::{Failure, Result, files};

const VERSION: &str = "4.1.1";
const JARS: &str = include_str!("../../kafka.txt");
const OLDEST_JAVA: u32 = 17;

/// What Kafka runs on.
pub(crate) struct Kafka {
    /// The program `java`.
    pub(crate) java: PathBuf,
    /// The folder with the jars.
    pub(crate) jars: PathBuf,
}

struct Jar {
    sha256: &'static str,
    path: &'static str,
}

pub(super) fn find(cache: &Path, say: fn(&str)) -> Result<Kafka> {
    let java = java()?;
    let jars = cache.join(format!("kafka-{VERSION}"));
    if jars.is_dir() {
        return Ok(Kafka { java, jars });
    }
    say(&format!("fetching Kafka {VERSION} ({} jars, 44 MB)", listed().count()));
    let fresh = cache.join("kafka.new");
    files::remove_folder(&fresh)?;
    files::make_folder(&fresh)?;
    fill(&fresh, say)?;
    std::fs::rename(&fresh, &jars).map_err(Failure::file(&jars))?;
    Ok(Kafka { java, jars })
}

/// Maven knows the mirrors and proxies of this machine. Where it is missing or fails, the same files are fetched one by one.
fn fill(folder: &Path, say: fn(&str)) -> Result<()> {
    if let Some(maven) = command::installed("mvn") {
        let copied = with_maven(&maven, folder).and_then(|()| checked(folder));
        match copied {
            Ok(()) => return Ok(()),
            Err(failure) => say(&format!("Maven could not fetch Kafka ({failure}): trying without it")),
        }
    }
    let repository = fetch::maven_repository();
    let downloads: Vec<Download> = listed()
        .map(|jar| Download {
            url: format!("{repository}/{}", jar.path),
            to: folder.join(jar.file()),
            sha256: jar.sha256.to_owned(),
        })
        .collect();
    fetch::fetch(&downloads)
}

fn with_maven(maven: &Path, folder: &Path) -> Result<()> {
    let project = folder.join("pom.xml");
    files::write(&project, &project_file())?;
    let mut copy = Command::new(maven);
    copy.args(["--quiet", "--batch-mode", "--file"]).arg(&project);
    copy.arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", folder.display()));
    command::output(&mut copy)?;
    std::fs::remove_file(&project).map_err(Failure::file(&project))
}

/// A project that depends on the listed jars and on nothing they would bring.
fn project_file() -> String {
    let dependencies = listed().filter_map(|jar| jar.coordinates()).fold(
        String::new(),
        |mut text, (group, artifact, version)| {
            let _infallible = write!(
                text,
                "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>\
            <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
            );
            text
        },
    );
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion><groupId>dev.punctual</groupId>\
        <artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>{dependencies}</dependencies></project>"
    )
}

fn checked(folder: &Path) -> Result<()> {
    listed().try_for_each(|jar| fetch::check(&folder.join(jar.file()), jar.sha256))
}

fn listed() -> impl Iterator<Item = Jar> {
    let lines = JARS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let (sha256, path) = line.split_once("  ")?;
        Some(Jar { sha256, path })
    })
}

impl Jar {
    fn file(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Group, artifact and version, read from the path.
    fn coordinates(&self) -> Option<(String, &'static str, &'static str)> {
        let mut parts = self.path.rsplit('/');
        let (_file, version, artifact) = (parts.next()?, parts.next()?, parts.next()?);
        let group: Vec<&str> = parts.collect();
        Some((group.into_iter().rev().collect::<Vec<_>>().join("."), artifact, version))
    }
}

fn java() -> Result<PathBuf> {
    let home = std::env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    let candidates = home.into_iter().chain(command::installed("java"));
    let mut fitting = candidates.filter(|java| command::is_program(java) && is_new_enough(java));
    fitting.next().ok_or_else(|| {
        Failure::Missing(format!(
            "Kafka needs Java {OLDEST_JAVA} or newer; on Debian: openjdk-17-jre-headless"
        ))
    })
}

fn is_new_enough(java: &Path) -> bool {
    let said = Command::new(java).arg("--version").output();
    let version = said
        .ok()
        .and_then(|output| release(&String::from_utf8_lossy(&output.stdout)));
    version.is_some_and(|release| release >= OLDEST_JAVA)
}

/// `openjdk 17.0.15 2025-04-15`, or `openjdk 25 2025-09-16`.
fn release(said: &str) -> Option<u32> {
    let version = said.split_whitespace().nth(1)?;
    version.split(['.', '-', '+']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_jar_is_listed_with_a_checksum_and_coordinates() {
        assert!(listed().count() > 40);
        assert!(listed().all(|jar| jar.sha256.len() == 64 && jar.file().ends_with(".jar")));
        let core = listed().find(|jar| jar.path.contains("/kafka_2.13/")).unwrap();
        let coordinates = core.coordinates().unwrap();
        assert_eq!(coordinates, ("org.apache.kafka".to_owned(), "kafka_2.13", VERSION));
    }

    #[test]
    fn releases_of_java_are_read() {
        assert_eq!(release("openjdk 17.0.15 2025-04-15\n"), Some(17));
        assert_eq!(release("openjdk 25 2025-09-16\n"), Some(25));
        assert_eq!(release("java"), None);
    }
}
