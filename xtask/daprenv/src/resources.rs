//! What the sidecars load: files of `components/`, as they are. Where environments differ, those files say `envRef` or `secretKeyRef`.

use std::path::{Path, PathBuf};

use crate::state::StateFolder;
use crate::{Failure, Options, Result, Store, files, parts};

/// Copies the files for this environment into its state folder.
pub(crate) fn lay_out(options: &Options, state: &StateFolder) -> Result<()> {
    let components = options.repository.join("components");
    let target = state.resources();
    files::remove_folder(&target)?;
    files::make_folder(&target)?;
    for file in chosen(options.store) {
        let name = file.replace('/', "-");
        copy(&components.join(file), &target.join(name))?;
    }
    for file in yaml_in(&components.join("subscriptions"))? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        copy(&file, &target.join(format!("subscriptions-{name}")))?;
    }
    let configurations = components.join("configuration");
    copy(&configurations.join(parts::CONFIGURATION), &state.configuration())?;
    copy(
        &configurations.join(parts::SIGNING_KEY),
        &state.signing_key_configuration(),
    )
}

fn chosen(store: Store) -> [&'static str; 5] {
    let statestore = match store {
        Store::Postgres => "statestore/postgresql.yaml",
        Store::Redis => "statestore/redis.yaml",
    };
    [
        "pubsub/kafka.yaml",
        statestore,
        "secrets/file.yaml",
        "bindings/mail.yaml",
        "resiliency.yaml",
    ]
}

fn yaml_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(Failure::file(folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut files: Vec<PathBuf> = paths.collect::<Result<_, _>>().map_err(Failure::file(folder))?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    files::write(to, &files::read(from)?)
}
