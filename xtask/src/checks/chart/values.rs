//! The values of the chart with what the comments above them say.

use std::collections::BTreeMap;

use serde_json::Value;

/// A value, or a group of values.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// Its keys from the top.
    pub(super) path: Vec<String>,
    /// The comment above it.
    pub(super) about: String,
    /// What it is when nothing is said, as JSON; `None` for a group.
    pub(super) default: Option<String>,
}

/// The entries in the order of the file, and what is wrong with it: a value without a comment.
pub(super) fn read(text: &str) -> (Vec<Entry>, Vec<String>) {
    let values: Value = match serde_saphyr::from_str(text) {
        Ok(values) => values,
        Err(error) => return (Vec::new(), vec![format!("values.yaml: {error}")]),
    };
    let comments = comments(text);
    let abouts: BTreeMap<&[String], ()> = comments.iter().map(|(path, _)| (&path[..], ())).collect();
    let mut faults = Vec::new();
    find_silent(&values, &mut Vec::new(), &abouts, &mut faults);
    let entries = comments.iter().map(|(path, about)| Entry {
        path: path.clone(),
        about: about.clone(),
        default: (!is_group(path, &abouts)).then(|| at(&values, path).to_string()),
    });
    (entries.collect(), faults)
}

/// Every key with a comment above it, by its path. A blank line parts a comment from what follows.
fn comments(text: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(words) = trimmed.strip_prefix('#') {
            comment.push(words.trim());
        } else if let Some((key, _)) = trimmed.split_once(':').filter(|(key, _)| is_key(key)) {
            path.retain(|(outer, _)| *outer < indent);
            path.push((indent, key.to_owned()));
            if !comment.is_empty() {
                found.push((path.iter().map(|(_, key)| key.clone()).collect(), comment.join(" ")));
            }
            comment.clear();
        } else {
            comment.clear();
        }
    }
    found
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// A group is what holds values with comments of their own.
fn is_group(path: &[String], abouts: &BTreeMap<&[String], ()>) -> bool {
    abouts
        .keys()
        .any(|other| other.len() > path.len() && other.starts_with(path))
}

/// Values of a group that have no comment.
fn find_silent(value: &Value, path: &mut Vec<String>, abouts: &BTreeMap<&[String], ()>, faults: &mut Vec<String>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        path.push(key.clone());
        if !abouts.contains_key(&path[..]) {
            faults.push(format!("values.yaml: nothing is said of `{}`", path.join(".")));
        } else if is_group(path, abouts) {
            find_silent(inner, path, abouts, faults);
        }
        path.pop();
    }
}

fn at<'a>(value: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(value, |value, key| &value[key])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Of the file.

# A group.
image:
  # Which,
  # exactly.
  tag: ''
  # How much.
  resources:
    limits: {memory: 1Gi}
    peers:
      - a: {b: c}
# Last.
last: [1]
";

    #[test]
    fn values_are_read_with_their_comments_and_groups_are_told_from_values() {
        let (entries, faults) = read(TEXT);
        assert_eq!(faults, Vec::<String>::new());
        let shown: Vec<String> = entries
            .iter()
            .map(|entry| format!("{} | {} | {:?}", entry.path.join("."), entry.about, entry.default))
            .collect();
        assert_eq!(
            shown,
            [
                "image | A group. | None",
                "image.tag | Which, exactly. | Some(\"\\\"\\\"\")",
                "image.resources | How much. | Some(\"{\\\"limits\\\":{\\\"memory\\\":\\\"1Gi\\\"},\\\"peers\\\":[{\\\"a\\\":{\\\"b\\\":\\\"c\\\"}}]}\")",
                "last | Last. | Some(\"[1]\")",
            ]
        );
    }

    #[test]
    fn a_value_without_a_comment_is_found() {
        let (_, faults) = read(&TEXT.replace("  # How much.\n", ""));
        assert_eq!(faults, ["values.yaml: nothing is said of `image.resources`"]);
        let (_, faults) = read(&TEXT.replace("# Last.\n", "\n"));
        assert_eq!(faults, ["values.yaml: nothing is said of `last`"]);
    }
}
