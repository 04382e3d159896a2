//! Redis: an append-only file that is synced at every write, nothing evicted, a password.

use std::path::Path;

use crate::parts::Workshop;
use crate::secrets::names;
use crate::{Kind, Process, Ready, Result, files};

const NAME: &str = "redis";
pub(crate) const PORT: &str = "redis";

pub(super) fn process(server: &Path, workshop: &mut Workshop<'_>) -> Result<Process> {
    let mut process = workshop.process(Kind::Infrastructure, NAME, server, &[PORT])?;
    let password = workshop.secrets.get_or_make(names::REDIS)?;
    let settings = process.folder.join("redis.conf");
    // A file and not arguments: those can be read by everybody on the machine.
    files::write_private(
        &settings,
        &format!(
            "bind 127.0.0.1\n\
            port {}\n\
            requirepass {password}\n\
            dir {}\n\
            daemonize no\n\
            appendonly yes\n\
            appendfsync always\n\
            save \"\"\n\
            maxmemory-policy noeviction\n",
            process.port(PORT),
            process.folder.display()
        ),
    )?;
    process.arguments = vec![settings.display().to_string()];
    process.ready = Ready::Says("eady to accept connections".to_owned());
    Ok(process)
}
