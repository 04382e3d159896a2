//! Why an item of a file can be refused before the core is asked.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// The stable code of an item that is refused. What the core refuses has the core's codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ItemCode {
            $($(#[doc = $doc])+ $variant),+
        }

        impl ItemCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its text in a report.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

codes! {
    /// It is cancelled: neither open nor done.
    Cancelled = "cancelled",
    /// A date, a time or a DURATION is none.
    DateInvalid = "date_invalid",
    /// It is larger than 256 KiB.
    ItemTooLarge = "item_too_large",
    /// One of its lines is longer than 64 KiB, unfolded.
    LineTooLong = "line_too_long",
    /// Its components are nested more than 8 deep.
    NestingTooDeep = "nesting_too_deep",
    /// It has an EXRULE, a second RRULE, an RDATE with periods, or more than 366 dates; or its rule has a part that RFC 5545 does not know.
    RecurrenceUnsupported = "recurrence_unsupported",
    /// Its UID is longer than 255 characters.
    UidTooLong = "uid_too_long",
    /// A TZID names no zone that is known, and no VTIMEZONE before it that can be matched to one.
    UnknownTimeZone = "unknown_time_zone",
    /// The file ends before it does.
    Unterminated = "unterminated",
}
