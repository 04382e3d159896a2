//! Tasks to search: like what people write in how long texts are and in how often words return, and the same on every run.

use std::{cell::Cell, collections::BTreeMap, sync::Arc};

use punctual_actors::user::{TaskRecord, Tasks};
use punctual_events::{Moment, Priority, Status, Task, TaskId, Timestamp};
use uuid::Uuid;

/// The instant of every search.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

const DAY_MS: i64 = 86_400_000;
/// As many words as people use in a few hundred notes.
const WORDS: usize = 3_000;
const TAGS: [&str; 16] = [
    "work", "home", "errands", "calls", "finance", "health", "family", "garden", "reading", "travel", "car", "Büro",
    "waiting", "someday", "kids", "music",
];

/// A vocabulary, its most frequent words first.
pub(crate) struct Corpus {
    words: Vec<String>,
}

impl Corpus {
    pub(crate) fn new() -> Self {
        const STARTS: [&str; 16] = [
            "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "st", "pr", "w",
        ];
        const ENDS: [&str; 20] = [
            "an", "ar", "e", "ea", "en", "er", "i", "ing", "it", "o", "on", "or", "ou", "re", "ster", "u", "ä", "é",
            "ure", "y",
        ];
        let random = Random::new(7);
        let syllable = || format!("{}{}", random.of(&STARTS), random.of(&ENDS));
        let word = |_| (0..1 + random.below(3)).map(|_| syllable()).collect();
        Self {
            words: (0..WORDS).map(word).collect(),
        }
    }

    /// A word that is in many tasks, one in some and one in few.
    pub(crate) fn words(&self) -> [&str; 3] {
        let long = |from: usize| {
            self.words
                .iter()
                .skip(from)
                .find(|word| word.len() > 5 && word.is_ascii())
        };
        [0, 100, 2_000].map(|from| long(from).expect("a long word").as_str())
    }

    /// The tasks of a user.
    pub(crate) fn tasks(&self, user: usize, count: usize) -> Tasks {
        let random = Random::new(user as u64 + 1);
        let mut tasks = Tasks::default();
        for index in 0..count {
            let record = self.record(&random, index);
            tasks.insert(record.task.id, Arc::new(record));
        }
        tasks
    }

    /// Changes one of the tasks.
    pub(crate) fn change(&self, tasks: &mut Tasks, index: usize) {
        let record = self.record(&Random::new(index as u64 + 1_000), index * 19 % tasks.len());
        tasks.insert(record.task.id, Arc::new(record));
    }

    fn record(&self, random: &Random, index: usize) -> TaskRecord {
        let age_ms = 100_000_000 - index as i64 * 10_000;
        let created = NOW.plus_millis(-age_ms);
        let due = random.percent(60).then(|| due(random));
        let task = Task {
            completed: None,
            created,
            description: random.percent(40).then(|| self.text(random, 6, 30).into()),
            due,
            external_uid: None,
            // As version 7: ids grow with time.
            id: TaskId(Uuid::from_u128((index as u128) << 80 | u128::from(random.next()))),
            list: None,
            occurrence: None,
            overdue: false,
            priority: random
                .percent(40)
                .then(|| *random.of(&[Priority::Low, Priority::Medium, Priority::High, Priority::Urgent])),
            recurrence: None,
            reminders: Box::default(),
            series: None,
            start: None,
            status: if random.percent(20) { Status::Done } else { Status::Open },
            tags: (0..random.below(4)).map(|_| (*random.frequent(&TAGS)).into()).collect(),
            title: self.text(random, 3, 7).into(),
            updated: created.plus_millis(random.below(100_000_000) as i64),
            version: 1,
        };
        let overdue_from = task.due.as_ref().map(|due| match due {
            Moment::Day { instant, .. } => instant.plus_millis(DAY_MS),
            Moment::Time { instant, .. } => *instant,
        });
        TaskRecord {
            task: Arc::new(task),
            deleted: None,
            reminded_until: NOW,
            reminding: Default::default(),
            overdue_from,
            reminders_from: overdue_from,
            reminders_from_days: BTreeMap::new(),
        }
    }

    fn text(&self, random: &Random, least: usize, most: usize) -> String {
        let words: Vec<&str> = (0..least + random.below(most - least + 1))
            .map(|_| random.frequent(&self.words).as_str())
            .collect();
        let text = words.join(" ");
        text[..1].to_uppercase() + &text[1..]
    }
}

/// Half of them all day; in the last 30 days or the next 180.
fn due(random: &Random) -> Moment {
    let day = NOW.plus_millis((random.below(210) as i64 - 30) * DAY_MS);
    let midnight = day.plus_millis(-day.as_millis().rem_euclid(DAY_MS));
    if random.percent(50) {
        return Moment::Day {
            date: midnight.to_utc().date(),
            instant: midnight,
        };
    }
    let instant = midnight.plus_millis((28 + random.below(52) as i64) * 900_000);
    let at = punctual_events::WallTime::new(instant.to_utc()).expect("a wall time");
    Moment::Time {
        at,
        floating: false,
        instant,
        time_zone: "Europe/Paris".into(),
    }
}

/// Marsaglia's xorshift: no more is needed for choosing words.
struct Random(Cell<u64>);

impl Random {
    fn new(seed: u64) -> Self {
        Self(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x
    }

    fn below(&self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    fn percent(&self, share: usize) -> bool {
        self.below(100) < share
    }

    fn of<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// The nth choice about every n times, as words are in texts (Zipf's law).
    fn frequent<'a, T>(&self, choices: &'a [T]) -> &'a T {
        let exponent = self.below(1_000_000) as f64 / 1_000_000.0;
        let rank = (choices.len() as f64 + 1.0).powf(exponent) - 1.0;
        &choices[(rank as usize).min(choices.len() - 1)]
    }
}
