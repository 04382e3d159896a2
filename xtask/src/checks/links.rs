//! Relative links in Markdown lead to a file that exists, and to a heading in it where they name one.

use std::path::Path;

use crate::checks::markdown;
use crate::failure::Result;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in workspace.files()?.iter().filter(|file| file.ends_with(".md")) {
        let text = workspace.read(file)?;
        for (number, line) in markdown::prose(&text) {
            let broken = markdown::link_targets(line)
                .into_iter()
                .filter(|target| !resolves(&workspace.root, file, target));
            faults.extend(broken.map(|target| format!("{file}:{number}: {target}")));
        }
    }
    Ok(faults)
}

/// Links that leave the repository are not looked at: a test must not depend on other people's servers.
fn resolves(root: &Path, file: &str, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let from = root.join(file);
    let to = if path.is_empty() {
        from
    } else {
        from.parent().unwrap_or(root).join(path)
    };
    to.exists() && (heading.is_empty() || has_heading(&to, heading))
}

fn has_heading(file: &Path, heading: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| markdown::anchors(&text).iter().any(|anchor| anchor == heading))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_resolved_from_the_file_that_holds_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        std::fs::create_dir(root.join("docs")).expect("a folder");
        std::fs::write(root.join("docs/errors.md"), "# Errors\n## Not found\n").expect("a file");
        std::fs::write(root.join("README.md"), "# Read me\n").expect("a file");

        for good in [
            "../README.md",
            "errors.md#not-found",
            "#errors",
            "https://example.org/x",
            "../docs",
        ] {
            assert!(resolves(root, "docs/errors.md", good), "{good}");
        }
        for bad in ["README.md", "errors.md#gone", "../missing/"] {
            assert!(!resolves(root, "docs/errors.md", bad), "{bad}");
        }
    }
}
