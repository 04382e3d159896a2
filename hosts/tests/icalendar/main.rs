//! iCalendar files to import items: what each property becomes, real files, hostile input.

#![expect(clippy::unwrap_used, reason = "what a test does not expect ends it")]

mod fixtures;
mod hostile;
mod mapping;

use punctual::icalendar::{CalendarReader, ImportDraft, ImportItem, Refused};

/// All items of `bytes`, for a user in Paris.
fn items(bytes: &[u8]) -> Vec<ImportItem> {
    items_in_chunks([bytes])
}

fn items_in_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<ImportItem> {
    let mut reader = CalendarReader::new(chrono_tz::Europe::Paris);
    let mut items = Vec::new();
    for mut chunk in chunks {
        items.extend(std::iter::from_fn(|| reader.next_item(&mut chunk)));
        assert!(chunk.is_empty(), "a chunk is read to its end");
    }
    items.extend(std::iter::from_fn(|| reader.finish()));
    items
}

/// The item of a VTODO with these lines.
fn todo(lines: &str) -> ImportItem {
    let mut items = items(format!("BEGIN:VCALENDAR\nBEGIN:VTODO\n{lines}\nEND:VTODO\nEND:VCALENDAR\n").as_bytes());
    assert_eq!(items.len(), 1);
    items.remove(0)
}

fn draft(lines: &str) -> ImportDraft {
    todo(lines).draft.unwrap()
}

fn refused(lines: &str) -> Refused {
    todo(lines).draft.unwrap_err()
}
