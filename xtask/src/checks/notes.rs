//! Notes of work left undone: such a thing is either done or written down where it is planned.

use crate::checks::contains_word;
use crate::failure::Result;
use crate::workspace::Workspace;

/// Spelled in two halves so that this file passes its own check.
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const KINDS: [&str; 7] = [".rs", ".md", ".toml", ".yml", ".yaml", ".sh", ".js"];

pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in workspace
        .files()?
        .iter()
        .filter(|file| KINDS.iter().any(|kind| file.ends_with(kind)))
    {
        faults.extend(marks_in(&workspace.read(file)?).map(|(line, mark)| format!("{file}:{line}: {mark}")));
    }
    Ok(faults)
}

fn marks_in(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        MARKS
            .into_iter()
            .filter(move |mark| contains_word(line, mark))
            .map(move |mark| (index + 1, mark))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_as_a_word_and_a_calendar_component_is_not_one() {
        let text = format!("BEGIN:V{mark}\n// {mark}: later\n", mark = MARKS[0]);
        assert_eq!(marks_in(&text).collect::<Vec<_>>(), [(2, MARKS[0])]);
    }
}
