//! Phrases in English: "Water the plants every other tue at 8 remind me 30 min before #home". What is understood becomes parts of a task, the rest is its title.
//!
//! Three steps. `lexer` cuts the text into words, numbers and marks; `scan` goes through them from left to right (twice, where how often is said behind the days), and at each asks the recognisers, one file per concept, for a whole phrase;
//! `compose` decides which phrases count and what they come to together. No recogniser looks further than 64 tokens ahead and none calls itself, so the time is linear in the length of the text.
//! Clock and zones come in with the [`Scene`].
//!
//! # Grammar
//!
//! Words of the text in quotes; `?` optional, `+` a list of what stands before it, its items separated by `,`, "and", "or", "&". Numbers may be written "3" or "three", ordinals "3rd" or "third". For
//! what each means, and what is ambiguous in it, see `docs/phrases.md`.
//!
//! ```text
//! text        = { phrase | any token }                     phrases neither begin nor end inside a word: "mon-fri.pdf", "@" in an address
//! phrase      = mark | nag | reminder | recurrence | bound | moment | date | time
//!
//! mark        = "#" name | "@" name | "!" ("urgent"|"high"|"medium"|"low"|1..4) | "p" 1..4
//!
//! date        = ("on"|"by"|"in"|"for"|"due")? day more*    more: ("and"|"or"|"&"|",")? day of the same kind. Bare "sun", "sat", "1/2", "the 3rd" and months only with one of these, or a time beside them, "sun" and "sat" also with a part
//! day         = near "week"? | length ("before"|"after"|"from") near | ("in"|"within") length | length "from now"
//!               each of them: (("by"|"at")? ("eod" | "end" "of" "the"? "day"))?
//! near        = "today" | "tomorrow" | ("this"|"coming"|"this coming"|"next") (weekday|"weekend") | "next" (unit | workday) | weekday | weekday ","? near
//!             | ("on"|"by"|"due") "the" weekday | ("at"|"over") "the weekend" | weekday "of"? week | week "on"? weekday | weekday "after next" | "the"? weekday ("before"|"after") day | weeks ("on" weekday | "today" | "tomorrow")
//!             | "the"? ordinal (weekday | "day")? "of"? "next month" | "next month" "on"? "the"? ordinal (weekday | "day")?
//!             | "in" number workday | number workday "from now"
//!             | "at"? what follows: "eod" near? | "eow" | "eom" | "eoy" | ("end"|"start") "of" ("the"|"this"|"next")? unit | ("end"|"start") "of" month year? | "last day of" ("this"|"next") unit
//!             | month day year? | day "of"? month year? | month year? | ordinal weekday ("of"|"in") month year?
//!             | ordinal "day" ("of"|"in") (month year? | year) | "the"? ordinal | "the weekend" | holiday year? | Y-M-D ("T" H ":" MM)? | Y"/"M"/"D | D"-"month"-"year | D"."M"."YY | D ("-"|"/") month | D"." month | D"."M"."? | D"-"M"-"Y | "on the" D | "next" month day? | M/D/Y? | D.M.Y
//! week        = ("next"|"this") "week" | "the"? "week after next" | "in" weeks | weeks "from now"     weeks: a length of them
//! length      = (number|"a"|"an") ".5"? "and a half"? (unit|"fortnight"|letter) "and a half"?, more of them with or without "and" | "half an hour" | "1h30"
//! moment      = "in" length | length "from now"            with hours, minutes or seconds in it
//!
//! time        = "starting"? ("at"|"by"|"@"|"around"|"at about") clock+ | "about"? sure clock | "in the" part ("at" clock+)? | number "tonight" | ("tonight" | "this" part | date part | date ("am"|"pm")) (time | bare)? | date bare
//! bare        = H | H "." MM | H "h" MM?                   with nothing behind it that it could be a number of; H alone only behind "today", "tomorrow", a weekday or a part
//! clock       = H (":" MM)? ("am"|"pm"|"a"|"p")? | H "." MM ("am"|"pm"), behind a day or recurrence or from 13 on also without | H "h" MM? behind "at" | H "o'clock" | hour in words, its minutes in words or not, | ("half past"|"quarter past"|"quarter to") H | "half" H in words | HHMM behind "at" | M "past" H behind "at" | 12 ("midnight"|"noon") | "noon" | "midnight"
//! part        = "morning" | "afternoon" | "evening" | "night"
//!
//! recurrence  = (("every"|"each"|"each and every") "!"? "single"? | "on"? before "alternate") what | "once a" unit tail? | adverb tail? | "on"? weekdays (plural, or before "mornings" and their like)
//!             | "on"? selection ("of"|"in") ("every"|"each") period | "on"? selection ("in" month+)? (("every"|"each") period | adverb)
//!             | ordinal+ ("day" | weekday+)? "of the month"         two or more of them
//!             | "on"? weekdays | "on"? selection                     where a week, day or month is said elsewhere, which it says more of
//!               each of them: completion? ("in" month+)?, and behind weekdays or "every day" a night
//! night       = ("night"|"evening") (("at"|"by")? "midnight" | ("at"|"by") clock | 12 with nothing behind it that it could be a number of)             of 12 or 1 to 4, on the day behind
//! period      = step? ("week"|"month"|"quarter"|"year")
//! completion  = ("after"|"from"|"since"|"when"|"once") ("it is"|"I")? ("the"|"each")? "last"? ("completion" | "done" | "completed" "it"? | "finishing" | …)
//! what        = step? unit tail? | "fortnight" | "quarter" | step (workday | "business day")          the latter only behind "every!" or before "after completion", or an ordinal
//!             | step? weekdays ("in" ("week" number+ | month+))? | selection (("of"|"in") (month+ | ("the"|"each")? period))?
//!             | number+ month+ | month+ ("on"? "day"? number+ | "on" selection)? | holiday | weekday? ("every"? "other"? part time? | "noon" | "midnight")+
//! step        = "other" | "alternate" | number | ordinal
//! weekdays    = (what may also stand side by side: "every tue thu")
//!               (weekday (("-"|"through"|"to"|"/") weekday)? | "mwf" | ("weekday"|"weekend") which of them | "weekday" | "workday" | "business day" | "weekend")+
//! selection   = ordinal+ ("day" | weekday+ | "weekend" | workday | "instance of" weekdays)? more | "beginning" | "end"
//! ordinal     = "1st" … | "last" | ordinal "to the last"
//! tail        = "end" | weekdays, two or more, also "from" one "to" another | "on"? selection behind a month, with "in" month+ behind a year | "on" (weekdays | selection | "day" number+ | month number+ | holiday) | "at the" ("beginning"|"end") | "in week" number+ | "in" month+
//! adverb      = "hourly" | "daily" | "nightly" | "weekly" | "fortnightly" | "monthly" | "quarterly" | "yearly" | "biennially" | "bi-"… | "semi-annually"
//! bound       = ("starting"|"from") day | ("until"|"through"|"to" behind a start|"up to"|"by"|"to") day | ("next"|"this") unit | "in" month year | "for" "up to"? "the next"? length     a length or a number only behind a recurrence or another bound
//!             | "twice" | "for"? "up to"? number ("times"|"x") | ("except"|"but"|"but not"|"not"|"besides"|"other than"|…) ("on"|"in")? (weekdays | month)+
//!                                                     "up to", "by", "to", "not" and its like, and a unit or month with its year only behind a recurrence
//!
//! reminder    = remind ("when due" | length ("before"|"after") "it"? | (clock+ of? | of clock?) | "the week before" | "in" length | length "from now" | day? part? time?)+
//!             | remind before a recurrence, a start of one behind it or not, or before "to"|"about"|"of"|"that" at the beginning or behind a phrase
//!             | ("alert"|"notify"|"ping"|"warn"|"buzz") "me"? early | "with"? "a"? length ("reminder"|"warning"|"alert")      the latter behind another phrase
//!             | early                                             behind what "remind me" leads to, where no word goes on with it
//! early       = length "before" "it"? | of, before the day of the due; more of them
//! remind      = "remind me" | "set a reminder" "for"? | "with a reminder"; the row of phrases it begins ends with "to"|"about"|"of"|"that" before what is to be done
//! of          = (length | "the day" | "the"? part) "before" "it"? | "on the day" | ("that"|"the same") ("day"|part) | "the" ("day"|part) "of"
//! nag         = ("nag" "me"? | "keep reminding me" | "remind me" | "and"? "again" | ","? ("and"|"then")? right behind a reminder) end? often ","? end?
//! often       = "every" ("other"? unit | length) | "hourly" | "daily"                 behind "remind me" only with an end, behind a reminder only of hours or less
//! end         = "until" ("it is"|"I")? "done" | "for" length | ("at most"|"up to"|"max"|"no more than") (number "times"? | "once" | "twice") | number "times"
//!
//! abroad      a phrase that ends with a time, and a time before a date, with a zone behind: "("? ("EST" | "PST" | "UTC" | …) (("+"|"-") number)? | name+ "time" | "eastern" | "central" | "pacific"; not understood
//!
//! left over   what no phrase has: H ":" MM is a time where a day or recurrence has none, with "for" before it or not; and a time that has no day is not understood beside what names one
//!
//! not understood, and said to be: what begins like one of these and goes on otherwise ("remind me" alone, "nag" without how often, "every 0 days", "except holidays"), ranges of times
//! and days ("from 3 to 4pm", "between 4 and 5", "mon-fri", "dec 5-7"), the end of one behind a day ("dec 5 to 7pm"), "before" a day or a time, one of a month that is not said ("first monday"), and a bare hour or a day of the month in the middle of a
//! text before a word that goes on with it: one that begins no phrase, no preposition and no conjunction ("look at 5 flats", "meet on 5th avenue")
//! ```
//!
//! A backslash makes text of the next word or mark; quotation marks, straight or curly, double or single, make text of what is between them.

mod abroad;
mod american;
mod asking;
mod bare;
mod before;
mod calendar;
mod compose;
mod cursor;
mod dated;
mod dates;
mod days;
mod dotted;
mod early;
mod ending;
mod holidays;
mod how_often;
mod instants;
mod iso;
mod left_over;
mod lengths;
mod lexer;
mod marks;
mod misspelt;
mod monthly;
mod nagging;
mod names;
mod near_day;
mod parts;
mod ranges;
mod recurrences;
mod reminders;
mod reminding;
mod scan;
mod scene;
mod series;
mod several;
mod spans;
mod spoken;
#[cfg(test)]
mod tests;
mod times;
mod title;
mod today;
mod unclear;
mod verdict;
mod weekday;
mod weekday_of_week;
mod words;
mod workdays;

use chrono::NaiveDate;

pub use instants::instant;
pub use scene::Scene;
pub use spans::{Span, SpanKind};

use crate::user::draft::TaskDraft;

/// The longest text, in characters.
pub const MAX_TEXT_CHARS: usize = 2000;

/// A text as it was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The task it describes.
    pub draft: TaskDraft,
    /// Where a recurrence was said to start; the due is its first day from there on.
    pub starts: Option<NaiveDate>,
    /// What was understood, and what looked as if it should have been, from left to right. None overlaps another.
    pub understood: Vec<Span>,
}

/// Reads a text. Any text is one: what is no phrase is the title.
#[must_use]
pub fn read(text: &str, scene: &Scene<'_>) -> Reading {
    let lower = text.to_ascii_lowercase();
    let mut lexed = lexer::lex(&lower);
    let mut corrections = misspelt::correct(&mut lexed.tokens);
    let mut found = scan::scan(text, &lexed.tokens, scene.today());
    let mut slips = misspelt::slips(text, &lexed.tokens);
    if scan::says_day(&found) {
        misspelt::numbered(&lexed.tokens, &mut slips);
    }
    if !slips.is_empty() {
        corrections.extend(misspelt::apply(&mut lexed.tokens, &slips));
        corrections.sort_unstable_by_key(|correction| correction.at);
        found = scan::scan(text, &lexed.tokens, scene.today());
    }
    compose::compose(text, &found, &lexed.escapes, &corrections, scene)
}
