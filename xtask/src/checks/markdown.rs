//! Just enough Markdown for the checks: which lines are prose, what a line links to, and the anchors headings get.

/// The lines that are not inside a fenced code block, with their numbers from 1.
pub(super) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

/// The code spans of a line.
pub(super) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The targets of the line's links, `[text](target)` and `[label]: target`; what stands in code spans is no link.
pub(super) fn link_targets(line: &str) -> Vec<String> {
    let text: String = line.split('`').step_by(2).collect();
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let reference = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .map(|(_, target)| target);
    let bare = |target: &str| target.split_whitespace().next().unwrap_or_default().to_owned();
    inline.chain(reference).map(bare).collect()
}

/// The anchor GitHub gives a heading: lower case, blanks to hyphens, all other punctuation dropped.
pub(super) fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| line.trim_start_matches('#').trim());
    headings.map(anchor).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fenced_lines_are_not_prose() {
        let lines: Vec<_> = prose("a\n```sh\n[x](y)\n```\nb").collect();
        assert_eq!(lines, [(1, "a"), (5, "b")]);
    }

    #[test]
    fn links_are_found_inline_and_by_reference_and_not_in_code() {
        assert_eq!(
            link_targets("see [a](x.md) and [b](y.md#z \"title\"), not `[c](no.md)`"),
            ["x.md", "y.md#z"]
        );
        assert_eq!(link_targets("[label]: docs/x.md"), ["docs/x.md"]);
    }

    #[test]
    fn headings_get_the_anchors_github_gives_them() {
        assert_eq!(
            anchors("# A task\n## `task_not_found` (404)\n"),
            ["a-task", "task_not_found-404"]
        );
    }

    #[test]
    fn code_spans_are_what_stands_between_backticks() {
        assert_eq!(code_spans("a `b/c.rs` d `e/`").collect::<Vec<_>>(), ["b/c.rs", "e/"]);
    }
}
