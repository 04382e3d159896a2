//! What people ask of a list of ten thousand tasks: mostly the list itself and its next pages, then tags, priorities, dates and words, in
//! several orders. The mix is the same in every run, and no query is so frequent that remembering its answer would help.

use std::fmt::Write as _;

use chrono::{Duration, NaiveDate};

use crate::{
    corpus::{DUE_DAYS, PRIORITIES, SEARCH_TERMS, TAGS},
    random::Random,
};

/// Most look at open tasks, the default.
const STATUSES: [&str; 4] = ["", "", "", "&status=all"];
/// Many keep to the default order.
const ORDERS: [&str; 7] = [
    "",
    "",
    "&sort=due",
    "&sort=-priority,due",
    "&sort=title",
    "&sort=-updated",
    "&sort=-created,title",
];

/// What a query filters by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The open tasks in some order.
    Plain,
    /// The page after another query's.
    NextPage,
    /// One or two tags.
    Tag,
    /// One or two priorities.
    Priority,
    /// Due in a span of days.
    Due,
    /// One or two words.
    Words,
    /// Overdue.
    Overdue,
}

impl Kind {
    /// Every kind, and how many queries of a hundred are of it.
    pub(crate) const MIX: [(Self, usize); 7] = [
        (Self::Plain, 20),
        (Self::NextPage, 15),
        (Self::Tag, 15),
        (Self::Priority, 10),
        (Self::Due, 15),
        (Self::Words, 20),
        (Self::Overdue, 5),
    ];

    /// A kind, as often as the mix says.
    pub(crate) fn draw(random: &mut Random) -> Self {
        let mut left = random.below(100);
        for (kind, share) in Self::MIX {
            if left < share {
                return kind;
            }
            left -= share;
        }
        Self::Plain
    }
}

/// The path and query of a list request of this kind. A next page has to be asked for with the cursor of an answer; as long as there is none
/// it begins as a plain list.
pub(crate) fn path(kind: Kind, random: &mut Random, today: NaiveDate) -> String {
    let mut path = String::from("/v1/tasks?limit=50");
    match kind {
        Kind::Plain | Kind::NextPage => {}
        Kind::Tag => {
            for tag in some(random, &TAGS) {
                let _ = write!(path, "&tag={tag}");
            }
        }
        Kind::Priority => {
            for priority in some(random, &PRIORITIES) {
                let _ = write!(path, "&priority={priority}");
            }
        }
        Kind::Due => {
            let (first, last) = DUE_DAYS;
            let span = usize::try_from(last - first).unwrap_or_default();
            let from = today + Duration::days(first + i64::try_from(random.below(span)).unwrap_or_default());
            let to = from + Duration::days(*random.pick(&[1, 7, 30]));
            // An instant in UTC holds no character that would have to be encoded.
            let _ = write!(path, "&due_after={from}T00:00:00Z&due_before={to}T00:00:00Z");
        }
        Kind::Words => {
            let words = some(random, &SEARCH_TERMS).join("%20");
            let _ = write!(path, "&q={words}");
        }
        Kind::Overdue => path += "&overdue=true",
    }
    let _ = write!(path, "{}", random.pick(&STATUSES));
    let _ = write!(path, "{}", random.pick(&ORDERS));
    path
}

/// One of these, or two different ones.
fn some<'a>(random: &mut Random, from: &[&'a str]) -> Vec<&'a str> {
    let first = *random.pick(from);
    let second = *random.pick(from);
    if second != first && random.percent(40) {
        vec![first, second]
    } else {
        vec![first]
    }
}

/// A value for a query string: everything but unreserved characters encoded.
pub(crate) fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;

    #[test]
    fn the_mix_adds_up_and_is_drawn_as_it_says() {
        assert_eq!(Kind::MIX.iter().map(|(_, share)| share).sum::<usize>(), 100);
        let mut random = Random::new(1);
        let mut drawn: BTreeMap<Kind, usize> = BTreeMap::new();
        for _ in 0..100_000 {
            *drawn.entry(Kind::draw(&mut random)).or_default() += 1;
        }
        for (kind, share) in Kind::MIX {
            assert!(drawn[&kind].abs_diff(share * 1_000) < 600, "{kind:?} {drawn:?}");
        }
    }

    #[test]
    fn queries_are_many_and_need_no_encoding() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let mut random = Random::new(2);
        let mut different = HashSet::new();
        for _ in 0..5_000 {
            let path = path(Kind::draw(&mut random), &mut random, today);
            assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
            different.insert(path);
        }
        assert!(different.len() > 1_500, "{}", different.len());
    }

    #[test]
    fn cursors_are_encoded() {
        assert_eq!(encoded("a+b/c=~"), "a%2Bb%2Fc%3D~");
    }
}
