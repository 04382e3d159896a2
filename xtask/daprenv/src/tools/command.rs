//! Finding and running programs that do something for us.

use std::env;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Failure, Result};

/// The path of an installed program.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

pub(crate) fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Runs a program quietly and returns what it printed; anything but success is a failure that quotes the end of its errors.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Failure::Program {
            program: program.clone(),
            source,
        })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let lines: Vec<&str> = said.trim().lines().collect();
    let detail = lines[lines.len().saturating_sub(20)..].join("\n");
    Err(Failure::Said { program, detail })
}

/// The same program with less claim to the processor, where the system has `nice`.
pub(crate) fn nice(program: &Path) -> Command {
    let Some(nice) = installed("nice") else {
        return Command::new(program);
    };
    let mut command = Command::new(nice);
    command.args(["-n", "10"]).arg(program);
    command
}

/// The first `1.2.3` or `1.2` in a text, as numbers.
pub(crate) fn version_in(text: &str) -> Option<(u32, u32, u32)> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find_map(|word| {
            let mut numbers = word.split('.').map(str::parse::<u32>);
            let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
            Some((major, minor, numbers.next().and_then(Result::ok).unwrap_or(0)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(version_in("go version go1.26.8 linux/amd64"), Some((1, 26, 8)));
        assert_eq!(version_in("postgres (PostgreSQL) 17.2 (Debian)"), Some((17, 2, 0)));
        assert_eq!(version_in("Redis server v=7.0.15 sha=0"), Some((7, 0, 15)));
        assert_eq!(version_in("edge"), None);
    }

    #[test]
    fn a_failing_program_is_quoted() {
        let failure = output(Command::new("sh").args(["-c", "echo why >&2; exit 1"])).unwrap_err();
        assert!(failure.to_string().contains("why"), "{failure}");
    }
}
