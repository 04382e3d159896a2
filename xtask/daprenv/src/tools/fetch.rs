//! Downloads, each checked against a checksum that is written in this repository.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

use crate::tools::command;
use crate::{Failure, Result, files};

/// A file to download: where from, where to, and what it must be.
pub(crate) struct Download {
    pub(crate) url: String,
    pub(crate) to: std::path::PathBuf,
    pub(crate) sha256: String,
}

/// Fetches them all, several at a time, with `curl`; whatever is not what it should be is removed again.
pub(crate) fn fetch(downloads: &[Download]) -> Result<()> {
    let curl = command::installed("curl")
        .ok_or_else(|| Failure::Missing("`curl` is needed to fetch what is not installed".into()))?;
    let list = downloads.iter().fold(String::new(), |mut list, download| {
        let _infallible = writeln!(
            list,
            "url = \"{}\"\noutput = \"{}\"",
            download.url,
            download.to.display()
        );
        list
    });
    let mut child = Command::new(&curl)
        .args([
            "--fail",
            "--location",
            "--no-progress-meter",
            "--show-error",
            "--create-dirs",
            "--retry",
            "3",
        ])
        .args(["--parallel", "--parallel-max", "8", "--config", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .map_err(failed(&curl))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(list.as_bytes()).map_err(failed(&curl))?;
    }
    if !child.wait().map_err(failed(&curl))?.success() {
        let detail = "a download failed; see above".to_owned();
        return Err(Failure::Said {
            program: curl.display().to_string(),
            detail,
        });
    }
    downloads
        .iter()
        .try_for_each(|download| check(&download.to, &download.sha256))
}

/// Fails, and removes the file, when it is not what it should be.
pub(crate) fn check(path: &Path, wanted: &str) -> Result<()> {
    let found = sha256_of(path)?;
    if found == wanted {
        return Ok(());
    }
    fs::remove_file(path).map_err(Failure::file(path))?;
    Err(Failure::Checksum {
        what: path.display().to_string(),
        found,
        wanted: wanted.to_owned(),
    })
}

fn sha256_of(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(Failure::file(path))?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece).map_err(Failure::file(path))? {
            0 => break,
            length => digest.update(&piece[..length]),
        }
    }
    Ok(digest.finalize().iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    }))
}

/// Unpacks a zip archive (a jar is one, and so is a Go module) into a folder.
pub(crate) fn unzip(archive: &Path, into: &Path) -> Result<()> {
    files::make_folder(into)?;
    let unzip = command::installed("unzip")
        .ok_or_else(|| Failure::Missing("`unzip` is needed to unpack what is fetched".into()))?;
    command::output(Command::new(unzip).args(["-q", "-o"]).arg(archive).arg("-d").arg(into)).map(drop)
}

/// A Maven repository: `PUNCTUAL_MAVEN_REPOSITORY` where there is a mirror, else Maven Central.
pub(crate) fn maven_repository() -> String {
    let mirror = std::env::var("PUNCTUAL_MAVEN_REPOSITORY").ok();
    let chosen = mirror.unwrap_or_else(|| "https://repo1.maven.org/maven2".to_owned());
    chosen.trim_end_matches('/').to_owned()
}

fn failed(program: &Path) -> impl Fn(io::Error) -> Failure {
    let program = program.display().to_string();
    move |source| Failure::Program {
        program: program.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_what_it_should_be_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        check(&path, abc).unwrap();
        assert!(check(&path, "00").is_err());
        assert!(!path.exists());
    }
}
