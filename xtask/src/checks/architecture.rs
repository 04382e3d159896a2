//! The map must show the land: what `docs/ARCHITECTURE.md` names as a path is there.

use std::path::Path;

use crate::checks::markdown;
use crate::failure::Result;
use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/ARCHITECTURE.md";

pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    if !workspace.root.join(DOCUMENT).is_file() {
        return Ok(vec![format!("{DOCUMENT} is missing")]);
    }
    let text = workspace.read(DOCUMENT)?;
    let missing = paths_named_in(&text).filter(|(_, path)| !exists(&workspace.root, path));
    Ok(missing
        .map(|(line, path)| format!("{DOCUMENT}:{line}: {path}"))
        .collect())
}

/// Code spans that look like a path of ours: `a/b.rs`, `a/b.md` or a folder, written with a slash at its end.
fn paths_named_in(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_path = |span: &&str| {
        let ends_like_one = [".rs", ".md", ".toml", ".yaml", ".yml", ".json", "/"]
            .iter()
            .any(|end| span.ends_with(end));
        span.contains('/') && ends_like_one && !span.starts_with('/') && !span.contains(char::is_whitespace)
    };
    markdown::prose(text).flat_map(move |(number, line)| {
        markdown::code_spans(line)
            .filter(is_path)
            .map(move |span| (number, span))
    })
}

fn exists(root: &Path, path: &str) -> bool {
    root.join(path).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_other_code() {
        let text = "`actors/src/turn.rs`, `docs/`, `GET /v1/tasks/`, `Vec<u8>`, `/v1/x.json`, `a/b`";
        let paths: Vec<_> = paths_named_in(text).map(|(_, path)| path).collect();
        assert_eq!(paths, ["actors/src/turn.rs", "docs/"]);
    }

    #[test]
    fn a_renamed_file_is_missed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("here.rs"), "").expect("a file");
        assert!(exists(folder.path(), "here.rs"));
        assert!(!exists(folder.path(), "gone.rs"));
    }
}
