//! One builder at a time: two commands that start together on a cold cache should not both build.

use std::fs::File;
use std::path::Path;

use crate::{Failure, Result, files};

/// Waits until nobody else works on the cache. The lock ends with the returned file, or with the process.
pub(super) fn wait(cache: &Path, say: fn(&str)) -> Result<File> {
    files::make_folder(cache)?;
    let path = cache.join("lock");
    let file = File::create(&path).map_err(Failure::file(&path))?;
    if file.try_lock().is_err() {
        say("another command is filling the cache: waiting for it");
        file.lock().map_err(Failure::file(&path))?;
    }
    Ok(file)
}
