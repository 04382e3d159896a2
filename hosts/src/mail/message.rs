//! What a mail says. The body is HTML, because that is what the SMTP binding of Dapr sends.

use std::{borrow::Cow, fmt::Write as _};

use super::MailAddress;

/// The longest subject, in characters. A title may be longer; the body has all of it.
const MAX_SUBJECT_CHARS: usize = 120;

/// A mail. Every part of it is user content: `Debug` shows none.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Whom it is to.
    pub to: MailAddress,
    /// One line.
    pub subject: String,
    /// HTML.
    pub body: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mail(…)")
    }
}

impl Mail {
    /// A mail with an id that is the same whenever it is sent again; it is the last line of the body, for nothing else of a mail can carry it
    /// everywhere.
    #[must_use]
    pub fn new(to: MailAddress, subject: &str, page: Page, id: &str) -> Self {
        let mut body = page.0;
        // Writing to a string does not fail.
        let _ = write!(
            body,
            "<p style=\"color:#777\"><small>Punctual · {}</small></p>\n</body></html>\n",
            escaped(id)
        );
        Self {
            to,
            subject: one_line(subject),
            body,
        }
    }
}

/// The body of a mail as it is written, from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page(String);

impl Page {
    /// A page with a heading.
    #[must_use]
    pub fn new(heading: &str) -> Self {
        let head = "<!doctype html>\n<html><head><meta charset=\"utf-8\"></head><body>\n";
        Self(format!("{head}<h2>{}</h2>\n", escaped(heading)))
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(mut self, text: &str) -> Self {
        let _ = writeln!(self.0, "<p>{}</p>", escaped(text));
        self
    }

    /// Adds a list with a heading, or nothing where there is nothing to list. `more` says how many are left out.
    #[must_use]
    pub fn list(mut self, heading: &str, items: &[String], more: usize) -> Self {
        if items.is_empty() {
            return self;
        }
        let _ = writeln!(self.0, "<h3>{}</h3>\n<ul>", escaped(heading));
        for item in items {
            let _ = writeln!(self.0, "<li>{}</li>", escaped(item));
        }
        if more > 0 {
            let _ = writeln!(self.0, "<li>and {more} more</li>");
        }
        self.0.push_str("</ul>\n");
        self
    }
}

/// Text in which nothing is markup.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"', '\'']) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe.into()
}

/// Without line breaks and other controls, and not too long: a subject is a header.
fn one_line(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_SUBJECT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str, page: Page) -> Mail {
        Mail::new("ann@example.org".parse().unwrap(), subject, page, "id-1")
    }

    #[test]
    fn a_title_cannot_be_markup_or_a_header() {
        let page = Page::new("<b>").list("a & b", &["<script>alert(\"x\")</script>".to_owned()], 2);
        let mail = mail("call\r\nBcc: bob@example.org\t <b>", page);
        assert_eq!(mail.subject, "call Bcc: bob@example.org <b>");
        assert!(!mail.body.contains("<script>") && mail.body.contains("&lt;script&gt;alert(&quot;x&quot;)"));
        assert!(mail.body.contains("a &amp; b") && mail.body.contains("and 2 more"));
    }

    #[test]
    fn a_long_subject_is_cut_and_the_id_is_in_the_body() {
        let mail = mail(&"ä".repeat(500), Page::new("x").list("nothing", &[], 0));
        assert_eq!(mail.subject.chars().count(), MAX_SUBJECT_CHARS + 1);
        assert!(mail.body.contains("id-1") && !mail.body.contains("nothing"));
        assert_eq!(format!("{mail:?}"), "Mail(…)");
    }
}
