//! Takes an environment down.

use daprenv::Environment;

use crate::console;
use crate::failure::Result;

pub(super) fn run(environment: Environment, purge: bool) -> Result<()> {
    let count = environment
        .status()
        .iter()
        .filter(|status| status.pid.is_some())
        .count();
    environment.down(purge)?;
    console::say(&format!("{count} processes ended"));
    Ok(())
}
