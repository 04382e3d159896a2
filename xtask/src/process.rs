//! Running other programs: their output goes straight to the terminal, and is read on the way where a suite counts lines.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::console;
use crate::failure::{Failure, Result};

/// Runs a program with its output on our terminal; true when it succeeded.
pub(crate) fn run(command: &mut Command) -> Result<bool> {
    let status = command.stdin(Stdio::null()).status().map_err(missing(command))?;
    Ok(status.success())
}

/// Runs a program, echoing its standard output and handing each line to `read`; true when it succeeded.
pub(crate) fn run_reading(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(missing(command))?;
    if let Some(output) = child.stdout.take() {
        // Lossy on purpose: a test may print anything, and a stray byte must not end the reading.
        for line in BufReader::new(output).split(b'\n') {
            let line = line.map_err(missing(command))?;
            let line = String::from_utf8_lossy(&line);
            console::say(&line);
            read(&line);
        }
    }
    Ok(child.wait().map_err(missing(command))?.success())
}

/// Runs a program quietly and returns what it printed; anything but success is an error that quotes the program.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(missing(command))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let detail = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::ToolSaid {
        program: name(command),
        detail,
    })
}

/// Runs a program that reads what its standard input was set to, with its errors on our terminal, and returns what it printed, however it ended.
pub(crate) fn printed(command: &mut Command) -> Result<String> {
    let child = command.stdout(Stdio::piped()).spawn().map_err(missing(command))?;
    let output = child.wait_with_output().map_err(missing(command))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn missing(command: &Command) -> impl FnOnce(std::io::Error) -> Failure + use<> {
    let program = name(command);
    move |source| Failure::Tool { program, source }
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let failure = run(&mut Command::new("no-such-program-here")).expect_err("it must not exist");
        assert!(failure.to_string().contains("no-such-program-here"), "{failure}");
    }

    #[test]
    fn lines_are_read_and_the_exit_code_is_kept() {
        let mut lines = Vec::new();
        let success = run_reading(Command::new("sh").args(["-c", "echo one; echo two; exit 3"]), |line| {
            lines.push(line.to_owned());
        });
        assert!(!success.expect("sh runs"));
        assert_eq!(lines, ["one", "two"]);
    }
}
