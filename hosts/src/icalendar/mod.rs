//! Reading to-dos out of iCalendar (RFC 5545) as it streams in: one item at a time, in bounded memory, whatever the file.
//!
//! Bytes go through three steps: [`Splitter`] cuts the stream into components and bounds each of them, `calcard` parses the text of one component,
//! and the modules here map it to an [`ImportDraft`]. An item that cannot be taken is refused by itself with a reason; nothing a file contains makes
//! the import as a whole fail.
//!
//! What the mapping decides where the standard, or this product, leaves a choice:
//!
//! - A to-do without SUMMARY takes the first line of its DESCRIPTION as title, or `(untitled)`. Text that is too long is cut, with a note.
//! - STATUS decides whether it is done; without STATUS, COMPLETED or PERCENT-COMPLETE:100 do. A cancelled to-do is refused: it is neither open nor
//!   done, and either would say something about it that is not so; one occurrence of a series that is cancelled is skipped. A done one that repeats is taken without its recurrence: the series is over.
//! - PRIORITY 1 is urgent, 2 to 4 high, 5 medium, 6 to 9 low, 0 none.
//! - DTSTART and DURATION make a due. A duration in days from a day ends *on* a day: from the 1st, P1D is due on the 1st, because an all-day due lasts
//!   until its day has ended.
//! - Times in UTC get the zone `Etc/UTC`; floating times stay floating, which is where the user is. The module `zones` says what a TZID can be.
//! - A relative alarm becomes an offset before the due wherever there is a due, so that it moves with it; the module `alarms` says how.
//! - An alarm with REPEAT and DURATION nags: so often at most, and until somebody dismisses it, which the standard does not know.
//! - EXDATE and RDATE are dates of DTSTART's; here the due repeats, and they are moved along. An RDATE with periods, EXRULE and a second RRULE are refused as
//!   `recurrence_unsupported`; whether the rule itself is supported is for the core to say.
//! - A RECURRENCE-ID is rewritten to one form per instant, since exports of one item differ in the zone they state it in: `2026-12-01` for a day, an
//!   RFC 3339 instant for a time in a zone, a wall time for a floating one.
//!
//! A VTIMEZONE counts for the items after it: streaming means not looking ahead.

mod alarms;
mod code;
mod draft;
mod dropped;
mod item;
mod moments;
mod recurrence;
mod splitter;
mod text;
mod zones;

pub use code::ItemCode;
pub use item::{DraftMoment, DraftReminder, ImportDraft, ImportItem, Refused};
pub use splitter::{Ignored, MAX_DEPTH, MAX_ITEM_BYTES, MAX_LINE_BYTES, Piece, Splitter};

use zones::Zones;

/// Turns the bytes of an iCalendar stream into items.
///
/// Feed each chunk until it gives no more, then finish:
///
/// ```
/// use punctual::icalendar::CalendarReader;
///
/// let mut reader = CalendarReader::new(chrono_tz::Europe::Paris);
/// let mut titles = Vec::new();
/// for chunk in ["BEGIN:VTODO\r\nSUMM", "ARY:Water the plants\r\nEND:VTODO\r\n"] {
///     let mut rest = chunk.as_bytes();
///     while let Some(item) = reader.next_item(&mut rest) {
///         titles.push(item.draft.map(|draft| draft.title));
///     }
/// }
/// while let Some(item) = reader.finish() {
///     titles.push(item.draft.map(|draft| draft.title));
/// }
/// assert_eq!(titles, [Ok("Water the plants".to_owned())]);
/// ```
#[derive(Debug)]
pub struct CalendarReader {
    splitter: Splitter,
    zones: Zones,
}

impl CalendarReader {
    /// A reader for a user in `user_zone`, which what depends on the instants of floating times and days is read in.
    #[must_use]
    pub fn new(user_zone: chrono_tz::Tz) -> Self {
        Self {
            splitter: Splitter::default(),
            zones: Zones::new(user_zone),
        }
    }

    /// The next item completed by `bytes`, which is advanced past what was read. `None` when it is used up.
    pub fn next_item(&mut self, bytes: &mut &[u8]) -> Option<ImportItem> {
        loop {
            let piece = self.splitter.next_piece(bytes)?;
            if let Some(item) = self.item(piece) {
                return Some(item);
            }
        }
    }

    /// What the end of the stream completes or leaves unterminated. Call it until it answers `None`.
    pub fn finish(&mut self) -> Option<ImportItem> {
        loop {
            let piece = self.splitter.finish()?;
            if let Some(item) = self.item(piece) {
                return Some(item);
            }
        }
    }

    /// How many components were passed over so far.
    #[must_use]
    pub fn ignored(&self) -> Ignored {
        self.splitter.ignored()
    }

    fn item(&mut self, piece: Piece) -> Option<ImportItem> {
        match piece {
            Piece::Todo(text) => Some(draft::item(&text, &self.zones)),
            Piece::Refused { refused, text } => Some(draft::refused_item(&text, refused, &self.zones)),
            Piece::TimeZone(text) => {
                self.zones.define(&String::from_utf8_lossy(&text));
                None
            }
        }
    }
}
