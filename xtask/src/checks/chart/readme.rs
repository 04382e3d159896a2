//! The list of values in the chart's README.

use std::fmt::Write as _;

use crate::checks::chart::values::Entry;

const BEGIN: &str = "<!-- values: from the comments in values.yaml, by `cargo xtask chart-readme` -->\n";
const END: &str = "<!-- end of values -->\n";

/// The README with the list of these values between its marks; `None` when it has no marks.
pub(super) fn with_values(readme: &str, entries: &[Entry]) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let mut list = String::from("| value | default | what it is |\n|---|---|---|\n");
    for entry in entries {
        let default = entry
            .default
            .as_deref()
            .map(|json| format!("`{json}`"))
            .unwrap_or_default();
        let cells =
            [format!("`{}`", entry.path.join(".")), default, entry.about.clone()].map(|cell| cell.replace('|', "\\|"));
        // Writing to a string does not fail.
        let _ = writeln!(list, "| {} |", cells.join(" | "));
    }
    Some(format!("{before}{BEGIN}{list}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_written_between_the_marks_and_nothing_else_changes() {
        let entry = Entry {
            path: vec!["a".to_owned(), "b".to_owned()],
            about: "One | two.".to_owned(),
            default: Some("[]".to_owned()),
        };
        let readme = format!("Head\n{BEGIN}stale\n{END}Foot\n");
        let fresh = with_values(&readme, &[entry]).expect("marks");
        assert_eq!(
            fresh,
            format!(
                "Head\n{BEGIN}| value | default | what it is |\n|---|---|---|\n| `a.b` | `[]` | One \\| two. |\n{END}Foot\n"
            )
        );
        assert_eq!(with_values("no marks", &[]), None);
    }
}
