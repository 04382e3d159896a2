//! What people write into a task manager, near enough: titles of a few words, some with a description, tags, a priority, a due. Sizes and shares
//! decide what storing, searching and sending cost; the words only have to be many enough that searches find some tasks and not all.

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use crate::random::Random;

const VERBS: [&str; 16] = [
    "Buy", "Call", "Write", "Review", "Book", "Clean", "Fix", "Plan", "Send", "Pay", "Prepare", "Update", "Return",
    "Cancel", "Order", "Check",
];
const THINGS: [&str; 32] = [
    "milk",
    "the dentist",
    "quarterly report",
    "pull request",
    "train tickets",
    "kitchen",
    "bicycle",
    "holiday",
    "invoice",
    "rent",
    "presentation",
    "backup",
    "library books",
    "subscription",
    "winter tyres",
    "smoke alarm",
    "café menu",
    "Straße permit",
    "garden",
    "passport",
    "tax return",
    "birthday present",
    "résumé",
    "server certificate",
    "insurance",
    "piano lesson",
    "school forms",
    "printer",
    "newsletter",
    "budget",
    "guest room",
    "allotment",
];
const PLACES: [&str; 16] = [
    "for Anna",
    "at the office",
    "in Zürich",
    "before the trip",
    "with the team",
    "for the landlord",
    "at home",
    "online",
    "for Grandma",
    "in the cellar",
    "with Marek",
    "for the board",
    "at school",
    "on the way",
    "for the neighbours",
    "with legal",
];
const SENTENCES: [&str; 8] = [
    "Ask for the reference number and note it here.",
    "The last one was from March, so it should be on the shared drive.",
    "Opening hours are nine to five, closed on Wednesdays.",
    "See the thread from Tuesday; two people still have to answer.",
    "Keep the receipt for the tax return.",
    "Needs about an hour and a quiet room.",
    "If it is sold out, take the blue one instead.",
    "Waiting for the quote before anything else can happen.",
];

/// The tags in use; early ones are more frequent.
pub(crate) const TAGS: [&str; 24] = [
    "home",
    "work",
    "errands",
    "calls",
    "finance",
    "health",
    "family",
    "garden",
    "reading",
    "travel",
    "car",
    "admin",
    "waiting",
    "someday",
    "project-x",
    "kids",
    "music",
    "cooking",
    "sports",
    "friends",
    "repairs",
    "taxes",
    "moving",
    "school",
];
/// The priorities.
pub(crate) const PRIORITIES: [&str; 4] = ["low", "medium", "high", "urgent"];
/// Words a person searches for: some in titles, some in descriptions, one without its accent, one that is nowhere.
pub(crate) const SEARCH_TERMS: [&str; 16] = [
    "milk",
    "report",
    "zurich",
    "invoice",
    "receipt",
    "strasse",
    "cafe",
    "tickets",
    "anna",
    "tuesday",
    "marek",
    "certificate",
    "hour",
    "tax",
    "book",
    "submarine",
];
/// Days before and after today that dues are spread over.
pub(crate) const DUE_DAYS: (i64, i64) = (-30, 180);

/// A task as a client would create it.
pub(crate) fn task(random: &mut Random, today: NaiveDate) -> Value {
    let mut task = json!({ "title": title(random), "tags": tags(random) });
    if random.percent(40) {
        task["description"] = description(random).into();
    }
    if random.percent(40) {
        task["priority"] = (*random.pick(&PRIORITIES)).into();
    }
    if random.percent(60) {
        task["due"] = due(random, today);
    }
    task
}

fn title(random: &mut Random) -> String {
    format!(
        "{} {} {}",
        random.pick(&VERBS),
        random.pick(&THINGS),
        random.pick(&PLACES)
    )
}

fn description(random: &mut Random) -> String {
    let sentences = 1 + random.below(3);
    let chosen: Vec<&str> = (0..sentences).map(|_| *random.pick(&SENTENCES)).collect();
    chosen.join(" ")
}

/// None to three different tags; the smaller of two draws makes some tags frequent and some rare.
fn tags(random: &mut Random) -> Vec<&'static str> {
    let mut tags = Vec::new();
    for _ in 0..random.below(4) {
        let tag = TAGS[random.below(TAGS.len()).min(random.below(TAGS.len()))];
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

fn due(random: &mut Random, today: NaiveDate) -> Value {
    let (first, last) = DUE_DAYS;
    let span = usize::try_from(last - first).unwrap_or_default();
    let offset = first + i64::try_from(random.below(span)).unwrap_or_default();
    let date = today + Duration::days(offset);
    if random.percent(50) {
        json!({ "date": date.to_string() })
    } else {
        let (hour, minute) = (7 + random.below(13), 15 * random.below(4));
        json!({ "at": format!("{date}T{hour:02}:{minute:02}:00"), "time_zone": TIME_ZONE })
    }
}

/// The zone of every user here.
pub(crate) const TIME_ZONE: &str = "Europe/Paris";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_tasks_and_another_seed_others() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let tasks = |seed| {
            let mut random = Random::new(seed);
            (0..50).map(|_| task(&mut random, today)).collect::<Vec<_>>()
        };
        assert_eq!(tasks(1), tasks(1));
        assert_ne!(tasks(1), tasks(2));
    }

    #[test]
    fn every_property_is_set_on_some_tasks_and_not_on_all() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let mut random = Random::new(3);
        let tasks: Vec<_> = (0..1_000).map(|_| task(&mut random, today)).collect();
        for property in ["description", "priority", "due"] {
            let with = tasks.iter().filter(|task| task.get(property).is_some()).count();
            assert!((300..700).contains(&with), "{property}: {with}");
        }
    }
}
