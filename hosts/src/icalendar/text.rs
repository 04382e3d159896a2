//! Text out of a file, made fit for a task.

use calcard::icalendar::{ICalendarComponent, ICalendarProperty, ICalendarValue};

/// The first text of `property` that is not blank, as it stands.
pub(super) fn first<'a>(component: &'a ICalendarComponent, property: &ICalendarProperty) -> Option<&'a str> {
    let mut entries = component.entries.iter().filter(|entry| entry.name == *property);
    entries.find_map(|entry| {
        let text = entry.values.iter().find_map(ICalendarValue::as_text)?;
        (!text.trim().is_empty()).then_some(text)
    })
}

/// `text` on one line: control characters and runs of white space become one space.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::with_capacity(text.len());
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// `text` without control characters other than line breaks and tabs, and without blank space at its ends.
pub(super) fn lines(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .collect();
    kept.trim().to_owned()
}

/// Cuts `text` to `max_chars` characters. True when there was more.
pub(super) fn cut(text: &mut String, max_chars: usize) -> bool {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => {
            text.truncate(end);
            true
        }
        None => false,
    }
}

/// The values of the lines of `property` in `component_text` itself, not in the components nested in it, as they were written.
///
/// For the few properties that are passed on as they are: the parser's model of them leaves out what it does not know.
pub(super) fn raw<'a>(component_text: &'a str, property: &'a str) -> impl Iterator<Item = &'a str> {
    let mut depth = 0_u32;
    component_text.lines().filter_map(move |line| {
        if line.starts_with("BEGIN:") {
            depth += 1;
        } else if line.starts_with("END:") {
            depth = depth.saturating_sub(1);
        }
        let (name, value) = line.split_once(':')?;
        let name = name.split_once(';').map_or(name, |(name, _)| name);
        (depth == 1 && name.trim().eq_ignore_ascii_case(property)).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_without_control_characters() {
        assert_eq!(one_line("  Buy\u{0} milk\r\n\tand\u{1b}bread "), "Buy milk and bread");
        assert_eq!(lines(" a\u{0}\r\n\tb\u{7f}\n"), "a\n\tb");
    }

    #[test]
    fn text_is_cut_between_characters() {
        let mut text = "äöü".to_owned();
        assert!(!cut(&mut text, 3));
        assert!(cut(&mut text, 2));
        assert_eq!(text, "äö");
    }

    #[test]
    fn raw_values_are_those_of_the_component_itself() {
        let text = "BEGIN:VTODO\nRRULE;X=1:FREQ=DAILY\nBEGIN:VALARM\nRRULE:no\nEND:VALARM\nrrule:B\nEND:VTODO\n";
        assert_eq!(raw(text, "RRULE").collect::<Vec<_>>(), ["FREQ=DAILY", "B"]);
    }
}
