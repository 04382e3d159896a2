//! Prints logs.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use daprenv::Environment;

use crate::console;
use crate::dapr::arguments::Logs;
use crate::failure::{Failure, Result};

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A log and how much of it was printed.
struct Reader {
    name: String,
    path: PathBuf,
    printed: u64,
    /// The beginning of a line whose end is not there yet.
    rest: String,
}

pub(super) fn run(environment: &Environment, wanted: &Logs) -> Result<()> {
    let names: Vec<String> = match &wanted.process {
        Some(name) => vec![environment.process(name)?.name.clone()],
        None => environment
            .processes()
            .iter()
            .map(|process| process.name.clone())
            .collect(),
    };
    let labelled = names.len() > 1;
    let mut readers: Vec<Reader> = names
        .into_iter()
        .map(|name| Reader {
            path: environment.log(&name),
            name,
            printed: 0,
            rest: String::new(),
        })
        .collect();
    loop {
        for reader in &mut readers {
            for line in reader.new_lines()? {
                let label = if labelled {
                    format!("{} | ", reader.name)
                } else {
                    String::new()
                };
                console::say(&format!("{label}{line}"));
            }
        }
        if !wanted.follow {
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
}

impl Reader {
    fn new_lines(&mut self) -> Result<Vec<String>> {
        // A process that was never started has no log.
        let Ok(mut file) = File::open(&self.path) else {
            return Ok(Vec::new());
        };
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.printed))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(Failure::file(&self.path))?;
        self.printed += bytes.len() as u64;
        let text = std::mem::take(&mut self.rest) + &String::from_utf8_lossy(&bytes);
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        self.rest = lines.pop().unwrap_or_default();
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_printed_once_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut reader = Reader {
            name: String::new(),
            path: path.clone(),
            printed: 0,
            rest: String::new(),
        };
        assert_eq!(reader.new_lines().expect("no file is no lines"), Vec::<String>::new());
        std::fs::write(&path, "one\ntw").expect("written");
        assert_eq!(reader.new_lines().expect("readable"), ["one"]);
        std::fs::write(&path, "one\ntwo\n").expect("written");
        assert_eq!(reader.new_lines().expect("readable"), ["two"]);
    }
}
