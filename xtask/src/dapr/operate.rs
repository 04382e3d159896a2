//! Runs `punctual` beside a sidecar, as an operator does in a container.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use daprenv::{Environment, Kind};

use crate::dapr::arguments::Run;
use crate::failure::{Failure, Result};

/// Becomes that program, whose exit status is then that of this one.
pub(super) fn run(environment: &Environment, wanted: &Run) -> Result<()> {
    let service = environment.process(&wanted.beside)?;
    if service.kind != Kind::Service {
        let usage = format!("`{}` is no service, as `api` is", wanted.beside);
        return Err(Failure::Usage(usage));
    }
    let source = Command::new(&service.program)
        .args(&wanted.arguments)
        .envs(&service.variables)
        .exec();
    Err(Failure::Tool {
        program: service.program.display().to_string(),
        source,
    })
}
